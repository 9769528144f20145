from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from fnnctl.plots.search_history import rewards_figure
from fnnctl.plots.style import png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]


def figure_of(rewards: list[float], window: int = 40) -> Figure:
    values = np.array(rewards)
    return rewards_figure(values, values + 0.5, window=window, label="accuracy", title="t")


def test_rewards_are_points_and_their_average_is_a_line(texts_of: TextsOf, check_fit: CheckFit) -> None:
    figure = figure_of([1.0, 2.0, 4.0])
    (axes,) = figure.axes
    (points,) = axes.collections
    assert np.asarray(points.get_offsets()).tolist() == [[1, 1.0], [2, 2.0], [3, 4.0]]
    (line,) = axes.get_lines()
    assert np.asarray(line.get_ydata()).tolist() == [1.5, 2.5, 4.5]
    assert {"reward: accuracy", "mean of the results so far", "trial"} <= set(texts_of(figure))
    check_fit(figure)


@pytest.mark.parametrize("lowest", [0.1, -1e9, -1e300])
def test_rewards_far_below_the_others_are_marked_at_the_border(
    lowest: float, texts_of: TextsOf, check_fit: CheckFit
) -> None:
    figure = figure_of([lowest, *np.linspace(0.9, 1.0, 50)])
    (axes,) = figure.axes
    (points,) = axes.collections
    assert np.asarray(points.get_offsets())[:, 0].tolist() == list(range(2, 52))
    average, triangles = axes.get_lines()
    assert np.asarray(triangles.get_xdata()).tolist() == [1]
    bottom = axes.get_ylim()[0]
    assert np.asarray(triangles.get_ydata())[0] > bottom > 0.8
    assert np.asarray(average.get_ydata())[0] < bottom, "the line leaves the axes"
    assert f"lower, down to {lowest:.4g}" in texts_of(figure)
    check_fit(figure)
    assert png_bytes(figure)


def test_the_legend_says_of_how_many_results_the_mean_is(texts_of: TextsOf) -> None:
    assert "mean of up to 2 results" in texts_of(figure_of([0.5, 0.6, 0.7], window=2))
    assert "mean of the results so far" in texts_of(figure_of([0.5, 0.6], window=2))
    assert not any(text.startswith("lower") for text in texts_of(figure_of([0.5, 0.6], window=2)))


def test_no_rewards(texts_of: TextsOf) -> None:
    assert "no rewards so far" in texts_of(figure_of([]))
