from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.testing import assert_allclose

from fnnctl.plots.estimates import BINS, MAX_POINTS, predicted_actual_figure, residuals_figure
from fnnctl.plots.style import png_bytes

TextsOf = Callable[[Figure], list[str]]
CheckFit = Callable[[Figure], None]
TARGETS, PREDICTIONS = np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.5, 2.0, 2.0, 5.0])


def test_each_row_is_a_point_and_the_diagonal_is_perfect(texts_of: TextsOf) -> None:
    figure = predicted_actual_figure(TARGETS, PREDICTIONS, target="price", title="the title")
    (axes,) = figure.axes
    points, diagonal = axes.lines
    assert_allclose(np.array(points.get_xydata()), np.stack([TARGETS, PREDICTIONS], axis=1))
    ends = np.array(diagonal.get_xydata())
    assert_allclose(ends[:, 0], ends[:, 1])
    assert axes.get_xlim() == axes.get_ylim()
    low, high = axes.get_xlim()
    assert low < TARGETS.min()
    assert high > TARGETS.max()
    texts = texts_of(figure)
    assert {"the title", "actual price", "predicted price", "4 rows", "perfect prediction"} <= {*texts}


def test_residuals_are_what_is_left_of_the_actual_values(texts_of: TextsOf) -> None:
    figure = residuals_figure(TARGETS, PREDICTIONS, target="price", title="the title")
    left, right = figure.axes
    points = left.lines[0]
    assert_allclose(np.array(points.get_xydata()), np.stack([PREDICTIONS, TARGETS - PREDICTIONS], axis=1))
    bars = [patch for patch in right.patches if isinstance(patch, Rectangle)]
    assert len(bars) == BINS
    assert sum(bar.get_width() for bar in bars) == 4
    assert_allclose(sum(left.get_ylim()), 0.0, atol=1e-12)
    assert {"no error", "4 rows", "predicted price", "rows"} <= {*texts_of(figure)}


@pytest.mark.parametrize("draw", [predicted_actual_figure, residuals_figure])
def test_many_rows_are_a_density(draw: Callable[..., Figure]) -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(size=MAX_POINTS + 1)
    figure = draw(targets, targets + rng.normal(size=len(targets)), target="y", title="t")
    assert any(isinstance(each, PolyCollection) for each in figure.axes[0].collections)


def test_an_outlier_does_not_squeeze_the_others(texts_of: TextsOf) -> None:
    targets = np.append(np.linspace(0, 1, 500), 1e6)
    figure = predicted_actual_figure(targets, targets, target="y", title="t")
    assert figure.axes[0].get_xlim()[1] < 10
    assert "501 rows, 1 not shown" in texts_of(figure)


@pytest.mark.parametrize(
    ("rows", "most"),
    [
        pytest.param(99, 1.1e6, id="more than the share that may be missing"),
        pytest.param(199, 2, id="not more than that"),
    ],
)
def test_an_axis_is_widened_for_an_outlier_only_if_it_is_shown(rows: int, most: float) -> None:
    targets = np.append(np.linspace(0, 1, rows), 1e6)
    (axes,) = predicted_actual_figure(targets, targets, target="y", title="t").axes
    low, high = axes.get_xlim()
    assert high < most
    assert low > -most
    assert (high > 1e6) == (rows == 99)


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
    draw: Callable[..., Figure], targets: list[float], predictions: list[float], check_fit: CheckFit
) -> None:
    figure = draw(
        np.array(targets), np.array(predictions), target="a rather long name of a column " * 3, title="t"
    )
    assert png_bytes(figure).startswith(b"\x89PNG")
    check_fit(figure)


def test_the_same_numbers_give_the_same_bytes() -> None:
    first, second = (
        png_bytes(residuals_figure(TARGETS, PREDICTIONS, target="y", title="t")) for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("rows", [200, 5000])
@pytest.mark.parametrize(("lowest", "scale"), [(0.01, "log"), (-1.0, "linear")])
def test_a_long_tail_of_positive_values_has_logarithmic_axes(
    rows: int, lowest: float, scale: str, texts_of: TextsOf
) -> None:
    targets = np.maximum(np.exp(2 * np.random.default_rng(0).normal(size=rows)), 0.01)
    targets[0] = lowest
    figure = predicted_actual_figure(targets, np.abs(targets) * 1.1, target="price", title="t")
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == (scale, scale)
    low, high = axes.get_xlim()
    assert low < np.percentile(targets, 1)
    assert high > np.percentile(targets, 99)
    png_bytes(figure)
    assert not any("$" in text for text in texts_of(figure)), "its numbers are plain texts"
    assert ("0.01" in texts_of(figure)) == (scale == "log")
