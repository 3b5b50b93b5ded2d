"""English."""

from __future__ import annotations

UNITS: dict[str, str] = {}
NAMES: dict[str, str] = {}
PHRASES: tuple[tuple[str, str], ...] = ()

TEXTS: dict[str, str] = {
    "title": "{name}: data plan",
    "subtitle": "Data plan, week 0 is {start}.",
    "skip": "Skip to the plan",
    "footer": (
        "Made by dataplan. Every number is that of the tables which dataplan writes as CSV; what "
        "is not known is shown as a dash."
    ),
    "date": "{year}-{month}-{day}",
    "and": "; ",
    "list": ", ",
    "amount": "{n} {name}",
    "nothing": "nothing",
    "nobody": "no group",
    "span": "({low} to {high} {unit})",
    "from to": "{low} to {high}",
    "interval": "(90% interval {low} to {high})",
    "n weeks": "{n} weeks",
    "no limit": "no limit",
    "note": "note",
    "out": "out of reach",
    "not known": "not known",
    # verdict
    "verdict": "Verdict",
    "lead.cost": (
        "{aim} can be reached for {cost} in {weeks} weeks, with probability {chance} (wanted "
        "{wanted})."
    ),
    "lead.error": (
        "{cost} in {weeks} weeks bring {aim}, the least that the limits allow, with probability "
        "{chance} (wanted {wanted})."
    ),
    "lead.weeks": (
        "{aim} can be reached within {within} weeks, no sooner as surely, for {cost}, with "
        "probability {chance} (wanted {wanted})."
    ),
    "lead.out": (
        "{aim} is out of reach within the limits. The least error that they allow costs {cost} in "
        "{weeks} weeks and meets the target with probability {chance} (wanted {wanted})."
    ),
    "lead.kept": "Target, budget and weeks are all kept with probability {met} only.",
    "cost": "Cost",
    "weeks": "Weeks",
    "wanted": "(wanted {wanted})",
    "P target": "P(target)",
    "P all": "P(all kept)",
    "P parts": "(budget {budget}, weeks {weeks}, and the target)",
    "predicted": "Predicted",
    "limits": "Limits",
    "no limits": "no budget and no weeks given",
    "binds": "What binds",
    "binds none": "nothing: no limit is run into",
    "three questions": "Three questions behind the verdict",
    "why": "Why",
    # plan
    "plan": "The plan",
    "plan.none": "Nothing is bought.",
    "plan.caption": "What is bought, with its total at low, expected and high prices",
    "plan.note": (
        "Low, expected and high are totals with all fees and {contingency} of contingency; the "
        "unit cost is without both. Weeks are of the first and the last delivery."
    ),
    "plan.in hand": "Trained on besides, and owned already: {what}.",
    "total": "Total",
    "source": "Source",
    "quantity": "Quantity",
    "unit cost": "Unit cost",
    "fees": "Fees",
    "low": "Low",
    "expected": "Expected",
    "high": "High",
    "weeks from to": "Delivered in week",
    "limit": "Limit that binds",
    "rests on": "Rests on",
    "proven": "No plan that reaches the target costs less: this is proven.",
    "bound": "No plan that reaches the target can cost less than {bound}.",
    "guess": (
        "A plan for the best-fitting law alone would cost {cost} and meet the target with "
        "probability {chance}."
    ),
    "guess none": "Not even the best-fitting law alone reaches the target within the limits.",
    "models.caption": "Candidate models, each with its cheapest plan",
    "model": "Model",
    "examples": "Examples",
    "examples of data": "examples",
    "data": "Data",
    "training": "Training",
    "serving": "Serving",
    "chosen": "chosen",
    # path
    "path": "The path",
    "path.lead": (
        "Buy in rounds and measure in between: {expected} expected, {once} if all is bought at "
        "once, at the same chance."
    ),
    "path.once": "All is bought at once: rounds of buying and measuring would not be cheaper.",
    "path.orders": "All is ordered at the start.",
    "path.out": (
        "The target is out of reach, so no rounds are planned; these orders would come nearest."
    ),
    "path.caption": "Rounds: buy, train, measure, decide",
    "path.measure": (
        "Weeks from a delivery to a decision: {weeks}; the next order waits for it. A later "
        "round is as listed where about the error in its rule is measured before it."
    ),
    "path.stopped": (
        "The project is given up on the way with probability {chance}; {lost} are then spent."
    ),
    "orders.caption": "Orders and deliveries",
    "round": "Round",
    "round n": "Round {n}",
    "buy": "Buy",
    "order": "Order",
    "first delivery": "First delivery",
    "arrival": "Last delivery",
    "decision": "Decision",
    "so far": "Cost so far",
    "error then": "Predicted",
    "range of": "({low} to {high})",
    "P bought": "P(bought)",
    "P so far": "P(target) {chance}",
    "P so far head": "P(target) so far",
    "rule": "What is decided after each measurement",
    "rule.done": "done at {error} or less",
    "rule.never done": "never done yet",
    "rule.buy": "at about {error} buy the next round as listed",
    "rule.stop": "above {error} give up: out of reach at this price",
    "rule.last": "done at {target} or less, else plan again with these runs",
    "calendar.title": "Calendar of orders and deliveries",
    "calendar.wait": "waiting",
    "calendar.arrive": "delivery",
    "calendar.measure": "measuring",
    "calendar.limit": "last day",
    "calendar.date": "{day} {month}",
    "calendar.months": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "calendar.bar": "{name}: order {order}, last delivery {arrival}, decision {decision}.",
    # law
    "law": "The scaling law",
    "law.need": ("{aim} takes {n} {unit} at confidence {wanted}, if nothing else is trained on."),
    "law.never": "At confidence {wanted} no amount of this data alone reaches {aim}.",
    "law.no pilots": "No pilot was run: the law rests on other curves alone.",
    "law.weak": "Too few pilots: what is believed beforehand decides.",
    "law.title": "Error over the amount of data",
    "law.about": (
        "{metric} falls with data, both axes logarithmic; {pilots} measured compositions. At "
        "{size} effective examples 90% of the law lies between {low} and {high}; the target is "
        "{target}."
    ),
    "law.caption": (
        "{metric} over {unit}, on logarithmic axes. Half of the law's draws lie in the darker "
        "band, 90% in the lighter. Pilots of several sources stand at their effective examples."
    ),
    "law.pilots": "Pilot runs and what the law says of them",
    "law.parameters": "Parameters of the law",
    "effective of": "effective examples ({name})",
    "target n": "target {n}",
    "median": "median",
    "bands": "50% and 90%",
    "pilots": "pilots",
    "pilots of": "pilots of {name}",
    "other pilots": "other pilots",
    "the plan": "the plan, 90%",
    "needed": "{n} needed for {chance}",
    "pilots.caption": "{metric} measured in each composition, and the law's interval of 90%",
    "runs": "Runs",
    "observed": "Measured",
    "fitted": "Law",
    "range 90": "90% interval",
    "parameters.caption": "Parameters with their 90% intervals",
    "family": "Family",
    "parameter": "Parameter",
    "low end": "Low",
    "high end": "High",
    "known from": "Known from",
    # frontier
    "frontier": "What other targets cost",
    "frontier.lead": (
        "The cheapest plan that a quick search found for each target, budget and weeks kept with "
        "probability {wanted} too; planning for one of them alone may find a cheaper one."
    ),
    "frontier.none": "No other target was planned for.",
    "frontier.nothing": "None of these targets is in reach within the limits.",
    "frontier.title": "Cost of the cheapest plan over the target",
    "frontier.about": (
        "From {least} for a target of {easy} to {most} for {hard}, the hardest in reach; harder "
        "targets stand further to the right."
    ),
    "frontier.one": "Of these targets only {hard} is in reach, for {most}.",
    "frontier.caption": "The frontier",
    "target of": "target ({metric}), harder to the right",
    "cost in": "cost ({unit})",
    "own n": "the plan, {n}",
    "cross": "× out of reach",
    "target": "Target",
    # what if
    "whatif": "What if",
    "whatif.lead": (
        "{n} combinations of target, confidence, weeks and budget, each with the plan that "
        "dataplan computed for it in a quick search; nothing is interpolated, and planning for one "
        "of them alone may find a cheaper plan. P(target) is that on the draws of the law that "
        "plans are made for; the verdict checks its own plan on others."
    ),
    "whatif.legend": "Move the sliders to see other plans",
    "whatif.target": "Target",
    "whatif.confidence": "Confidence",
    "whatif.weeks": "Weeks",
    "whatif.budget": "Budget",
    "whatif.back": "Back to the plan",
    "whatif.head": "{cost} {span}",
    "whatif.told": (
        "{weeks} weeks; P(target) {chance}; target, budget and weeks all kept with {met}. {against}"
    ),
    "whatif.same": "The cost is that of the plan above.",
    "whatif.more": "{cost} more than the plan above.",
    "whatif.less": "{cost} less than the plan above.",
    "whatif.short": "No plan was found that keeps all three as surely as asked.",
    "whatif.model": "Model {name}.",
    "whatif.buys": "{n} {name}: {cost}",
    "whatif.out": "Not in reach as surely as asked",
    "whatif.own": "Plans within the project's own weeks and budget",
    "whatif.rest": "{n} plans within other weeks and budgets",
    "confidence": "Confidence",
    "within weeks": "Within weeks",
    "within budget": "Within budget",
    "low to high": "Low to high",
    "buy or binds": "Buy, or what binds",
    "binds.weeks": (
        "The weeks bind: no plan keeps them as surely as asked; without that limit there is one."
    ),
    "binds.budget": (
        "The budget binds: no plan keeps it as surely as asked; without that limit there is one."
    ),
    "binds.budget and weeks": (
        "Budget and weeks bind together: no plan keeps them as surely as asked; without both there "
        "is one."
    ),
    "binds.supply": "The sources cannot supply enough, whatever is paid and however long it takes.",
    "binds.floor": "The law binds: more data of this sort does not reach it as surely.",
    "binds.limits": "No plan was found within budget, weeks and caps.",
    # sensitivity
    "sensitivity": "What moves the cost",
    "sensitivity.how": (
        "Not computed for this report. {command} plans anew for both ends of each assumption's "
        "range and shows here which of them move the cost most."
    ),
    "sensitivity.none": "No assumption moves the cost of this plan.",
    "sensitivity.about": (
        "{name} moves the cost most: {low} at its low end, {high} at its high end."
    ),
    "sensitivity.caption": "Cost of the plan made anew at both ends of each range",
    "tornado.title": "Cost at both ends of each assumption's range",
    "tornado.caption": (
        "The cost with that number alone at its low end (blue) or its high end (red); the line is "
        "the plan."
    ),
    "number": "Number",
    "range": "Range",
    "unit": "Unit",
    "cost at low": "Cost at low end",
    "cost at high": "Cost at high end",
    # assumptions
    "assumptions": "Assumptions",
    "weakest": (
        "The plan rests most weakly on these numbers, which are assumed; replace them by a "
        "measurement or an offer first:"
    ),
    "weakest exact": (
        "Assumed without a range, so taken as exact in low, high and every probability: {names}."
    ),
    "weakest none": "No price, speed or quality of a source that is bought is assumed.",
    "weak": "{name} = {value} {unit}, {low} to {high} ({origin})",
    "assumptions.bought": "Numbers of what is bought, the weakest origin first",
    "assumptions.project": "Numbers of the project itself",
    "assumptions.rest": "Numbers of what is not bought; sources or models: {n}",
    "value": "Value",
    "reference": "Reference",
    "project file": "project file",
    # warnings, proposal
    "warnings": "Warnings",
    "warnings.none": "There are none.",
    "proposal.title": "For the proposal",
    "proposal": (
        "{project}: to reach {aim} with probability {chance}, we ask for {cost} ({low} to {high}, "
        "{contingency} of contingency included) to buy {what} within {weeks} weeks from {start}; "
        "target, budget and time are all kept with probability {met}. The weakest origin among "
        "the prices: {origin}."
    ),
    "proposal.out": (
        "{project}: {aim} is out of reach within the given limits; {what} for {cost} ({low} to "
        "{high}) in {weeks} weeks from {start} would meet it with probability {chance}. We do not "
        "ask for this money before the limits or the target are changed."
    ),
    # groups
    "groups.answer": "Answer",
    "groups.asked": "Asked:",
    "asked": "{what} ≤ {target}",
    "asked.target": "overall",
    "asked.worst_group": "worst group",
    "asked.max_gap": "gap between groups",
    "groups.targets": "the targets of all groups",
    "groups.lead": (
        "All targets can be met for {cost} in {weeks} weeks, with probability {chance} (wanted "
        "{wanted})."
    ),
    "groups.lead out": (
        "The targets are out of reach together within the limits. What comes nearest costs {cost} "
        "in {weeks} weeks and meets all with probability {chance} (wanted {wanted})."
    ),
    "groups.error": "Predicted error, all groups",
    "groups.lag": "Lags",
    "groups.left out": "Rounds, what-if and sensitivity are not computed for groups.",
    "groups": "Groups",
    "groups.title": "Predicted error of each group",
    "groups.about": "Median and 90% interval of each group's error, and its target.",
    "groups.caption": "Groups at the plan, those that lag most first",
    "groups.legend error": "predicted, 90%",
    "groups.law": "Each group's error falls with its own examples and with those of all groups.",
    "groups.examples": "examples of {name}",
    "groups.law title": "Error of {name} over its examples",
    "groups.law about": "With the plan the error of {name} is {error}.",
    "groups.law target": "Its target is {target}.",
    "groups.law caption": (
        "{metric} over {unit}, on logarithmic axes, sources in the proportions of the plan. Half "
        "of the law's draws lie in the darker band, 90% in the lighter. Pilots stand at their own "
        "number of examples, in the proportions that they had."
    ),
    "groups.frontier": (
        "The cheapest plan found for all targets times a factor, at confidence {wanted}."
    ),
    "group": "Group",
    "all groups": "all groups",
    "of overall": "overall",
    "of worst": "worst group",
    "of gap": "gap",
    "P met": "P(all met)",
    "P met alone": "P(met)",
    "share": "Share of data",
    "population": "Of population",
    "P behind": "P(above mean)",
    "levelling": "Cost to level",
    "factor": "All targets",
    "composition": "Composition",
    "lagging": "Who lags",
    "lags": "{name}: error {error} against {level} of the population ({chance} sure); {what}",
    "lags.cost": "{cost} more would level it",
    "lags.out": "no purchase on offer levels it: look for a source of its examples",
}
