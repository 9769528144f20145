"""A metric of a run's test part, row by row from predictions.csv, to compare it with another run's."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.target import LABEL_CLASSES
from fnnctl.metrics.class_metrics import ACCURACY
from fnnctl.metrics.comparison.measures import (
    Hits,
    Measure,
    class_measure,
    error_measure,
    label_measure,
    mean_measure,
)
from fnnctl.metrics.label_metrics import LABEL_METRICS
from fnnctl.metrics.metric import Metric
from fnnctl.metrics.registry import (
    class_of,
    compared,
    headline,
    metric_of,
    metrics_of,
    positive_metric,
)
from fnnctl.metrics.rows import ClassRows, LabelRows, class_kinds
from fnnctl.metrics.stored import TARGETS, owned_metric
from fnnctl.store.atomic import damaged
from fnnctl.store.facts import TargetFacts
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS, target_folder_name
from fnnctl.tasks.estimate_columns import RATE, is_level_column, level_of
from fnnctl.tasks.stored_estimates import read_stored_estimates


class UnmeasuredError(LookupError):
    """The metric cannot be computed from the predictions of a test part; has the names of those that can."""

    def __init__(self, metrics: Sequence[str]) -> None:
        super().__init__(", ".join(metrics))
        self.known = tuple(metrics)


@dataclass(frozen=True, slots=True)
class MeasuredRows:
    """The n ≥ 1 rows of a test part in rising order."""

    rows: IntArray
    """(n,) the row numbers in the file."""
    truths: npt.NDArray[Any]
    """(n,) the labels or the targets."""
    measure: Measure | None
    """The metric; None if it has no value."""

    def same_rows(self, other: MeasuredRows) -> bool:
        """Whether both have the same rows with the same truths."""
        return np.array_equal(self.rows, other.rows) and np.array_equal(self.truths, other.truths)


ReadMeasured: TypeAlias = Callable[[RunFolder, str], MeasuredRows | None]
"""Reads a metric from a run's predictions.csv; None if there is no such file, or no row in it.

