"""Other ways to intervals and sets: MAPIE around the same network, and CatBoost's quantile regression.

MAPIE has its defaults: absolute errors, in five folds "CV+", and sets of the classes whose score is within
the limit of all classes. A quarter of the rows are its split's, as in our contender with a validation part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray
from tests.benchmarks.accuracy.peer import MISSING, PeerTask
from tests.benchmarks.coverage.measured import COVERAGES, Level, interval_level, set_level

SHARE: Final = 0.25
"""Of the rows for the errors of a split."""
FOLDS: Final = 5
DIGITS: Final = 6
"""Of quantiles, which are the ends of intervals."""


class Peer(NamedTuple):
    """A way to regions."""

    module: str
    levels: Callable[[PeerTask, Any], list[Level]]
    """Of its regions around the rows to predict, which have these targets."""
    for_numbers_only: bool = False

    def suits(self, is_classification: bool) -> bool:
        """Whether it makes regions for such targets."""
        return not (is_classification and self.for_numbers_only)


def _mapie_split(task: PeerTask, targets: Any) -> list[Level]:
    from sklearn.model_selection import train_test_split

    train, test = task.frames()
    y = np.asarray(task.targets)
    stratify = y if task.is_classification else None
    rows, held_out, of_rows, of_held_out = train_test_split(
        train, y, test_size=SHARE, random_state=0, stratify=stratify
    )
    model = _mapie("SplitConformal", task, prefit=False)
    model.fit(rows, of_rows).conformalize(held_out, of_held_out)
    return _mapie_levels(model, task, np.unique(of_rows), test, targets)


def _mapie_cross(task: PeerTask, targets: Any) -> list[Level]:
    train, test = task.frames()
    model = _mapie("CrossConformal", task, cv=FOLDS, random_state=0)
    y = np.asarray(task.targets)
    model.fit_conformalize(train, y)
    return _mapie_levels(model, task, np.unique(y), test, targets)


def _mapie(name: str, task: PeerTask, **settings: Any) -> Any:
    kind = "Classifier" if task.is_classification else "Regressor"
    module = import_module(f"mapie.{'classification' if task.is_classification else 'regression'}")
    network = getattr(import_module("fnnctl.sklearn"), f"FNN{kind}")(n_jobs=task.threads)
    return getattr(module, f"{name}{kind}")(network, confidence_level=list(COVERAGES), **settings)


def _mapie_levels(model: Any, task: PeerTask, classes: Any, test: Any, targets: Any) -> list[Level]:
    if task.is_classification:
        _, sets = model.predict_set(test)
        return [
            set_level(coverage, sets[:, :, k], list(map(str, classes)), targets)
            for k, coverage in enumerate(COVERAGES)
        ]
    _, ends = model.predict_interval(test)
    return [interval_level(coverage, ends[:, :, k], targets) for k, coverage in enumerate(COVERAGES)]


def _catboost_quantiles(task: PeerTask, targets: Any) -> list[Level]:
    catboost = import_module("catboost")
    train, test = (frame.fillna(dict.fromkeys(task.categories, MISSING)) for frame in task.frames())
    ends = sorted({round(end, DIGITS) for c in COVERAGES for end in ((1 - c) / 2, (1 + c) / 2)})
    model = catboost.CatBoostRegressor(
        loss_function=f"MultiQuantile:alpha={','.join(map(str, ends))}",
        random_seed=0,
        thread_count=task.threads,
        cat_features=task.categories,
        verbose=False,
        allow_writing_files=False,
    )
    quantiles: FloatArray = model.fit(train, task.targets).predict(test)
    return [
        interval_level(coverage, quantiles[:, [k, len(ends) - 1 - k]], targets)
        for k, coverage in enumerate(reversed(COVERAGES))
    ]


PEERS: Final[Mapping[str, Peer]] = {
    "MAPIE, split": Peer("mapie", _mapie_split),
    "MAPIE, five folds": Peer("mapie", _mapie_cross),
    "CatBoost, quantiles": Peer("catboost", _catboost_quantiles, for_numbers_only=True),
}
