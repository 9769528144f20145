from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from fnnctl.plots.importance import MAX_COLUMNS, PlottedColumn, feature_importance_figure
from fnnctl.plots.style import COLOURS, MUTED, png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]

MUCH = PlottedColumn("much", 0.5, (0.4, 0.6), True)
LITTLE = PlottedColumn("little", 0.01, (-0.02, 0.04), False)
ALONE = PlottedColumn("alone", 0.25, None, False)


def figure_of(*columns: PlottedColumn, title: str = "t") -> Figure:
    return feature_importance_figure(columns, axis="rise of log loss", title=title)


def test_dots_and_intervals_stand_in_the_order_of_the_columns() -> None:
    (axes,) = figure_of(MUCH, ALONE, LITTLE).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["much", "alone", "little"]
    drawn = [(np.asarray(line.get_xdata()).tolist(), line.get_color()) for line in axes.get_lines()][1:]
    assert drawn == [
        ([0.4, 0.6], COLOURS[0]),
        ([0.5], COLOURS[0]),
        ([0.25], MUTED),
        ([-0.02, 0.04], MUTED),
        ([0.01], MUTED),
    ]
    low, high = axes.get_xlim()
    assert low < -0.02
    assert high > 0.6


def test_columns_that_cannot_be_told_from_zero_are_hollow() -> None:
    (axes,) = figure_of(MUCH, LITTLE).axes
    faces = [line.get_markerfacecolor() for line in axes.get_lines() if line.get_marker() == "o"]
    assert faces == [COLOURS[0], "white"]


@pytest.mark.parametrize(
    ("columns", "entries"),
    [
        ((MUCH, LITTLE), ["mean, 95 % interval", "cannot be told from zero"]),
        ((MUCH,), ["mean, 95 % interval"]),
        ((LITTLE,), ["cannot be told from zero"]),
    ],
)
def test_the_legend_has_what_is_drawn(columns: tuple[PlottedColumn, ...], entries: list[str]) -> None:
    legend = figure_of(*columns).axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == entries


def test_only_the_first_are_drawn(texts_of: TextsOf) -> None:
    figure = figure_of(*([MUCH] * (MAX_COLUMNS + 1000)))
    assert len(figure.axes[0].get_yticks()) == MAX_COLUMNS
    assert "t; 1,000 more in the table" in texts_of(figure)


def test_without_a_value_there_is_a_message(texts_of: TextsOf) -> None:
    assert "the metric has no value, so there is no importance" in texts_of(figure_of())


def test_importances_of_zero_have_an_axis() -> None:
    low, high = figure_of(PlottedColumn("x", 0.0, (0.0, 0.0), False)).axes[0].get_xlim()
    assert low < 0 < high


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
def test_everything_fits(awkward_names: tuple[str, ...], check_fit: CheckFit, scale: float) -> None:
    columns = [
        PlottedColumn(name, scale / (1 + index), (0.0, scale), bool(index % 2))
        for index, name in enumerate(awkward_names)
    ]
    figure = figure_of(*columns, title="$$ [/] <b> long " * 10)
    check_fit(figure)
    assert png_bytes(figure)
