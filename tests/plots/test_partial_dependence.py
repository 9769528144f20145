from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from fnnctl.metrics.partial_dependence import MAX_CATEGORIES, AxisKind, Curves, Grid, Surface
from fnnctl.plots.partial_dependence import MAX_PANELS, curves_figure, surfaces_figure
from fnnctl.plots.style import COLOURS, SEQUENCE, png_bytes
from tests.plots.drawn import (
    AWKWARD_NAMES,
    AWKWARD_TITLE,
    assert_close,
    check_fit,
    legend_of,
    texts_of,
    xy_of,
)

NAN = float("nan")
NUMBERS = Grid("size", "number", ("1", "2", "4", ""), (1.0, 2.0, 4.0, NAN), 3)
CITIES = Grid("city", "category", ("Bern", "Rome", ""), (0.0, 1.0, NAN), 2)


def curves(grid: Grid, classes: tuple[str, ...] = (), rows: int = 3) -> Curves:
    count, values = max(1, len(classes)), len(grid)
    means = np.arange(count * values, dtype=float).reshape(count, values) / 10
    return Curves(grid, np.arange(1, values + 1), classes, means, np.repeat(means[:, :, None], rows, axis=2))


def drawn(*shown: Curves) -> Figure:
    return curves_figure(shown, value="mean price", title="t")


def bars(figure: Figure, panel: int) -> list[list[float]]:
    """The lowest and the highest corner of each bar."""
    (patch,) = (each for each in figure.axes[panel].patches if isinstance(each, PathPatch))
    corners = np.asarray(patch.get_path().vertices).reshape(-1, 5, 2)[:, :4]
    ends: list[list[float]] = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).tolist()
    return ends


def test_a_curve_is_above_its_rows_and_a_missing_value_at_the_right() -> None:
    figure = drawn(curves(NUMBERS))
    above, below = figure.axes
    line, missing = above.get_lines()
    assert_close(xy_of(line), [[1, 0], [2, 0.1], [4, 0.2]])
    ((place, mean),) = xy_of(missing)
    assert mean == 0.3
    assert above.get_xlim()[1] > place > 4
    (single,) = (each for each in above.collections if isinstance(each, LineCollection))
    assert len(single.get_segments()) == 3
    assert "missing" in texts_of(figure)
    assert [bar[3] for bar in bars(figure, 1)] == [1, 2, 3, 4]
    assert below.get_ylim()[1] > 4


def test_categories_are_rows_with_bars_beside_them() -> None:
    figure = drawn(curves(CITIES))
    left, _ = figure.axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["Bern", "Rome", "missing"]
    assert_close(xy_of(left.get_lines()[-1]), [[0, 0], [0.1, 1], [0.2, 2]])
    assert_close([bar[2] for bar in bars(figure, 1)], [1, 2, 3])


def test_classes_have_lines_with_names_and_no_single_rows() -> None:
    figure = drawn(curves(NUMBERS, ("a", "_b")))
    lines = figure.axes[0].get_lines()
    assert [line.get_color() for line in lines[::2]] == [*COLOURS[:2]]
    assert legend_of(figure) == ["a", "_b"]
    assert not figure.axes[0].collections
    assert figure.axes[0].get_legend() is not None
    assert drawn(curves(NUMBERS, ("yes",))).axes[0].get_legend() is None


def test_all_panels_have_one_range() -> None:
    figure = drawn(curves(NUMBERS), curves(CITIES), curves(Grid("x", "number", ("7",), (7.0,), 1)))
    limits = [figure.axes[0].get_ylim(), figure.axes[2].get_xlim(), figure.axes[4].get_ylim()]
    assert len({*limits}) == 1


