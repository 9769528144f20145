"""Compares a graph's predictions with those of its run: on the run's test rows, and on synthetic rows.

Test rows may have no missing values and no unknown categories. Synthetic rows have both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature, Preprocessor
from fnnctl.errors import FnnctlError, UsageError
from fnnctl.export.onnx.columns import missing_codes, missing_text
from fnnctl.modelling.held_out_rows import held_out_rows
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.text import quoted

SYNTHETIC_ROWS: Final = 256
MISSING_SHARE: Final = 0.2
UNKNOWN_SHARE: Final = 0.2
TOLERANCE: Final = 1e-4
"""The largest difference of a file that is written. Single precision usually leaves 1e-6 and less."""
BLOCK: Final = 512
Feeds = Mapping[str, npt.NDArray[Any]]


class Runtime(Protocol):
    """What computes a graph."""

    name: str

    def run(self, columns: Feeds) -> list[npt.NDArray[Any]]:
        """The outputs for columns of rows, (n, 1) each."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the predictions of a graph are from those of its run."""

    rows: int
    """How many of the run's test rows were compared; without a test part, of its validation rows."""
    synthetic_rows: int
    """How many synthetic rows."""
    largest_difference: float
    """Of a probability; of estimates, relative to their size."""


def compare_with_network(model: SavedModel, runtime: Runtime, note: Callable[[str], None]) -> Agreement:
    """Compare the predictions of a graph with those of its network; raises `UsageError` if they differ.

    `note` is told if the run's data cannot be read.
    """
    synthetic = synthetic_rows(model.predictor.preprocessor)
    pieces: list[tuple[Columns, IntArray]] = [(synthetic, np.arange(len(synthetic)))]
    try:
        held_out = held_out_rows(model)
    except FnnctlError as error:
        reason = "; ".join(error.message.splitlines())
        note(f"the run's data cannot be read, so only synthetic rows are compared ({reason})")
        rows: IntArray = np.empty(0, np.intp)
    else:
        rows = held_out.split.test if held_out.split.test.size else held_out.split.validation
        pieces.append((held_out.data.dataset, rows))
    differences = [_largest_difference(model, runtime, *piece) for piece in pieces]
    return Agreement(len(rows), len(synthetic), max(differences))


def synthetic_rows(preprocessor: Preprocessor) -> Columns:
    """Rows with numbers of the training rows' ranges, their categories, an unknown one, and gaps."""
    rng = np.random.default_rng(0)
    texts = [_with_unknown(column) for column in preprocessor.categories]
    numbers = [_numbers(number, rng) for number in preprocessor.numbers]
    codes = [_codes(len(known), rng) for known in texts]
    return Columns(
        numeric=np.stack(numbers, axis=1) if numbers else np.empty((SYNTHETIC_ROWS, 0)),
        numeric_names=tuple(number.name for number in preprocessor.numbers),
        categorical=np.stack(codes, axis=1) if codes else np.empty((SYNTHETIC_ROWS, 0), np.int32),
        categorical_names=tuple(column.name for column in preprocessor.categories),
        categories=tuple(texts),
    )


def _numbers(number: NumberFeature, rng: np.random.Generator) -> FloatArray:
    low, high = number.range or (number.centre - number.spread, number.centre + number.spread)
    share = rng.random(SYNTHETIC_ROWS)
    values = low * (1.0 - share) + high * share  # high − low may overflow
    values[rng.random(SYNTHETIC_ROWS) < MISSING_SHARE] = np.nan
    return values


def _with_unknown(column: CategoryFeatures) -> tuple[str, ...]:
    unknown = "unknown"
    while unknown in column.known:
        unknown += "?"
    return (*column.known, unknown)


def _codes(count: int, rng: np.random.Generator) -> IntArray:
    """Codes of `count` texts, of which the last is the unknown one; -1 is missing."""
    codes: IntArray = rng.integers(0, max(1, count - 1), SYNTHETIC_ROWS)
    kind = rng.random(SYNTHETIC_ROWS)
    codes[kind < UNKNOWN_SHARE] = count - 1
    codes[kind > 1.0 - MISSING_SHARE] = -1
    return codes


