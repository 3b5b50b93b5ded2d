"""Local search among listed purchases, from several starts.

Starts: each source alone, choices at the best price under weights on the binding draws (a
Lagrangian relaxation: the weights say what a source is worth, the price how much of it to take),
and what the caller knows. From each one: sources are cut back one by one, and one or two of them
are reduced or left out while another fills the gap, until nothing helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from planner.field import Choice, Field, along, put
from planner.laws import SMALLEST_SIZE, Array

STARTS = 4  # choices that are polished
ROUNDS = 4  # of weights on the binding draws
PRICES = 24  # tried at once
LEVELS = 12  # options of a source that is reduced while another fills the gap
PAIRED = 6  # sources of a plan that are left out two by two
MOVERS = 40  # sources that may fill a gap
SCANS = 24  # gaps that are filled exactly in one sweep
SWEEPS = 30
SAVING = 3e-4  # relative saving of a sweep below which no other is made
NEAR = 0.15  # log of size against need at which a draw still counts as binding
PARTS = (1.0, 0.75, 0.5, 0.25)  # of what is affordable, tried where more is not always better


# cost [currency] at which one surely meets the target, base, the source that fills it, an option of
# that below which nothing does, and one above
Gap = tuple[float, np.ndarray, int, int, int]


def improve(field: Field, starts: Iterable[Choice], most: int = STARTS) -> list[Choice]:
    """Good choices of different sources, best first; none where none was found.

    `most` starts are polished; 0: only those given are, and no others are looked for.
    """
    return _Local(field).improve(starts, most)


class _Local:
    def __init__(self, field: Field) -> None:
        self.field = field
        self.count = len(field.tops)
        self.steady = field.judge.unbiased  # more is never worse

    def improve(self, starts: Iterable[Choice], most: int) -> list[Choice]:
        field, tops = self.field, self.field.tops
        given = [np.minimum(np.array(s), tops) for s in starts if len(s) == self.count]
        found: dict[Choice, float] = {}
        ceiling = field.ceiling
        pool = list(self._kept(np.array(given))) if given else []
        if most or not pool:
            pool += self._starts(given)
        for start in self._different(pool, max(most, 1)):
            if field.clock.over() and found:
                break
            field.restart(ceiling)
            if field.take(np.array([start])):
                self._trim()
                if most:  # as it is, too: a grid may hide what its sources are worth
                    self._note(found)
                self._polish()
                self._note(found)
        if found:
            field.restart(ceiling)
            field.take(np.array([min(found, key=lambda choice: (found[choice], choice))]))
        return self._different(list(found), len(found))

    def _note(self, found: dict[Choice, float]) -> None:
        if self.field.best is not None:
            found[self.field.best] = self.field.cost()

    def _kept(self, choices: np.ndarray) -> list[Choice]:
        good = self.field.good(choices) & (self.field.costs(choices) < self.field.ceiling)
        return [tuple(map(int, row)) for row in choices[good]]

    def _different(self, pool: Sequence[Choice], most: int) -> list[Choice]:
        """The cheapest of the pool, one for each set of sources that it buys."""
        cost = self.field.costs(np.array(pool)) if pool else np.zeros(0)
        chosen: dict[tuple[bool, ...], Choice] = {}
        for i in np.argsort(cost, kind="stable"):
            bought = tuple(bool(x) for x in np.array(pool[i]) > self.field.idle)
            chosen.setdefault(bought, pool[i])
        return list(chosen.values())[:most]

    # -- starts ----------------------------------------------------------------------------------

    def _starts(self, given: Sequence[np.ndarray]) -> list[Choice]:
        field, tops = self.field, self.field.tops
        nothing = np.zeros_like(tops)
        bases = np.unique(np.stack([nothing, field.free, field.idle, *given]), axis=0)
        pool = self._kept(np.vstack([tops[None], bases]))
        if field.clock.over():
            return pool
        filled = self._fill(bases, np.zeros(bases.shape, dtype=bool), range(self.count))
        pool += [choice for _, choice in filled]
        point = np.array(min(filled)[1]) if filled else tops
        for _ in range(ROUNDS):
            if field.clock.over():
                break
            worth = self._worth(point)
            if worth is None:
                break
            below, above = self._priced(worth)
            if below is not None:
                open_ = np.zeros((1, self.count), dtype=bool)
                movers = self._movers(worth, below)
                pool += [choice for _, choice in self._fill(below[None], open_, movers)]
            if above is None:
                break
            pool.append(tuple(map(int, above)))
            if (above == point).all():
                break
            point = above
        return pool

    def _worth(self, point: np.ndarray) -> list[Array] | None:
        """What each option (options,) of each source brings to the binding draws, as a share of
        what they need; None where no draw can be brought to the target."""
        field = self.field
        size, own = (each[:, 0] for each in field.sizes(point[None]))
        size = np.maximum(size, SMALLEST_SIZE)
        tilt = own / size
        need = field.judge.need_above(tilt)
        counted = np.isfinite(need) & (need > 0)
        if not counted.any():
            return None
        off = np.log(size / np.where(counted, need, 1.0))
        # the draw on which the confidence turns is at the centre
        centre = _quantile(off[counted], field.weights[counted], 1 - field.confidence)
        weight = np.where(counted, field.weights, 0.0) * np.exp(-(((off - centre) / NEAR) ** 2) / 2)
        weight = weight / max(float(weight.sum()), 1e-300)
        at = np.where(counted, np.maximum(need, SMALLEST_SIZE), size)
        pull = np.zeros_like(field.excess)
        if not self.steady:
            slope = field.judge.slope(at)
            pull = (tilt[:, None] - field.excess) / np.maximum(slope, 1e-12)[:, None]
        return [
            (weight / at * (1 + pull[:, k])) @ option.effective
            for k, option in enumerate(field.options)
        ]

    def _priced(self, worth: list[Array]) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Choices that are best at a price of the worth: one that just misses the target, and the
        cheapest found that meets it."""
        field = self.field
        rates = []
        for option, gain in zip(field.options, worth, strict=True):
            with np.errstate(divide="ignore", invalid="ignore"):
                rate = (option.cost[1:] - option.cost[0]) / (gain[1:] - gain[0])
            rates += rate[np.isfinite(rate) & (rate > 0)].tolist()
        if not rates:
            return None, None
        low, high = min(rates) / 2, max(rates) * 2
        below = above = None
        for _ in range(3):
            if field.clock.over():
                break
            prices = np.geomspace(low, high, PRICES)
            rows = np.stack(
                [
                    np.argmax(prices[:, None] * gain - option.cost, axis=1)
                    for option, gain in zip(field.options, worth, strict=True)
                ],
                axis=1,
            )
            cost = field.costs(rows)
            good = field.good(rows) & (cost < field.ceiling)
            if not good.any():
                return rows[
                    int(np.argmin(np.abs(cost - cost.mean())))
                ] if below is None else below, above
            at = int(np.flatnonzero(good)[np.argmin(cost[good])])
            above = rows[at]
            if at == 0:
                break
            below = rows[at - 1]
            low, high = float(prices[at - 1]), float(prices[at])
            if (below == above).all() or high / low < 1 + 1e-9:
                break
        return below, above

    def _movers(self, worth: list[Array] | None, point: np.ndarray) -> list[int]:
        """Sources that may fill a gap: those that bring most for their cost, and the plan's."""
        if self.count <= MOVERS or worth is None:
            return list(range(self.count))
        rate = np.zeros(self.count)
        for k, (option, gain) in enumerate(zip(self.field.options, worth, strict=True)):
            at = int(point[k])
            more = np.minimum(gain[at + 1 :] - gain[at], 1.0)
            dearer = np.maximum(option.cost[at + 1 :] - option.cost[at], 1e-12)
            rate[k] = float(np.max(more / dearer, initial=0.0))
        likely = set(np.argsort(-rate, kind="stable")[:MOVERS].tolist())
        return sorted(likely | set(np.flatnonzero(point > self.field.free).tolist()))

    # -- moves -----------------------------------------------------------------------------------

    def _polish(self) -> None:
        """Improve the best choice until no move helps."""
        field = self.field
        for _ in range(SWEEPS):
            self._trim()
            if field.clock.over():
                return
            assert field.best is not None
            best = np.array(field.best)
            bases, kept = self._bases(best)
            if field.rules is not None:
                field.take(bases)
            movers = self._movers(self._worth(best) if self.count > MOVERS else None, best)
            filled = sorted(self._fill(bases, kept, movers))
            before = field.cost()
            if not filled or not field.take(np.array([choice for _, choice in filled])):
                break
            if field.cost() > before * (1 - SAVING):
                break
        self._settle()

    def _trim(self) -> None:
        """Cut sources back one by one, the most to be saved first."""
        field = self.field
        assert field.best is not None
        spent = [float(o.cost[c]) for o, c in zip(field.options, field.best, strict=True)]
        for k in np.argsort(spent)[::-1]:
            if not spent[k] > 0 or field.clock.over():
                break
            best = np.array(field.best)
            if self.steady and field.rules is None:
                least = self._least(best, int(k), int(best[k]))
                if least < best[k]:
                    field.take(put(best, int(k), least)[None])
            else:
                field.take(along(best, int(k), range(int(best[k]))))

    def _least(self, base: np.ndarray, k: int, high: int) -> int:
        """Least option of source k with which a choice meets the target; `high` is known to."""
        field, effective = self.field, self.field.options[k].effective
        rest, _ = field.sizes(put(base, k, 0)[None])
        missing = field.judge.need - (rest[:, 0] - effective[:, 0])
        low = -1
        while high - low > 1:
            middle = (low + high) // 2
            met = field.weights @ (effective[:, middle] >= missing) >= field.confidence
            low, high = (low, middle) if met else (middle, high)
        return high

    def _bases(self, best: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Choices in which one or two sources give way, and which sources those are; both
        (bases, sources)."""
        field = self.field
        spent = np.array([o.cost[c] for o, c in zip(field.options, best, strict=True)])
        plan = [int(k) for k in np.argsort(-spent, kind="stable") if best[k] > 0 and spent[k] > 0]
        rows, kept = [best], [np.zeros(self.count, dtype=bool)]

        def add(row: np.ndarray, *sources: int) -> None:
            rows.append(row)
            kept.append(np.isin(np.arange(self.count), sources))

        levels = max(4, min(LEVELS, 3 * LEVELS // max(len(plan), 1)))
        for k in plan:
            below = int(best[k])
            steps = np.concatenate(
                [np.linspace(0, below - 1, levels), [below - 1, below - 2, below - 3]]
            ).astype(int)
            for level in np.unique(np.append(steps[steps >= 0], min(field.idle[k], below - 1))):
                add(put(best, k, int(level)), k)
        for a in plan[:PAIRED]:
            for b in plan[: plan.index(a)]:
                add(put(put(best, a, int(field.idle[a])), b, int(field.idle[b])), a, b)
        if field.rules is not None:
            for down in (1, 2, 3, 5, 8):
                row = np.where(best > field.idle, np.maximum(best - down, field.idle), best)
                add(row)
        return np.stack(rows), np.stack(kept)

    def _fill(
        self, bases: np.ndarray, kept: np.ndarray, movers: Iterable[int]
    ) -> list[tuple[float, Choice]]:
        """Choices that meet the target for less than the ceiling, each a base in which one source
        is changed that is not `kept`; with their costs [currency]."""
        field = self.field
        size, own = field.sizes(bases)
        cost = field.costs(bases)
        gaps: list[Gap] = []
        for j in movers:
            if field.clock.over():
                break
            option = field.options[j]
            rows = np.flatnonzero(~kept[:, j])
            adapted = self._adapted(bases[rows], j)
            if adapted is None:
                sizes, owns, costs, some = size[:, rows], own[:, rows], cost[rows], bases[rows]
            else:
                some = adapted
                (sizes, owns), costs = field.sizes(some), field.costs(some)
            now = some[:, j]
            room = field.ceiling - (costs - option.cost[now])
            most = np.searchsorted(option.cost, room, side="left") - 1
            useful = most > now if self.steady and field.rules is None else most >= 0
            useful &= most != now
            if not useful.any():
                continue
            some_now = now
            now, most, some = now[useful], most[useful], some[useful]
            rest = sizes[:, useful] - option.effective.T[now].T
            rest_own = owns[:, useful] - option.effective.T[now].T * option.excess[:, None]
            others = (costs - option.cost[some_now])[useful]
            low, high = now.copy(), np.full(len(now), -1)
            for part in PARTS[:1] if self.steady else PARTS:
                at = np.round(now + part * (most - now)).astype(int)
                added = option.effective.T[at].T
                chance = field.chance(
                    rest + added, rest_own + added * option.excess[:, None], rough=True
                )
                meets = chance >= field.confidence - 1e-9
                low = np.where(~meets & (high >= 0) & (low == now), at, low)
                high = np.where(meets & (low == now), at, high)
            for i in np.flatnonzero(high >= 0):
                top = int(most[i]) if field.rules is not None else int(high[i])
                worst = float(others[i] + option.cost[high[i]])
                gaps.append((worst, some[i], int(j), int(low[i]), top))
        gaps.sort(key=lambda gap: gap[0])
        if field.rules is not None:
            return [found for gap in gaps[:SCANS] for found in self._scan(*gap[1:])]
        return self._closed(gaps[: 4 * SCANS if self.steady else SCANS])

    def _closed(self, gaps: Sequence[Gap]) -> list[tuple[float, Choice]]:
        """For each gap the cheapest option found with which its base meets the target, all of them
        sought side by side by halving what lies between one that misses it and one that meets it.
        """
        field = self.field
        if not gaps or field.clock.over():
            return []
        _, bases, sources, lows, highs = zip(*gaps, strict=True)
        rows, j = np.stack(bases), np.array(sources)
        high = np.array(highs)
        low = np.full(len(gaps), -1) if self.steady else np.array(lows)
        every = np.arange(len(gaps))
        rows[every, j] = high
        good = field.good(rows)
        while (wide := np.flatnonzero(good & (high - low > 1))).size and not field.clock.over():
            middle = (low[wide] + high[wide]) // 2
            tried = rows[wide]
            tried[np.arange(len(wide)), j[wide]] = middle
            met = field.good(tried)
            high[wide[met]], low[wide[~met]] = middle[met], middle[~met]
        rows[every, j] = high
        costs = field.costs(rows)
        return [
            (float(costs[i]), tuple(map(int, rows[i])))
            for i in np.flatnonzero(good & (costs < field.ceiling))
        ]

    def _scan(self, base: np.ndarray, j: int, _least: int, most: int) -> list[tuple[float, Choice]]:
        """An option of source j up to `most` with which the base keeps rules and target; the
        cheapest of some and of those just below."""
        field = self.field
        if field.clock.over():
            return []
        steps = np.unique(np.linspace(0, most, 2 * LEVELS).astype(int))
        rows = along(base, j, steps)
        rows = rows[field.good(rows)][:1]
        if len(rows):  # and the options just below
            last = int(rows[0, j])
            steps = np.arange(int(steps[np.searchsorted(steps, last) - 1]) + 1, last)
            below = along(base, j, steps) if last else rows[:0]
            rows = np.vstack([below[field.good(below)][:1], rows])[:1]
        cost = field.costs(rows)
        return [
            (float(c), tuple(map(int, row)))
            for c, row in zip(cost, rows, strict=True)
            if c < field.ceiling
        ]

    def _adapted(self, bases: np.ndarray, j: int) -> np.ndarray | None:
        """Bases beside which source j may be bought: what it needs is bought, what excludes it is
        not; None where the rules ask for no change."""
        field = self.field
        if field.rules is None:
            return None
        must, never = field.rules.companions(j)
        if not must and not never:
            return None
        rows = bases.copy()
        for k in never:
            rows[:, k] = np.minimum(rows[:, k], field.idle[k])
        for k in must:
            if field.idle[k] < field.tops[k]:
                rows[:, k] = np.maximum(rows[:, k], field.idle[k] + 1)
        return rows

    def _settle(self) -> None:
        """Take the likeliest of the options that cost what the best choice takes."""
        field = self.field
        for k, option in enumerate(field.options):
            if field.clock.over():
                break
            assert field.best is not None
            same = np.flatnonzero(option.cost == option.cost[field.best[k]])
            if len(same) > 1:
                rows = along(np.array(field.best), k, same)
                rows = rows[field.allowed(rows)]
                if len(rows) > 1:
                    likely = int(np.argmax(field.chance(*field.sizes(rows))))
                    field.best = tuple(map(int, rows[likely]))


def _quantile(values: Array, weights: Array, level: float) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    at = int(np.searchsorted(total, level * total[-1]))
    return float(values[order[min(at, len(values) - 1)]])
