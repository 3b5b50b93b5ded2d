"""`dataplan agreement`: how good raters are, and how many votes to buy."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from planner.commands.base import DONE, Command, keep, show
from planner.commands.options import json_option, number


def _agreement_options(each: ArgumentParser) -> None:
    each.add_argument(
        "annotations",
        metavar="ANNOTATIONS.csv",
        help="columns item, rater, label (or rating), and where known gold, seconds, started, "
        "ended; or a Label Studio export (.json); also .gz",
    )
    each.add_argument("--ratings", action="store_true", help="labels are numbers on a scale")
    each.add_argument(
        "--cut",
        metavar="C",
        type=number,
        help="a rating above C votes for one class, below for the other, C abstains",
    )
    each.add_argument(
        "--abstain",
        metavar="LABEL",
        action="append",
        default=[],
        help="label that is no vote, such as unsure; may be repeated",
    )
    each.add_argument("--field", metavar="NAME", help="control of the Label Studio export")
    each.add_argument("--no-gold", action="store_true", help="leave known answers aside")
    each.add_argument(
        "--pay", metavar="P", type=number, help="USD a judgement, without fees (default: 0.07)"
    )
    each.add_argument(
        "--platform", choices=("mturk", "prolific"), default="mturk", help="its fees are counted"
    )
    each.add_argument(
        "--item-cost",
        metavar="I",
        type=number,
        default=0.0,
        help="USD that an item costs before it is judged (default: 0)",
    )
    each.add_argument("--out", metavar="DIR", help="folder for the tables")
    json_option(each)


def _agreement(args: Namespace) -> int:
    from planner.errors import Fault, InputError
    from planner.listings.agreement import agreement_parts, agreement_tables
    from sources import defaults
    from sources.agreement import read
    from sources.assessment import assess
    from sources.base import SourceError
    from sources.redundancy import Price
    from sources.votes import Reading

    pay = args.pay
    if pay is None:
        pay = defaults.load()["crowd"]["pay_per_judgement"].value or 0.0
    faults = []
    if not 0 < pay < float("inf"):
        faults.append(Fault("--pay", pay, "must be positive and finite"))
    if not 0 <= args.item_cost < float("inf"):
        faults.append(Fault("--item-cost", args.item_cost, "must be at least 0 and finite"))
    if args.cut is not None and abs(args.cut) == float("inf"):
        faults.append(Fault("--cut", args.cut, "must be finite"))
    if faults:
        raise InputError(args.command, faults)
    how = Reading(args.ratings, args.cut, tuple(args.abstain), args.field, not args.no_gold)
    try:
        votes = read(args.annotations, how)
    except SourceError as error:
        raise InputError(args.annotations, error.faults) from None
    found = agreement_tables(assess(votes, Price(pay, args.platform, args.item_cost)))
    if args.out is not None:
        keep(found, args.out)
    show(args, found, agreement_parts)
    return DONE


AGREEMENT = Command(
    "agreement",
    "how good raters are, the noise of votes, how many to buy",
    "dataplan agreement annotations.csv --pay 0.05 --platform mturk",
    _agreement_options,
    _agreement,
)
