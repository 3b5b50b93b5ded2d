"""What a candidate model costs: training per example and per run, serving per prediction.

Compute counts 6 FLOP a parameter and token (Kaplan 2020, arXiv:2001.08361, section 2.1), where the
settings give no price of training an example. Nothing has a default: a price that is not given and
does not follow from others is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from sources.assembly import Numbers, line, value
from sources.base import (
    PROVENANCES,
    Assumption,
    Context,
    CostLine,
    Fault,
    Provenance,
    Source,
    SourceError,
)
from sources.settings import Number, Quantity, Table, assumption, check

FLOP_PER_PARAMETER_AND_TOKEN = 6.0
EXA, SECONDS = 1e18, 3600.0
COUNTED = ("tokens_per_example", "epochs")  # beside params, where FLOP are counted
RENTED = ("gpu_hour", "gpu_flops", "utilisation")


class Settings(Table):
    """[models.NAME]."""

    params: Annotated[Number | None, Quantity("parameter", gt=0)] = None
    training_cost: Annotated[Number | None, Quantity("money/example", ge=0)] = None
    tokens_per_example: Annotated[Number | None, Quantity("token/example", gt=0)] = None
    epochs: Annotated[Number | None, Quantity("epoch", gt=0)] = None
    flop_price: Annotated[Number | None, Quantity("money/EFLOP", ge=0)] = None
    gpu_hour: Annotated[Number | None, Quantity("money/hour", ge=0)] = None
    gpu_flops: Annotated[Number | None, Quantity("FLOP/s", gt=0)] = None
    utilisation: Annotated[Number | None, Quantity("ratio", gt=0, le=1)] = None
    training_runs: Annotated[Number | None, Quantity("run", ge=1)] = None
    run_cost: Annotated[Number | None, Quantity("money/run", ge=0)] = None
    fees: Annotated[Number | None, Quantity("money", ge=0)] = None
    serving_cost: Annotated[Number | None, Quantity("money/prediction", ge=0)] = None
    law_of: str | None = Field(None, min_length=1)


@dataclass(frozen=True)
class Model:
    """A candidate model, each price a cost line with its range and provenance.

    params       [parameter] size; None if not given
    training     [currency/example] of an example that is trained on, in all runs; None if free
    fixed        [currency] paid once: the runs' fixed cost and fees
    serving      [currency] of all predictions over the life; None if free or not asked for
    predictions  [prediction] over the life; None if not given
    law_of       another model whose law this one shares; None: it has its own
    """

    name: str
    params: float | None = None
    training: CostLine | None = None
    fixed: tuple[CostLine, ...] = ()
    serving: CostLine | None = None
    predictions: float | None = None
    law_of: str | None = None
    assumptions: tuple[Assumption, ...] = ()

    @property
    def provenance(self) -> Provenance | None:
        """The least trustworthy provenance among its prices; None if it is free."""
        lines = [each for each in (self.training, *self.fixed, self.serving) if each]
        if not lines:
            return None
        return max((each.provenance for each in lines), key=PROVENANCES.index)


def trained(source: Source, model: Model) -> Source:
    """The source with what training the model on each of its examples costs. Unlabelled text, whose
    documents are no training examples, stays as it is: its kind has a number for compute."""
    return source if source.role == "text" else replace(source, training=model.training)


def build(
    name: str, settings: Mapping[str, Any], context: Context, predictions: Number | None = None
) -> Model:
    """A model from its table; `predictions` are those over the life, None where not given.

    Raises SourceError with every fault of the settings, keys relative to the model's table.
    """
    given = check(Settings, settings)
    numbers = {
        key: assumption(key, number, quantity.unit, context)
        for key, field in Settings.model_fields.items()
        if isinstance(number := getattr(given, key), Number)
        for quantity in field.metadata
        if isinstance(quantity, Quantity)
    }
    if faults := [*_training_faults(numbers), *_serving_faults(numbers, predictions)]:
        raise SourceError(faults)
    if "training_runs" not in numbers:
        numbers["training_runs"] = _one_run(context)
    known = tuple(numbers.values())
    life = None
    if predictions is not None:
        life = assumption("predictions", predictions, "prediction", context)
    return Model(
        name=name,
        params=numbers["params"].value if "params" in numbers else None,
        training=_training(name, numbers),
        fixed=tuple(each for each in (_runs(name, numbers), _fees(numbers)) if each),
        serving=_serving(name, numbers, life),
        predictions=None if predictions is None else predictions.value,
        law_of=given.law_of,
        assumptions=known,
    )


def _one_run(context: Context) -> Assumption:
    note = "not given: counted as one run, without repeats or a search of settings"
    date = context.date.isoformat()
    return Assumption("training_runs", 1.0, "run", "assumed", "default", date, 1.0, 1.0, note)


def _training_faults(numbers: Numbers) -> list[Fault]:
    """Whether the cost of training an example is given, or follows, in one way."""
    counted = [key for key in (*COUNTED, "flop_price", *RENTED) if key in numbers]
    if "training_cost" in numbers:
        problem = "is not used, since training_cost is given"
        return [Fault(key, numbers[key].value, problem, "keep one of them") for key in counted]
    if not counted:
        advice = "give it, 0 if it is free; or params, tokens_per_example, epochs and a price"
        return [Fault("training_cost", None, "is missing", advice)]
    faults = [
        Fault(key, None, "is missing", "6 x params x tokens_per_example x epochs are counted")
        for key in ("params", *COUNTED)
        if key not in numbers
    ]
    rented = [key for key in RENTED if key in numbers]
    if "flop_price" in numbers:
        problem = "is not used, since flop_price is given"
        return faults + [Fault(key, numbers[key].value, problem, "keep one") for key in rented]
    if not rented:
        advice = f"give it [currency/EFLOP], or {', '.join(RENTED)}"
        return [*faults, Fault("flop_price", None, "is missing", advice)]
    advice = "a price of FLOP follows from gpu_hour, gpu_flops and utilisation together"
    return faults + [Fault(k, None, "is missing", advice) for k in RENTED if k not in numbers]


def _serving_faults(numbers: Numbers, predictions: Number | None) -> list[Fault]:
    if "serving_cost" in numbers and predictions is None:
        problem = "needs the number of predictions over the life"
        advice = "give predictions at the top of the project, or leave it out"
        return [Fault("serving_cost", numbers["serving_cost"].value, problem, advice)]
    if "serving_cost" not in numbers and predictions is not None:
        advice = "give it [currency/prediction], 0 if it is free; or leave predictions out"
        return [Fault("serving_cost", None, "is missing where predictions are given", advice)]
    return []


def _training(name: str, numbers: Numbers) -> CostLine | None:
    item = f"training of {name}"
    if "training_cost" in numbers:
        keys = ("training_cost", "training_runs")
        return line(item, _some(numbers, *keys), lambda v: v["training_cost"] * v["training_runs"])
    priced = ("flop_price",) if "flop_price" in numbers else RENTED

    def price(v: Mapping[str, float]) -> float:
        flop = FLOP_PER_PARAMETER_AND_TOKEN * v["params"] * v["tokens_per_example"] * v["epochs"]
        if "flop_price" in v:
            each = v["flop_price"] / EXA
        else:
            each = v["gpu_hour"] / (SECONDS * v["gpu_flops"] * v["utilisation"])
        return flop * each * v["training_runs"]

    return line(item, _some(numbers, "params", *COUNTED, *priced, "training_runs"), price)


def _runs(name: str, numbers: Numbers) -> CostLine | None:
    if "run_cost" not in numbers:
        return None
    used = _some(numbers, "run_cost", "training_runs")
    return line(f"runs of {name}", used, lambda v: v["run_cost"] * v["training_runs"], fixed=True)


def _fees(numbers: Numbers) -> CostLine | None:
    return line("fees", _some(numbers, "fees"), fixed=True) if "fees" in numbers else None


def _serving(name: str, numbers: Numbers, life: Assumption | None) -> CostLine | None:
    if life is None or not value(numbers, "serving_cost") or not life.value:
        return None
    used = {"serving_cost": numbers["serving_cost"], "predictions": life}
    return line(
        f"serving of {name}", used, lambda v: v["serving_cost"] * v["predictions"], fixed=True
    )


def _some(numbers: Numbers, *keys: str) -> dict[str, Assumption]:
    return {key: numbers[key] for key in keys}
