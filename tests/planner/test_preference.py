"""Preference data: formulas, draws, routes, and the laws that any answer obeys."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import InputError
from planner.preference import laws
from planner.preference.answer import accuracy_at, answer
from planner.preference.beliefs import PRIOR, Belief
from planner.preference.breakeven import dials, flips
from planner.preference.fit import Run, fit_preferences
from planner.preference.plans import (
    Needs,
    agreeing,
    best_by_route,
    choice,
    chosen,
    offer_of,
    work_out,
)
from planner.preference.question import Question, read_question
from planner.preference.routes import (
    DPO,
    JUDGED_RLHF,
    KEPT,
    REPLACED,
    RLHF,
    Option,
    Routes,
    lucky,
    usual,
)
from planner.preference.sampling import posterior
from planner.preference.spending import costs, total, weeks
from tests.planner.preferring import JUDGE, PROJECT, USUAL

EXAMPLES = Path(__file__).parents[2] / "examples" / "rlhf-or-dpo"
Ask = Callable[..., Question]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def asked(**changed: Any) -> Question:
        path = tmp_path / "project.toml"
        path.write_text(PROJECT.format(**{**USUAL, **changed}), encoding="utf-8")
        return read_question(path)

    return asked


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Question, Needs]:
    path = tmp_path_factory.mktemp("preference") / "project.toml"
    path.write_text(PROJECT.format(**USUAL), encoding="utf-8")
    question = read_question(path)
    return question, work_out(question)


AGREE = Belief("agreement", 0.73, 0.7, 0.76, "ratio", "range", "measured", "x", least=0.501, most=1)
POSITIVE = st.floats(0.05, 5)


class TestLaws:
    @given(pairs=st.floats(0, 1e7), flip=st.floats(0, 0.5))
    def test_flips_cost_pairs(self, pairs: float, flip: float) -> None:
        found = laws.effective_pairs(pairs, flip)
        assert found == pytest.approx(pairs * (1 - 2 * flip) ** 2)

    @given(
        share=st.floats(0.01, 0.99),
        cold=st.floats(0, 5000),
        half=st.floats(10, 1e5),
        slope=st.floats(0.15, 1.5),
        bend=st.floats(0.5, 5),
    )
    def test_pairs_for_a_share_teach_it(
        self, share: float, cold: float, half: float, slope: float, bend: float
    ) -> None:
        pairs = laws.pairs_for(share, cold, half, slope, bend)
        if pairs > cold * (1 + 1e-6):  # else so little is asked that rounding loses it
            assert laws.learned(pairs, cold, half, slope, bend) == pytest.approx(share, rel=1e-4)

    def test_nothing_is_learned_up_to_the_cold_pairs(self) -> None:
        found = laws.learned([0, 500, 900], 900, 3000, 0.3, 1.5)
        assert found.tolist() == [0, 0, 0]
        assert laws.learned(901, 900, 3000, 0.3, 1.5) > 0

    @given(agreement=st.floats(0.51, 1), spread=st.floats(0, 1))
    def test_accuracy_lies_between_agreement_and_its_ceiling(
        self, agreement: float, spread: float
    ) -> None:
        top = laws.most_correlation(agreement, spread)
        best = float(laws.accuracy(top, agreement))
        highest = (1 + np.sqrt(2 * agreement - 1)) / 2
        assert agreement - 1e-9 <= best <= highest + 1e-9

    def test_accuracy_is_counted(self) -> None:
        """Sheppard: two Gaussian rewards with a correlation, and people who flip."""
        rng = np.random.default_rng(3)
        gap = rng.standard_normal((2, 400_000))
        proxy = 0.7 * gap[0] + np.sqrt(1 - 0.49) * gap[1]
        flipped = rng.random(400_000) < 0.2
        hit = ((gap[0] > 0) ^ flipped) == (proxy > 0)
        agreed = 0.8**2 + 0.2**2
        assert float(laws.accuracy(0.7, agreed)) == pytest.approx(hit.mean(), abs=0.003)

    @pytest.mark.parametrize(("judged", "flips", "biased"), [(1000, 0.1, 0.6), (8000, 0.3, 0.86)])
    def test_pooled_pairs_are_simulated(self, judged: int, flips: float, biased: float) -> None:
        """Least squares on people's and a judge's pairs, each weighted by 1 - 2 e."""
        rng = np.random.default_rng(5)
        own = np.eye(8)[0]
        other = biased * own + np.sqrt(1 - biased**2) * np.eye(8)[1]
        people, off = 4000, 0.25
        told = np.zeros(8)
        for pairs, reward, wrong in ((people, own, off), (judged, other, flips)):
            x = rng.standard_normal((pairs, 8))
            liked = np.where((x @ reward > 0) ^ (rng.random(pairs) < wrong), 1, -1)
            told += (1 - 2 * wrong) * x.T @ liked  # x is white: the weights up to a factor
        amounts = (laws.effective_pairs(people, off), laws.effective_pairs(judged, flips))
        found = laws.pooled(*amounts, biased)
        assert float(found) == pytest.approx(told[0] / np.linalg.norm(told), abs=0.02)

    @given(mine=st.floats(0, 1e6), theirs=st.floats(1, 1e6), biased=st.floats(0, 1))
    def test_people_correct_a_judge(self, mine: float, theirs: float, biased: float) -> None:
        alone, mixed, more = (laws.pooled(n, theirs, biased) for n in (0, mine, 2 * mine))
        assert alone == pytest.approx(biased)
        assert alone - 1e-9 <= mixed <= more + 1e-9 <= 1 + 2e-9

    @given(a=POSITIVE, b=POSITIVE, rise=st.floats(0.7, 1.4), turn=st.floats(0.5, 3))
    def test_nothing_beats_the_peak(self, a: float, b: float, rise: float, turn: float) -> None:
        first, second = np.array(a), np.array(b)
        d = np.geomspace(1, 30, 400)
        peak = laws.rl_peak(a, b, 30, rise)
        best = laws.rl_gain(peak, first, second, rise)
        gains = laws.rl_gain(d, first, second, rise)
        assert best >= gains.max() - 1e-9 * max(1, abs(best))
        d = np.geomspace(0.01, 100, 400)
        at = laws.best_of_n_peak(a, b, rise, turn)
        best = laws.best_of_n_gain(at, first, second, rise, turn)
        assert best >= laws.best_of_n_gain(d, first, second, rise, turn).max() - 1e-9

    def test_peaks_of_gao(self) -> None:
        assert laws.rl_peak(1.0, 0.5, 100) == pytest.approx(np.exp(1.0 / 0.5 - 1))
        assert laws.best_of_n_peak(1.0, 0.5) == pytest.approx(1.0)
        assert laws.best_of_n_d([1, 8]) == pytest.approx([0, np.sqrt(np.log(8) - 7 / 8)])

    @given(rounds=st.integers(1, 50))
    def test_kept_rounds_lose_less_than_replaced(self, rounds: int) -> None:
        kept, replaced = laws.round_factor(rounds, True), laws.round_factor(rounds, False)
        assert replaced <= kept <= 1
        assert kept >= 6 / np.pi**2 - 1e-12

    @given(first=st.floats(0, 1), second=st.floats(0, 1))
    def test_a_better_reward_turns_later(self, first: float, second: float) -> None:
        low, high = sorted((first, second))
        assert laws.turning(high, 0.3, 0.5) <= laws.turning(low, 0.3, 0.5)
        assert laws.steepness(low, 0.5) <= laws.steepness(high, 0.5)

    @given(gain=st.floats(-30, 30))
    def test_win_rate_and_back(self, gain: float) -> None:
        assert laws.gain_of(laws.win_rate(gain)) == pytest.approx(gain, rel=1e-3, abs=1e-6)


class TestFit:
    def test_posterior_of_a_normal_mean(self) -> None:
        """Prior N(0, 1), one observation 2 with noise 1/2: known by hand."""

        def log_likelihood(z: np.ndarray) -> np.ndarray:
            return np.asarray(-2 * (z[:, 0] - 2) ** 2)

        z = posterior(log_likelihood, 3, 4000, 1)
        assert z[:, 0].mean() == pytest.approx(1.6, abs=0.04)
        assert z[:, 0].std() == pytest.approx(np.sqrt(0.2), abs=0.03)
        assert z[:, 1].mean() == pytest.approx(0, abs=0.07)
        assert z[:, 1].std() == pytest.approx(1, abs=0.05)

    def test_impossible_data_do_not_fail(self) -> None:
        z = posterior(lambda z: np.full(len(z), -np.inf), 2, 100, 0)
        assert np.isfinite(z).all()

    def test_without_runs_the_draws_are_the_prior(self) -> None:
        law = fit_preferences([], [AGREE], draws=4000)
        for belief in PRIOR:
            middle = np.quantile(law.numbers[belief.name], 0.5)
            assert middle == pytest.approx(belief.median, rel=0.12), belief.name

    def test_published_accuracy_lies_in_the_prior(self) -> None:
        """About 1.1 points a doubling from 8,000 to 64,000 pairs; chance below about 2,000."""
        law = fit_preferences([], [AGREE], draws=4000)
        few, many = (np.median(law.predict(Run("accuracy", n, 0, 1))) for n in (8000, 64_000))
        assert 0.007 < (many - few) / 3 < 0.018
        assert 0.6 < few < many < 0.73
        assert np.median(law.predict(Run("accuracy", 1500, 0, 1))) < 0.53

    def test_runs_are_recovered(self) -> None:
        sizes = (1000, 2000, 4000, 8000, 16_000)
        truth = [0.60, 0.625, 0.645, 0.66, 0.672]
        runs = [Run("accuracy", n, a, 5000) for n, a in zip(sizes, truth, strict=True)]
        law = fit_preferences(runs, [AGREE], draws=500)
        for run in runs:
            low, high = np.quantile(law.predict(run), (0.02, 0.98))
            assert low < run.value < high
        alone = fit_preferences([], [AGREE], draws=500).predict(Run("accuracy", 32_000, 0, 1))
        told = law.predict(Run("accuracy", 32_000, 0, 1))
        assert np.std(told) < np.std(alone)

    def test_pilots_may_say_that_there_is_no_cold_start(self) -> None:
        runs = [Run("accuracy", n, a, 5000) for n, a in ((250, 0.6), (500, 0.63), (1000, 0.65))]
        law = fit_preferences(runs, [AGREE], draws=500)
        assert np.median(law.numbers["cold_pairs"]) < 150

    def test_a_larger_reward_model_learns_more_and_turns_later(self) -> None:
        """Runs of a model a quarter of the size: the planned one is held to do better."""
        sizes = ((2000, 0.60), (4000, 0.62), (8000, 0.635))
        same, small = (
            fit_preferences(
                [Run("accuracy", n, a, 5000, size=size) for n, a in sizes], [AGREE], draws=400
            )
            for size in (1.0, 0.25)
        )
        at = Run("accuracy", 8000, 0, 1)
        assert np.median(small.predict(at)) > np.median(same.predict(at)) + 0.005
        pairs = np.full((1, 1), 8000.0)
        ends = [
            law.top() * law.learned(laws.effective_pairs(pairs, law.flips()))
            for law in (same, small)
        ]
        second = [
            np.median(law.coefficients(r)[1]) for law, r in zip((same, small), ends, strict=True)
        ]
        assert second[1] < second[0]

    def test_votes_of_runs_count(self) -> None:
        """A pair with nine judgements teaches more: the same accuracy tells of fewer of them."""
        sizes = ((2000, 0.60), (4000, 0.62), (8000, 0.635))
        single, many = (
            fit_preferences(
                [Run("accuracy", n, a, 5000, votes=votes) for n, a in sizes], [AGREE], draws=300
            )
            for votes in (1, 9)
        )
        at = Run("accuracy", 8000, 0, 1, votes=9)
        assert np.median(many.predict(at)) < np.median(single.predict(at)) - 0.004
        assert many.most > 1.5 * single.most

    def test_same_seed_same_draws(self) -> None:
        runs = [Run("accuracy", 4000, 0.62, 1000), Run("dpo", 4000, 0.58, 500)]
        one, two = (fit_preferences(runs, [AGREE], draws=100, seed=5) for _ in range(2))
        assert all((one.numbers[k] == two.numbers[k]).all() for k in one.numbers)

    def test_pairs_for_is_the_inverse_beyond_the_runs_too(self) -> None:
        runs = [Run("accuracy", 4000, 0.62, 1000)]
        law = fit_preferences(runs, [AGREE], draws=50)
        share = np.full((1, 1), 0.8)
        with np.errstate(over="ignore"):
            pairs = law.pairs_for(share)
        finite = np.isfinite(pairs[:, 0]) & (pairs[:, 0] < 1e100)
        assert law.learned(pairs)[finite] == pytest.approx(0.8, rel=1e-6)


class TestRoutes:
    def test_needs_are_where_the_gain_is_reached(self, ask: Ask) -> None:
        question = ask(judge=JUDGE)
        found = work_out(question)
        wanted = float(laws.gain_of(1 - question.inputs.target.error))
        for need in found.needs[::7]:
            for at in (0.3, 0.6):
                pairs = need.at(at)
                if 0 < pairs < 1e10:
                    more = (found.routes.gain(need.option, pairs * 1.02) >= wanted).mean()
                    less = (found.routes.gain(need.option, pairs * 0.98) >= wanted).mean()
                    assert less <= need.probability(pairs) + 0.02
                    assert more >= at - 0.02

    def test_more_pairs_never_gain_less(self, ask: Ask) -> None:
        found = work_out(ask(judge=JUDGE))
        for option in (
            Option(DPO, 1),
            Option(RLHF, 3),
            Option(JUDGED_RLHF, 1, 31_623.0),
            Option(KEPT, 1, 10_000.0, 3),
            Option(REPLACED, 1, 10_000.0, 3),
        ):
            gains = np.stack([found.routes.gain(option, n) for n in (0, 3e3, 1e4, 1e5, 1e7)])
            assert (np.diff(gains, axis=0) >= -1e-9).mean() > 0.999, option

    @given(share=st.floats(0, 1), luck=st.floats(-0.9, 0.9))
    def test_luck_and_back(self, share: float, luck: float) -> None:
        found = lucky(np.array(share), np.array(luck))
        assert 0 <= found <= 1 + 1e-12
        assert usual(found, np.array(luck)) == pytest.approx(share, abs=1e-9)

    def test_a_plan_is_one_run(self, asked_once: tuple[Question, Needs]) -> None:
        """Its interval is that of a run, misfit in, and not that of the mean of many runs."""
        _, found = asked_once
        numbers = found.law.numbers
        sure = {**numbers, **{k: np.full_like(v, np.median(v)) for k, v in numbers.items()}}
        law = replace(found.law, numbers={**sure, "gain_misfit": numbers["gain_misfit"]})
        gain = Routes(law, 0.2).gain(Option(DPO, 1), 20_000)
        told = laws.gain_of(law.predict(Run("dpo", 20_000, 0.5, 1)))
        apart = [np.diff(np.quantile(v, (0.1, 0.9)))[0] for v in (gain, told)]
        assert apart[0] == pytest.approx(apart[1], rel=0.3)
        assert apart[0] > 2 * np.median(numbers["gain_misfit"])

    def test_votes_smooth_noise(self, ask: Ask) -> None:
        needs = {need.option: need for need in work_out(ask()).needs}
        for route in (DPO, RLHF):
            once, thrice = (needs[Option(route, k)].at(0.5) for k in (1, 3))
            assert once / 3 < thrice < once

    def test_keeping_rounds_needs_no_more_than_replacing(self, ask: Ask) -> None:
        needs = {need.option: need.pairs for need in work_out(ask(judge=JUDGE)).needs}
        for amount in (1000.0, 100_000.0):
            kept, lost = (needs[Option(r, 1, amount, 3)] for r in (KEPT, REPLACED))
            assert (kept <= lost * (1 + 1e-6)).all()

    @settings(max_examples=20)
    @given(low=st.floats(0.55, 0.95), high=st.floats(0.55, 0.95))
    def test_more_agreement_never_hurts(
        self, low: float, high: float, asked_once: tuple[Question, Needs]
    ) -> None:
        question, found = asked_once
        less, more = (
            agreeing(question.with_people("agreement", v), found) for v in sorted((low, high))
        )
        for one, two in zip(less.needs, more.needs, strict=True):
            assert (two.pairs <= one.pairs * (1 + 1e-9)).all()

    @pytest.mark.parametrize("judge", ["", JUDGE])
    def test_dearer_is_never_cheaper(self, ask: Ask, judge: str) -> None:
        question = ask(judge=judge)
        found = work_out(question)
        last: dict[str, float] = {}
        for price in (0.1, 0.5, 1.0, 3.0, 10.0):
            plans = best_by_route(question.with_people("cost_per_judgement", price), found)
            for name, plan in plans.items():
                if plan.reaches:
                    assert plan.cost >= last.get(name, 0) - 1e-6
                    last[name] = plan.cost

    def test_more_pairs_a_week_are_never_later_nor_dearer(self, ask: Ask) -> None:
        question = ask(judge=JUDGE)
        found = work_out(question)
        last: dict[str, Any] = {}
        for speed in (500, 1000, 3000, 10_000, 1_000_000):
            for name, plan in best_by_route(question.with_people("per_week", speed), found).items():
                before = last.get(name)
                if before is not None and before.reaches:
                    assert plan.reaches
                    assert plan.cost <= before.cost + 1e-6
                    if plan.option == before.option:
                        assert plan.weeks <= before.weeks + 1e-9
                last[name] = plan

    def test_costs_add_up_to_the_plan(self, ask: Ask) -> None:
        question = ask(judge=JUDGE)
        for plan in best_by_route(question, work_out(question)).values():
            factor = 1 + question.inputs.contingency
            lines = costs(question, plan.option, plan.bought)
            assert plan.cost == pytest.approx(factor * sum(line.cost for line in lines))
            assert plan.cost == pytest.approx(total(question, plan.option, plan.bought))
            assert plan.low <= plan.cost <= plan.high
            assert plan.weeks == pytest.approx(weeks(question, plan.option, plan.bought))
            assert plan.win_rate[0] <= plan.win_rate[1] <= plan.win_rate[2]

    def test_cost_by_hand(self, ask: Ask) -> None:
        question = ask()
        people = question.people[1]
        paid = float(people.cost(1000))
        rlhf = 1.15 * (paid + 100 + (2000 + 100_000 * 0.001) / (1 - 0.3))
        assert total(question, Option(RLHF, 1), 1000) == pytest.approx(rlhf)
        assert total(question, Option(DPO, 1), 1000) == pytest.approx(1.15 * (paid + 200 / 0.95))
        at_work = people.limits.lead_weeks + 1000 / 2000
        assert weeks(question, Option(RLHF, 1), 1000) == pytest.approx(at_work + 0.5 + 1 / 0.7)

    def test_votes_take_their_time(self, ask: Ask) -> None:
        question = ask()
        assert question.people[3].limits.per_week == pytest.approx(2000 / 3)

    def test_the_fewest_pairs_are_planned(self, ask: Ask) -> None:
        question = ask()
        found = work_out(question)
        for need in found.needs:
            offer = offer_of(question, need)
            if offer.reaches:
                assert need.probability(offer.pairs) >= 0.6
                assert need.probability(offer.pairs - 2) < 0.6

    def test_limits_are_kept_where_nothing_reaches(self, ask: Ask) -> None:
        question = ask(weeks=6, budget=4000, error=0.1)
        plans = best_by_route(question, work_out(question))
        assert not any(plan.reaches for plan in plans.values())
        for plan in plans.values():
            assert plan.cost <= 4000
            assert plan.weeks <= 6 + 1e-9
            assert plan.binds != "the target"

    def test_what_the_judge_made_already_is_free(self, ask: Ask) -> None:
        option = Option(KEPT, 1, 10_000.0, 2)
        none, held = (ask(judge=JUDGE + f"in_hand = {amount}\n") for amount in (0, 10_000))
        assert none.judge is not None
        saved = 1.15 * float(none.judge.cost(10_000))
        assert total(none, option, 0) - total(held, option, 0) == pytest.approx(saved)
        assert weeks(held, option, 0) < weeks(none, option, 0)

    @pytest.mark.parametrize("judge", ["", JUDGE])
    def test_currency_changes_nothing_else(self, ask: Ask, judge: str) -> None:
        """All prices and the budget in another currency: the same routes, pairs and weeks."""
        dollars = ask(judge=judge)
        text = PROJECT.format(**{**USUAL, "judge": judge, "price": 5, "budget": 1e7})
        text = text.replace("reward_run = 100", "reward_run = 1000")
        text = text.replace("rl_run = 2000", "rl_run = 20000").replace("0.001", "0.01")
        text = text.replace("dpo_run = 200", "dpo_run = 2000")
        path = dollars.inputs.path.with_name("other.toml")
        path.write_text(f'currency = "XTS"\nusd_rate = 10\n{text}', encoding="utf-8")
        other = read_question(path)
        one = best_by_route(dollars, work_out(dollars))
        two = best_by_route(other, work_out(other))
        for name, plan in one.items():
            assert two[name].option == plan.option
            assert two[name].pairs == pytest.approx(plan.pairs)
            assert two[name].weeks == pytest.approx(plan.weeks)
            assert two[name].cost == pytest.approx(10 * plan.cost)

    def test_in_hand_is_free(self, ask: Ask, tmp_path: Path) -> None:
        path = tmp_path / "held.toml"
        text = PROJECT.format(**USUAL).replace("max_examples", "in_hand = 3000\nmax_examples")
        path.write_text(text, encoding="utf-8")
        held, none = read_question(path), ask()
        one, two = (best_by_route(q, work_out(q))[DPO] for q in (held, none))
        assert one.bought == pytest.approx(one.pairs - 3000)
        assert one.cost < two.cost


class TestFlips:
    def test_flips_are_where_the_files_say(self, ask: Ask) -> None:
        """Every flip that is reported is found again by reading the project with that value."""
        question = ask(weeks=12)
        found = work_out(question)
        names = {
            "pairs of people a week": "speed",
            "price of a judgement": "price",
            "agreement of people": "agreement",
        }
        reported = flips(question, found, lambda _: None)
        assert {each.name for each in reported} == {*names, "failed runs of RL"}
        checked = 0
        for each in reported:
            if each.value is None or not each.confirmed:
                continue
            for factor, state in ((0.99, each.below), (1.01, each.above)):
                value = each.value * factor
                if each.name in names:
                    other = ask(weeks=12, **{names[each.name]: value})
                else:
                    other = ask(weeks=12, more=f"rl_failure = {value}")
                assert choice(other, work_out(other)) == state, each
            assert each.below != each.above
            checked += 1
        assert checked >= 2

    @pytest.mark.parametrize("company", ["a", "b"])
    def test_flips_of_the_companies(self, tmp_path: Path, company: str) -> None:
        """The shipped files, edited by hand to 3% on each side of every flip, and read again."""
        place = EXAMPLES / f"company-{company}" / "project.toml"
        text = f"draws = 100\n{place.read_text(encoding='utf-8')}"
        text = text.replace("../runs.csv", (EXAMPLES / "runs.csv").as_posix())
        lines = {
            "pairs of people a week": "per_week",
            "price of a judgement": "cost_per_judgement",
            "failed runs of RL": "rl_failure",
            "agreement of people": "agreement",
        }

        def read(key: str = "", value: float = 0.0) -> Question:
            path = tmp_path / "project.toml"
            told: object = value
            if key == "agreement":
                told = f"{{ value = {value}, low = {value - 0.03}, high = {value + 0.03} }}"
            changed = re.sub(f"(?m)^{key} = .*", f"{key} = {told}", text, count=1)
            path.write_text(changed if key else text, encoding="utf-8")
            return read_question(path)

        question = read()
        found = work_out(question)
        here = choice(question, found)
        known = [each for each in flips(question, found, lambda _: None) if each.value]
        assert len(known) >= 3
        for each in known:
            assert each.value is not None and each.confirmed
            near, far = (0.97, 1.03) if each.side == "higher" else (1.03, 0.97)
            for factor, same in ((near, True), (far, False)):
                other = read(lines[each.name], each.value * factor)
                assert (choice(other, work_out(other)) == here) == same, (each, factor)

    def test_runs_without_their_agreement_are_told_of(self, ask: Ask) -> None:
        runs = "runs = [{measure='accuracy', pairs=4000, value=0.62, test_size=1000}]\n"
        for more, told in ((runs, True), (f"{runs}runs_agreement = 0.7", False), ("", False)):
            warnings = answer(ask(more=more)).warnings
            assert any("runs_agreement = 0.73" in text for text in warnings) == told

    def test_a_run_that_cannot_be_is_told_of(self, ask: Ask) -> None:
        runs = "runs = [{{measure='accuracy', pairs=20000, value={}, test_size=2000}}]"
        for value, told in ((0.99, True), (0.1, True), (0.66, False)):
            warnings = answer(ask(more=runs.format(value))).warnings
            assert any("check it" in text for text in warnings) == told

    def test_accuracy_is_that_of_pairs_as_judged(self, ask: Ask) -> None:
        question = ask()
        found = work_out(question)
        once, thrice = (accuracy_at(found, 8000, votes)[1] for votes in (1, 3))
        assert thrice > once + 0.002

    def test_no_flip_where_none_is_seen(self, ask: Ask) -> None:
        question = ask(weeks=12)
        found = work_out(question)
        for dial in dials(question, found):
            for each in flips_of(question, dial):
                assert each

    def test_the_choice_is_the_cheapest_that_reaches(self, ask: Ask) -> None:
        question = ask(judge=JUDGE)
        found = work_out(question)
        plans = best_by_route(question, found)
        best = chosen(question, plans)
        reached = {name: plan.cost for name, plan in plans.items() if plan.reaches}
        assert best == min(reached, key=lambda name: reached[name])
        assert choice(question, found) == (best, True)
        fast = replace(question, inputs=replace(question.inputs, least="weeks"))
        quickest = best_by_route(fast, found)
        took = {name: plan.weeks for name, plan in quickest.items() if plan.reaches}
        assert quickest[chosen(fast, quickest)].weeks == min(took.values())


def flips_of(question: Question, dial: Any) -> list[bool]:
    """Whether the state stays as it is at every tried value up to the reported flip."""
    from planner.preference.breakeven import _both

    found = []
    here = dial.state(dial.now)
    for each in _both(dial):
        tried = [v for v in dial.values if (v < dial.now) == (each.side == "lower")]
        if each.value is not None and each.confirmed:
            tried = [v for v in tried if (v > each.value) == (each.side == "lower")]
        if each.confirmed:
            found += [dial.state(v) == here for v in tried if v != dial.now]
    return found


class TestFaults:
    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"error": 0.5}, "target.error = 0.5: must be below worst_error = 0.5"),
            ({"more": "rl_runn = 3"}, "did you mean rl_run"),
            ({"more": "rl_failure = 1"}, "must be at most 0.95"),
            ({"more": "rounds = 1"}, "preference.rounds = 1"),
            ({"more": 'people = "nobody"'}, "preference.people = 'nobody'"),
            ({"more": 'judge = "people"'}, "preference.judge = 'people'"),
            ({"more": 'runs_file = "no.csv"'}, "preference.runs_file"),
            (
                {
                    "more": "runs = [{measure='accuracy', pairs=9, value=0.6, test_size=5, "
                    "annotators_per_pair=1.5}]"
                },
                "annotators_per_pair = 1.5: must be a whole number",
            ),
            ({"more": "runs = [{measure = 'win'}]"}, "must be one of accuracy, rl"),
            (
                {"more": "runs = [{measure='rl', pairs=9, value=2, test_size=5}]"},
                "value = 2: must be a number from 0 to 1",
            ),
            (
                {"more": "runs = [{measure='rl', pairs=9, value=0.6, test_size=5}]"},
                "kl: is missing: rl needs kl",
            ),
            (
                {"more": "runs = [{measure='dpo', pairs=9, value=0.6, test_size=5, kl=3}]"},
                "has no kl",
            ),
        ],
    )
    def test_one_clear_message(self, ask: Ask, changed: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError) as caught:
            ask(**changed)
        assert said in str(caught.value)

    def test_all_at_once(self, tmp_path: Path) -> None:
        path = tmp_path / "project.toml"
        path.write_text(
            '[target]\nerror = 0.6\nmetric_kind = "error rate"\n[preference]\nrl_run = 3\n'
            '[sources.a]\nkind = "preference"\n[sources.b]\nkind = "preference"\n'
            "[[preference.runs]]\nmeasure = 'accuracy'\npairs = -1\nvalue = 0.6\n",
            encoding="utf-8",
        )
        with pytest.raises(InputError) as caught:
            read_question(path)
        keys = {fault.key for fault in caught.value.faults}
        assert {
            "target.error",
            "preference.dpo_run",
            "preference.reward_run",
            "preference.sample_cost",
            "preference.people",
            "preference.runs[0] pairs",
            "preference.runs[0] test_size",
        } <= keys

    def test_faults_of_both_halves_at_once(self, ask: Ask) -> None:
        with pytest.raises(InputError) as caught:
            ask(agreement=0.4, more="rl_failure = 3", error=-1)
        keys = {fault.key for fault in caught.value.faults}
        assert keys == {"sources.people.agreement", "preference.rl_failure", "target.error"}

    def test_rows_of_a_file_have_their_line(self, ask: Ask, tmp_path: Path) -> None:
        text = "measure,pairs,value,test_size\naccuracy,10,0.6,100\naccuracy,many,0.6,100\n"
        (tmp_path / "runs.csv").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=r"runs.csv line 3 pairs = 'many'"):
            ask(more='runs_file = "runs.csv"')
        twice = "measure,pairs,pairs,value,test_size\naccuracy,10,20,0.6,100\n"
        (tmp_path / "runs.csv").write_text(twice, encoding="utf-8")
        with pytest.raises(InputError, match=r"'pairs': is the name of 2 columns"):
            ask(more='runs_file = "runs.csv"')
        (tmp_path / "runs.csv").write_text("measure,pairs,valu\n", encoding="utf-8")
        with pytest.raises(InputError) as caught:
            ask(more='runs_file = "runs.csv"')
        assert "did you mean value" in str(caught.value)
        assert "has no column test_size" in str(caught.value)

    def test_no_table_no_answer(self, tmp_path: Path) -> None:
        path = tmp_path / "project.toml"
        path.write_text('[target]\nerror = 0.3\n[sources.a]\nkind = "human"\n', encoding="utf-8")
        with pytest.raises(InputError, match=r"\[preference\]: is missing"):
            read_question(path)
