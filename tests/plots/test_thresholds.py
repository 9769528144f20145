from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from fnnctl.plots.style import png_bytes
from fnnctl.plots.thresholds import trade_offs_figure
from tests.plots.drawn import check_fit, texts_of, x_of, y_of

RATES: dict[str, Any] = {
    "threshold": [0.1, 0.3, 0.5, 0.9],
    "precision": [0.25, 0.5, 0.75, None],
    "recall": [1.0, 0.9, 0.6, 0.0],
    "f1": [0.4, 0.625, 0.7, 0.0],
    "false_positive_rate": [1.0, 0.4, 0.1, 0.0],
    "predicted_positive": [1.0, 0.45, 0.2, 0.0],
}
COSTS = {**RATES, "cost": [0.75, 0.5, 2.0, 8.0]}


def test_the_rates_are_drawn_over_the_threshold() -> None:
    """Without a chosen one the numbers are those at the default."""
    figure = trade_offs_figure(RATES, positive="yes", chosen=None, title="t")
    upper, lower = figure.axes
    precision, recall, f1, default = upper.lines
    assert x_of(precision) == RATES["threshold"]
    assert_array_equal(y_of(precision), [0.25, 0.5, 0.75, np.nan])
    assert (y_of(recall), y_of(f1)) == (RATES["recall"], RATES["f1"])
    assert precision.get_drawstyle() == "steps-pre"
    assert x_of(default) == [0.5, 0.5]
    assert y_of(lower.lines[0]) == RATES["false_positive_rate"]
    texts = texts_of(figure)
    assert "precision 0.750" in texts
    assert not any("used here" in text for text in texts)


def test_costs_have_a_panel_and_the_chosen_threshold_a_line() -> None:
    figure = trade_offs_figure(COSTS, positive="yes", chosen=0.3, title="the title")
    assert len(figure.axes) == 3
    assert y_of(figure.axes[2].lines[0]) == COSTS["cost"]
    assert [[x_of(line)[0] for line in axes.lines[-2:]] for axes in figure.axes] == [[0.5, 0.3]] * 3
    texts = set(texts_of(figure))
    assert {"precision 0.500", "recall 0.900", "F1 0.625", "cost per row 0.500", "the title"} <= texts
    assert {"threshold 0.3, used here", "threshold 0.5", "decisions for\nyes\nat 0.3"} <= texts


@pytest.mark.parametrize("positive", ["$x$ <b>", "_" * 300, "年齢", "[/]"])
def test_any_class_name_fits(positive: str) -> None:
    figure = trade_offs_figure(COSTS, positive=positive, chosen=0.9, title="t")
    assert png_bytes(figure)
    check_fit(figure)
