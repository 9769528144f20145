"""An ensemble of trials: what is selected on validation rows is what predicts, and lost weights come back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.errors import MachineError
from fnnctl.metrics.stored import flat_metrics
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.predictor import Predictor
from fnnctl.records.trials import Direction, Job, Result, Status, Trial
from fnnctl.stacks import trial_ensemble
from fnnctl.stacks.measures import ObjectiveMeasure, Weights
from fnnctl.stacks.trial_ensemble import (
    Score,
    TrainedTrial,
    TrialEnsemble,
    WeightLibrary,
    select_greedily,
    select_trials,
    train_again,
)
from fnnctl.stacks.trial_results import WEIGHTS, trial_result, weights_digest
from fnnctl.stacks.work import StackItem, WorkerData, train_item
from fnnctl.tasks.task import TaskData
from tests.modelling.prepared import Prepared, prepare
from tests.stacks.test_work import Counter

WAYS = [
    ["model.hidden=[4]", "training.optimizer.learning_rate=0.003"],
    ["model.hidden=[6, 6]", "data.scaling=minmax"],
    ["model.hidden=[8]", "data.scaling=robust", "model.normalization=batch"],
    ["model.hidden=[3]", "training.precision=float64", "training.early_stopping.patience=1"],
]


def measured(data: TaskData, fit: Fit, metric: str, *, trial: int = 0) -> tuple[Result, TrainedTrial]:
    """A trial's result as a search records it, and the trial."""
    epochs = fit.experiment.training.epochs
    item = StackItem((fit,), ObjectiveMeasure(metric, on_folds=False, weights_at=epochs), stop=epochs)
    done = train_item(Counter(), WorkerData(data, reuse=False), item)
    (found,) = done.measured
    assert found.weights is not None
    result = trial_result(Job(Trial(trial, {}), 0, 0, epochs), [(found, done.digests.get(0))], metric)
    return result, TrainedTrial(result, fit, found.weights)


def trials_of(config: Path, metric: str, *, maximized: bool) -> tuple[Prepared, list[TrainedTrial]]:
    ways = [prepare(config, ["training.epochs=6", *way], seed=3) for way in WAYS]
    found = [measured(way.data, way.fit, metric, trial=k)[1] for k, way in enumerate(ways)]
    sign = -1 if maximized else 1
    return ways[0], sorted(found, key=lambda trial: sign * (trial.result.objective or 0.0))


@pytest.fixture
def regression(tmp_path: Path) -> Path:
    rng = np.random.default_rng(4)
    rows = [f"{a:.3f},{b:.3f},{1000 + 50 * a * b + 9 * c:.3f}" for a, b, c in rng.normal(size=(120, 3))]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    (tmp_path / "t.yaml").write_text("recipe: classic\ndata: {source: t.csv, target: y}\n")
    return tmp_path / "t.yaml"


def objective_of(ensemble: TrialEnsemble, prepared: Prepared, metric: str) -> float:
    """The metric on validation rows of the ensemble's own predictor."""
    data, rows = prepared.data, prepared.split.validation
    predictor = ensemble.predictor(data)
    part = data.score(rows, predictor.column_scores([(data.dataset, rows)]), predictor.decoder)
    value = flat_metrics(part.metrics())[metric]
    assert value is not None
    return value


def check(prepared: Prepared, trials: Sequence[TrainedTrial], metric: str, *, maximized: bool) -> None:
    ensemble = select_trials(
        prepared.data, trials, prepared.split.validation, metric=metric, minimized=not maximized, size=6
    )
    assert ensemble is not None
    assert ensemble.candidates == len(WAYS)
    alone, together = ensemble.selection.scores[0], ensemble.selection.score
    assert alone == pytest.approx(trials[0].result.objective, rel=1e-5)
    assert together is not None
    assert alone is not None
    assert together >= alone if maximized else together <= alone
    assert objective_of(ensemble, prepared, metric) == pytest.approx(together, rel=1e-6)
    assert [trials.index(trial) for trial, _ in ensemble.members] == [*ensemble.selection.counts]
    assert [count for _, count in ensemble.members] == [*ensemble.selection.counts.values()]


@pytest.mark.parametrize(("metric", "maximized"), [("accuracy", True), ("log_loss", False)])
def test_the_value_of_the_selection_is_that_of_the_predictor(
    iris: Path, metric: str, maximized: bool
) -> None:
    prepared, trials = trials_of(iris, metric, maximized=maximized)
    check(prepared, trials, metric, maximized=maximized)