def feeds(columns: Columns, rows: IntArray, model: SavedModel) -> dict[str, npt.NDArray[Any]]:
    """Some rows as inputs of the graph, (n, 1) each. Missing numbers are NaN and codes in turn."""
    preprocessor, table = model.predictor.preprocessor, model.description.table
    numbers = columns.numbers(rows)
    position = {name: j for j, name in enumerate(columns.numeric_names)}
    inputs: dict[str, npt.NDArray[Any]] = {}
    for number in preprocessor.numbers:
        values = numbers[:, [position[number.name]]]
        gaps = np.isnan(values)
        values[gaps] = np.resize([np.nan, *missing_codes(table, number.name)], gaps.sum())
        inputs[number.name] = values
    index_of = {name: j for j, name in enumerate(columns.categorical_names)}
    for column in preprocessor.categories:
        j = index_of[column.name]
        # the code of a missing value, -1, picks the last entry
        texts = np.array([*columns.categories[j], missing_text(column, table.missing_values)], np.object_)
        inputs[column.name] = texts[columns.categorical[rows, j]][:, None]
    return inputs


def _largest_difference(model: SavedModel, runtime: Runtime, columns: Columns, rows: IntArray) -> float:
    """The largest difference over the rows; raises `UsageError` if it is too large, or a label differs."""
    largest, first = 0.0, 0
    for of_target in model.of_targets:
        decoder = of_target.predictor.decoder
        outputs = slice(first, first + (2 if of_target.description.classes or decoder.output.levels else 1))
        largest = max(largest, _difference_of_target(of_target, runtime, columns, rows, outputs))
        first = outputs.stop
    return largest


def _difference_of_target(
    model: SavedModel, runtime: Runtime, columns: Columns, rows: IntArray, outputs: slice
) -> float:
    """The `_largest_difference` of a target, which has these outputs of the graph."""
    largest = 0.0
    has_classes = bool(model.description.classes)
    for block, predicted, probabilities in _predictions(model, columns, rows):
        results = runtime.run(feeds(columns, block, model))[outputs]
        if has_classes:
            labels = predicted[:, 0]
            margins = margins_of(probabilities, model.predictor.decoder)
            largest = max(largest, np.abs(results[1] - probabilities).max(initial=0.0))
            if (wrong := np.flatnonzero((results[0] != labels) & (margins > TOLERANCE))).size:
                pair = [quoted(str(each[wrong[0]])) for each in (results[0], labels)]
                raise _refused(f"it predicts {pair[0]} where the network predicts {pair[1]}", model)
        else:
            values = np.column_stack(results)
            largest = max(largest, _relative(values, predicted.astype(np.float64)))
        if not largest <= TOLERANCE:
            reason = f"its predictions differ from the network's by {largest:.2g}, more than {TOLERANCE:g}"
            raise _refused(reason, model)
    return largest


def _refused(reason: str, model: SavedModel) -> UsageError:
    """The error of a graph that is not the network's.

    In single precision large numbers that are not scaled make the network's own predictions inexact.
    """
    is_single = model.description.precision == "float32"
    advice = "; if large numbers are not scaled, set data.scaling or training.precision" if is_single else ""
    return UsageError(f"--format onnx: the graph is not written, because {reason}{advice}")


def _predictions(
    model: SavedModel, columns: Columns, rows: IntArray
) -> Iterator[tuple[IntArray, npt.NDArray[Any], FloatArray]]:
    """Blocks of n rows with the columns that the run's network predicts, (n, columns), and probabilities.

    Rows whose scores overflow are left out.
    """
    predictor = model.predictor
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        for scores in predictor.column_scores([(columns, block)]):
            is_finite = np.isfinite(scores).all(axis=1)
            predicted, values = predictor.task.predict(scores[is_finite], predictor.decoder)
            if is_finite.any():
                yield block[is_finite], np.array(predicted, np.object_), values


def margins_of(probabilities: FloatArray, decoder: OutputDecoder) -> FloatArray:
    """How far each decision, (n,), is from another one, as a difference of probabilities."""
    decision, weights = decoder.decision, decoder.class_weights
    if decision is not None and decision.effective is not None:
        return np.abs(np.asarray(probabilities[:, decision.positive] - decision.effective))
    weighted = probabilities if weights is None else probabilities * (np.array(weights) / max(weights))
    second, first = np.sort(weighted, axis=1)[:, -2:].T
    return np.asarray(first - second)


def _relative(values: FloatArray, expected: FloatArray) -> float:
    """The largest difference relative to the size of the estimate and the mean size together."""
    sizes = np.abs(expected) + np.mean(np.abs(expected))
    differences = np.abs(values - expected)
    relative = np.divide(differences, sizes, out=differences.copy(), where=sizes > 0.0)
    return float(relative.max(initial=0.0))
