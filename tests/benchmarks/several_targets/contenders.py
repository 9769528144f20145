"""Who predicts several targets: the program, at once and target by target, and its peers.

Peers have their default settings, and what they need of the columns (`accuracy/peer.py`). scikit-learn's
network has all numbers at once, and all labels; it takes no row without one of them, and each other target
of classes has a network of its own. Boosting has a model per target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

import fnnctl
from fnnctl.arrays import BoolArray
from tests.benchmarks.accuracy.peer import PEERS, PeerTask, perceptron
from tests.benchmarks.several_targets.tables import LABELS, FoldRows

TOGETHER, APART = "together", "apart"
Predictions = dict[str, Any]
"""By target the estimates (n,), or the probabilities (n, classes) and the classes."""
Contender = Callable[[FoldRows], Predictions]


def together(settings: Mapping[str, Any], rows: FoldRows) -> Predictions:
    """One experiment of the program for all targets."""
    table = rows.table
    targets: Any = [*table.targets]
    known = np.any([rows.known(target) for target in targets], axis=0)
    data = {name: rows.cells(name, known) for name in table.columns}
    own: dict[str, Any] = {
        "data.target": {"labels": targets} if table.kind == LABELS else targets,
        "data.split.test": 0,
    }
    if squared := {name: "squared" for name in targets if table.is_number(name)}:
        own["model.outputs"] = squared  # whole numbers may be taken for classes
    predictor = fnnctl.train(data=data, settings={**own, **settings}, workers=1).predictor
    test = rows.features(rows.tested)
    numbers = {name: each for name, each in predictor.predict(test).items() if table.is_number(name)}
    return {
        name: numbers[name] if name in numbers else _classes(predictor.of_target(name), test)
        for name in targets
    }


def apart(settings: Mapping[str, Any], rows: FoldRows) -> Predictions:
    """An experiment of the program for each target."""
    test = rows.features(rows.tested)
    predictions: Predictions = {}
    for target in rows.table.targets:
        known = rows.known(target)
        is_number = rows.table.is_number(target)
        own = {
            "data.target": target,
            "data.task": "regression" if is_number else "classification",
            "data.split.test": 0,
        }
        data = {**rows.features(known), target: rows.cells(target, known)}
        predictor = fnnctl.train(data=data, settings={**own, **settings}, workers=1).predictor
        predictions[target] = predictor.predict(test) if is_number else _classes(predictor, test)
    return predictions


def _classes(predictor: Any, test: Mapping[str, Any]) -> tuple[Any, list[str]]:
    return predictor.predict_proba(test), [str(name) for name in predictor.classes]


def per_target(peer: str, rows: FoldRows) -> Predictions:
    """A peer's model for each target."""
    return {target: _of_peer(peer, rows, target) for target in rows.table.targets}


def _of_peer(peer: str, rows: FoldRows, target: str) -> Any:
    module = import_module(PEERS[peer].module)
    task = _task(rows, target, rows.known(target))
    trained = PEERS[peer].train(module, task)
    return (trained.predict(), trained.classes) if task.is_classification else trained.predict()


def _task(rows: FoldRows, target: str, known: BoolArray) -> PeerTask:
    return PeerTask(
        rows.features(known),
        rows.cells(target, known),
        rows.features(rows.tested),
        not rows.table.is_number(target),
        threads=1,
        seconds=None,
        folder=Path(),
    )


def multi_output(rows: FoldRows) -> Predictions:
    """scikit-learn's network for all numbers, for all labels, and for each other target of classes."""
    table = rows.table
    at_once = [name for name in table.targets if table.is_number(name) or table.kind == LABELS]
    predictions: Predictions = {
        target: _of_peer("sklearn", rows, target) for target in table.targets if target not in at_once
    }
    if not at_once:
        return predictions
    known = rows.known(*at_once)
    task = _task(rows, at_once[0], known)
    train, test = task.frames()
    y = np.stack([np.array(rows.cells(name, known), np.float64) for name in at_once], axis=1)
    is_labels = table.kind == LABELS
    network = perceptron(task.numbers, task.categories, is_classification=is_labels)
    network.fit(train, y.astype(np.int64) if is_labels else y)
    if is_labels:
        of_labels = network.predict_proba(test)
        both = np.stack([1 - of_labels, of_labels], axis=2)
        return {name: (both[:, column], ["0", "1"]) for column, name in enumerate(at_once)}
    estimates = np.asarray(network.predict(test)).reshape(-1, len(at_once))
    return predictions | {name: estimates[:, column] for column, name in enumerate(at_once)}


CONTENDERS: Final[Mapping[str, Contender]] = {
    TOGETHER: partial(together, {}),
    APART: partial(apart, {}),
    "sklearn": multi_output,
    "boosting": partial(per_target, "boosting"),
    "lightgbm": partial(per_target, "lightgbm"),
}


def installed() -> dict[str, Contender]:
    """The contenders whose packages are there."""
    return {
        name: contender
        for name, contender in CONTENDERS.items()
        if name not in PEERS or find_spec(PEERS[name].module) is not None
    }