@pytest.mark.parametrize(("metric", "maximized"), [("r2", True), ("mae", False)])
def test_a_regression(regression: Path, metric: str, maximized: bool) -> None:
    prepared, trials = trials_of(regression, metric, maximized=maximized)
    check(prepared, trials, metric, maximized=maximized)


def test_the_log_loss_decides_between_equal_accuracies(iris: Path) -> None:
    """Few rows have few accuracies. Every round is compared with the predictors of all that it could add."""
    prepared, trials = trials_of(iris, "accuracy", maximized=True)
    data, rows = prepared.data, prepared.split.validation
    ensemble = select_trials(data, trials, rows, metric="accuracy", minimized=False, size=4)
    assert ensemble is not None

    def rank(chosen: Sequence[int]) -> tuple[float, float]:
        parts = [part for k in chosen for part in trials[k].parts(data)]
        predictor = Predictor.of_parts(data.task, parts)
        part = data.score(rows, predictor.column_scores([(data.dataset, rows)]), predictor.decoder)
        return -float(part.metrics()["accuracy"]), part.loss

    added = ensemble.selection.chosen
    for count in range(1, 4):
        ranks = [rank([*added[:count], k]) for k in range(len(trials))]
        assert added[count] == ranks.index(min(ranks))


def test_trials_whose_scores_overflow_are_left_out(iris: Path) -> None:
    prepared, trials = trials_of(iris, "accuracy", maximized=True)
    rows = prepared.split.validation

    def overflowing(trial: TrainedTrial) -> TrainedTrial:
        parameters = trial.weights["parameters"]
        largest = np.full_like(parameters, np.finfo(parameters.dtype).max)
        return replace(trial, weights={**trial.weights, "parameters": largest})

    kept = [overflowing(trials[0]), *trials[1:]]
    ensemble = select_trials(prepared.data, kept, rows, metric="accuracy", minimized=False, size=3)
    assert ensemble is not None
    assert ensemble.candidates == len(WAYS) - 1
    assert ensemble.selection.chosen[0] == 0
    assert ensemble.members[0][0] is trials[1], "the best of the others is in the first round"
    none = [overflowing(trial) for trial in trials]
    assert select_trials(prepared.data, none, rows, metric="accuracy", minimized=False, size=3) is None


@pytest.mark.parametrize("patience", [1, 1000])
def test_lost_weights_are_trained_again_to_the_bit(iris: Path, patience: int) -> None:
    """Those of the last epoch, and with little patience those that early stopping kept."""
    rule = f"training.early_stopping={{monitor: validation_loss, patience: {patience}}}"
    rate = "training.optimizer.learning_rate=0.3"
    prepared = prepare(iris, ["training.epochs=30", "training.averaging=ema", rule, rate], seed=1)
    result, trial = measured(prepared.data, prepared.fit, "accuracy")
    assert result.status is (Status.STOPPED_EARLY if patience == 1 else Status.COMPLETED)
    weights = train_again(
        prepared.data, Trial(0, {}), prepared.fit, result, metric="accuracy", should_stop=lambda: False
    )
    assert weights is not None
    assert weights_digest(weights) == weights_digest(trial.weights)


def test_what_does_not_come_out_as_recorded_is_refused(iris: Path) -> None:
    prepared = prepare(iris, ["training.epochs=3"], seed=1)
    result, _ = measured(prepared.data, prepared.fit, "accuracy")
    others = [
        replace(result, objective=0.123),
        replace(result, facts={**(result.facts or {}), "weights": "another"}),
        replace(result, facts={**(result.facts or {}), "checkpoint": "another"}),
    ]
    for other in others:
        with pytest.raises(MachineError, match="does not reproduce results exactly"):
            train_again(
                prepared.data, Trial(0, {}), prepared.fit, other, metric="accuracy", should_stop=lambda: False
            )


def test_a_stop_gives_no_weights(iris: Path) -> None:
    prepared = prepare(iris, ["training.epochs=3"], seed=1)
    result, _ = measured(prepared.data, prepared.fit, "accuracy")
    assert (
        train_again(
            prepared.data, Trial(0, {}), prepared.fit, result, metric="accuracy", should_stop=lambda: True
        )
        is None
    )


