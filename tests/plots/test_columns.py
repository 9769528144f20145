from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from fnnctl.plots.importance import MAX_COLUMNS, PlottedColumn, feature_importance_figure
from fnnctl.plots.style import COLOURS, MUTED, png_bytes
from tests.plots.drawn import AWKWARD_NAMES, AWKWARD_TITLE, check_fit, legend_of, lines_with, texts_of, x_of

MUCH = PlottedColumn("much", 0.5, (0.4, 0.6), True)
LITTLE = PlottedColumn("little", 0.01, (-0.02, 0.04), False)
ALONE = PlottedColumn("alone", 0.25, None, False)


def figure_of(*columns: PlottedColumn, title: str = "t") -> Figure:
    return feature_importance_figure(columns, axis="rise of log loss", title=title)


def test_dots_and_intervals_stand_in_the_order_of_the_columns() -> None:
    """Columns that cannot be told from zero are hollow."""
    figure = figure_of(MUCH, ALONE, LITTLE)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["much", "alone", "little"]
    assert [(x_of(line), line.get_color()) for line in axes.get_lines()][1:] == [
        ([0.4, 0.6], COLOURS[0]),
        ([0.5], COLOURS[0]),
        ([0.25], MUTED),
        ([-0.02, 0.04], MUTED),
        ([0.01], MUTED),
    ]
    low, high = axes.get_xlim()
    assert low < -0.02
    assert high > 0.6
    faces = [line.get_markerfacecolor() for line in lines_with(figure, "o")]
    assert faces == [COLOURS[0], "white", "white"]


@pytest.mark.parametrize(
    ("columns", "entries"),
    [
        ((MUCH, LITTLE), ["mean, 95 % interval", "cannot be told from zero"]),
        ((MUCH,), ["mean, 95 % interval"]),
        ((LITTLE,), ["cannot be told from zero"]),
    ],
)
def test_the_legend_has_what_is_drawn(columns: tuple[PlottedColumn, ...], entries: list[str]) -> None:
    assert legend_of(figure_of(*columns)) == entries


def test_only_the_first_are_drawn() -> None:
    figure = figure_of(*([MUCH] * (MAX_COLUMNS + 1000)))
    assert len(figure.axes[0].get_yticks()) == MAX_COLUMNS
    assert "t; 1,000 more in the table" in texts_of(figure)


def test_without_a_value_there_is_a_message() -> None:
    assert "the metric has no value, so there is no importance" in texts_of(figure_of())


def test_importances_of_zero_have_an_axis() -> None:
    low, high = figure_of(PlottedColumn("x", 0.0, (0.0, 0.0), False)).axes[0].get_xlim()
    assert low < 0 < high


@pytest.mark.parametrize("scale", [1e-9, 1e12])
def test_everything_fits(scale: float) -> None:
    columns = [
        PlottedColumn(name, scale / (1 + index), (0.0, scale), bool(index % 2))
        for index, name in enumerate(AWKWARD_NAMES)
    ]
    figure = figure_of(*columns, title=AWKWARD_TITLE)
    check_fit(figure)
    assert png_bytes(figure)
