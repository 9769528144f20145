"""Jobs in parts, decisions between them, and a scheduler that notices nothing of the parts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import linregress, norm

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.methods import SCHEDULERS
from fnnctl.messages import Message
from fnnctl.records.journal import Header, Journal
from fnnctl.records.trials import CURVE, Direction, Job, Result, Status, Stop
from fnnctl.search.budget import SearchBudget
from fnnctl.search.loop import run_search
from fnnctl.search.protocols import Scheduler
from fnnctl.search.schedulers import build_scheduler
from fnnctl.search.schedulers.curve_stopping import (
    Curves,
    CurveStopping,
    chance_to_beat,
    extrapolation_reason,
    median_reason,
)
from tests.search.toys import Outcome, ToyRunner, numbered, result_of

NAME = "validation_accuracy"
Reason = Callable[[Curves], Message | None]


HOPELESS = Message("small_chance", "hopeless")


def never(curves: Curves) -> Message | None:
    return None


def stopping(
    reason: Reason, scheduler: str = "full_budget", *, epochs: int = 27, trials: int = 4
) -> CurveStopping:
    budget = SearchBudget(max_epochs=epochs, trials=trials, reduction_factor=3)
    inner = build_scheduler(scheduler, numbered(trials), budget, direction="maximize")
    return CurveStopping(inner, reason, max_epochs=epochs, direction="maximize", curve=NAME)


def with_curve(job: Job, values: list[float]) -> Result:
    """A result whose curve has these values in the job's epochs."""
    curve = values[job.start : job.stop]
    epochs = job.stop - job.start
    facts = {CURVE: {NAME: curve}}
    return Result(job.trial.number, job.rung, job.stop, Status.COMPLETED, curve[-1], epochs, facts=facts)


@pytest.mark.parametrize(("epochs", "part"), [(27, 3), (4, 1)])
def test_a_job_is_given_out_in_ninths_of_the_full_budget(epochs: int, part: int) -> None:
    """Or in epochs, if there are fewer than nine."""
    scheduler = stopping(never, epochs=epochs, trials=1)
    parts = []
    while jobs := scheduler.ask(5):
        (job,) = jobs
        parts.append((job.start, job.stop))
        assert scheduler.ask(5) == []
        with pytest.raises(ValueError, match="not under way"):
            scheduler.tell(result_of(replace(job, stop=28), 0.5))
        assert scheduler.tell(result_of(job, 0.5)) == ()
    assert parts == [(k, k + part) for k in range(0, epochs, part)]


class Watcher:
    """A rule that stops nothing, and remembers what it saw."""

    def __init__(self) -> None:
        self.seen: list[Curves] = []

    def __call__(self, curves: Curves) -> Message | None:
        self.seen.append(replace(curves, epochs=list(curves.epochs), losses=list(curves.losses)))
        return None


@pytest.mark.parametrize("name", SCHEDULERS)
def test_without_a_stop_every_scheduler_trains_what_it_would_train_without_parts(name: str) -> None:
    """The same trials to the same budgets, in virtual time with 16 slots."""

    def outcome(job: Job) -> Outcome:
        return Status.DIVERGED if job.trial.number == 7 else job.trial.number * 37 % 11 / 11

    def reached(scheduler: Scheduler) -> dict[int, int]:
        journal = Journal()
        journal.begin(Header("", None, {}, {}))
        run_search(scheduler, ToyRunner(outcome, seed=1), journal, concurrency=16)
        most: dict[int, int] = {}
        for trial, budget in journal.results:
            if trial != 7:
                most[trial] = max(most.get(trial, 0), budget)
        return most

    budget = SearchBudget(max_epochs=27, trials=40, reduction_factor=3)
    plain = build_scheduler(name, numbered(40), budget, direction="maximize")
    assert reached(stopping(never, name, trials=40)) == reached(plain)