Raises `UnmeasuredError` for a metric that does not follow from them, and `DataError` for a damaged file.
"""


def read_classified(run: RunFolder) -> tuple[list[str], Iterator[list[str]]] | None:
    """The columns of a classification's predictions.csv, and its rows, one at a time; None without a file.

    A large file fits into memory as numbers, but not as texts.
    """
    path, lines = run.path / PREDICTIONS, run.read_rows(PREDICTIONS)
    if lines is None:
        return None
    columns = next(lines)
    if columns[:3] != ["row", "label", "prediction"]:
        raise damaged(path, "is damaged: its first columns are not row, label and prediction")
    return columns, lines


LOSS: Final = "loss"
PREFIX: Final = "p_"


def classified_rows(run: RunFolder, name: str) -> MeasuredRows | None:
    """See `ReadMeasured`; the truths are the labels, as indices into the classes in alphabetical order, or in
    their own for a metric of ranks.
    """
    data = run.read_manifest().data
    return _classified_rows(run, name, is_ordered=data is not None and data.ordered)


def _classified_rows(run: RunFolder, name: str, *, is_ordered: bool) -> MeasuredRows | None:
    kinds = class_kinds(is_ordered=is_ordered)
    owner, metric = _compared(name, kinds)
    content = read_classified(run)
    if content is None:
        return None
    columns, lines = content
    in_file = [column.removeprefix(PREFIX) for column in columns[3:]]
    classes = in_file if metric.needs == "ranks" else sorted(in_file)
    if owner is not None and owner not in classes:
        raise _unmeasured(kinds)
    indices = {label: index for index, label in enumerate(classes)}
    has_shares = metric.needs not in ("predictions", "ranks")
    share_columns = [3 + in_file.index(label) for label in classes] if has_shares else []
    numbers, labels, predictions, shares = array("q"), array("q"), array("q"), array("d")
    try:
        for line in lines:
            numbers.append(int(line[0]))
            labels.append(indices[line[1]])
            predictions.append(indices[line[2]])
            shares.extend(float(line[column]) for column in share_columns)
    except (ValueError, KeyError, OverflowError) as error:
        raise damaged(run.path / PREDICTIONS, f"is damaged: {error}") from error
    if not numbers:
        return None
    shape = len(numbers), len(classes)
    probabilities: FloatArray = np.array(shares).reshape(shape) if has_shares else np.broadcast_to(0.0, shape)
    row_numbers = np.array(numbers, np.int64)
    order = np.argsort(row_numbers, kind="stable")
    rows = ClassRows(
        np.array(labels)[order], np.array(predictions)[order], len(classes), probabilities[order]
    )
    measure = class_measure(metric, rows, None if owner is None else indices[owner])
    return MeasuredRows(row_numbers[order], rows.labels, measure)


def _compared(name: str, kinds: Container[str]) -> tuple[str | None, Metric[ClassRows]]:
    """The class, if it is the metric of one, and the metric."""
    metric, owner = metric_of(name), class_of(name)
    metrics = compared("classification", kinds, per_class=owner is not None)
    key = name if owner is None else name.rpartition(".")[2]
    if metric is None or key not in metrics:
        raise _unmeasured(kinds)
    return owner, metric


def _unmeasured(kinds: Container[str]) -> UnmeasuredError:
    names = compared("classification", kinds, per_class=True)
    return UnmeasuredError(
        (*compared("classification", kinds), *(f"per_class.CLASS.{name}" for name in names))
    )


def estimated_rows(run: RunFolder, name: str) -> MeasuredRows | None:
    """See `ReadMeasured`; the truths are the targets."""
    model = run.read_manifest().model
    return _estimated_rows(run, name, None if model is None else model.power)


def _estimated_rows(run: RunFolder, name: str, power: float | None) -> MeasuredRows | None:
    metric = next((metric for metric in metrics_of("regression") if metric.name == name), None)
    if metric is None or not metric.is_compared:
        raise UnmeasuredError(compared("regression"))
    stored = read_stored_estimates(run, power)
    if stored is None or not len(stored.numbers):
        return None
    order = np.argsort(stored.numbers, kind="stable")
    rows = stored.rows.of_rows(order)
    if metric.needs not in rows.kinds:
        raise UnmeasuredError(compared("regression", rows.kinds))
    return MeasuredRows(stored.numbers[order], rows.targets, error_measure(metric, rows))


def rows_of_targets(run: RunFolder, name: str) -> MeasuredRows | None:
    """See `ReadMeasured`: of `targets.NAME.METRIC`, the rows that have the target.

    Of a METRIC, its mean over the targets of its kind, or that of all labels, on the rows that have any of
    them. The truths are then (n, 2T): those of each target, 0 in rows without it, and whether the row has it.
    """
    folders = target_folders(run)
    if owned := owned_metric(name, (target.name for target, _ in folders)):
        target, folder = next(item for item in folders if item[0].name == owned[0])
        return _rows_of_target(folder, target, owned[1])
    record = metric_of(name)
    labels = folders if all((*target.classes,) == LABEL_CLASSES for target, _ in folders) else []
    of_kind = [item for item in folders if record is not None and item[0].task == record.task]
    of_kind = labels if record in LABEL_METRICS else of_kind
    of_kind.sort(key=lambda item: item[0].name)
    if not of_kind or name.startswith(f"{TARGETS}.") or name == LOSS:  # the sum's is no mean
        raise UnmeasuredError(target_metrics(run))
    of_labels = next((metric for metric in LABEL_METRICS if metric is record), None)
    key = name if of_labels is None else ACCURACY.name
    if labels and record is not None and record.is_over_classes:  # of labels it is the mean of the class 1
        if not record.mean_of:
            raise UnmeasuredError(target_metrics(run))
        key = f"per_class.{LABEL_CLASSES[1]}.{record.mean_of}"
    measured = [_rows_of_target(folder, target, key) for target, folder in of_kind]
    parts = [part for part in measured if part is not None]
    if of_labels is not None:
        return _rows_of_labels(parts, of_labels) if parts else None
    return _mean_over_targets(parts) if len(parts) == len(measured) else None


def _rows_of_labels(parts: Sequence[MeasuredRows], metric: Metric[LabelRows]) -> MeasuredRows:
    """The rows of a metric of all labels together, from those of the accuracy of each."""
    rows, positions, truths = _joint_rows(parts)
    labels = LabelRows(*np.zeros((3, len(rows), len(parts)), np.bool_))
    for label, (places, part) in enumerate(zip(positions, parts, strict=True)):
        if not isinstance(part.measure, Hits):
            raise TypeError("accuracy is a hit or a miss per row")
        labels.truths[places, label] = part.truths
        labels.predictions[places, label] = (part.truths == 1) == part.measure.hits
        labels.is_known[places, label] = True
    return MeasuredRows(rows, truths, label_measure(metric, labels))


def _mean_over_targets(parts: Sequence[MeasuredRows]) -> MeasuredRows:
    rows, positions, truths = _joint_rows(parts)
    measures = [part.measure for part in parts if part.measure is not None]
    has_all = len(measures) == len(parts)
    return MeasuredRows(rows, truths, mean_measure(measures, positions, len(rows)) if has_all else None)


def _joint_rows(parts: Sequence[MeasuredRows]) -> tuple[IntArray, list[IntArray], FloatArray]:
    """The rows that have any target, the places of those of each, and their truths: see `rows_of_targets`."""
    rows = np.unique(np.concatenate([part.rows for part in parts]))
    positions: list[IntArray] = [np.searchsorted(rows, part.rows) for part in parts]
    truths = np.zeros((len(rows), 2 * len(parts)))
    for column, (places, part) in enumerate(zip(positions, parts, strict=True)):
        truths[places, 2 * column] = part.truths
        truths[places, 2 * column + 1] = 1.0
    return rows, positions, truths


def _rows_of_target(folder: RunFolder, target: TargetFacts, metric: str) -> MeasuredRows | None:
    """The rows of a metric of one target, whose files are in the folder."""
    try:
        if not target.classes:
            return _estimated_rows(folder, metric, target.power)
        record = positive_metric(metric)
        if record is not None and record.is_compared and len(target.classes) == 2:
            metric = f"per_class.{target.classes[1]}.{record.class_name}"
        return _classified_rows(folder, metric, is_ordered=False)
    except UnmeasuredError as error:
        known = [f"{TARGETS}.{target.name}.{of_target}" for of_target in error.known]
        raise UnmeasuredError(known) from error


def target_folders(run: RunFolder) -> list[tuple[TargetFacts, RunFolder]]:
    """Each of several targets with the folder of its files; empty for a run of one target."""
    data = run.read_manifest().data
    return [
        (target, RunFolder(run.path / target_folder_name(number, target.name)))
        for number, target in enumerate([] if data is None else data.targets, start=1)
    ]


def target_metrics(run: RunFolder) -> list[str]:
    """The first metric of each of several targets, and before them those whose means are compared."""
    targets = [target for target, _ in target_folders(run)]
    first = {target.task: headline(target.task).name for target in targets}
    are_labels = targets and all((*target.classes,) == LABEL_CLASSES for target in targets)
    of_labels = [metric.name for metric in LABEL_METRICS] if are_labels else []
    return [
        *first.values(),
        *of_labels,
        *(f"{TARGETS}.{target.name}.{first[target.task]}" for target in targets),
    ]


def has_rates(run: RunFolder) -> bool:
    """Whether a run predicts rates of an exposure."""
    lines = run.read_rows(PREDICTIONS)
    return lines is not None and RATE in next(lines)


def read_levels(run: RunFolder) -> tuple[float, ...]:
    """The levels of the quantiles that a run predicts; none without predictions."""
    lines = run.read_rows(PREDICTIONS)
    columns = [] if lines is None else next(lines)
    try:
        return tuple(level_of(column) for column in columns if is_level_column(column))
    except ValueError as error:
        raise damaged(run.path / PREDICTIONS, f"is damaged: {error}") from error


MEASURED_ROWS: Final[Mapping[str, ReadMeasured]] = {
    "classification": classified_rows,
    "regression": estimated_rows,
    "several": rows_of_targets,
}
