"""A count as the command line asks for it: what goes together, on which engine, each encoding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.errors import Fault, InputError
from planner.progress import meter

if TYPE_CHECKING:
    from sources.corpus import CorpusCount, Options
    from sources.journal import Journal

Progress = Callable[[int, int], None]
_KEYS = {
    "path": "PATH",
    "encoding": "--encoding",
    "column": "--column",
    "time": "--time",
    "scheduler": "--scheduler",
}


@dataclass(frozen=True)
class Request:
    """What to count and how; raises InputError with all that does not go together.

    similarity  from which documents are near-duplicates, None if these are not asked for
    time        column of a time stamp, None without growth
    engine      "local" or "dask", this one with the address of its scheduler
    keep        whether results are kept for later runs
    """

    paths: tuple[str, ...]
    column: str = "text"
    split: str = "file"
    encodings: tuple[str, ...] = ("o200k_base",)
    sample: bool = False
    workers: int = 1
    similarity: float | None = None
    time: str | None = None
    engine: str = "local"
    scheduler: str | None = None
    keep: bool = True

    def __post_init__(self) -> None:
        faults = [*self._values(), *self._together()]
        if faults:
            raise InputError("count", faults)

    def _values(self) -> Iterator[Fault]:
        least = 0.3  # below, bands of one minimum would compare all with all
        if self.similarity is not None and not least <= self.similarity <= 1:
            problem = f"must lie between {least} and 1"
            yield Fault("--similarity", self.similarity, problem, "the usual one is 0.8")
        for option, value in (("--column", self.column), ("--time", self.time)):
            if value == "":
                yield Fault(option, value, "must name a column", "leave it out for the default")
        from sources import places, tokens

        for each in tokens.faults(self.encodings):
            yield replace(each, key="--encoding")
        if not self.paths or "" in self.paths:
            yield Fault("PATH", "", "must name a file or folder", "here: .")
        for each in places.faults(each for each in self.paths if each):
            yield replace(each, key="PATH")

    def _together(self) -> Iterator[Fault]:
        from sources.schedulers import SHOWN, is_address

        leave = "leave one of them out"
        if self.sample and self.similarity is not None:
            yield Fault("--near", None, "cannot be told from a sample of --sample", leave)
        if self.sample and self.time:
            yield Fault("--time", self.time, "needs every document, not --sample", leave)
        if self.engine == "dask":
            if self.scheduler is None:
                yield Fault("--engine", "dask", "needs --scheduler ADDRESS", SHOWN)
            elif not is_address(self.scheduler):
                yield Fault("--scheduler", self.scheduler, "is no address of a scheduler", SHOWN)
            if self.sample:
                yield Fault("--engine", "dask", "is for exact counts, not --sample", leave)
            if self.workers > 1:
                problem = "the cluster has its own number of workers"
                yield Fault("--workers", self.workers, problem, leave)
        elif self.scheduler is not None:
            yield Fault("--scheduler", self.scheduler, "is for --engine dask", "give that as well")


def count(request: Request) -> tuple[list[CorpusCount], str]:
    """A count for each encoding, and why nothing was kept for later runs (empty if all was).

    Raises InputError.
    """
    from sources.base import SourceError
    from sources.corpus import Options

    similarity, time = request.similarity, request.time
    options = Options(request.column, request.split, near=similarity, time=time)  # type: ignore[arg-type]
    counts = []
    try:
        with _journal(request) as journal:
            for encoding in dict.fromkeys(request.encodings):
                with meter() as progress:
                    progress.stage(f"counting {encoding}", unit="byte")
                    each = replace(options, encoding=encoding)
                    counts.append(_count(request, each, journal, progress.share))
    except SourceError as error:
        faults = tuple(replace(each, key=_KEYS.get(each.key, each.key)) for each in error.faults)
        raise InputError("count", faults) from None
    return counts, journal.problem if journal else ""


def _count(
    request: Request, options: Options, journal: Journal | None, progress: Progress
) -> CorpusCount:
    from sources.counting import count_corpus
    from sources.sampling import sample_corpus

    if request.sample:
        return sample_corpus(request.paths, options, progress=progress)
    engine = None
    if request.scheduler is not None:
        from sources.cluster import engine as on_cluster

        engine = on_cluster(request.scheduler)
    return count_corpus(
        request.paths,
        options,
        workers=request.workers,
        journal=journal,
        progress=progress,
        engine=engine,
    )


def _journal(request: Request) -> AbstractContextManager[Journal | None]:
    from sources.journal import Journal

    return Journal() if request.keep and not request.sample else nullcontext()