def weighted_mean(arrays: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    return np.average(arrays, axis=0, weights=weights)


def alone(score: Callable[[np.ndarray], float | None]) -> Score:
    """The score, with a loss that decides nothing."""
    return lambda mean: (score(mean), 0.0)


def by_brute_force(
    predictions: Sequence[np.ndarray], score: Callable[[np.ndarray], float], size: int, sign: float
) -> tuple[list[int], list[float]]:
    """What each round adds, and the score after it; every candidate ensemble is averaged from its list."""
    chosen, scores = [0], [score(predictions[0])]
    for _ in range(size - 1):
        options = [
            score(np.mean([predictions[k] for k in [*chosen, new]], axis=0))
            for new in range(len(predictions))
        ]
        new = min(range(len(options)), key=lambda k: (sign * options[k], k))
        chosen.append(new)
        scores.append(options[new])
    return chosen, scores


@given(
    seed=st.integers(0, 10**6),
    candidates=st.integers(1, 6),
    size=st.integers(1, 9),
    minimized=st.booleans(),
)
def test_it_selects_what_brute_force_selects(seed: int, candidates: int, size: int, minimized: bool) -> None:
    """Probabilities of three classes; a smooth score, so that rounding decides nothing."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=20)
    predictions = list(rng.dirichlet(np.ones(3), size=(candidates, 20)))

    def log_loss(probabilities: np.ndarray) -> float:
        return float(-np.log(probabilities[np.arange(20), labels]).mean())

    def score(probabilities: np.ndarray) -> float:
        return log_loss(probabilities) if minimized else -log_loss(probabilities)

    chosen, scores = by_brute_force(predictions, score, size, 1.0 if minimized else -1.0)
    found = select_greedily(predictions, weighted_mean, alone(score), size=size, minimized=minimized)
    assert list(found.chosen) == chosen
    np.testing.assert_allclose(np.array(found.scores, np.float64), scores, rtol=1e-9)
    best = min(scores) if minimized else max(scores)
    assert found.score == pytest.approx(best)
    assert found.kept == 1 + next(
        k for k, value in enumerate(scores) if value == pytest.approx(best, rel=1e-12)
    )
    assert sum(found.counts.values()) == found.kept


def nearness(target: float) -> Score:
    return alone(lambda mean: -abs(float(mean[0]) - target))


def numbers(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


def test_a_candidate_may_be_added_again_which_gives_it_more_weight() -> None:
    """The means are 0, 2 (or again 0, which is as near to 1, and earlier), 4/3, 1."""
    found = select_greedily(numbers(0, 4), weighted_mean, nearness(1), size=6, minimized=False)
    assert found.chosen[:4] == (0, 0, 1, 0)
    assert (found.kept, found.counts, found.score) == (4, {0: 3, 1: 1}, 0.0)


def test_rounding_does_not_make_a_repeated_network_better_than_one() -> None:
    """The mean of equal numbers differs from them in the last bits."""
    rng = np.random.default_rng(0)

    def drifting(arrays: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
        return weighted_mean(arrays, weights) + 1e-16 * sum(weights)

    for value in rng.normal(size=20):
        found = select_greedily(
            [np.array([value])], drifting, alone(lambda mean: float(mean[0])), size=7, minimized=False
        )
        assert found.kept == 1


def test_the_rounds_after_the_best_one_are_left_out() -> None:
    """The first candidate is right; whatever is added in later rounds, it is at most as good."""
    found = select_greedily(numbers(1, 8), weighted_mean, nearness(1), size=5, minimized=False)
    assert (found.chosen, found.kept) == ((0, 0, 0, 0, 0), 1)


@pytest.mark.parametrize("minimized", [False, True])
def test_of_equal_scores_the_one_with_the_least_loss_wins(minimized: bool) -> None:
    """The means are 0; then 0, 1, 2 or 3; 2, 8/3, 10/3 or 4; and 2.5, 3, 3.5 or 4. The best is 3.3."""

    def score(mean: np.ndarray) -> tuple[float, float]:
        return 0.5, abs(float(mean[0]) - 3.3)

    found = select_greedily(numbers(0, 2, 4, 6), weighted_mean, score, size=4, minimized=minimized)
    assert found.chosen == (0, 3, 2, 2)
    assert (found.kept, found.scores) == (3, (0.5, 0.5, 0.5, 0.5))


def test_the_loss_decides_nothing_between_different_scores() -> None:
    """The mean of 0 and 9 scores best, and has the largest loss."""

    def score(mean: np.ndarray) -> tuple[float, float]:
        return float(mean[0]), float(mean[0])

    found = select_greedily(numbers(0, 1, 9), weighted_mean, score, size=2, minimized=False)
    assert (found.chosen, found.kept) == ((0, 2), 2)


def test_of_equal_scores_and_losses_the_earlier_candidate_wins() -> None:
    found = select_greedily(numbers(0, 2, 2, 2), weighted_mean, nearness(1), size=2, minimized=False)
    assert found.chosen == (0, 1)


def test_the_first_round_takes_the_first_candidate_though_another_is_better() -> None:
    found = select_greedily(numbers(0, 1), weighted_mean, nearness(1), size=1, minimized=False)
    assert found.chosen == (0,)


@pytest.mark.parametrize("undefined", [None, float("nan")])
def test_an_undefined_score_is_the_worst(undefined: float | None) -> None:
    def score(mean: np.ndarray) -> float | None:
        return undefined if mean[0] > 1 else float(mean[0])

    found = select_greedily(numbers(0, 9, 1), weighted_mean, alone(score), size=3, minimized=False)
    assert found.chosen == (0, 2, 2)
    assert found.kept == 3


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_ensemble, "MAX_KEPT", 3)


def weights(trial: int) -> Weights:
    return {"parameters": np.arange(4, dtype=np.float32) + trial, "statistics": np.empty(0, np.float32)}


def result(trial: int, objective: float, *, budget: int = 9, status: Status = Status.COMPLETED) -> Result:
    facts = {WEIGHTS: weights_digest(weights(trial))}
    return Result(trial, 0, budget, status, objective, budget, facts=facts)


RESULTS = [result(trial, objective) for trial, objective in enumerate([0.5, 0.9, 0.7, 0.9, 0.1, 0.8])]


def library(run: Path, known: Iterable[Result] = (), direction: Direction = "maximize") -> WeightLibrary:
    return WeightLibrary(run, direction, 9, known)


def kept(library: WeightLibrary) -> set[int]:
    return {each.trial for each in RESULTS if library.read(each)}


def files(run: Path) -> int:
    return len(list((run / "checkpoints" / "final").glob("*")))


@pytest.mark.parametrize(("direction", "best"), [("maximize", {1, 3, 5}), ("minimize", {4, 0, 2})])
def test_the_best_are_kept_in_any_order(tmp_path: Path, direction: Direction, best: set[int]) -> None:
    for seed in range(6):
        order = random.Random(seed).sample(RESULTS, len(RESULTS))
        run = tmp_path / str(seed)
        own = library(run, direction=direction)
        for each in order:
            own.add(each, weights(each.trial))
        assert kept(own) == best
        assert files(run) == 3


def test_of_equal_objectives_the_earlier_trial_is_kept(tmp_path: Path) -> None:
    own = library(tmp_path)
    for trial in (5, 0, 4, 1, 3):
        own.add(replace(RESULTS[trial], objective=0.5), weights(trial))
    assert kept(own) == {0, 1, 3}


def test_fewer_are_kept_if_their_scores_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is kept in any case, such as the default trial, is not among these."""
    monkeypatch.setattr(trial_ensemble, "MAX_SCORES", 1000)
    own = WeightLibrary(tmp_path, "maximize", 9, (), is_kept=lambda trial: trial == 4, scores=400)
    for each in RESULTS:
        own.add(each, weights(each.trial))
    assert kept(own) == {1, 3, 4}


def test_a_resume_goes_on_with_what_is_there(tmp_path: Path) -> None:
    first = library(tmp_path)
    for each in RESULTS[:4]:
        first.add(each, weights(each.trial))
    again = library(tmp_path, RESULTS[:4])
    assert kept(again) == {1, 2, 3}
    for each in RESULTS[4:]:
        again.add(each, weights(each.trial))
    assert kept(again) == {1, 3, 5}
    read = again.read(RESULTS[5]) or {}
    assert weights_digest(read) == weights_digest(weights(5))


def test_what_is_not_at_the_end_of_a_trial_is_removed(tmp_path: Path) -> None:
    """Trial 0 goes on in an extended search, trial 1 stopped early, and no result of trial 2 was recorded."""
    before = [
        result(0, 0.5, budget=3),
        result(1, 0.5, budget=3, status=Status.STOPPED_EARLY),
        result(2, 0.6, budget=9),
    ]
    first = library(tmp_path)
    for each in before:
        first.add(each, weights(each.trial))
    again = library(tmp_path, before[:2])
    assert [again.read(each) is not None for each in before] == [False, True, False]
    assert files(tmp_path) == 1


def test_lost_damaged_and_other_weights_are_not_taken(tmp_path: Path) -> None:
    own = library(tmp_path)
    for each in RESULTS[:3]:
        own.add(each, weights(each.trial))
    own = library(tmp_path, RESULTS[:3])
    one, two, _ = sorted((tmp_path / "checkpoints" / "final").glob("*"))
    one.unlink()
    two.write_bytes(two.read_bytes()[:-30])
    assert kept(own) == {2}
    other = replace(RESULTS[2], facts={WEIGHTS: "another"})
    assert own.read(other) is None
    assert own.read(replace(RESULTS[2], facts=None)) is None