def test_the_rule_sees_the_curves_as_losses_and_the_best_full_trial() -> None:
    watcher = Watcher()
    scheduler = stopping(watcher, epochs=9, trials=2)
    values = {0: [k / 10 for k in range(9)], 1: [k / 100 for k in range(9)]}
    while jobs := scheduler.ask(1):
        scheduler.tell(with_curve(jobs[0], values[jobs[0].trial.number]))
    assert watcher.seen[1] == Curves([1, 2], [-0.0, -0.1], [], None, 9)
    assert watcher.seen[9] == Curves([1, 2], [-0.0, -0.01], [-0.05], -0.8, 9)
    assert len(watcher.seen) == 2 * 8  # at the end of a job there is nothing to decide


def test_without_curves_trials_of_other_rungs_are_compared_at_the_same_epoch() -> None:
    """HyperBand's trials begin with 1, 3, 9 or 27 epochs, so they are measured in different places."""
    watcher = Watcher()
    scheduler = stopping(watcher, "hyperband", trials=81)
    while jobs := scheduler.ask(1000):
        for job in jobs:
            scheduler.tell(result_of(job, job.stop / 100))
    assert {tuple(curves.epochs) for curves in watcher.seen if curves.epochs[-1] == 6} == {(1, 3, 6), (3, 6)}
    for curves in watcher.seen:
        assert list(curves.losses) == [-epoch / 100 for epoch in curves.epochs]
        assert all(-curves.epochs[-1] / 100 <= mean <= -0.01 for mean in curves.other_means)
        assert list(curves.other_means) == sorted(curves.other_means)


def test_a_stopped_trial_is_told_with_its_last_value_and_not_asked_for_again() -> None:
    scheduler = stopping(lambda curves: HOPELESS if len(curves.other_means) == 3 else None, trials=4)
    jobs = list(scheduler.ask(10))
    stops: list[Stop] = []
    for job in jobs:
        stops += scheduler.tell(with_curve(job, [0.25] * 27))
    assert stops == [Stop("hopeless", trial=3, budget=3, saved=24, reason_kind="small_chance")]
    assert [job.trial.number for job in scheduler.ask(10)] == [0, 1, 2]


def test_halving_promotes_no_trial_that_was_stopped() -> None:
    """Nine trials for three places in the second rung; the five best are stopped in the first."""

    def stops_the_best(curves: Curves) -> Message | None:
        return HOPELESS if curves.losses[-1] < -0.35 else None

    budget = SearchBudget(max_epochs=81, min_epochs=18, trials=9, reduction_factor=3)
    inner = build_scheduler("halving", numbered(9), budget, direction="maximize")
    scheduler = CurveStopping(inner, stops_the_best, max_epochs=81, direction="maximize", curve=NAME)
    later = set()
    while jobs := scheduler.ask(100):
        for job in jobs:
            later |= {job.trial.number} if job.rung else set()
            scheduler.tell(with_curve(job, [job.trial.number / 10] * 81))
    assert later == {1, 2, 3}


def test_each_checkpoint_is_released_once_when_no_part_goes_on_from_it() -> None:
    scheduler = stopping(lambda curves: HOPELESS if len(curves.losses) >= 9 else None, trials=1)
    released: list[tuple[int, int]] = []
    while jobs := scheduler.ask(1):
        scheduler.tell(with_curve(jobs[0], [0.5] * 27))
        released += scheduler.released()
    assert released == [(0, 3), (0, 6), (0, 9)]


T = np.arange(1.0, 82.0)


def curves(own: list[float], others: list[list[float]], best: float | None = None, full: int = 81) -> Curves:
    """What is known of whole curves, of which `own` is the shortest that counts."""
    n = len(own)
    means = sorted(math.fsum(each[:n]) / n for each in others if len(each) >= n)
    return Curves(range(1, n + 1), own, means, best, full)


def chance(best: float, losses: list[float], *, full: int) -> float:
    return chance_to_beat(best, losses, range(1, len(losses) + 1), full=full)


OTHERS = [[1.0, 0.5], [1.0, 0.7], [0.8, 0.4], [0.9, 0.9], [0.6, 0.2]]
"""Their means over two epochs are 0.75, 0.85, 0.6, 0.9 and 0.4: the median is 0.75."""


