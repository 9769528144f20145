from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from fnnctl.plots.architectures.rewards import rewards_figure

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]


def figure_of(rewards: list[float]) -> Figure:
    known = np.array(rewards)
    return rewards_figure(known, known + 0.5, window=40, label="accuracy", title="t")


def test_rewards_are_points_and_their_average_is_a_line(texts_of: TextsOf, check_fit: CheckFit) -> None:
    figure = figure_of([1.0, 2.0, 4.0])
    (axes,) = figure.axes
    (points,) = axes.collections
    assert np.asarray(points.get_offsets()).tolist() == [[1, 1.0], [2, 2.0], [3, 4.0]]
    (line,) = axes.get_lines()
    assert np.asarray(line.get_ydata()).tolist() == [1.5, 2.5, 4.0]
    assert {"reward: accuracy", "mean of 40 results", "trial"} <= set(texts_of(figure))
    check_fit(figure)


def test_rewards_far_below_the_others_are_at_the_border() -> None:
    (axes,) = figure_of([*np.linspace(0.9, 1.0, 50), -1e9]).axes
    (points,) = axes.collections
    assert np.asarray(points.get_offsets())[-1, 1] > 0.8
    assert axes.get_ylim()[0] > 0.8


def test_no_rewards(texts_of: TextsOf) -> None:
    assert "no rewards so far" in texts_of(figure_of([]))
