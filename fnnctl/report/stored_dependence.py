"""partial_dependence.csv and pair_dependence.csv: a line per class and value of a column, or of a pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, Literal, cast, get_args

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.partial_dependence import AxisKind, Curves, Grid, PartialDependence, Surface
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.tables import CsvTable, csv_lines

_GRID: Final = ("column", "kind", "value", "position", "distinct")
_MEASURED: Final = ("class", "mean", "rows", "part", "of_rows")
_CURVES: Final = (*_GRID, *_MEASURED)
_PAIR: Final = ("_1", "_2")
"""The endings of the two columns' names."""
_SURFACES: Final = (*(f"{name}{end}" for end in _PAIR for name in _GRID), *_MEASURED)
_ROW: Final = "row_"
"""The column of a row's individual curve begins with it; the row's number follows."""


def write_curves(run: RunFolder, dependence: PartialDependence) -> None:
    """Write the curves to a run that has ended; raises `MachineError` if that is impossible."""
    header = (*_CURVES, *(f"{_ROW}{number}" for number in dependence.individual))
    run.write_rebuilt(names.PARTIAL_DEPENDENCE, csv_lines(header, _curve_lines(dependence)))


def write_surfaces(run: RunFolder, dependence: PartialDependence) -> None:
    """Write the surfaces of pairs, as `write_curves` does."""
    run.write_rebuilt(names.PAIR_DEPENDENCE, csv_lines(_SURFACES, _surface_lines(dependence)))


def read_curves(run: RunFolder) -> PartialDependence | None:
    """What `write_curves` wrote; None if there is no such file. Raises `DataError` if it is damaged."""
    table = run.read_table(names.PARTIAL_DEPENDENCE)
    if table is None:
        return None
    stored, columns = _Stored(table, _CURVES, "--partial-dependence"), []
    for lines in stored.groups("column"):
        classes = [*dict.fromkeys(stored.texts("class", lines))]
        values = lines[: len(lines) // len(classes)]
        shape = len(classes), len(values)
        individual = [stored.numbers(name, lines, shape) for name in stored.more]
        columns.append(
            Curves(
                stored.grid(values),
                stored.counts("rows", values),
                tuple(filter(None, classes)),
                stored.numbers("mean", lines, shape),
                np.stack(individual, axis=2) if individual else np.empty((*shape, 0)),
            )
        )
    return PartialDependence(stored.part, stored.of_rows, stored.row_numbers, columns=tuple(columns))


def read_surfaces(run: RunFolder) -> PartialDependence | None:
    """What `write_surfaces` wrote, as `read_curves` does."""
    table = run.read_table(names.PAIR_DEPENDENCE)
    if table is None:
        return None
    stored, pairs = _Stored(table, _SURFACES, "--pair"), []
    for lines in stored.groups("column_1", "column_2"):
        classes = [*dict.fromkeys(stored.texts("class", lines))]
        of_class = lines[: len(lines) // len(classes)]
        places = stored.texts("position_1", of_class)
        width = next((j for j, place in enumerate(places) if place != places[0]), len(places))
        grids = stored.grid(of_class[::width], "_1"), stored.grid(of_class[:width], "_2")
        shape = len(grids[0]), len(grids[1])
        pairs.append(
            Surface(
                grids,
                stored.counts("rows", of_class, shape),
                tuple(filter(None, classes)),
                stored.numbers("mean", lines, (len(classes), *shape)),
            )
        )
    return PartialDependence(stored.part, stored.of_rows, (), pairs=tuple(pairs))


def _curve_lines(dependence: PartialDependence) -> Iterator[list[object]]:
    for curves in dependence.columns:
        for name, means, individual in zip(
            curves.classes or ("",), curves.means.tolist(), curves.individual.tolist(), strict=True
        ):
            for cells, mean, rows, of_rows in zip(
                _cells(curves.grid), means, curves.rows.tolist(), individual, strict=True
            ):
                yield [*cells, name, mean, rows, dependence.part, dependence.rows, *of_rows]


def _surface_lines(dependence: PartialDependence) -> Iterator[list[object]]:
    for surface in dependence.pairs:
        first, second = surface.grids
        rows = surface.rows.tolist()
        for name, means in zip(surface.classes or ("",), surface.means.tolist(), strict=True):
            for i, cells in enumerate(_cells(first)):
                for j, others in enumerate(_cells(second)):
                    measured = (name, means[i][j], rows[i][j], dependence.part, dependence.rows)
                    yield [*cells, *others, *measured]


def _cells(grid: Grid) -> Iterator[tuple[object, ...]]:
    for text, position in zip(grid.texts, grid.positions, strict=True):
        yield grid.column, grid.axis, text, position if text else None, grid.distinct


class _Stored:
    """One of the tables, which `option` of `fnnctl report` writes; a damaged one raises `DataError`."""

    def __init__(self, table: CsvTable, columns: Sequence[str], option: str) -> None:
        self._damaged = damaged(table.path, f"is damaged: delete it, and use `fnnctl report {option}` again")
        if table.columns[: len(columns)] != columns or not table.rows:
            raise self._damaged
        self._table = table
        self._index = {name: index for index, name in enumerate(table.columns)}
        self.more = table.columns[len(columns) :]
        """The columns after the expected ones."""
        self.of_rows = int(self.counts("of_rows", [0])[0])
        self.part: Literal["train", "file"] = "file" if self.texts("part", [0]) == ["file"] else "train"

    @property
    def row_numbers(self) -> tuple[int, ...]:
        """The rows whose individual curves are in the columns after the expected ones."""
        try:
            return tuple(int(name.removeprefix(_ROW)) for name in self.more)
        except ValueError as error:
            raise self._damaged from error

    def groups(self, *columns: str) -> Iterator[Sequence[int]]:
        """The numbers of the lines that follow one another and have the same texts in these columns."""
        indices = [self._index[column] for column in columns]
        keys = [tuple(row[index] for index in indices) for row in self._table.rows]
        for _, lines in groupby(range(len(keys)), keys.__getitem__):
            yield [*lines]

    def texts(self, column: str, lines: Sequence[int]) -> list[str]:
        index = self._index[column]
        return [self._table.rows[line][index] for line in lines]

    def numbers(self, column: str, lines: Sequence[int], shape: Sequence[int] = (-1,)) -> FloatArray:
        """The numbers of some lines in this shape, NaN for empty fields."""
        try:
            values = [float(text) if text else np.nan for text in self.texts(column, lines)]
            return np.array(values).reshape(shape)
        except ValueError as error:
            raise self._damaged from error

    def counts(self, column: str, lines: Sequence[int], shape: Sequence[int] = (-1,)) -> IntArray:
        """The whole numbers of some lines in this shape; no field may be empty."""
        numbers = self.numbers(column, lines, shape)
        if not np.isfinite(numbers).all():
            raise self._damaged
        return numbers.astype(np.intp)

    def grid(self, lines: Sequence[int], end: str = "") -> Grid:
        """The grid of the values in some lines; `end` is that of the columns' names."""
        (kind, *_), (column, *_) = self.texts(f"kind{end}", lines), self.texts(f"column{end}", lines)
        if kind not in get_args(AxisKind):
            raise self._damaged
        texts, positions = self.texts(f"value{end}", lines), self.numbers(f"position{end}", lines)
        distinct = int(self.counts(f"distinct{end}", lines[:1])[0])
        return Grid(column, cast(AxisKind, kind), tuple(texts), tuple(positions.tolist()), distinct)