LONGER = [[*losses, 0.0, 0.0] for losses in OTHERS]
INFINITE = [math.inf, math.inf]
EVEN = [[0.5], [0.6], [0.8], [0.9]]


@pytest.mark.parametrize(
    ("own", "others", "stops"),
    [
        ([2.0, 0.76], OTHERS, True),
        ([2.0, 0.75], OTHERS, False),
        ([0.7, 5.0], OTHERS, False),
        ([2.0, 0.76], LONGER, True),  # the median is that of the same epoch
        ([2.0, 0.76], [*OTHERS[:4], [0.1]], False),  # the last has not come so far
        ([2.0, 0.9], [[1.0, math.inf], [2.0, math.inf], *OTHERS[:3]], True),
        ([2.0, 0.9], [INFINITE, INFINITE, INFINITE, *OTHERS[:2]], False),
        ([0.7], EVEN, False),
        ([0.71], EVEN, True),
        ([0.71], EVEN[:3], True),
        ([2.0], EVEN[:2], False),  # two say too little
    ],
)
def test_the_best_loss_so_far_is_compared_with_the_median_of_the_others_means(
    own: list[float], others: list[list[float]], stops: bool
) -> None:
    reason = median_reason(curves(own, others))
    expected = Message("worse_than_median", f"worse than the median of {len(others)} other trials")
    assert reason == (expected if stops else None)


def test_without_a_finished_trial_or_with_few_epochs_nothing_is_extrapolated() -> None:
    flat = [0.9, 0.9, 0.9, 0.9, 0.9]
    assert extrapolation_reason(curves(flat, [], None)) is None
    assert extrapolation_reason(curves(flat[:3], [], 0.1)) is None
    reason = extrapolation_reason(curves(flat, [], 0.1))
    assert reason == Message("small_chance", "a chance of 0.0% to beat the best trial")


@pytest.mark.parametrize("noise", [0.0, 0.005, 0.02])
@pytest.mark.parametrize("seen", [9, 18, 45])
@pytest.mark.parametrize(
    "curve", [0.1 + 0.9 / T, 0.2 + 0.6 * T**-0.5, 0.1 + 0.8 * np.exp(-T / 16), np.full(81, 0.3)]
)
def test_what_a_curve_will_beat_and_what_not(curve: np.ndarray, seen: int, noise: float) -> None:
    """A best trial far above its end is beaten; one below anything that it comes to is not.

    What falls steadily may fall further: such a curve has a chance until it bends.
    """
    y = curve + np.random.default_rng(3).normal(0, noise, 81) if noise else curve
    losses = list(map(float, y[:seen]))
    assert chance(float(curve[-1]) + 0.2, losses, full=81) > 0.5
    still_falls = curve[seen - 1] - curve[-1] > 0.1
    assert chance(float(curve[-1]) - 0.3, losses, full=81) < (0.9 if still_falls else 0.1)


def test_the_chance_grows_with_the_best_loss_and_is_a_probability() -> None:
    losses = list(map(float, (0.2 + 0.6 / T + np.random.default_rng(1).normal(0, 0.01, 81))[:18]))
    chances = [chance(best, losses, full=81) for best in np.linspace(-1, 2, 61)]
    assert chances == sorted(chances)
    assert chances[0] == pytest.approx(0, abs=1e-6)
    assert chances[-1] == pytest.approx(1, abs=1e-6)


def test_the_chances_are_calibrated_roughly() -> None:
    """Of curves that follow a power law with noise, about as many end below a bound as are said to."""
    rng = np.random.default_rng(0)
    said, happened = [], []
    for _ in range(400):
        a, b, c = rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.8), rng.choice([0.5, 1.0, 1.5])
        y = a + b * T**-c + rng.normal(0, 0.01, 81)
        best = float(y[-1] + rng.normal(0, 0.03))
        said.append(chance(best, list(map(float, y[:18])), full=81))
        happened.append(y[-1] < best)
    assert np.mean(said) == pytest.approx(np.mean(happened), abs=0.07)
    unlikely = np.array(happened)[np.array(said) < 0.05]
    assert unlikely.size > 50
    assert unlikely.mean() < 0.1


