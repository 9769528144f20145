from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from fnnctl.plots.estimates import BINS, MAX_POINTS, predicted_actual_figure, residuals_figure
from fnnctl.plots.style import png_bytes
from tests.plots.drawn import bars_of, check_fit, texts_of, xy_of

TARGETS, PREDICTIONS = np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.5, 2.0, 2.0, 5.0])
Draw = Callable[..., Figure]


def test_each_row_is_a_point_and_the_diagonal_is_perfect() -> None:
    figure = predicted_actual_figure(TARGETS, PREDICTIONS, target="price", title="the title")
    (axes,) = figure.axes
    points, diagonal = axes.lines
    assert_allclose(xy_of(points), np.stack([TARGETS, PREDICTIONS], axis=1))
    assert all(x == y for x, y in xy_of(diagonal))
    assert axes.get_xlim() == axes.get_ylim()
    low, high = axes.get_xlim()
    assert low < TARGETS.min()
    assert high > TARGETS.max()
    named = {"the title", "actual price", "predicted price", "4 rows", "perfect prediction"}
    assert named <= {*texts_of(figure)}


def test_residuals_are_what_is_left_of_the_actual_values() -> None:
    figure = residuals_figure(TARGETS, PREDICTIONS, target="price", title="the title")
    left, _ = figure.axes
    assert_allclose(xy_of(left.lines[0]), np.stack([PREDICTIONS, TARGETS - PREDICTIONS], axis=1))
    bars = bars_of(figure, 1)
    assert (len(bars), sum(bar.get_width() for bar in bars)) == (BINS, 4)
    assert_allclose(sum(left.get_ylim()), 0.0, atol=1e-12)
    assert {"no error", "4 rows", "predicted price", "rows"} <= {*texts_of(figure)}


@pytest.mark.parametrize("draw", [predicted_actual_figure, residuals_figure])
def test_many_rows_are_a_density(draw: Draw) -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(size=MAX_POINTS + 1)
    figure = draw(targets, targets + rng.normal(size=len(targets)), target="y", title="t")
    assert any(isinstance(drawn, PolyCollection) for drawn in figure.axes[0].collections)


@pytest.mark.parametrize(
    ("rows", "is_shown"),
    [
        pytest.param(99, True, id="it is more than the share that may be missing"),
        pytest.param(199, False, id="it may be missing"),
    ],
)
def test_an_axis_is_widened_for_an_outlier_only_if_it_is_shown(rows: int, is_shown: bool) -> None:
    targets = np.append(np.linspace(0, 1, rows), 1e6)
    figure = predicted_actual_figure(targets, targets, target="y", title="t")
    low, high = figure.axes[0].get_xlim()
    assert (1e6 < high < 1.1e6, high < 2, low > -high) == (is_shown, not is_shown, True)
    assert (f"{rows + 1} rows, 1 not shown" in texts_of(figure)) is not is_shown


@pytest.mark.parametrize("draw", [predicted_actual_figure, residuals_figure])
@pytest.mark.parametrize(
    ("targets", "predictions"),
    [
        pytest.param([2.0], [2.0], id="one row, and no error"),
        pytest.param([5.0, 5.0], [5.0, 5.0], id="one value"),
        pytest.param([1e12, 2e12, 3e12], [1.1e12, 2e12, 2.5e12], id="large values"),
        pytest.param([1e-9, 2e-9], [2e-9, 1e-9], id="small values"),
    ],
)
def test_whatever_the_values_are_it_can_be_drawn(
    draw: Draw, targets: list[float], predictions: list[float]
) -> None:
    name = "a rather long name of a column " * 3
    figure = draw(np.array(targets), np.array(predictions), target=name, title="t")
    assert png_bytes(figure)
    check_fit(figure)


@pytest.mark.parametrize("draw", [predicted_actual_figure, residuals_figure])
def test_equal_values_have_the_same_bytes(draw: Draw) -> None:
    targets, predictions = np.array([1.0, 2.0, 3.0]), np.array([1.1, 2.0, 2.5])
    first, second = (draw(targets, predictions, target="y", title="t") for _ in range(2))
    assert png_bytes(first) == png_bytes(second)


@pytest.mark.parametrize("rows", [200, 5000])
@pytest.mark.parametrize(("lowest", "scale"), [(0.01, "log"), (-1.0, "linear")])
def test_a_long_tail_of_positive_values_has_logarithmic_axes(rows: int, lowest: float, scale: str) -> None:
    targets = np.maximum(np.exp(2 * np.random.default_rng(0).normal(size=rows)), 0.01)
    targets[0] = lowest
    figure = predicted_actual_figure(targets, np.abs(targets) * 1.1, target="price", title="t")
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == (scale, scale)
    low, high = axes.get_xlim()
    assert low < np.percentile(targets, 1)
    assert high > np.percentile(targets, 99)
    png_bytes(figure)
    texts = texts_of(figure)
    assert not any("$" in text for text in texts), "its numbers are plain texts"
    assert ("0.01" in texts) == (scale == "log")