@pytest.mark.parametrize(
    ("kind", "positions", "label"),
    [
        ("date", (18262.0, 18993.0), "2021"),
        ("time", (6.0, 22.0), "12:00"),
        ("number", (1000.0, 3000.0), "1800"),
    ],
)
def test_ticks_are_in_units_of_the_table(kind: AxisKind, positions: tuple[float, ...], label: str) -> None:
    figure = drawn(curves(Grid("x", kind, ("a", "b"), positions, 2)))
    assert label in [text.get_text() for text in figure.axes[1].get_xticklabels()] or label in texts_of(
        figure
    )


def test_only_the_first_are_drawn() -> None:
    figure = drawn(*[curves(NUMBERS)] * (MAX_PANELS + 1000))
    assert len(figure.axes) == 2 * MAX_PANELS
    assert "t; 1,000 more in the table" in texts_of(figure)


def surface(first: Grid, second: Grid, classes: tuple[str, ...] = ()) -> Surface:
    shape = len(first), len(second)
    rows = np.zeros(shape, int)
    rows[0, 1], rows[1, 0] = 4, 1
    means = np.arange(np.prod((max(1, len(classes)), *shape)), dtype=float).reshape(-1, *shape)
    return Surface((first, second), rows, classes, means)


def test_a_cell_is_darker_with_a_higher_mean_and_has_a_square_for_its_rows() -> None:
    figure = surfaces_figure([surface(CITIES, NUMBERS)], value="mean price", title="t")
    cells = figure.axes[0]
    *shades, squares = (each for each in cells.patches if isinstance(each, PathPatch))
    assert [to_hex(shade.get_facecolor()) for shade in shades] == [*SEQUENCE]
    lowest = np.asarray(shades[0].get_path().vertices)
    assert (lowest.min(axis=0).tolist(), lowest.max(axis=0).tolist()) == ([-0.5, -0.5], [0.5, 0.5 + 1])
    corners = np.asarray(squares.get_path().vertices).reshape(-1, 5, 2)
    assert_close(corners[:, :4].mean(axis=1), [[0, 1], [1, 0]])
    sides = np.ptp(corners[:, :4], axis=1)
    assert_close(sides[0], 2 * sides[1])
    assert [text.get_text() for text in cells.get_xticklabels()] == ["Bern", "Rome", "missing"]
    assert [text.get_text() for text in cells.get_yticklabels()] == ["1", "2", "4", "missing"]


def test_classes_have_panels_with_one_scale() -> None:
    shown = surface(CITIES, NUMBERS, ("a", "b", "c"))
    figure = surfaces_figure([shown], value="mean probability", title="t")
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == ["a", "b", "c"]
    assert len(figure.axes) == 5  # with an empty one, and the scale


def test_equal_means_are_drawn() -> None:
    flat = surface(CITIES, NUMBERS)
    flat = Surface(flat.grids, flat.rows, (), np.ones_like(flat.means))
    assert png_bytes(surfaces_figure([flat], value="mean", title="t"))
    assert png_bytes(drawn(curves(Grid("x", "number", ("",), (NAN,), 0))))


@pytest.mark.parametrize("classes", [(), AWKWARD_NAMES[:6]])
def test_everything_fits(classes: tuple[str, ...]) -> None:
    texts = [f"{name} {number}" for name, number in product(AWKWARD_NAMES, range(3))][:MAX_CATEGORIES]
    many = Grid(AWKWARD_NAMES[-1], "category", (*texts, ""), (*map(float, range(len(texts))), NAN), 10_000)
    two = Grid(AWKWARD_NAMES[0], "category", ("a", "b"), (0.0, 1.0), 2)
    huge = Grid("x", "number", ("-1e300", "1e300"), (-1e300, 1e300), 2)
    figure = curves_figure(
        [curves(grid, classes) for grid in (many, two, huge, NUMBERS)],
        value=AWKWARD_NAMES[-1],
        title=AWKWARD_TITLE,
    )
    check_fit(figure)
    pairs = [surface(many, two, classes), surface(huge, many, classes)]
    check_fit(surfaces_figure(pairs, value=AWKWARD_NAMES[-1], title=AWKWARD_TITLE))
