"""A run with several targets as runs of one target each, so that figures and topics of one target apply.

The files of target k are in `targets/K-NAME/` as a run of this target alone has them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from fnnctl.metrics.stored import FOLDS, PARTS, TARGETS, folds_of_target
from fnnctl.report.summary import Summary
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import target_folder_name
from fnnctl.tasks.classification.tables import read_confusion_matrix, read_trade_offs
from fnnctl.tasks.stored_coverage import read_coverage

BASELINE: Final = "baseline"
FACTS: Final = ("folds", "repeats", "diverged")
"""What the statistics of all targets' folds share."""


@dataclass(frozen=True, slots=True)
class TargetView:
    """What a run says of one of its targets."""

    name: str
    folder: str
    """The path of its files, relative to the run's folder."""
    run: RunFolder
    summary: Summary


def target_views(run: RunFolder, summary: Summary) -> list[TargetView]:
    """One view per target whose files the run has; empty for a run of one target."""
    data = summary.manifest.data
    if data is None or not data.targets:
        return []
    views, importances = [], summary.importances
    for number, target in enumerate(data.targets, start=1):
        folder = target_folder_name(number, target.name)
        of_target = RunFolder(run.path / folder)
        if not (files := of_target.files()):
            continue
        facts = {"task": target.task, "target": target.name, "classes": target.classes, "targets": []}
        manifest = summary.manifest.model_copy(
            update={
                "name": f"{summary.manifest.name}, {target.name}",
                "data": data.model_copy(update=facts),
            }
        )
        view = replace(
            summary,
            path=of_target.path,
            manifest=manifest,
            metrics=_metrics_of(summary.metrics, target.name),
            confusion=read_confusion_matrix(of_target) if target.classes else None,
            trade_offs=read_trade_offs(of_target),
            coverage=read_coverage(of_target),
            files=files,
            matrix_files=(),
            importances=importances and importances.of_targets.get(target.name),
            dependence=None,
            drift=None,
        )
        views.append(TargetView(target.name, folder, of_target, view))
    return views


def _metrics_of(metrics: dict[str, Any] | None, target: str) -> dict[str, Any] | None:
    """The content that metrics.json would have with this target alone."""
    metrics = metrics or {}
    parts = {part: _of(entry, target) for part in PARTS if (entry := metrics.get(part))}
    if (folds := metrics.get(FOLDS)) and (of_target := folds_of_target(folds, target)).keys() - {BASELINE}:
        parts[FOLDS] = {**{key: folds[key] for key in FACTS if key in folds}, **of_target}
    return {part: entry for part, entry in parts.items() if entry} or None


def _of(part: dict[str, Any], target: str) -> dict[str, Any]:
    """The metrics of a target in a part, with those of its baseline."""
    own = dict(part.get(TARGETS, {}).get(target) or {})
    baseline = ((part.get(BASELINE) or {}).get(TARGETS) or {}).get(target)
    return {**own, BASELINE: baseline} if own and baseline and BASELINE not in own else own
