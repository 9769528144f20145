from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

from fnnctl.plots.style import png_bytes
from fnnctl.plots.thresholds import trade_offs_figure

TextsOf = Callable[[Figure], list[str]]
CheckFit = Callable[[Figure], None]
RATES: dict[str, list[float | None]] = {
    "threshold": [0.1, 0.3, 0.5, 0.9],
    "precision": [0.25, 0.5, 0.75, None],
    "recall": [1.0, 0.9, 0.6, 0.0],
    "f1": [0.4, 0.625, 0.7, 0.0],
    "false_positive_rate": [1.0, 0.4, 0.1, 0.0],
    "predicted_positive": [1.0, 0.45, 0.2, 0.0],
}
COSTS: dict[str, list[float | None]] = {**RATES, "cost": [0.75, 0.5, 2.0, 8.0]}


def test_the_rates_are_drawn_over_the_threshold() -> None:
    upper, lower = trade_offs_figure(RATES, positive="yes", chosen=None, title="t").axes
    precision, recall, f1, default = upper.lines
    assert_array_equal(precision.get_xdata(), RATES["threshold"])
    assert_array_equal(precision.get_ydata(), [0.25, 0.5, 0.75, np.nan])
    assert_array_equal(recall.get_ydata(), RATES["recall"])
    assert_array_equal(f1.get_ydata(), RATES["f1"])
    assert precision.get_drawstyle() == "steps-pre"
    assert_array_equal(default.get_xdata(), [0.5, 0.5])
    assert_array_equal(lower.lines[0].get_ydata(), RATES["false_positive_rate"])


def test_costs_have_a_panel_and_the_chosen_threshold_a_line(texts_of: TextsOf) -> None:
    figure = trade_offs_figure(COSTS, positive="yes", chosen=0.3, title="the title")
    assert len(figure.axes) == 3
    assert_array_equal(figure.axes[2].lines[0].get_ydata(), COSTS["cost"])
    for axes in figure.axes:
        marks = [line.get_xdata()[0] for line in axes.lines[-2:]]  # type: ignore[index]
        assert marks == [0.5, 0.3]
    texts = set(texts_of(figure))
    assert {"precision 0.500", "recall 0.900", "F1 0.625", "cost per row 0.500", "the title"} <= texts
    assert {"threshold 0.3, used here", "threshold 0.5", "decisions for\nyes\nat 0.3"} <= texts


def test_without_a_chosen_threshold_the_numbers_are_those_at_the_default(texts_of: TextsOf) -> None:
    texts = texts_of(trade_offs_figure(RATES, positive="yes", chosen=None, title="t"))
    assert "precision 0.750" in texts
    assert not any("used here" in text for text in texts)


@pytest.mark.parametrize("positive", ["$x$ <b>", "_" * 300, "年齢", "[/]"])
def test_any_class_name_fits(positive: str, check_fit: CheckFit) -> None:
    figure = trade_offs_figure(COSTS, positive=positive, chosen=0.9, title="t")
    png_bytes(figure)
    check_fit(figure)
    assert png_bytes(trade_offs_figure(COSTS, positive=positive, chosen=0.9, title="t"))
