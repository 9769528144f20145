"""What the program itself trains: the output for the kind of target, and those that it has without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

import fnnctl
from fnnctl import Run
from fnnctl.arrays import FloatArray
from fnnctl.config.paths import format_path
from fnnctl.config.reading.overrides import read_override
from tests.benchmarks.targets.folds import LEVELS, POWER, FoldRows
from tests.benchmarks.targets.scores import MIN_SHARE
from tests.benchmarks.targets.tables import AMOUNTS, COUNTS, ORDERED, QUANTILES, ZEROS

DEFAULT: Final = "default"
NUMBERS: Final = (COUNTS, AMOUNTS, ZEROS)

OUTPUTS: Final[Mapping[str, Any]] = {
    COUNTS: "poisson",
    AMOUNTS: "gamma",
    ZEROS: {"name": "tweedie", "power": POWER},
    QUANTILES: {"name": "quantile", "levels": [*LEVELS]},
}
"""By kind; ordered classes have the output for them by their order."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The program with some settings."""

    kinds: Sequence[str]
    has_own_output: bool
    """Whether the output is that of the kind; otherwise it is one for all numbers, or for all classes."""
    settings: Mapping[str, Any]
    predict: Callable[[Run, FoldRows], FloatArray]

    def changed(self, changes: Sequence[str]) -> Ours:
        """The same with settings that are written as for `--set`."""
        read = [read_override(each) for each in changes]
        added = {format_path(path): document.value for path, document in read}
        return replace(self, settings={**self.settings, **added})

    def train_and_predict(self, rows: FoldRows) -> FloatArray:
        """Train on a fold, and predict its tested rows."""
        facts = rows.table.facts
        settings: dict[str, Any] = {"data.target": facts.target, "data.split.test": 0}
        train: dict[str, Any] = rows.train_rows
        if rows.kind == ORDERED:
            settings["data.task"] = "classification"
            if self.has_own_output:
                settings["data.class_order"] = [*facts.class_order]
        elif self.has_own_output:
            settings |= {"data.task": "regression", "model.output": OUTPUTS[rows.kind]}
            if facts.exposure:
                settings["data.exposure"] = facts.exposure
        else:
            settings["data.task"] = "regression"
            train = {**{name: train[name] for name in rows.task.train}, facts.target: rows.task.targets}
        run = fnnctl.train(data=train, settings={**settings, **self.settings}, workers=1)
        return self.predict(run, rows)


def _means(run: Run, rows: FoldRows) -> FloatArray:
    return np.asarray(run.predictor.predict(rows.test_rows))


def _rates(run: Run, rows: FoldRows) -> FloatArray:
    """Of an output that knows no exposure, and may be negative."""
    means = np.asarray(run.predictor.predict(rows.task.test)) * rows.tested_exposures
    positive: FloatArray = np.maximum(means, MIN_SHARE * rows.baseline)
    return positive


def _own_quantiles(run: Run, rows: FoldRows) -> FloatArray:
    columns = run.evaluate(rows.table.rows(rows.table.tested(rows.number))).predictions
    return np.stack([columns[f"q_{level}"] for level in LEVELS], axis=1)


def _interval(run: Run, rows: FoldRows) -> FloatArray:
    """The ends of the interval that leaves out the lowest and the highest level, and the prediction."""
    ends = run.predictor.predict_interval(rows.test_rows, LEVELS[-1] - LEVELS[0])
    return np.stack([ends[:, 0], run.predictor.predict(rows.test_rows), ends[:, 1]], axis=1)


def _probabilities(run: Run, rows: FoldRows) -> FloatArray:
    names = run.predictor.classes or ()
    probabilities = np.zeros((len(rows.tested), len(rows.table.facts.class_order)))
    ranks = [rows.table.facts.class_order.index(name) for name in names]
    probabilities[:, ranks] = run.predictor.predict_proba(rows.test_rows)
    return probabilities


def _own(run: Run, rows: FoldRows) -> FloatArray:
    return {QUANTILES: _own_quantiles, ORDERED: _probabilities}.get(rows.kind, _means)(run, rows)


OURS: Final[Mapping[str, Ours]] = {
    DEFAULT: Ours((*NUMBERS, QUANTILES, ORDERED), True, {}, _own),
    "squared": Ours(NUMBERS, False, {"data.target_transform": "none"}, _rates),
    "squared, log": Ours(NUMBERS, False, {"data.target_transform": "log"}, _rates),
    "intervals": Ours((QUANTILES,), False, {}, _interval),
    "softmax": Ours((ORDERED,), False, {}, _probabilities),
}
