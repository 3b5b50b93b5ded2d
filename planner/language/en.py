"""English."""

from __future__ import annotations

from planner.language import page_en

PHRASES: tuple[tuple[str, str], ...] = ()
SENTENCES: tuple[tuple[str, str], ...] = ()

TEXTS: dict[str, str] = {
    **page_en.TEXTS,
    "and then": "; ",
    "list": ", ",
    "to": "{low} to {high}",
    "answer.scales": "scales",
    "answer.scales with limits": "scales with limits",
    "answer.can't tell yet": "can't tell yet",
    "answer.does not scale": "does not scale",
    "answer.yes": "yes",
    "answer.no": "no",
    "answer.unsure": "can't tell",
    "title": (
        "{project}: {metric} <= {target} {answer} (P(target within budget and weeks) {chance}, "
        "wanted {wanted})"
    ),
    "short": "Verdict: {answer} (P(target within budget and weeks) {chance})",
    "groups.title": (
        "{project}: {asked} {answer} (P(all targets within budget and weeks) {chance}, "
        "wanted {wanted})"
    ),
    "groups.part": "Groups: what each could reach",
    "groups.head.group": "group",
    "groups.head.floor": "floor (90%)",
    "groups.head.model": "unlimited",
    "groups.head.supply": "supplied",
    "groups.head.plan": "plan",
    "groups.note": (
        "floor: error with unlimited data. Then the probability that the group's own target, or "
        "that of the worst group, is met with unlimited data, with all that the sources supply in "
        "time, and with the plan; empty if none is asked."
    ),
    "groups.lags": "who lags",
    "groups.nobody": "no group is surely above the population's mean error",
    "groups.left out": "left out",
    "groups.left out.told": (
        "stages, patterns and what to measure next: they are of one error, not of several groups. "
        "dataplan advise weighs pilots for the overall error, where target.error is given"
    ),
    "head.question": "question",
    "head.answer": "answer",
    "head.chance": "P",
    "head.given": "P given",
    "question.supply": "can the sources supply it",
    "question.model": "does the model scale with it",
    "question.feasible": "do budget, weeks and compute allow it",
    "question.note": (
        "P: that the target is met with unlimited data (model), with all that the sources supply "
        "in time (supply), with the plan and within budget and weeks (the last). P given: that "
        "this holds where what comes before it does, the model first; it decides the answer."
    ),
    "part.supply": "Data sources: scale, speed, weeks",
    "supply.head.source": "source",
    "supply.head.most": "most in time",
    "supply.head.speed": "per week",
    "supply.head.alone": "alone it takes",
    "supply.head.weeks": "weeks",
    "supply.head.limit": "what limits it",
    "supply.unlimited": "no limit",
    "supply.never": "never",
    "supply.text": "no labels",
    "supply.need": (
        "Effective examples that the target takes: {half} (median), {sure} at the wanted "
        "confidence; that the sources supply in time: {most}. P(a third of them is enough) {room}."
    ),
    "out of reach": "more than there can be",
    "part.model": "Model: how the error falls with data",
    "model.unlimited": "unlimited data",
    "model.available": "data available",
    "model.met": "P(target) {chance}",
    "model.stage now": "stage now",
    "model.stage planned": "stage as planned",
    "model.stage": (
        "{stage} ({chance}) at {size} effective examples: error {error} (90% {low} to {high}); ten "
        "times the data lowers it by {drop}"
    ),
    "model.pattern": "pattern",
    "model.pattern.told": "{pattern} ({chance}); {halving}",
    "model.halving": "{times} times the data halves the error in {share} of the draws",
    "model.no halving": "not even {times} times the data halves the error in more than {share}",
    "model.floor": "floor",
    "model.floor.told": "{floor} (90% {low} to {high}): no amount of data goes below it",
    "part.feasible": "Budget, weeks and compute",
    "feasible.plan": "plan",
    "feasible.plan.told": "{cost} {currency} in {weeks} weeks; P(target) {chance}",
    "feasible.budget": "budget",
    "feasible.budget.told": "{budget} {currency}: {spare} times the cost; P(kept) {chance}",
    "feasible.budget.none": "none given",
    "feasible.weeks": "weeks",
    "feasible.weeks.told": "{weeks}; P(kept) {chance}",
    "feasible.weeks.none": "none given",
    "feasible.met": "all kept",
    "feasible.met.told": "P(target, budget and weeks) {chance}",
    "feasible.binds": "what binds",
    "feasible.binds.none": "nothing: no limit is run into",
    "feasible.model": "model {name}",
    "feasible.model.told": "{total} {currency} with training and serving; P(target) {chance}{why}",
    "feasible.model.chosen": "; chosen",
    "part.stages": "The three stages, with this project's shares",
    "stage.head.stage": "stage",
    "stage.head.now": "now",
    "stage.head.planned": "planned",
    "stage.head.sign": "what shows it",
    "stage.cold start": "cold start",
    "stage.scaling": "scaling",
    "stage.plateau": "plateau",
    "sign.cold start": (
        "whatever the size, results are poor and alike: {size} effective examples bring {error}"
    ),
    "sign.scaling": "the error falls as data grows: ten times the data by {drop} (median)",
    "sign.plateau": "more brings little: floor {floor}; look at label quality, task, model",
    "part.patterns": "The four patterns, and the experiment that comes next in each",
    "pattern.head.pattern": "pattern",
    "pattern.head.share": "share",
    "pattern.head.next": "next experiment",
    "pattern.ordinary": "ordinary",
    "pattern.emergent": "emergent",
    "pattern.ran out of data": "ran out of data",
    "pattern.ran out of compute": "ran out of compute",
    "pattern.slow": "slow",
    "pattern.unknown": "not known",
    "experiment.ordinary": (
        "double the data step by step: {size} examples next, then adjust the plan"
    ),
    "experiment.emergent": (
        "models of a quarter and of four times the size at {size} examples, 3 seeds"
    ),
    "experiment.emergent.known": "models on both sides of {params} parameters at {size} examples",
    "experiment.ran out of data": (
        "raise what binds ({binding}), add a source or repeat data: "
        "the error with all of it is {capped}"
    ),
    "experiment.ran out of data.free": (
        "add a source or repeat data: the error with all that can be had is {capped}"
    ),
    "experiment.ran out of compute": "a smaller or distilled model on all the data; less precision",
    "experiment.slow": (
        "better labels, features or model at {size} examples before more of the same"
    ),
    "lacking": "because",
    "lacking.model": "P(target with unlimited data) is below what is wanted",
    "lacking.supply": "the sources may not supply enough in time",
    "lacking.limits": "budget, weeks or compute may not allow what the sources could supply",
    "lacking.ranges": "prices, speeds and lead times in their ranges may break budget or weeks",
    "lacking.room": "a third of all that can be supplied in time may not be enough",
    "lacking.spare": "the budget is less than {times} times the cost of the plan",
    "lacking.pilots": "no pilot was run: the law rests on other curves alone",
    "lacking.cold start": "at the sizes tried nothing is learned yet",
    "lacking.none": "a third of all that can be supplied in time would do, and money is left",
    "measure": "measure next",
    "measure.none": "nothing: no pilot that can be had would change the answer",
    "measure.round": "buy round 1 of the plan, {what}, and measure: {cost} {currency}",
    "measure.once": "nothing before buying: rounds would not be cheaper",
    "measure.pilot": "train on {what} (runs: {runs}): {cost} {currency}{settles}",
    "measure.settles": "; P(the answer is clear afterwards) {chance}",
    "measure.overturns": "; P(it turns out to scale) {chance}",
    "measure.data": " for data, runs not counted",
    "measure.unweighed": "; a rule of thumb, not weighed",
    "measure.firm": (
        "ask for firm prices and delivery dates: were they as expected, P(target) is {chance}"
    ),
    "measure.amount": "{amount} {name}",
    "measure.unpriced": "cost not known",
    "warning": "warning",
}
