from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from fnnctl.plots.search_history import search_history_figure
from fnnctl.plots.searched import PlottedResult
from fnnctl.plots.style import png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]


def history(*objectives: float | None, minimized: bool = False, budget: int = 3, name: str = "t") -> Figure:
    """Results that all have the given budget, or growing budgets if it is 0."""
    results, best = [], None
    for k, each in enumerate(objectives, start=1):
        if each is not None:
            best = each if best is None else min(best, each) if minimized else max(best, each)
        results.append(PlottedResult(10 * k, budget or k, each, best))
    return search_history_figure(results, metric="accuracy", minimized=minimized, title=name)


def best_line(figure: Figure) -> Any:
    lines = [line for line in figure.axes[0].get_lines() if line.get_drawstyle() == "steps-post"]
    (line,) = lines
    return np.asarray(line.get_xydata()).tolist()


def test_the_best_so_far() -> None:
    assert best_line(history(0.5, 0.4, None, 0.9, 0.8)) == [
        [10, 0.5], [20, 0.5], [30, 0.5], [40, 0.9], [50, 0.9], [50, 0.9],
    ]  # fmt: skip
    assert best_line(history(0.5, 0.4, 0.9, minimized=True)) == [[10, 0.5], [20, 0.4], [30, 0.4], [30, 0.4]]


def test_every_result_is_a_point_and_what_diverged_is_marked(texts_of: TextsOf) -> None:
    figure = history(0.5, None, 0.9)
    (points,) = (each for each in figure.axes[0].collections if isinstance(each, PathCollection))
    assert_allclose(np.asarray(points.get_offsets()), [[10, 0.5], [30, 0.9]])
    assert {"trial", "best trial so far", "diverged or failed"} <= set(texts_of(figure))
    assert "diverged or failed" not in texts_of(history(0.5, 0.9))


def test_budgets_have_colours_where_there_are_several(texts_of: TextsOf) -> None:
    assert {"epochs of the trial", "1", "2", "3"} <= set(texts_of(history(0.5, 0.7, 0.9, budget=0)))
    assert "epochs of the trial" not in texts_of(history(0.5, 0.7, 0.9))


def test_no_objectives_give_a_message(texts_of: TextsOf) -> None:
    assert "all trials have diverged or failed" in texts_of(history(None, None))
    assert "no results yet" in texts_of(history())


@pytest.mark.parametrize("count", [1, 2, 40, 600])
@pytest.mark.parametrize("budget", [3, 0])
def test_everything_fits(count: int, budget: int, check_fit: CheckFit) -> None:
    values = np.random.default_rng(1).random(count).tolist()
    check_fit(history(*values, None, budget=budget, name="$$ [/] <b> long " * 10))
    check_fit(history(*values, 1e30, minimized=True, budget=budget))


def test_the_same_results_give_the_same_bytes() -> None:
    first, second = (png_bytes(history(0.1, 0.5, None, 0.4, budget=0)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("minimized", [False, True])
def test_the_best_trial_may_have_a_worse_objective_after_more_epochs(
    minimized: bool, texts_of: TextsOf
) -> None:
    """The legend then says what the line is: "best so far" would be wrong."""
    for before, after in ((0.9, 0.8), (0.8, 0.9)):
        results = [PlottedResult(1, 1, before, before), PlottedResult(4, 3, after, after)]
        figure = search_history_figure(results, metric="accuracy", minimized=minimized, title="t")
        assert best_line(figure) == [[1, before], [4, after], [4, after]]
        worsens = (after > before) == minimized
        assert ("best of the trials with the most epochs" in texts_of(figure)) == worsens
        assert ("best trial so far" in texts_of(figure)) != worsens


def test_what_is_outside_of_the_axis_is_marked(texts_of: TextsOf) -> None:
    figure = history(*[0.5 + k / 100 for k in range(30)], -100.0)
    (marks,) = (line for line in figure.axes[0].get_lines() if line.get_marker() == "v")
    assert np.asarray(marks.get_xdata()).tolist() == [310]
    assert "outside of the axis" in texts_of(figure)
    assert "outside of the axis" not in texts_of(history(0.5, 0.7))
