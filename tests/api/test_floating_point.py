"""What the caller does with floating-point errors changes no call, and holds for functions of the caller."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnctl
from fnnctl.space import LogUniform

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

ROWS = np.random.default_rng(0).normal(size=(90, 3)) * [1, 1e30, 1e-300]
DATA = ROWS, np.where(ROWS[:, 0] > 0, "p", "q")
SHORT: dict[str, Any] = {"recipe": "fast", "training.epochs": 3}
FOLDS = {"evaluation.cross_validation": {"folds": 3, "repeats": 1}}
SPACE = {"training.optimizer.learning_rate": {"log_uniform": [1e-8, 1e3]}}


def results() -> list[Any]:
    run = fnnctl.train(SHORT, DATA)
    search = fnnctl.run_search(
        SHORT, DATA, settings={"search.space": SPACE}, method="bayes", max_trials=3, workers=1
    )
    folds = fnnctl.evaluate(SHORT, DATA, settings=FOLDS, workers=2)
    single, table = {"x0": 1.0, "x1": 1e35, "x2": 0}, {f"x{j}": [f"{j}e-308"] for j in range(3)}
    best = fnnctl.optimize(lambda values: abs(np.log(values["x"])), {"x": LogUniform(1e-300, 1)}, trials=12)
    predictor = run.predictor
    return [
        run.metrics, search.leaderboard, folds.metrics, best, run.importance(DATA),
        run.evaluate(DATA).metrics,
        *(predictor.predict_proba(rows).tolist() for rows in (ROWS, single, table)),
        fnnctl.compare(run, search.best or run).verdicts, len(run.report("html")) > 1000,
        run.figures["roc_curve"] is not None,
    ]  # fmt: skip


def test_calls_do_not_depend_on_the_state_of_the_caller() -> None:
    expected = results()
    with np.errstate(all="raise"):
        assert results() == expected
        assert np.geterr() == dict.fromkeys(["divide", "over", "under", "invalid"], "raise")


def test_an_objective_has_the_state_of_its_caller() -> None:
    def objective(values: Any) -> float:
        return float(np.exp(np.float64(1000 + values["x"])))

    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        fnnctl.optimize(objective, {"x": [1, 2]})
