from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fnnctl.plots.confirmed import MAX_LEADERS, confirmed_figure
from fnnctl.plots.searched import PlottedLeader
from fnnctl.plots.style import COLOURS, FAINT, png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]

WINNER = PlottedLeader(7, np.array([0.9, 0.95, 0.91]), (0.85, 0.99), 0.97, "winner")
TIED = replace(WINNER, trial=3, scores=np.array([0.9, 0.9, 0.9]), interval=None, standing="tied")
WORSE = replace(WINNER, trial=12, scores=np.array([0.5, 0.6, 0.7]), interval=(0.4, 0.8), standing="worse")
FAILED = PlottedLeader(9, np.array([0.99]), None, None, "failed")
LEADERS = [WINNER, TIED, WORSE, FAILED]


def drawn(leaders: list[PlottedLeader], metric: str = "accuracy", title: str = "t") -> Figure:
    return confirmed_figure(leaders, metric=metric, title=title)


def lines_of(figure: Figure, marker: str) -> list[Line2D]:
    return [line for line in figure.axes[0].get_lines() if line.get_marker() == marker]


def test_a_row_has_its_scores_its_mean_and_what_the_search_saw() -> None:
    figure = drawn(LEADERS)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "trial 7", "trial 3", "trial 12", "trial 9",
    ]  # fmt: skip
    scores = [np.asarray(line.get_xdata()).tolist() for line in lines_of(figure, "o")]
    assert scores == [leader.scores.tolist() for leader in LEADERS]
    means = [float(np.asarray(line.get_xdata())[0]) for line in lines_of(figure, "D")]
    np.testing.assert_allclose(means, [0.92, 0.9, 0.6])
    assert [np.asarray(line.get_xdata()).tolist() for line in lines_of(figure, "|")] == [[0.97]] * 3
    intervals = [line for line in axes.get_lines() if line.get_marker() == "None"]
    assert [tuple(np.asarray(line.get_xdata())) for line in intervals] == [(0.85, 0.99), (0.4, 0.8)]
    assert [set(np.asarray(line.get_ydata())) for line in intervals] == [{0}, {2}]


def test_a_leader_without_a_mean_does_not_widen_the_axis() -> None:
    huge = replace(FAILED, scores=np.array([1e30, 0.99]))
    assert drawn([WINNER, TIED, huge]).axes[0].get_xlim() == drawn([WINNER, TIED]).axes[0].get_xlim()
    low, high = drawn([WINNER, WORSE, huge]).axes[0].get_xlim()
    assert (low < 0.4, 0.99 < high < 1.1) == (True, True)
    low, high = drawn([huge]).axes[0].get_xlim()
    assert high > 1e30, "nobody else is there"


def test_equal_scores_stay_apart() -> None:
    heights = np.asarray(lines_of(drawn([TIED]), "o")[0].get_ydata())
    assert len(set(heights.tolist())) == 3
    assert np.abs(heights).max() < 0.5


def test_colours_tell_who_is_tied(texts_of: TextsOf) -> None:
    figure = drawn(LEADERS)
    colours = [to_rgba(line.get_color()) for line in lines_of(figure, "o")]
    assert colours == [to_rgba(colour) for colour in (COLOURS[0], COLOURS[5], FAINT, FAINT)]
    assert {"best", "tied", "worse", "no mean"} <= set(texts_of(figure))
    assert "tied" not in texts_of(drawn([WINNER, WORSE]))


def test_everything_fits(awkward_names: tuple[str, ...], check_fit: CheckFit) -> None:
    for name in awkward_names:
        check_fit(drawn(LEADERS, name, name))
    check_fit(drawn([WINNER, TIED]))
    check_fit(drawn([replace(WINNER, scores=np.array([1e-300, 2e-300]), interval=None, objective=0.0), TIED]))
    many = drawn([replace(WORSE, trial=number) for number in range(10**6, 10**6 + 100)])
    check_fit(many)
    assert len(many.axes[0].get_yticklabels()) == MAX_LEADERS


def test_the_same_leaders_give_the_same_bytes() -> None:
    first, second = (png_bytes(drawn(LEADERS)) for _ in range(2))
    assert first == second
