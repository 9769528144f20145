"""What the network does with columns: where the mean prediction is lowest and highest, notes, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from fnnctl.metrics.partial_dependence import MAX_CLASSES
from fnnctl.report.blocks import Block, Notes, Table
from fnnctl.report.summary import Summary
from fnnctl.report.words import number, share_text
from fnnctl.store import names
from fnnctl.text import counted, quoted, word_list

if TYPE_CHECKING:
    from fnnctl.arrays import FloatArray
    from fnnctl.metrics.partial_dependence import Grid, PartialDependence

MISSING: Final = "missing"
"""What stands for a missing value."""
DIGITS: Final = 6
LONGEST: Final = 12
"""Longer texts of numbers are rounded."""


def dependence(summary: Summary) -> Iterator[Block]:
    """Tables and notes; nothing if the partial dependence has not just been measured.

    Several targets are in the same tables, so that short reports have them, too.
    """
    dependence = summary.dependence
    if dependence is None:
        return
    rows = counted(dependence.rows, "training row" if dependence.part == "train" else "new row")
    title = f"{{}}, of {rows}"
    by_target = dependence.by_target.items()
    curves = [(target, *row) for target, of_target in by_target for row in _curves(of_target)]
    surfaces = [(target, *row) for target, of_target in by_target for row in _surfaces(of_target)]
    yield _table(title.format("Partial dependence on columns"), "column", curves)
    yield _table(title.format("Partial dependence on pairs of columns"), "columns", surfaces)
    yield Notes("About the partial dependence", tuple(_notes(summary, dependence)))


def _table(title: str, column: str, rows: Sequence[tuple[str, ...]]) -> Table:
    """A row per target, column and class; names that no row has are left out. `column` is a heading."""
    header = ("target", column, "class", "lowest mean", "at", "highest mean", "at")
    is_number = (False, False, False, True, False, True, False)
    places = [
        k for k in range(len(header)) if header[k] not in ("target", "class") or any(row[k] for row in rows)
    ]
    return Table(
        title,
        tuple(header[k] for k in places),
        tuple(tuple(row[k] for k in places) for row in rows),
        texts=tuple(place for place, k in enumerate(places) if not is_number[k]),
    )


def _curves(dependence: PartialDependence) -> Iterator[tuple[str, ...]]:
    for curves in dependence.columns:
        texts = value_texts(curves.grid)
        for name, means in zip(curves.classes or ("",), curves.means, strict=True):
            yield curves.grid.column, name, *_ends(means, texts)


def _surfaces(dependence: PartialDependence) -> Iterator[tuple[str, ...]]:
    for surface in dependence.pairs:
        first, second = surface.grids
        texts = [f"{a}, {b}" for a in value_texts(first) for b in value_texts(second)]
        for name, means in zip(surface.classes or ("",), surface.means, strict=True):
            yield f"{first.column}, {second.column}", name, *_ends(means.ravel(), texts)


def _ends(means: FloatArray, texts: Sequence[str]) -> tuple[str, ...]:
    """The lowest and the highest mean, each with the first value that has it."""
    ends = int(means.argmin()), int(means.argmax())
    return tuple(cell for end in ends for cell in (number(float(means[end])), texts[end]))


def value_texts(grid: Grid) -> list[str]:
    """The values for a reader: long numbers are rounded."""
    texts = []
    for text, position in zip(grid.texts, grid.positions, strict=True):
        is_long = grid.axis == "number" and len(text) > LONGEST
        texts.append(f"{position:.{DIGITS}g}" if is_long else text or MISSING)
    return texts


def _notes(summary: Summary, dependence: PartialDependence) -> Iterator[str]:
    predicted = "the prediction"
    if summary.manifest.data is not None:
        target, positive = quoted(summary.manifest.data.estimated), summary.positive_class
        classes = len(summary.manifest.data.classes)
        predicted = f"the predicted {target}" if not classes else f"the probability of each class of {target}"
        if dependence.of_targets:
            predicted = "the prediction of each target (of the probability of each class)"
        predicted = predicted if positive is None else f"the probability of {quoted(positive)}"
    yield f"the mean of {predicted} over the rows if a column has the same value in all of them"
    if any(of_target.columns for of_target in dependence.by_target.values()):
        rows = counted(len(dependence.individual), "row")
        file = f"{names.PARTIAL_DEPENDENCE}{' of each target' if dependence.of_targets else ''}"
        yield f"{file} has all values, and the curves of {rows}"
    yield (
        "the values are also tried in combinations that never occur: a curve is reliable where the column "
        "has many rows"
    )
    for about, count in _class_counts(summary):
        if count > MAX_CLASSES:
            yield f"{about}of {count:,} classes, the {MAX_CLASSES} whose mean probability changes most"
    for grid, share in _limited(dependence):
        most = sum(map(bool, grid.texts))
        frequent = f"the {most} most frequent of {counted(grid.distinct, 'value')}"
        of_rows = "" if share is None else f", in {share_text(round(share, 3))} of the rows"
        yield f"{quoted(grid.column)}: {frequent}{of_rows}"
    curves = (curves for of_target in dependence.by_target.values() for curves in of_target.columns)
    constant = [quoted(column) for column in dict.fromkeys(c.grid.column for c in curves if len(c.grid) == 1)]
    if constant:
        yield f"with a single value: {word_list(constant)}"


def _class_counts(summary: Summary) -> Iterator[tuple[str, int]]:
    """How many classes each target has; of several, after its name."""
    if (data := summary.manifest.data) is not None:
        yield "", len(data.classes)
        yield from ((f"{target.name}: ", len(target.classes)) for target in data.targets)


def _limited(dependence: PartialDependence) -> Iterator[tuple[Grid, float | None]]:
    """The grids that have only some categories, each column once, with their share of the rows."""
    shares: dict[str, tuple[Grid, float | None]] = {}
    for of_target in dependence.by_target.values():
        for curves in of_target.columns:
            shares[curves.grid.column] = curves.grid, float(curves.rows.sum()) / dependence.rows
    for of_target in dependence.by_target.values():
        for grid in (grid for surface in of_target.pairs for grid in surface.grids):
            shares.setdefault(grid.column, (grid, None))
    for grid, share in shares.values():
        if grid.axis == "category" and grid.distinct > sum(map(bool, grid.texts)):
            yield grid, share


def json_entries(summary: Summary) -> dict[str, Any]:
    """The partial dependence that has just been measured."""
    return {} if summary.dependence is None else dependence_entries(summary.dependence)


def dependence_entries(dependence: PartialDependence) -> dict[str, Any]:
    """Values of columns, how many rows have them, and curves; and the same of pairs.

    Of several targets `partial_dependence_targets` has these entries of each, by its name.
    """
    entries: dict[str, Any] = {
        "partial_dependence": [
            {
                "column": curves.grid.column,
                "kind": curves.grid.axis,
                "distinct": curves.grid.distinct,
                "values": curves.grid.values,
                "rows": curves.rows.tolist(),
                "curves": [
                    {"class": name, "mean": means.tolist(), "individual": individual.T.tolist()}
                    for name, means, individual in zip(
                        curves.classes or (None,), curves.means, curves.individual, strict=True
                    )
                ],
            }
            for curves in dependence.columns
        ],
        "pair_dependence": [
            {
                "columns": [grid.column for grid in surface.grids],
                "kinds": [grid.axis for grid in surface.grids],
                "values": [grid.values for grid in surface.grids],
                "rows": surface.rows.tolist(),
                "surfaces": [
                    {"class": name, "mean": means.tolist()}
                    for name, means in zip(surface.classes or (None,), surface.means, strict=True)
                ],
            }
            for surface in dependence.pairs
        ],
        "partial_dependence_rows": {
            "part": dependence.part,
            "rows": dependence.rows,
            "individual": list(dependence.individual),
        },
    }
    if dependence.of_targets:
        entries["partial_dependence_targets"] = {
            target: dependence_entries(of_target) for target, of_target in dependence.of_targets.items()
        }
    return entries
