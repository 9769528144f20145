from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from fnnctl.plots.rungs import MAX_CURVES, MAX_POINTS, rungs_figure
from fnnctl.plots.searched import PlottedTrial
from tests.plots.drawn import AWKWARD_TITLE, check_fit, lines_with, texts_of, x_of, xy_of


def way(epochs: int, fate: Any = "dropped", *, bracket: int = 0, best: bool = False) -> PlottedTrial:
    """A trial whose value after e epochs is 1 − 1/(e + 1)."""
    axis = np.arange(1.0, epochs + 1)
    return PlottedTrial(bracket, axis, 1 - 1 / (axis + 1), fate, best)


def valued(*values: float, fate: Any = "diverged", epochs: list[float] | None = None) -> PlottedTrial:
    axis = np.arange(1.0, len(values) + 1) if epochs is None else np.array(epochs)
    return PlottedTrial(0, axis, np.array(values), fate)


def figure_of(trials: list[PlottedTrial], budgets: dict[int, list[int]], name: str = "t") -> Figure:
    return rungs_figure(trials, budgets, metric="accuracy", minimized=False, title=name)


def curves(figure: Figure) -> list[Any]:
    collections = (drawn for drawn in figure.axes[0].collections if isinstance(drawn, LineCollection))
    return [segment for drawn in collections for segment in drawn.get_segments()]


def ticks(figure: Figure) -> list[float]:
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    return [tick for tick in axes.get_xticks() if low <= tick <= high]


def test_curves_end_where_trials_were_dropped() -> None:
    figure = figure_of([way(1), way(3), way(9, "top"), way(9, "top", best=True)], {0: [1, 3, 9]})
    assert [len(curve) for curve in curves(figure)] == [1, 3, 9]
    assert_allclose(curves(figure)[1][:, 1], [1 / 2, 2 / 3, 3 / 4])
    assert [len(x_of(line)) for line in lines_with(figure, "*")] == [9]
    points = map(xy_of, figure.axes[0].get_lines())
    assert [ends[0][0] for ends in points if [y for _, y in ends] == [0, 1]] == [1, 3, 9]


def test_every_bracket_has_a_panel() -> None:
    trials = [way(1, bracket=1), way(3, "top", bracket=1), way(3, "top", bracket=0)]
    texts = set(texts_of(figure_of(trials, {1: [1, 3], 0: [3]})))
    assert {"bracket 1: 2 trials", "bracket 0: 1 trial"} <= texts
    assert {"not promoted", "reached the highest rung with results"} <= texts
    assert "diverged or failed" not in texts


def test_values_that_do_not_exist_are_left_out() -> None:
    figure = figure_of([valued(0.5, np.nan, 0.25, np.nan), valued(np.nan, np.nan)], {0: [1, 3, 9]})
    assert [curve.tolist() for curve in curves(figure)] == [[[1, 0.5], [3, 0.25]]]


def test_long_curves_are_thinned_out() -> None:
    (curve,) = curves(figure_of([way(5000, "top")], {0: [5000]}))
    assert (len(curve), curve[-1, 0]) == (MAX_POINTS, 5000)


def test_of_many_trials_some_are_drawn_and_the_best_always() -> None:
    trials = [*(way(2, "top") for _ in range(3 * MAX_CURVES)), way(2, "top", best=True)]
    figure = figure_of(trials, {0: [2]})
    assert len(curves(figure)) == MAX_CURVES
    assert [line.get_marker() for line in figure.axes[0].get_lines()] == ["o", "*"]


def test_no_values_give_a_message() -> None:
    assert "no trial has a finite value yet" in texts_of(figure_of([], {}))


@pytest.mark.parametrize("brackets", [1, 3, 10])
def test_everything_fits(brackets: int) -> None:
    budgets = {s: [2**k for k in range(brackets - s, brackets + 1)] for s in range(brackets)}
    trials = [way(rung, bracket=s) for s, rungs in budgets.items() for rung in rungs]
    check_fit(figure_of([*trials, way(2**brackets, "diverged")], budgets, AWKWARD_TITLE))


@pytest.mark.parametrize(
    ("trials", "budget", "expected"),
    [
        pytest.param([way(1, "top", best=True)], 1, [1], id="one epoch"),
        pytest.param(
            [valued(value, fate="top", epochs=[27.0]) for value in (0.5, 0.75)],
            27,
            [27],
            id="objectives alone",
        ),
        pytest.param([way(3, "top")], 3, [1, 2, 3], id="curves"),
    ],
)
def test_a_single_budget_has_ticks_at_whole_epochs(
    trials: list[PlottedTrial], budget: int, expected: list[int]
) -> None:
    figure = figure_of(trials, {0: [budget]})
    assert ticks(figure) == expected
    check_fit(figure)


def test_where_a_curve_leaves_the_axis_is_marked() -> None:
    """The values of one trial, from its second epoch on, are far below those of 30 others."""
    figure = figure_of([*[way(3, "top")] * 30, valued(0.5, -100.0, -200.0, fate="dropped")], {0: [3]})
    assert [*map(x_of, lines_with(figure, "v"))] == [[2]]
    assert "outside of the axis" in texts_of(figure)
    assert "outside of the axis" not in texts_of(figure_of([way(3, "top")], {0: [3]}))
