"""The partial dependence of a saved network's predictions on columns of the table: see `metrics`.

It is computed by brute force: every value in every row goes through the predictor, so it is exact for any
network and any ensemble. All targets of several are predicted together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.axis_values import AxisValues
from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.dataset import Columns
from fnnctl.data.row_encoder import columns_of
from fnnctl.errors import UsageError
from fnnctl.metrics.feature_importance import drawn_rows
from fnnctl.metrics.partial_dependence import (
    CURVE_VALUES,
    SURFACE_VALUES,
    Curves,
    PartialDependence,
    Surface,
    most_moved,
)
from fnnctl.modelling.donated_values import DonatedValues, Donation
from fnnctl.modelling.held_out_rows import HeldOutRows
from fnnctl.modelling.input_file import InputFile, Note, as_notes
from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.text import did_you_mean, quoted, word_list

MAX_ROWS: Final = 1000
"""A mean over so many rows is off by a thirtieth of the predictions' deviation, at all values alike."""
CURVE_ROWS: Final = 50
"""The rows that have an individual curve."""
PREDICTED_TOGETHER: Final = 2**14
"""Rows whose predictions are in memory together, if they are more than those of a single value."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class VariedColumns:
    """The columns whose values are varied, by their names in the table."""

    columns: Sequence[str] = ()
    pairs: Sequence[Pair] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys([*self.columns, *(name for pair in self.pairs for name in pair)]))

    def check(self, model: SavedModel) -> None:
        """Raise `UsageError` unless the network reads them, and pairs have two different ones."""
        known = columns_of(model.predictor.preprocessor, model.description.table.formats)
        for name in self.names:
            if name not in known:
                hint = did_you_mean(name, known) or f"; it reads {word_list([*map(quoted, known)])}"
                raise UsageError(f"the network of {model.run.path} reads no column {quoted(name)}{hint}")
        for first, second in self.pairs:
            if first == second:
                raise UsageError(f"a pair needs two different columns, not {quoted(first)} twice")


@dataclass(frozen=True, slots=True)
class VariedRows:
    """n rows in which the values of some columns are varied."""

    part: Literal["train", "file"]
    numbers: IntArray
    """(n,) their numbers in the file, from 0."""
    curves: IntArray
    """(r,) those that have individual curves, as indices below n."""
    features: Sequence[FloatArray]
    """(n, features) for each part of the predictor that has its own: see `Predictor.distinct`."""
    values: Mapping[str, AxisValues]
    """The values of the varied columns, by their names."""
    sources: Mapping[str, Sequence[str]]
    """The preprocessor's columns that are one column of the table, by its name."""

    @classmethod
    def of_run(
        cls, model: SavedModel, held_out: HeldOutRows, names: Sequence[str], seed: int, note: Note
    ) -> Self:
        """Rows that the network was trained on; of very many some are drawn, and `note` is called."""
        dataset = held_out.data.dataset
        rows = held_out.trained
        piece = _Piece(dataset, rows, dataset.file_rows[rows])
        drawn = _drawn([piece], seed, "training rows", note)
        return cls._of("train", model.predictor, drawn, dataset.formats, names, seed)

    @classmethod
    def of_file(cls, model: SavedModel, file: InputFile, names: Sequence[str], seed: int, note: Note) -> Self:
        """Rows of a file, as with `of_run`. Raises `DataError` if it cannot be read."""
        with file.open(model, note, warn=as_notes(note)) as opened:
            pieces = [
                _Piece(block, np.arange(len(block)), block.first + np.arange(len(block)))
                for block in opened.blocks
            ]
        drawn = _drawn(pieces, seed, f"rows of {file.name}", note)
        return cls._of("file", model.predictor, drawn, file.form.formats, names, seed)

    @classmethod
    def _of(
        cls,
        part: Literal["train", "file"],
        predictor: Predictor,
        pieces: Sequence[_Piece],
        formats: Mapping[str, ColumnFormat],
        names: Sequence[str],
        seed: int,
    ) -> Self:
        features = [predictor.row_features(piece.columns, piece.rows) for piece in pieces]
        return cls(
            part,
            np.concatenate([piece.numbers for piece in pieces]),
            drawn_rows(seed, sum(len(piece.rows) for piece in pieces), CURVE_ROWS),
            [np.concatenate(blocks) for blocks in zip(*features, strict=True)],
            {
                name: AxisValues.concatenate(
                    [AxisValues.of(piece.columns, piece.rows, formats, name) for piece in pieces]
                )
                for name in names
            },
            predictor.source_columns(pieces[0].columns),
        )


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some rows of a table or of a block of it."""

    columns: Columns
    rows: IntArray
    """(m,) as indices."""
    numbers: IntArray
    """(m,) in the file."""

    def some(self, chosen: IntArray) -> _Piece:
        return _Piece(self.columns, self.rows[chosen], self.numbers[chosen])


def _drawn(pieces: Sequence[_Piece], seed: int, rows: str, note: Note) -> list[_Piece]:
    """The pieces with `MAX_ROWS` of the rows at most; `note` is called if some are left out.

    `rows` are these in words.
    """
    starts = np.cumsum([0, *(len(piece.rows) for piece in pieces)]).tolist()
    drawn = drawn_rows(seed, starts[-1], MAX_ROWS)
    if len(drawn) < starts[-1]:
        some = f"{len(drawn):,} of the {starts[-1]:,} {rows}"
        note(f"partial dependence is measured on {some}, drawn at random")
    chosen = [
        piece.some(drawn[(drawn >= start) & (drawn < end)] - start)
        for piece, start, end in zip(pieces, starts[:-1], starts[1:], strict=True)
    ]
    return [piece for piece in chosen if len(piece.rows)]


def partial_dependence(
    rows: VariedRows,
    predictor: Predictor,
    varied: VariedColumns,
    *,
    on_done: Callable[[int], None] = lambda done: None,
) -> PartialDependence:
    """The curves of the columns and the surfaces of the pairs, in their order, those of each target.

    `on_done` is called with the number of those that are done.
    """
    varying = _Varying(rows, predictor, predictor.donated(rows.features))
    columns: list[Sequence[Curves]] = []
    pairs: list[Sequence[Surface]] = []
    for name in varied.columns:
        columns.append(varying.curves(name))
        on_done(len(columns))
    for pair in varied.pairs:
        pairs.append(varying.surface(pair))
        on_done(len(columns) + len(pairs))
    individual = tuple(rows.numbers[rows.curves].tolist())
    of_none = PartialDependence(rows.part, len(rows.numbers), individual)
    targets = predictor.task.targets
    of_targets = [
        replace(of_none, columns=tuple(each[k] for each in columns), pairs=tuple(each[k] for each in pairs))
        for k in range(len(targets))
    ]
    if len(targets) == 1:
        return of_targets[0]
    return replace(of_none, of_targets=dict(zip(targets, of_targets, strict=True)))


@dataclass(frozen=True, slots=True)
class _Varying:
    """Predicts rows with other values in some columns."""

    rows: VariedRows
    predictor: Predictor
    donated: DonatedValues

    def curves(self, name: str) -> list[Curves]:
        """Those of each target."""
        grid, of_grid = self.rows.values[name].grid(name, CURVE_VALUES)
        means, individual = self._predicted({name: of_grid.donors})
        counts = np.bincount(of_grid.nearest[of_grid.nearest >= 0], minlength=len(grid))
        return [
            Curves(grid, counts, classes, means[outputs], individual[outputs])
            for outputs, classes in self._outputs(means)
        ]

    def surface(self, pair: Pair) -> list[Surface]:
        """Those of each target."""
        (first, of_first), (second, of_second) = (
            self.rows.values[name].grid(name, SURFACE_VALUES) for name in pair
        )
        shape = len(first), len(second)
        donors = np.repeat(of_first.donors, shape[1]), np.tile(of_second.donors, shape[0])
        means, _ = self._predicted(dict(zip(pair, donors, strict=True)))
        counts = np.zeros(shape, np.intp)
        has_both = (of_first.nearest >= 0) & (of_second.nearest >= 0)
        np.add.at(counts, (of_first.nearest[has_both], of_second.nearest[has_both]), 1)
        return [
            Surface((first, second), counts, classes, means.reshape(-1, *shape)[outputs])
            for outputs, classes in self._outputs(means)
        ]

    def _predicted(self, donors: Mapping[str, IntArray]) -> tuple[FloatArray, FloatArray]:
        """For g values the means over all rows, (outputs, g), and the predictions of some, (outputs, g, r).

        `donors`, (g,), are the rows that each column gets its values from.
        """
        count = len(self.rows.numbers)
        together = max(1, PREDICTED_TOGETHER // count)
        means: list[FloatArray] = []
        individual: list[FloatArray] = []
        for start in range(0, len(next(iter(donors.values()))), together):
            some = {name: rows[start : start + together] for name, rows in donors.items()}
            predicted = np.concatenate([*self._batches(some)])
            by_value = predicted.reshape(-1, count, predicted.shape[1])
            means.append(by_value.mean(axis=1))
            individual.append(by_value[:, self.rows.curves])
        return np.concatenate(means).T, np.concatenate(individual).transpose(2, 0, 1)

    def _batches(self, donors: Mapping[str, IntArray]) -> Iterator[FloatArray]:
        """The predictions of all rows with each value in turn, (m, outputs)."""
        count, task, decoder = len(self.rows.numbers), self.predictor.task, self.predictor.decoder
        values = len(next(iter(donors.values())))
        donations = [
            Donation(self.rows.sources[name], np.repeat(rows, count)) for name, rows in donors.items()
        ]
        rows = np.tile(np.arange(count), values)
        for scores in self.predictor.feature_scores(self.donated.batches(rows, donations)):
            yield task.predicted_values(scores, decoder).astype(np.float64)

    def _outputs(self, means: FloatArray) -> Iterator[tuple[IntArray, tuple[str, ...]]]:
        """Which outputs of each target are kept, and their classes: of two classes the positive one."""
        start, decoders = 0, self.predictor.decoder.of_targets
        for task, decoder in zip(self.predictor.task.tasks, decoders, strict=True):
            classes, decision = task.classes, decoder.decision
            outputs = np.arange(start, start + (len(classes) or 1))
            indices = most_moved(means[outputs]) if decision is None else np.array([decision.positive])
            yield outputs[indices], tuple(classes[index] for index in indices.tolist()) if classes else ()
            start += len(outputs)
