"""`dataplan price` and `dataplan distill`: what language models cost, and a real pilot of one."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from planner.commands.base import BROKEN_OFF, DONE, UNREACHED, Command, named, say, show
from planner.commands.options import date, json_option, number, whole

IN_A_PROJECT = "a project file may give its price, as price"


def _price_options(each: ArgumentParser) -> None:
    each.add_argument(
        "--model",
        metavar="M",
        action="append",
        help="as its provider names it; several are compared",
    )
    each.add_argument(
        "--all", action="store_true", help="compare the provider's models that are sold by batch"
    )
    each.add_argument("--provider", metavar="P", help="who runs the model (--all: openai)")
    each.add_argument("--input", metavar="T", type=whole, required=True, help="tokens of a prompt")
    each.add_argument(
        "--cached",
        metavar="T",
        type=whole,
        default=0,
        help="of these, read from the provider's cache (default: 0)",
    )
    each.add_argument(
        "--output", metavar="T", type=whole, required=True, help="tokens of an answer"
    )
    each.add_argument(
        "-n", dest="number", metavar="N", type=whole, required=True, help="usable answers wanted"
    )
    each.add_argument(
        "--keep-rate",
        metavar="K",
        type=number,
        action="append",
        help="usable answers per request (default: 1); once, or once for each model",
    )
    each.add_argument("--batch", action="store_true", help="ask by batch, at the batch price")
    each.add_argument(
        "--date", metavar="D", type=date, help="day of the prices, as 2026-12-01 (default: today)"
    )
    json_option(each)


def _price(args: Namespace) -> int:
    import datetime
    from dataclasses import replace

    from planner.errors import Fault, InputError
    from planner.listings.price import price_parts, price_tables, teacher_parts, teacher_tables
    from sources import prices
    from sources.base import SourceError
    from sources.teachers import Request, compare

    models = list(dict.fromkeys(args.model or []))
    if bool(models) == args.all:
        advice = "name a model, or compare all of one provider with --all"
        raise InputError("price", [Fault("--model", None, "give either this or --all", advice)])
    if args.all:
        models = list(prices.sold_by_batch(args.provider or "openai"))
        if not models:
            problem = "the price catalogue has no models of it that are sold by batch"
            raise InputError("price", [Fault("--provider", args.provider, problem, "use --model")])
    date = args.date or datetime.date.today()
    size = Request(args.input, args.output, args.cached)
    rates = args.keep_rate or [1.0]
    try:
        found = compare(models, size, args.number, date, keep_rates=rates, provider=args.provider)
        if args.batch and len(models) == 1:  # says why, where there is no such price
            prices.price(models[0], 1, 1, date, batch=True, provider=args.provider)
    except SourceError as error:
        # the advice is meant for a project file; its first half may still name the nearest model
        options = {
            "teacher": "--model",
            "batch_api": "--batch",
            "cached_tokens": "--cached",
            "keep_rate": "--keep-rate",
            "provider": "--provider",
        }
        first = (
            replace(
                fault,
                advice="leave it out"
                if fault.key == "batch_api"
                else fault.advice.partition(" else ")[0].replace("give price", IN_A_PROJECT),
            )
            for fault in error.faults
        )
        raise named(InputError("price", tuple(first)), options) from None
    if len(models) == 1:
        show(args, price_tables(found[0], size, args.batch), price_parts)
    else:
        show(args, teacher_tables(found, size, args.number, date), teacher_parts)
    return DONE


def _distill_options(each: ArgumentParser) -> None:
    each.add_argument("project", metavar="PROJECT.toml", help="project file")
    each.add_argument("--source", metavar="NAME", help="of kind distillation, if there are several")
    each.add_argument("--n", metavar="N", type=whole, default=20, help="requests (default: 20)")
    each.add_argument(
        "--base-url", metavar="URL", help="where the teacher answers, instead of the project's"
    )
    each.add_argument(
        "--key-env",
        metavar="NAME",
        default="OPENAI_API_KEY",
        help="environment variable that holds the key (default: OPENAI_API_KEY)",
    )
    each.add_argument(
        "--cap",
        metavar="MONEY",
        type=number,
        help="most to spend, in the project's currency (default: twice what is expected)",
    )
    each.add_argument(
        "--concurrency", metavar="C", type=whole, default=4, help="requests at once (default: 4)"
    )
    each.add_argument(
        "--timeout", metavar="S", type=number, default=60.0, help="seconds a request (default: 60)"
    )
    each.add_argument(
        "--time-limit",
        metavar="S",
        type=number,
        default=900.0,
        help="seconds of the whole run; what is left goes on with the next (default: 900)",
    )
    each.add_argument("--batch", action="store_true", help="ask by batch, at the batch price")
    each.add_argument(
        "--no-write", action="store_true", help="show what was measured, leave the project alone"
    )
    each.add_argument(
        "--out",
        metavar="DIR",
        help="folder for tables, answers and journal (default: distill/ beside the project file, "
        "without tables)",
    )
    json_option(each)


def _distill(args: Namespace) -> int:
    from planner.distill import Choices, distill
    from planner.listings.distill import distill_parts
    from planner.progress import meter
    from sources.distill.job import Options

    options = Options(
        n=args.n,
        base_url=args.base_url,
        cap=args.cap,
        concurrency=args.concurrency,
        timeout=args.timeout,
        time_limit=args.time_limit,
        batch=args.batch,
    )
    out = None if args.out is None else Path(args.out)
    choices = Choices(args.source, args.key_env, not args.no_write, out)
    try:
        with meter() as progress:
            found, ending = distill(args.project, options, choices, _tell, progress)
    except KeyboardInterrupt:
        return say("broken off; the same command goes on from the answers it has", BROKEN_OFF)
    show(args, found, distill_parts)
    return DONE if ending.reason == "done" else UNREACHED


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


PRICE = Command(
    "price",
    "what requests to a language model cost; several models compared",
    "dataplan price --model gpt-4o-mini --input 300 --output 100 -n 50000 --batch",
    _price_options,
    _price,
)

DISTILL = Command(
    "distill",
    "a real pilot of a teacher: tokens, cost, keep rate, errors",
    "dataplan distill my-project/project.toml --n 20 --cap 0.50",
    _distill_options,
    _distill,
)
