"""`dataplan count`: how many tokens and documents a corpus has."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from planner.commands.base import BROKEN_OFF, DONE, Command, say, show
from planner.commands.options import json_option, number, positive


def _count_options(each: ArgumentParser) -> None:
    each.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        help="folder or file: txt, jsonl, csv, parquet, also .gz and .zst; or an address such as "
        "s3://bucket/folder",
    )
    each.add_argument(
        "--encoding",
        metavar="E",
        action="append",
        help="o200k_base (default), cl100k_base; repeatable",
    )
    each.add_argument(
        "--column", metavar="C", default="text", help="of jsonl, csv and parquet (default: text)"
    )
    each.add_argument(
        "--split",
        choices=("file", "line", "paragraph"),
        default="file",
        help="what a document is in a text file (default: file)",
    )
    how = each.add_mutually_exclusive_group()
    how.add_argument("--exact", action="store_true", help="count every token, as is the default")
    how.add_argument(
        "--sample", action="store_true", help="estimate from a few per cent, with a 95%% interval"
    )
    each.add_argument(
        "--near", action="store_true", help="also count near-duplicates, and what is left"
    )
    each.add_argument(
        "--similarity",
        metavar="J",
        type=number,
        help="--near, with the Jaccard similarity from which documents are so (default: 0.8)",
    )
    each.add_argument(
        "--time",
        metavar="C",
        help="column of a time stamp, for the growth per week; mtime: that of the file",
    )
    each.add_argument(
        "--workers", metavar="N", type=positive, default=1, help="processes (default: 1)"
    )
    each.add_argument(
        "--engine",
        choices=("local", "dask"),
        default="local",
        help="dask: on a cluster whose workers see the same paths (default: local)",
    )
    each.add_argument(
        "--scheduler", metavar="ADDRESS", help="of the cluster, such as tcp://10.0.0.1:8786"
    )
    each.add_argument(
        "--no-cache", action="store_true", help="count anew what earlier runs have counted"
    )
    json_option(each)


def _count(args: Namespace) -> int:
    from planner.counting import Request, count
    from planner.listings.count import count_parts, count_tables

    request = Request(
        tuple(args.paths),
        args.column,
        args.split,
        tuple(args.encoding or ["o200k_base"]),
        sample=args.sample,
        workers=args.workers,
        similarity=0.8 if args.near and args.similarity is None else args.similarity,
        time=args.time,
        engine=args.engine,
        scheduler=args.scheduler,
        keep=not args.no_cache,
    )
    try:
        counts, problem = count(request)
    except KeyboardInterrupt:
        kept = "" if args.no_cache or args.sample else "; the same command goes on from there"
        return say(f"broken off{kept}", BROKEN_OFF)
    if problem:
        say(f"nothing was kept for later runs: {problem}", DONE)
    if counts[0].unreadable:
        names = "file or record" if counts[0].unreadable == 1 else "files or records"
        say(f"{counts[0].unreadable:,} {names} could not be read; left out", DONE)
    show(args, count_tables(counts), count_parts)
    return DONE


COUNT = Command(
    "count",
    "tokens and documents of a corpus",
    "dataplan count notes/ mails.jsonl --column body",
    _count_options,
    _count,
)
