"""The results of a network with several targets: those of each, and means over the targets of one kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.messages import Message
from fnnctl.metrics.comparison.measures import Measure, label_measure, mean_measure
from fnnctl.metrics.label_metrics import LABEL_METRICS
from fnnctl.metrics.metric import CLASSIFICATION, SUPPORT, TaskName
from fnnctl.metrics.registry import metrics_of
from fnnctl.metrics.rows import LabelRows
from fnnctl.metrics.stored import TARGETS, owned_metric
from fnnctl.store import names
from fnnctl.tasks.classification.scores import ClassScores
from fnnctl.tasks.folds import mean_metrics
from fnnctl.tasks.joint.label_scores import score_labels
from fnnctl.tasks.regions import ErrorTails, MeasuredRegions, RegionLimits
from fnnctl.tasks.regression.scores import EstimateScores
from fnnctl.tasks.task import Artifacts, FoldScores, OutOfFold, PartScores
from fnnctl.tasks.warnings import TEST_PART, UNKNOWN, TrainingOutcome, about_targets

LOSS: Final = "loss"
"""The key of the loss, which a mean over targets of one kind has not."""


@dataclass(frozen=True, slots=True)
class TargetScores:
    """The results for one target."""

    number: int
    """From 0, among all targets: a part of the data may have no row of some."""
    name: str
    task: TaskName
    factor: float
    """Of its loss in the sum."""
    present: IntArray
    """(m,) the rows that have the target, among all rows of the part."""
    part: PartScores
    """On these rows."""

    def in_folder(self, artifacts: Artifacts) -> Artifacts:
        """The files in the folder of the target."""
        folder = names.target_folder_name(self.number + 1, self.name)
        return ((f"{folder}/{name}", text) for name, text in artifacts)


@dataclass(frozen=True, slots=True)
class JointScores:
    """The results for n rows and the targets that any of them has."""

    rows: IntArray
    """(n,) the row numbers in the file."""
    targets: Sequence[TargetScores]
    labels: tuple[str, ...] = ()
    """The targets if they are labels, also those that no row has a value of; otherwise none."""

    @property
    def loss(self) -> float:
        """The sum of the losses of the targets, each relative to its baseline's: see `JointDecoder`."""
        losses = [target.factor * target.part.loss * self._share(target) for target in self.targets]
        return math.fsum(losses) if all(map(math.isfinite, losses)) else math.nan

    def _share(self, target: TargetScores) -> float:
        """The share of the rows that have the target: others have the loss 0."""
        return len(target.present) / len(self.rows)

    def metrics(self, *, complete: bool = True) -> dict[str, Any]:
        """The loss, means over the targets of one kind, and the metrics of each; see `PartScores`."""
        of_targets = {target.name: target.part.metrics(complete=complete) for target in self.targets}
        metrics = {
            LOSS: self.loss,
            **self.label_metrics(),
            **self.means(of_targets),
            SUPPORT: len(self.rows),
            TARGETS: of_targets,
        }
        return {**metrics, "baseline": self.baseline_metrics()} if complete else metrics

    def baseline_metrics(self) -> dict[str, Any] | None:
        """The metrics of the baselines, and their means: see `PartScores`."""
        known = {target.name: target.part.baseline_metrics() for target in self.targets}
        of_targets = {name: metrics for name, metrics in known.items() if metrics is not None}
        if len(of_targets) < len(known):
            return None
        losses = [
            target.factor * loss * self._share(target)
            for target in self.targets
            if (loss := of_targets[target.name][LOSS]) is not None  # a class may have no training row
        ]
        loss = math.fsum(losses) if len(losses) == len(known) else None
        of_labels = score_labels(self._label_rows(of_baseline=True)) if self.labels else {}
        return {LOSS: loss, **of_labels, **self.means(of_targets), TARGETS: of_targets}

    def label_metrics(self) -> dict[str, Any]:
        """The metrics of all labels together; none for other targets."""
        return score_labels(self._label_rows()) if self.labels else {}

    def _label_rows(self, *, of_baseline: bool = False) -> LabelRows:
        """The labels of the n rows, as they are predicted, or as the baseline predicts them."""
        rows = LabelRows(*np.zeros((3, len(self.rows), len(self.labels)), np.bool_))
        for target in self.targets:
            cells, part = (target.present, self.labels.index(target.name)), target.part
            if not isinstance(part, ClassScores):
                raise TypeError(f"the target {target.name} is no label")
            rows.truths[cells] = part.labels
            rows.predictions[cells] = part.baseline_predictions if of_baseline else part.predictions
            rows.is_known[cells] = True
        return rows

    def means(self, of_targets: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
        """The mean of each metric over the targets of its kind that have one; None if none of them has.

        With labels, a mean over the two classes gives way to the metric of the class 1, as scikit-learn's
        macro averages of labels do; other averages over both classes are left out.
        """
        means: dict[str, float | None] = {}
        for name, key, task in self._mean_metrics():
            of_task = [of_targets[target.name] for target in self.targets if target.task == task]
            if all(key in metrics for metrics in of_task):
                known = [metrics[key] for metrics in of_task if metrics[key] is not None]
                means[name] = math.fsum(known) / len(known) if known else None
        return means

    def warnings(
        self,
        where: str = TEST_PART,
        training: TrainingOutcome = UNKNOWN,
        held_out: PartScores | None = None,
    ) -> list[Message]:
        """Those of each target, which they name: see `PartScores`."""
        of_held_out = held_out.by_name if isinstance(held_out, JointScores) else {}
        return about_targets(
            (target.name, target.part.warnings(where, training, of_held_out.get(target.name)))
            for target in self.targets
        )

    @property
    def by_name(self) -> dict[str, PartScores]:
        """The results for each target."""
        return {target.name: target.part for target in self.targets}

    @property
    def predictions(self) -> FloatArray:
        """(n, T) as those of each target; NaN in rows without it."""
        predictions = np.full((len(self.rows), len(self.targets)), np.nan)
        for column, target in zip(predictions.T, self.targets, strict=True):
            column[target.present] = target.part.predictions
        return predictions

    def row_losses(self) -> dict[str, FloatArray]:
        """The loss of all targets together: see `PartScores`. Each has its own; see `scores_of_targets`."""
        losses = np.zeros(len(self.rows))
        for target in self.targets:
            losses[target.present] += target.factor * _losses(target.part)
        return {LOSS: losses}

    def measure(self, metric: str) -> Measure | None:
        """That of a metric of a target, of all labels, or of a mean over a kind: see `PartScores`."""
        if owned := owned_metric(metric, self.by_name):
            return self.by_name[owned[0]].measure(owned[1])
        record = next((record for record in LABEL_METRICS if record.name == metric), None)
        if record is not None and self.labels:
            return label_measure(record, self._label_rows())
        for key, task in ((key, task) for name, key, task in self._mean_metrics() if name == metric):
            own = [target for target in self.targets if target.task == task]
            measures = [measure for target in own if (measure := target.part.measure(key)) is not None]
            if len(measures) == len(own):
                return mean_measure(measures, [target.present for target in own], len(self.rows))
        return None

    def _mean_metrics(self) -> Iterator[tuple[str, str, TaskName]]:
        """The metrics of which there are means: their names, the keys of each target's, and their kind."""
        of_class = {metric.class_name: metric.name for metric in metrics_of(CLASSIFICATION)}
        for task in dict.fromkeys(target.task for target in self.targets):
            for metric in metrics_of(task):
                key = metric.name
                if self.labels and metric.is_over_classes:
                    key = of_class[metric.mean_of] if metric.mean_of else LOSS
                if key != LOSS:
                    yield metric.name, key, task

    def subset(self, rows: IntArray) -> JointScores:
        """Some of the rows; see `PartScores`."""
        positions = np.full(len(self.rows), -1, np.intp)
        positions[rows] = np.arange(len(rows))
        targets = []
        for target in self.targets:
            chosen = np.flatnonzero(positions[target.present] >= 0)
            present = positions[target.present[chosen]]
            order = np.argsort(present)
            part = target.part.subset(chosen[order])
            targets.append(replace(target, present=present[order], part=part))
        return JointScores(self.rows[rows], targets, self.labels)

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """The rows, and the rank of the worst prediction of a target among those of all rows, up to 1."""
        worst = np.full(len(self.rows), np.nan)
        for target in self.targets:
            _, badness = target.part.row_badness()
            ranks = np.full(len(badness), np.nan)
            known = np.flatnonzero(~np.isnan(badness))
            ranks[known[np.argsort(badness[known], kind="stable")]] = (np.arange(len(known)) + 1) / len(known)
            worst[target.present] = np.fmax(worst[target.present], ranks)
        return self.rows, worst

    def error_tails(self, groups: IntArray | None) -> ErrorTails | None:
        """None: each target has its own; see `scores_of_targets`."""

    def regions(self, limits: RegionLimits) -> MeasuredRegions:
        """Raises TypeError: each target has its own."""
        raise TypeError("each target has regions of its own")

    def confusion_table(self) -> None:
        """None: each target has its own."""

    def artifacts(self) -> Artifacts:
        """The files of each target in a folder of its own; see `PartScores`."""
        for target in self.targets:
            yield from target.in_folder(target.part.artifacts())


def _losses(part: PartScores) -> FloatArray:
    """(m,) the loss of each row."""
    if not isinstance(part, ClassScores | EstimateScores) or part.losses is None:
        raise TypeError("only the mean loss of the rows is known")
    return part.losses


def scores_of_targets(part: PartScores) -> dict[int, tuple[IntArray, PartScores]]:
    """The rows that have each target, (m,) among those of the part, and the results on them, by its number.

    Those of one target alone are the part itself.
    """
    if isinstance(part, JointScores):
        return {target.number: (target.present, target.part) for target in part.targets}
    return {0: (np.arange(len(part.predictions)), part)}


@dataclass(frozen=True, slots=True)
class JointOutOfFold:
    """The out-of-fold predictions of each target."""

    repeats: Sequence[tuple[IntArray, JointScores]]
    """For each repeat, the indices of its rows in the data set, (n,), and the results on them."""
    of_targets: Sequence[OutOfFold]
    """In the order of the targets."""

    @property
    def parts(self) -> Sequence[tuple[IntArray, JointScores]]:
        """See `OutOfFold`."""
        return self.repeats

    def metrics(self) -> dict[str, Any]:
        """The metrics of each target, averaged over the repeats, and their means: see `OutOfFold`."""
        (_, first), *_ = self.repeats
        of_targets = {target.name: part.metrics() for target, part in self._in_order()}
        losses = [part.loss for _, part in self.repeats]
        return {
            LOSS: math.fsum(losses) / len(losses),
            **mean_metrics([part.label_metrics() for _, part in self.repeats]),
            **first.means(of_targets),
            SUPPORT: max(len(part.rows) for _, part in self.repeats),
            TARGETS: of_targets,
        }

    def warnings(self, training: TrainingOutcome = UNKNOWN) -> list[Message]:
        """Those of each target: see `OutOfFold`."""
        return about_targets((target.name, part.warnings(training)) for target, part in self._in_order())

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """See `PartScores.row_badness`; the rows of all repeats."""
        of_repeats = [part.row_badness() for _, part in self.repeats]
        rows, badness = zip(*of_repeats, strict=True)
        return np.concatenate(rows), np.concatenate(badness)

    def artifacts(self) -> Artifacts:
        """The files of each target in a folder of its own; see `OutOfFold`."""
        for target, part in self._in_order():
            yield from target.in_folder(part.artifacts())

    def _in_order(self) -> Iterator[tuple[TargetScores, OutOfFold]]:
        """Each target, as in the first repeat, and its predictions."""
        (_, first), *_ = self.repeats
        return zip(first.targets, self.of_targets, strict=True)


def joint_out_of_fold(
    folds: Sequence[tuple[FoldScores, JointScores]],
    of_targets: Sequence[OutOfFold],
    file_rows: IntArray,
) -> JointOutOfFold:
    """The predictions of all folds, from those of each target; `file_rows` (N,) are those of all rows.

    In a loss a target has the mean of its factors in the folds.
    """
    labels = folds[0][1].labels if folds else ()
    of_number: dict[int, list[TargetScores]] = {}
    for _, part in folds:
        for target in part.targets:
            of_number.setdefault(target.number, []).append(target)
    in_order = [targets for _, targets in sorted(of_number.items())]
    repeats = []
    for of_repeat in zip(*(of_target.parts for of_target in of_targets), strict=True):
        rows = np.unique(np.concatenate([rows_of_target for rows_of_target, _ in of_repeat]))
        targets = [
            replace(
                of_folds[0],
                factor=math.fsum(target.factor for target in of_folds) / len(of_folds),
                present=np.searchsorted(rows, of_target),
                part=part,
            )
            for of_folds, (of_target, part) in zip(in_order, of_repeat, strict=True)
        ]
        repeats.append((rows, JointScores(file_rows[rows], targets, labels)))
    return JointOutOfFold(repeats, of_targets)
