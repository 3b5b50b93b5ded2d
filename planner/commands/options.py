"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import argparse
import datetime
import math
from argparse import ArgumentParser

DIGITS = 12  # of the largest number of tokens or requests


def json_option(each: ArgumentParser) -> None:
    """Add --json."""
    each.add_argument("--json", action="store_true", help="print the tables as JSON")


def lang_option(each: ArgumentParser, what: str) -> None:
    """Add --lang, the language of `what`."""
    each.add_argument(
        "--lang", choices=("en", "zh"), default="en", help=f"language {what} (default: en)"
    )


def target_options(each: ArgumentParser, what: str, confidence: float | None = None) -> None:
    """Add --target, explained by `what`, and --confidence."""
    each.add_argument("--target", metavar="E", type=number, help=f"error to reach, {what}")
    default = "" if confidence is None else f" (default: {confidence})"
    each.add_argument(
        "--confidence",
        metavar="C",
        type=number,
        default=confidence,
        help=f"wanted probability of reaching it{default}",
    )


def number(text: str) -> float:
    """A number, infinite or finite."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def positive(text: str) -> int:
    """A whole number from 1 to 256."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 256):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 256")
    return int(text)


def whole(text: str) -> int:
    """A whole number of at most DIGITS digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS):
        shown = text if len(text) <= 30 else f"{text[:30]}..."
        raise argparse.ArgumentTypeError(f"{shown!r} is not a whole number from 0 to 10^{DIGITS}")
    return int(text)


def date(text: str) -> datetime.date:
    """A day, as 2026-12-01."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-12-01") from None
