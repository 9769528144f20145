"""Drift: whether new rows are distributed as those that a saved model was trained on.

A model keeps histograms of its training rows, and of its predictions of the test part or, without one, of the
validation part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Columns
from fnnctl.data.histograms import (
    CategoryHistogram,
    Histogram,
    NumberHistogram,
    counted_columns,
    empty_histograms,
    fitted_histograms,
    from_arrays,
    to_arrays,
)
from fnnctl.data.row_encoder import NewRows
from fnnctl.errors import UsageError
from fnnctl.metrics.drift import PREDICTION, USUAL_LIMITS, BinnedRows, DriftLimits, TableDrift, table_drift
from fnnctl.modelling.predictor import Predictor
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.weights import HISTOGRAMS
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.task import PartScores, Task, TaskData

if TYPE_CHECKING:  # training writes no more than arrays
    from fnnctl.modelling.saved_model import SavedModel


def histogram_arrays(
    data: TaskData,
    rows: IntArray,
    predictor: Predictor,
    parts: Mapping[str, PartScores | None],
    *,
    out_of_bag: bool,
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a model from which `saved_histograms` are read: those of the training rows, (n,), and of
    predictions of the test part or, without one, of the validation part.

    If the latter are `out_of_bag`, they do not count: a row is predicted by one member, and of skewed numbers
    these predictions are more extreme than the means of all members.
    """
    empty = empty_histograms(predictor.preprocessor, data.dataset.formats)
    histograms = fitted_histograms(empty, data.dataset, rows)
    held_out = parts["test"] or (None if out_of_bag else parts["validation"])
    predictions = np.empty((0, 0)) if held_out is None else np.atleast_2d(held_out.predictions.T)
    if len(predictions) == len(data.task.tasks):  # a part may lack one of several targets in every row
        for task, of_target in zip(data.task.tasks, predictions, strict=True):
            histograms.append(_fitted(_empty_of_predictions(task), of_target[~np.isnan(of_target)]))
    return {f"{HISTOGRAMS}{name}": array for name, array in to_arrays(histograms).items()}


def saved_histograms(model: SavedModel) -> list[Histogram]:
    """The histograms that a model keeps; those of its predictions, if it has any, come last.

    Raises `UsageError` if it keeps none, and `DataError` if they are damaged.
    """
    if not model.histogram_arrays:
        raise UsageError(
            f"{model.run.path} keeps no histograms of its training rows: {model.why_without_facts}"
        )
    empty = empty_histograms(model.predictor.preprocessor, model.description.table.formats)
    predictions = [_empty_of_predictions(task) for task in model.predictor.task.tasks]
    bins = model.histogram_arrays.get("bins")
    has_predictions = bins is not None and bins.size > len(empty)
    try:
        return from_arrays(model.histogram_arrays, [*empty, *(predictions if has_predictions else [])])
    except (KeyError, ValueError) as error:
        raise damaged(model.run.path / names.WEIGHTS, f"is damaged: {error}") from error


def _empty_of_predictions(task: Task) -> Histogram:
    (target,) = task.targets
    if task.classes:
        return CategoryHistogram(target, PREDICTION, task.classes, is_closed=True)
    return NumberHistogram(target, PREDICTION, target)


def _fitted(histogram: Histogram, predictions: IntArray | FloatArray) -> Histogram:
    """The histogram of n predictions, (n,)."""
    if isinstance(histogram, CategoryHistogram):
        return histogram.fitted(predictions.astype(np.intp))
    return histogram.fitted(predictions.astype(np.float64))


class DriftCounter:
    """Counts new rows, and their predictions, in the bins of a model's histograms."""

    def __init__(self, task: Task, decoder: OutputDecoder, histograms: Sequence[Histogram]) -> None:
        """`decoder` makes predictions of scores, as those in the histograms were made."""
        self._task, self._decoder, self.histograms = task, decoder, tuple(histograms)
        self.counts = [np.zeros_like(histogram.counts) for histogram in histograms]
        """One array per histogram."""

    @classmethod
    def of(cls, model: SavedModel) -> DriftCounter:
        """A counter of rows that this model predicts; the errors are those of `saved_histograms`."""
        return cls(model.predictor.task, model.predictor.decoder, saved_histograms(model))

    @property
    def _columns(self) -> Sequence[Histogram]:
        return [histogram for histogram in self.histograms if histogram.kind != PREDICTION]

    def count(self, columns: Columns, rows: IntArray | slice = slice(None)) -> None:
        """Count some rows of the columns, (n,)."""
        for total, counts in zip(self.counts, counted_columns(self._columns, columns, rows), strict=False):
            np.add(total, counts, out=total)

    def counted_blocks(self, blocks: Iterable[NewRows]) -> Iterator[NewRows]:
        """The blocks unchanged, which are counted as they are read."""
        for block in blocks:
            self.count(block)
            yield block

    def count_scores(self, scores: FloatArray) -> None:
        """Count the predictions of rows with these scores, (n, outputs)."""
        of_targets = range(len(self._columns), len(self.histograms))
        predictions = self._task.predictions(scores, self._decoder) if of_targets else np.empty((0, 0))
        for index, of_target in zip(of_targets, predictions.T, strict=True):
            histogram = self.histograms[index]
            is_class = isinstance(histogram, CategoryHistogram)
            self.counts[index] += histogram.counted(of_target.astype(np.intp) if is_class else of_target)

    def fresh(self) -> DriftCounter:
        """A counter that has counted nothing."""
        return DriftCounter(self._task, self._decoder, self.histograms)

    def add(self, counts: Sequence[IntArray]) -> None:
        """Add what another counter has counted."""
        for total, more in zip(self.counts, counts, strict=True):
            np.add(total, more, out=total)

    def drift(self, limits: DriftLimits = USUAL_LIMITS) -> TableDrift:
        """How far the rows that were counted are from the training rows."""
        return drift_of(self.histograms, self.counts, limits)


def drift_of(
    histograms: Sequence[Histogram], counts: Sequence[IntArray], limits: DriftLimits = USUAL_LIMITS
) -> TableDrift:
    """How far new rows with these counts are from the training rows, of which the histograms are."""
    binned = (
        BinnedRows(
            histogram.name,
            histogram.kind,
            histogram.labels,
            histogram.counts,
            of_new,
            (histogram.comparable(histogram.counts), histogram.comparable(of_new)),
            histogram.apart,
            histogram.unseen(of_new),
        )
        for histogram, of_new in zip(histograms, counts, strict=True)
    )
    return table_drift([*binned], limits)
