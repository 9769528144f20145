"""The figures of the partial dependence on columns and on pairs of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from fnnctl.report.blocks import DrawnNumbers
from fnnctl.report.figures.numbers import some_numbers
from fnnctl.report.figures.record import RunFigure
from fnnctl.report.stored_dependence import read_curves, read_surfaces
from fnnctl.report.summary import Summary
from fnnctl.report.words import number
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.text import counted, joined_words

if TYPE_CHECKING:
    from fnnctl.arrays import FloatArray
    from fnnctl.metrics.partial_dependence import PartialDependence

MAX_NAMED: Final = 3
"""The number of columns or pairs that a summary names."""


def _draw_curves(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.partial_dependence import curves_figure

    dependence = read_curves(run)
    if dependence is None:
        return None
    return curves_figure(dependence.columns, value=_predicted(summary), title=_title(summary, dependence))


def _draw_surfaces(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.partial_dependence import surfaces_figure

    dependence = read_surfaces(run)
    if dependence is None:
        return None
    return surfaces_figure(dependence.pairs, value=_predicted(summary), title=_title(summary, dependence))


def _numbers_of_curves(run: RunFolder, summary: Summary) -> DrawnNumbers | None:
    """Without the curves of single rows."""
    dependence = read_curves(run)
    if dependence is None:
        return None
    rows = [
        (curves.grid.column, name, text, str(count), repr(mean))
        for curves in dependence.columns
        for name, means in zip(curves.classes or ("",), curves.means.tolist(), strict=True)
        for text, count, mean in zip(curves.grid.texts, curves.rows.tolist(), means, strict=True)
    ]
    return some_numbers(("column", "class", "value", "rows", "mean"), rows, names.PARTIAL_DEPENDENCE)


def _title(summary: Summary, dependence: PartialDependence) -> str:
    rows = counted(dependence.rows, "training row" if dependence.part == "train" else "new row")
    return f"{summary.manifest.name}: partial dependence, {rows}"


def _predicted(summary: Summary) -> str:
    """What the means are of."""
    data, positive = summary.manifest.data, summary.positive_class
    if data is None or data.classes:
        return "mean probability" if positive is None else f"mean probability of {positive}"
    return f"mean {data.target}"


def _curves_in_words(summary: Summary) -> str:
    dependence = read_curves(RunFolder(summary.path))
    columns = dependence.columns if dependence else ()
    return _in_words(summary, [(curves.grid.column, curves.means) for curves in columns])


def _surfaces_in_words(summary: Summary) -> str:
    dependence = read_surfaces(RunFolder(summary.path))
    pairs = dependence.pairs if dependence else ()
    return _in_words(
        summary,
        [(joined_words([grid.column for grid in surface.grids]), surface.means) for surface in pairs],
    )


def _in_words(summary: Summary, means: Sequence[tuple[str, FloatArray]]) -> str:
    ranges = [
        f"from {number(float(values.min()))} to {number(float(values.max()))} with {name}"
        for name, values in means[:MAX_NAMED]
    ]
    return f"The {_predicted(summary)} goes {joined_words(ranges)}." if ranges else ""


CURVES: Final = RunFigure(
    file=names.PARTIAL_DEPENDENCE_FIGURE,
    title="the partial dependence on columns",
    source=names.PARTIAL_DEPENDENCE,
    draw=_draw_curves,
    in_words=_curves_in_words,
    numbers=_numbers_of_curves,
    reading="""\
From `fnnctl report --partial-dependence N`. The mean prediction if a column has the same value in all rows,
and how many rows have about this value; thin lines and marks are single rows. If the lines of single rows are
not parallel, the effect of the column depends on other columns. All panels have the same range, so a flat
curve is a column that does little. See [Reports](reports.md#what-the-network-does-with-a-column).""",
)
SURFACES: Final = RunFigure(
    file=names.PAIR_DEPENDENCE_FIGURE,
    title="the partial dependence on pairs of columns",
    source=names.PAIR_DEPENDENCE,
    draw=_draw_surfaces,
    in_words=_surfaces_in_words,
    reading="""\
From `fnnctl report --pair A,B`. The shade of a cell is the mean prediction if the columns have these values
in all rows. The area of its white square is proportional to the rows that have about these values; without a
square there are none, and the network extrapolates. All cells have one size, whatever the values.""",
)
