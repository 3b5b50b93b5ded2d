"""An MLflow store in a folder (`mlruns`), as versions before 3.7 made it by themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from planner.errors import Fault, InputError
from planner.intake.tracking import Experiment, Run

STATUS = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
ESCAPES = {"0": "\0", "a": "\a", "v": "\v", "e": "\x1b", "_": "\xa0", "N": "\x85"}
ESCAPES |= {"L": "\u2028", "P": "\u2029"}
META = "meta.yaml"
TRASH = ".trash"  # where deleted experiments lie
MOST_BYTES = 50_000_000  # of a metric's history


class Folder:
    """Reads what is asked of it from the files of a store. Raises InputError."""

    def __init__(self, path: Path, here: str) -> None:
        self.path, self.here = path, here
        if any(_metas(path)) or any(_metas(path / TRASH)):
            return
        advice = ""
        for name in ("mlruns", "mlflow.db"):
            if (path / name).exists():
                advice = f"name the store in it: {here.rstrip('/')}/{name}"
        problem = "is a folder, but no MLflow store"
        raise InputError(here, [Fault(here, None, problem, advice or "name a file of runs")])

    def experiments(self) -> list[Experiment]:
        """All of them, deleted ones too."""
        found = []
        for meta in [*_metas(self.path), *_metas(self.path / TRASH)]:
            told = self._meta(meta)
            if "experiment_id" in told and "name" in told:
                deleted = (
                    told.get("lifecycle_stage") == "deleted" or meta.parent.parent.name == TRASH
                )
                found.append(Experiment(meta.parent.name, told["name"], deleted))
        return found

    def runs(self, experiment: Experiment) -> list[Run]:
        """All of an experiment, in the order in which they were started, deleted ones too."""
        found = []
        for meta in _metas(self.path / experiment.key):
            told, place = self._meta(meta), meta.parent
            key = told.get("run_id") or told.get("run_uuid")
            if key is None:
                continue  # a folder of something else: models, traces
            tags = self._texts(place / "tags")
            logs = self._texts(place / "metrics")
            run = Run(
                key,
                told.get("run_name") or tags.get("mlflow.runName", ""),
                STATUS.get(told.get("status", ""), told.get("status", "")),
                told.get("lifecycle_stage") == "deleted",
                experiment.key,
                {name: last for name, text in logs.items() if (last := _last(text)) is not None},
                self._texts(place / "params"),
                tags,
            )
            found.append((told.get("start_time", "").rjust(20), run))
        return [run for _, run in sorted(found, key=lambda each: (each[0], each[1].key))]

    def logged(self, run: Run, metric: str) -> list[float]:
        """Every value of a metric."""
        text = self._text(self.path / run.experiment / run.key / "metrics" / metric)
        return [value for _, _, value in _history(text)]

    def _texts(self, place: Path) -> dict[str, str]:
        """Name -> text of the files below a folder: a name with a slash lies in folders."""
        if not place.is_dir():
            return {}
        return {
            each.relative_to(place).as_posix(): self._text(each)
            for each in sorted(place.rglob("*"))
            if each.is_file()
        }

    def _meta(self, path: Path) -> dict[str, str]:
        return scalars(self._text(path))

    def _text(self, path: Path) -> str:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise InputError(self.here, [Fault(str(path), None, "is too large for a metric")])
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
            raise InputError(self.here, [Fault(str(path), None, problem)]) from None


def _metas(place: Path) -> Iterator[Path]:
    """The meta file of each folder in a folder."""
    if place.is_dir():
        yield from (each / META for each in sorted(place.iterdir()) if (each / META).is_file())


def scalars(text: str) -> dict[str, str]:
    """Keys of the first level of a YAML text that have a single value, as MLflow writes them.

    Not all of YAML: lines `key: value`, the value plain or quoted, folded over indented lines.
    """
    found: dict[str, str] = {}
    # an indented line goes on with the value of the line before
    for line in re.sub(r"\n[ \t]+(?=\S)", " ", text).split("\n"):
        matched = re.fullmatch(r"([A-Za-z_]\w*):(?:\s+(.*?))?\s*", line)
        if matched:
            found[matched[1]] = _unquoted(matched[2] or "")
    return {key: value for key, value in found.items() if value not in ("", "null", "~")}


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    if len(value) > 1 and value[0] == value[-1] == '"':
        escaped = re.sub(r"\\(?:( )(\\ )?|x(..)|(.))", _as_json, value)
        try:
            return str(json.loads(escaped))
        except ValueError:
            return value[1:-1]
    return value


def _as_json(escape: re.Match[str]) -> str:
    """An escape of YAML as JSON writes it; of a folded line nothing, or the blank folded at."""
    fold, blank, code, sign = escape.groups()
    if fold:
        return " " if blank else ""
    if code:
        return f"\\u00{code}"
    return f"\\u{ord(ESCAPES[sign]):04x}" if sign in ESCAPES else escape[0]


def _history(text: str) -> list[tuple[int, int, float]]:
    """(step, time, value) of each line `time value step`; more that may follow is left."""
    found = []
    for line in text.splitlines():
        words = line.split()
        try:
            step = int(words[2]) if len(words) > 2 else 0
            found.append((step, int(words[0]), float(words[1])))
        except (IndexError, ValueError):
            continue  # a line that is just being written
    return found


def _last(text: str) -> float | None:
    """The value of the last step, of several the latest; not the last line of the file."""
    steps = _history(text)
    return max(steps)[2] if steps else None
