"""An ensemble of trials: what is selected on validation rows is what predicts, and lost weights come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.metrics.stored import flat_metrics
from fnnctl.modelling.predictor import Predictor
from fnnctl.tasks.post_training import NO_POST_TRAINING
from fnnctl.trials.ensemble import TrainedTrial, TrialEnsemble, select_trials
from tests.modelling.prepared import Prepared, prepare
from tests.trials.measured_trials import measured

WAYS = [
    ["model.hidden=[4]", "training.optimizer.learning_rate=0.003"],
    ["model.hidden=[6, 6]", "data.scaling=minmax"],
    ["model.hidden=[8]", "data.scaling=robust", "model.normalization=batch"],
    ["model.hidden=[3]", "training.precision=float64", "training.early_stopping.patience=1"],
]


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


def select(prepared: Prepared, trials: Sequence[TrainedTrial], **settings: Any) -> TrialEnsemble | None:
    rows = prepared.split.validation
    return select_trials(prepared.data, trials, rows, NO_POST_TRAINING, **settings)


@pytest.mark.parametrize(
    ("config", "metric", "maximized"),
    [("iris", "accuracy", True), ("iris", "log_loss", False), ("regression", "r2", True)],
)
def test_the_value_of_the_selection_is_that_of_the_predictor(
    request: pytest.FixtureRequest, config: str, metric: str, maximized: bool
) -> None:
    prepared, trials = trials_of(request.getfixturevalue(config), metric, maximized=maximized)
    ensemble = select(prepared, trials, metric=metric, minimized=not maximized, size=6)
    assert ensemble is not None
    assert len(ensemble.candidates) == len(WAYS)
    alone, together = ensemble.best_alone, ensemble.objective
    assert alone == pytest.approx(trials[0].result.objective, rel=1e-5)
    assert together is not None
    assert alone is not None
    assert together >= alone if maximized else together <= alone
    assert objective_of(ensemble, prepared, metric) == pytest.approx(together, rel=1e-6)
    assert [trials.index(trial) for trial, _ in ensemble.members] == [*ensemble.selection.counts]
    assert [count for _, count in ensemble.members] == [*ensemble.selection.counts.values()]


def test_the_log_loss_decides_between_equal_accuracies(iris: Path) -> None:
    """Few rows have few accuracies. Every round is compared with the predictors of all that it could add."""
    prepared, trials = trials_of(iris, "accuracy", maximized=True)
    data, rows = prepared.data, prepared.split.validation
    ensemble = select(prepared, trials, metric="accuracy", minimized=False, size=4)
    assert ensemble is not None

    def rank(chosen: Sequence[int]) -> tuple[float, float]:
        parts = [part for k in chosen for part in trials[k].parts(data)]
        predictor = Predictor.of_parts(data.task, parts)
        part = data.score(rows, predictor.column_scores([(data.dataset, rows)]), predictor.decoder)
        return -float(part.metrics()["accuracy"]), part.loss

    added = ensemble.selection.additions
    for count in range(1, 4):
        ranks = [rank([*added[:count], k]) for k in range(len(trials))]
        assert added[count] == ranks.index(min(ranks))


def test_trials_whose_scores_overflow_are_left_out(iris: Path) -> None:
    prepared, trials = trials_of(iris, "accuracy", maximized=True)

    def overflowing(trial: TrainedTrial) -> TrainedTrial:
        parameters = trial.weights["parameters"]
        largest = np.full_like(parameters, np.finfo(parameters.dtype).max)
        return replace(trial, weights={**trial.weights, "parameters": largest})

    kept = [overflowing(trials[0]), *trials[1:]]
    ensemble = select(prepared, kept, metric="accuracy", minimized=False, size=3)
    assert ensemble is not None
    assert len(ensemble.candidates) == len(WAYS) - 1
    assert ensemble.selection.additions[0] == 0
    assert ensemble.members[0][0] is trials[1], "the best of the others is in the first round"
    none = [overflowing(trial) for trial in trials]
    assert select(prepared, none, metric="accuracy", minimized=False, size=3) is None
