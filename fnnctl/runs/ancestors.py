"""The line of runs that a training goes on from, and their scores on its test part.

All of them are scored on the same rows, which none of them was trained on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from fnnctl.arrays import IntArray
from fnnctl.errors import FnnctlError
from fnnctl.metrics.stored import TARGETS
from fnnctl.modelling.parent import Parent
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.store.facts import AncestorFacts
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.task import TaskData

MOST_RECORDED: Final = 20
"""Of a line of nightly runs, the manifest has so many of the nearest."""
MOST_SCORED: Final = 5
"""So many of the nearest are scored; judgement: the others are long out of date."""


def ancestor_facts(parent: Parent | None) -> dict[str, Any]:
    """The facts in the manifest: the line of runs, the parent first, and how many there are; none without."""
    if parent is None:
        return {}
    manifest = parent.run.read_manifest()
    parent_facts = AncestorFacts(
        run=parent.setting.run, name=manifest.name, started=manifest.started, sha256=parent.model.sha256
    )
    grandparents = (ancestor.model_copy(update={"metrics": None}) for ancestor in manifest.ancestors)
    line = [parent_facts, *grandparents][:MOST_RECORDED]
    return {"ancestors": [_plain(ancestor) for ancestor in line], "generation": manifest.generation + 1}


def scored_ancestors(ancestors: Iterable[AncestorFacts], data: TaskData, rows: IntArray) -> dict[str, Any]:
    """The facts again, with the metrics of the nearest ancestors on these rows of the data, (n,).

    Those have none that are no longer there. A row of a class that an ancestor does not know counts as wrong.
    """
    scored = []
    for number, ancestor in enumerate(ancestors):
        is_scored = number < MOST_SCORED and rows.size > 0
        model = _model(ancestor) if is_scored else None
        metrics = None if model is None else _metrics(model, data, rows)
        facts = {"metrics": metrics, "is_missing": is_scored and model is None}
        scored.append(_plain(ancestor.model_copy(update=facts)))
    return {"ancestors": scored}


def _plain(ancestor: AncestorFacts) -> dict[str, Any]:
    return ancestor.model_dump(mode="json")


def _model(ancestor: AncestorFacts) -> SavedModel | None:
    """The network of an ancestor; None if it is no longer there, or another one."""
    try:
        model = load_model(RunFolder(Path(ancestor.run)), lambda text: None)
    except FnnctlError:
        return None
    return model if model.sha256 == ancestor.sha256 else None


def _metrics(model: SavedModel, data: TaskData, rows: IntArray) -> dict[str, float | None] | None:
    predictor = model.predictor
    if data.task.difference(predictor.task, may_lack_classes=True):
        return None
    scores = predictor.column_scores([(data.dataset, rows)])
    metrics = data.score_of(predictor.task, rows, scores, predictor.decoder).metrics(complete=False)
    numbers = _numbers(metrics)
    for target, of_target in metrics.get(TARGETS, {}).items():
        numbers |= {f"{TARGETS}.{target}.{name}": value for name, value in _numbers(of_target).items()}
    return {name: value if value is None or math.isfinite(value) else None for name, value in numbers.items()}


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: value for name, value in metrics.items() if isinstance(value, float | None)}
