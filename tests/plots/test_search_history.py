from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from fnnctl.plots.search_history import rewards_figure, search_history_figure
from fnnctl.plots.searched import PlottedResult
from fnnctl.plots.style import png_bytes
from tests.plots.drawn import AWKWARD_TITLE, check_fit, lines_with, texts_of, x_of, xy_of, y_of


def history(*objectives: float | None, minimized: bool = False, budget: int = 3, name: str = "t") -> Figure:
    """Results that all have the given budget, or growing budgets if it is 0."""
    results, best = [], None
    for k, objective in enumerate(objectives, start=1):
        if objective is not None:
            better = min if minimized else max
            best = objective if best is None else better(best, objective)
        results.append(PlottedResult(10 * k, budget or k, objective, best))
    return search_history_figure(results, metric="accuracy", minimized=minimized, title=name)


def best_line(figure: Figure) -> Any:
    (line,) = (line for line in figure.axes[0].get_lines() if line.get_drawstyle() == "steps-post")
    return xy_of(line)


def points_of(figure: Figure) -> Any:
    (points,) = (drawn for drawn in figure.axes[0].collections if isinstance(drawn, PathCollection))
    return np.asarray(points.get_offsets()).tolist()


def test_the_best_so_far() -> None:
    rising = best_line(history(0.5, 0.4, None, 0.9, 0.8))
    assert rising == [[10, 0.5], [20, 0.5], [30, 0.5], [40, 0.9], [50, 0.9], [50, 0.9]]
    falling = best_line(history(0.5, 0.4, 0.9, minimized=True))
    assert falling == [[10, 0.5], [20, 0.4], [30, 0.4], [30, 0.4]]


def test_every_result_is_a_point_and_what_diverged_is_marked() -> None:
    figure = history(0.5, None, 0.9)
    assert_allclose(points_of(figure), [[10, 0.5], [30, 0.9]])
    assert {"trial", "best trial so far", "diverged or failed"} <= set(texts_of(figure))
    assert "diverged or failed" not in texts_of(history(0.5, 0.9))


def test_budgets_have_colours_where_there_are_several() -> None:
    assert {"epochs of the trial", "1", "2", "3"} <= set(texts_of(history(0.5, 0.7, 0.9, budget=0)))
    assert "epochs of the trial" not in texts_of(history(0.5, 0.7, 0.9))


def test_no_objectives_give_a_message() -> None:
    assert "all trials have diverged or failed" in texts_of(history(None, None))
    assert "no results yet" in texts_of(history())


@pytest.mark.parametrize("count", [1, 2, 600])
@pytest.mark.parametrize("budget", [3, 0])
def test_everything_fits(count: int, budget: int) -> None:
    values = np.random.default_rng(1).random(count).tolist()
    check_fit(history(*values, None, budget=budget, name=AWKWARD_TITLE))
    check_fit(history(*values, 1e30, minimized=True, budget=budget))


@pytest.mark.parametrize("minimized", [False, True])
def test_the_best_trial_may_have_a_worse_objective_after_more_epochs(minimized: bool) -> None:
    """The legend then says what the line is: "best so far" would be wrong."""
    for before, after in ((0.9, 0.8), (0.8, 0.9)):
        results = [PlottedResult(1, 1, before, before), PlottedResult(4, 3, after, after)]
        figure = search_history_figure(results, metric="accuracy", minimized=minimized, title="t")
        assert best_line(figure) == [[1, before], [4, after], [4, after]]
        worsens = (after > before) == minimized
        assert ("best of the trials with the most epochs" in texts_of(figure)) == worsens
        assert ("best trial so far" in texts_of(figure)) != worsens


def test_what_is_outside_of_the_axis_is_marked() -> None:
    figure = history(*[0.5 + k / 100 for k in range(30)], -100.0)
    assert [*map(x_of, lines_with(figure, "v"))] == [[310]]
    assert "outside of the axis" in texts_of(figure)
    assert "outside of the axis" not in texts_of(history(0.5, 0.7))


def rewards(*values: float, window: int = 40) -> Figure:
    """Of which the averages are higher by 0.5."""
    return rewards_figure(
        np.array(values), np.array(values) + 0.5, window=window, label="accuracy", title="t"
    )


def test_rewards_are_points_and_their_average_is_a_line() -> None:
    figure = rewards(1.0, 2.0, 4.0)
    assert points_of(figure) == [[1, 1.0], [2, 2.0], [3, 4.0]]
    assert [*map(y_of, figure.axes[0].get_lines())] == [[1.5, 2.5, 4.5]]
    assert {"reward: accuracy", "mean of the results so far", "trial"} <= set(texts_of(figure))
    check_fit(figure)


@pytest.mark.parametrize("lowest", [0.1, -1e9, -1e300])
def test_rewards_far_below_the_others_are_marked_at_the_border(lowest: float) -> None:
    figure = rewards(lowest, *np.linspace(0.9, 1.0, 50))
    assert [x for x, _ in points_of(figure)] == list(range(2, 52))
    average, triangles = figure.axes[0].get_lines()
    assert x_of(triangles) == [1]
    bottom = figure.axes[0].get_ylim()[0]
    assert y_of(triangles)[0] > bottom > 0.8
    assert y_of(average)[0] < bottom, "the line leaves the axes"
    assert f"lower, down to {lowest:.4g}" in texts_of(figure)
    check_fit(figure)
    assert png_bytes(figure)


def test_the_legend_says_of_how_many_results_the_mean_is() -> None:
    assert "mean of up to 2 results" in texts_of(rewards(0.5, 0.6, 0.7, window=2))
    few = texts_of(rewards(0.5, 0.6, window=2))
    assert "mean of the results so far" in few
    assert not any(text.startswith("lower") for text in few)
    assert "no rewards so far" in texts_of(rewards())
