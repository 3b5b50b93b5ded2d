"""What a file of judgements says of the raters that a crowd source will use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sources import agreement
from sources.base import Assumption, Context, Fault, SourceError
from sources.votes import Reading

if TYPE_CHECKING:
    from sources.hardness import Hardness

SECONDS = 3600  # of an hour
NEXT = "have some 100 items judged twice by different raters; dataplan agreement shows the rest"


@dataclass(frozen=True)
class Panel:
    """Noise and speed of the raters as measured; `classes` are those of the file, or of the task
    where it has more."""

    hardness: Hardness
    classes: int
    reference: str
    date: str
    seconds: tuple[float, float, float] | None

    def noise(self, votes: int) -> Assumption:
        """Error of the label with most of `votes` votes [1]."""
        spread = self.hardness.interval(self.hardness.noise(votes))
        note = f"error of the label with most of {votes} votes; raters err together on hard items"
        return self._number("label_noise", "ratio", spread, note)

    def accuracy(self) -> Assumption:
        """Of one vote [1]."""
        low, middle, high = self.hardness.interval(1 - self.hardness.noise(1))
        return self._number("worker_accuracy", "ratio", (low, middle, high), self.against)

    def bought(self) -> Assumption:
        """Votes per item where a third is bought only if two differ [judgement/item]."""
        spread = self.hardness.interval(2 + self.hardness.third_needed())
        return self._number("votes_bought", "judgement/item", spread, "a third where two differ")

    def per_hour(self) -> Assumption | None:
        """Judgements per hour of work [judgement/hour]; None where nothing is stamped."""
        if self.seconds is None:
            return None
        low, middle, high = (SECONDS / each for each in self.seconds[::-1])
        note = "one judgement after the other, without pauses; range over judgements"
        return self._number("judgements_per_hour", "judgement/hour", (low, middle, high), note)

    @property
    def against(self) -> str:
        """What a judgement is wrong against."""
        if self.hardness.basis == "gold":
            return "against known answers"
        return "against what most of these raters would say: an error that most share is not seen"

    def _number(
        self, name: str, unit: str, spread: tuple[float, float, float], note: str
    ) -> Assumption:
        low, middle, high = spread
        return Assumption(
            name, middle, unit, "measured", self.reference, self.date, low, high, note
        )


def measure(
    path: str, context: Context, cut: float | None = None, abstain: Sequence[str] = ()
) -> Panel:
    """Read a file of judgements as `dataplan agreement` does, and learn how its raters err.

    Raises SourceError with every fault of the file under the key "annotations".
    """
    from sources.hardness import fit_hardness

    place = context.folder / path
    try:
        votes = agreement.read(place, Reading(cut=cut, abstain=tuple(abstain)))
    except SourceError as error:
        raise SourceError([_own(fault, path) for fault in error.faults]) from None
    found, wanted = len(votes.classes), context.classes
    if wanted is not None and found > wanted:
        problem = f"holds {found} different labels, the project has classes = {wanted}"
        advice = "set classes, or name labels that are no vote in abstain"
        raise SourceError([Fault("annotations", path, problem, advice)])
    hardness = fit_hardness(votes)
    if hardness is None:
        raise SourceError([Fault("annotations", path, "holds no item that was judged twice", NEXT)])
    if hardness.interval(hardness.noise(1))[1] >= 1 - 1 / max(found, 2):
        problem = "shows raters who are no better than guessing"
        raise SourceError([Fault("annotations", path, problem, "dataplan agreement shows which")])
    reference = f"{hardness.items} items of {place.name}, {len(votes.raters)} raters"
    classes = max(found, wanted or 2)
    return Panel(hardness, classes, reference, context.date.isoformat(), votes.times())


def _own(fault: Fault, path: str) -> Fault:
    """A fault of the file as one of the key that names it."""
    where = "" if fault.key == "file" else f"{fault.key}: "
    found = "" if fault.value is None else f"{fault.value!r} "
    return replace(fault, key="annotations", value=path, problem=f"{where}{found}{fault.problem}")