def test_direction_and_scale_do_not_matter() -> None:
    losses = list(map(float, 0.2 + 0.6 / T[:18] + np.random.default_rng(2).normal(0, 0.01, 18)))
    plain = chance(0.25, losses, full=81)
    scaled = chance(2500.0, [each * 1e4 for each in losses], full=81)
    assert scaled == pytest.approx(plain, rel=1e-6)
    shifted = chance(0.25 - 0.9, [each - 0.9 for each in losses], full=81)
    assert shifted == pytest.approx(plain, rel=1e-6)


def chance_by_scipy(best: float, losses: FloatArray, full: int) -> float:
    """The chance by SciPy's linear regression; a curve that rises is a constant with noise."""
    t, y = T[: len(losses)][len(losses) // 10 :], losses[len(losses) // 10 :]
    powers = [T**-c for c in (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)]
    decays = [np.exp(-T / (share * full)) for share in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)]
    n, criteria, chances = len(y), [], []
    for shape in (*powers, *decays):
        x = shape[t.astype(int) - 1]
        line = linregress(x, y)
        rises = line.slope < 0
        parameters = 1 if rises else 2
        fitted = np.full(n, y.mean()) if rises else line.intercept + line.slope * x
        at_end = y.mean() if rises else line.intercept + line.slope * shape[full - 1]
        squares = max(((y - fitted) ** 2).sum(), n * (1e-4 * max(1.0, abs(y.mean()))) ** 2)
        leverage = 1 / n + (0.0 if rises else (shape[full - 1] - x.mean()) ** 2 / (n * x.var()))
        criteria.append(n * math.log(squares / n) + parameters * math.log(n))
        spread = math.sqrt(squares / (n - parameters) * (1 + leverage))
        chances.append(norm.cdf((best - at_end) / spread))
    weights = np.exp(-0.5 * (np.array(criteria) - min(criteria)))
    return float(np.average(chances, weights=weights))


@pytest.mark.parametrize("seen", [4, 9, 27])
@pytest.mark.parametrize(
    "curve",
    [0.2 + 0.6 / T, 0.1 + 0.8 * np.exp(-T / 16), 0.3 + T / 100, np.full(81, 30.0)],
    ids=["power", "decay", "rising", "flat"],
)
def test_chances_agree_with_scipy(curve: FloatArray, seen: int) -> None:
    noise = 0.0 if curve[0] == curve[1] else 0.01
    losses = (curve + np.random.default_rng(4).normal(0, noise, 81))[:seen]
    for best in (*(curve[80] + np.array([-0.05, -0.004, 0.0, 0.003, 0.02])), losses.mean() + 0.01):
        wanted = chance_by_scipy(float(best), losses, 81)
        assert chance(float(best), losses.tolist(), full=81) == pytest.approx(wanted, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
def test_curves_become_losses(direction: Direction, sign: int) -> None:
    watcher = Watcher()
    budget = SearchBudget(max_epochs=9, trials=1, reduction_factor=3)
    inner = build_scheduler("full_budget", numbered(1), budget, direction=direction)
    scheduler = CurveStopping(inner, watcher, max_epochs=9, direction=direction, curve=NAME)
    scheduler.tell(with_curve(scheduler.ask(1)[0], [0.25, 0.5, 0.75]))
    scheduler.tell(with_curve(scheduler.ask(1)[0], [0.25, 0.5, 0.75]))
    assert watcher.seen[-1].losses == [sign * value for value in (0.25, 0.5)]


def test_losses_after_some_epochs_only_say_about_the_same() -> None:
    """The curve 0.1 + 0.9/t after each ninth epoch: its end is 0.111."""
    epochs = range(9, 55, 9)
    losses = [0.1 + 0.9 / t for t in epochs]
    assert chance_to_beat(0.13, losses, epochs, full=81) > 0.9
    assert chance_to_beat(0.09, losses, epochs, full=81) < 0.1
