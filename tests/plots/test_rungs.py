from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from fnnctl.plots.rungs import MAX_CURVES, MAX_POINTS, rungs_figure
from fnnctl.plots.searched import PlottedTrial
from fnnctl.plots.style import png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]


def way(epochs: int, fate: Any = "dropped", *, bracket: int = 0, best: bool = False) -> PlottedTrial:
    """A trial whose value after e epochs is 1 − 1/(e + 1)."""
    axis = np.arange(1.0, epochs + 1)
    return PlottedTrial(bracket, axis, 1 - 1 / (axis + 1), fate, best)


def figure_of(trials: list[PlottedTrial], budgets: dict[int, list[int]], name: str = "t") -> Figure:
    return rungs_figure(trials, budgets, metric="accuracy", minimized=False, title=name)


def curves(axes: Axes) -> list[Any]:
    found = (each for each in axes.collections if isinstance(each, LineCollection))
    return [segment for each in found for segment in each.get_segments()]


def test_curves_end_where_trials_were_dropped() -> None:
    figure = figure_of([way(1), way(3), way(9, "top"), way(9, "top", best=True)], {0: [1, 3, 9]})
    (axes,) = figure.axes
    assert [len(curve) for curve in curves(axes)] == [1, 3, 9]
    assert_allclose(curves(axes)[1][:, 1], [1 / 2, 2 / 3, 3 / 4])
    best = [line for line in axes.get_lines() if line.get_marker() == "*"]
    assert [len(np.asarray(line.get_xdata())) for line in best] == [9]
    points = [np.asarray(line.get_xydata()).tolist() for line in axes.get_lines()]
    assert [each[0][0] for each in points if [y for _, y in each] == [0, 1]] == [1, 3, 9]


def test_every_bracket_has_a_panel(texts_of: TextsOf) -> None:
    trials = [way(1, bracket=1), way(3, "top", bracket=1), way(3, "top", bracket=0)]
    texts = texts_of(figure_of(trials, {1: [1, 3], 0: [3]}))
    assert {
        "bracket 1: 2 trials",
        "bracket 0: 1 trial",
        "not promoted",
        "reached the highest rung with results",
    } <= set(texts)
    assert "diverged or failed" not in texts


def test_values_that_do_not_exist_are_left_out() -> None:
    broken = PlottedTrial(0, np.arange(1.0, 5), np.array([0.5, np.nan, 0.25, np.nan]), "diverged")
    nothing = PlottedTrial(0, np.arange(1.0, 3), np.full(2, np.nan), "diverged")
    (axes,) = figure_of([broken, nothing], {0: [1, 3, 9]}).axes
    assert [curve.tolist() for curve in curves(axes)] == [[[1, 0.5], [3, 0.25]]]


def test_long_curves_are_thinned_out() -> None:
    (axes,) = figure_of([way(5000, "top")], {0: [5000]}).axes
    (curve,) = curves(axes)
    assert len(curve) == MAX_POINTS
    assert curve[-1, 0] == 5000


def test_of_many_trials_some_are_drawn_and_the_best_always() -> None:
    trials = [*(way(2, "top") for _ in range(3 * MAX_CURVES)), way(2, "top", best=True)]
    (axes,) = figure_of(trials, {0: [2]}).axes
    assert len(curves(axes)) == MAX_CURVES
    assert [line.get_marker() for line in axes.get_lines()] == ["o", "*"]


def test_no_values_give_a_message(texts_of: TextsOf) -> None:
    assert "no trial has a finite value yet" in texts_of(figure_of([], {}))


@pytest.mark.parametrize("brackets", [1, 3, 10])
def test_everything_fits(brackets: int, check_fit: CheckFit) -> None:
    budgets = {s: [2**k for k in range(brackets - s, brackets + 1)] for s in range(brackets)}
    trials = [way(each, bracket=s) for s, rungs in budgets.items() for each in rungs]
    trials.append(way(2**brackets, "diverged", bracket=0))
    check_fit(figure_of(trials, budgets, "$$ [/] <b> long " * 10))


def test_a_single_epoch_of_a_single_trial(check_fit: CheckFit) -> None:
    check_fit(figure_of([way(1, "top", best=True)], {0: [1]}))


@pytest.mark.parametrize("budget", [1, 27])
def test_a_single_budget_has_a_single_tick(budget: int, check_fit: CheckFit) -> None:
    """If only the objective is known, as in a cross-validated search, or if there is only one epoch."""
    trials = [PlottedTrial(0, np.array([float(budget)]), np.array([value]), "top") for value in (0.5, 0.75)]
    figure = figure_of(trials, {0: [budget]})
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [budget]
    check_fit(figure)


def test_curves_of_a_single_budget_have_ticks_at_whole_epochs() -> None:
    (axes,) = figure_of([way(3, "top")], {0: [3]}).axes
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1, 2, 3]


def test_the_same_trials_give_the_same_bytes() -> None:
    first, second = (png_bytes(figure_of([way(3), way(9, "top")], {0: [3, 9]})) for _ in range(2))
    assert first == second


def test_where_a_curve_leaves_the_axis_is_marked(texts_of: TextsOf) -> None:
    """The values of one trial, from its second epoch on, are far below those of 30 others."""
    far = PlottedTrial(0, np.arange(1.0, 4), np.array([0.5, -100.0, -200.0]), "dropped")
    figure = figure_of([*[way(3, "top")] * 30, far], {0: [3]})
    (marks,) = (line for line in figure.axes[0].get_lines() if line.get_marker() == "v")
    assert np.asarray(marks.get_xdata()).tolist() == [2]
    assert "outside of the axis" in texts_of(figure)
    assert "outside of the axis" not in texts_of(figure_of([way(3, "top")], {0: [3]}))
