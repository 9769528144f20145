from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from fnnctl.plots.confirmed import MAX_LEADERS, confirmed_figure
from fnnctl.plots.searched import PlottedLeader
from fnnctl.plots.style import COLOURS, FAINT, png_bytes
from tests.plots.drawn import AWKWARD_NAMES, check_fit, lines_with, texts_of, x_of, y_of

WINNER = PlottedLeader(7, np.array([0.9, 0.95, 0.91]), (0.85, 0.99), 0.97, "winner")
TIED = replace(WINNER, trial=3, scores=np.array([0.9, 0.9, 0.9]), interval=None, standing="tied")
WORSE = replace(WINNER, trial=12, scores=np.array([0.5, 0.6, 0.7]), interval=(0.4, 0.8), standing="worse")
FAILED = PlottedLeader(9, np.array([0.99]), None, None, "failed")
LEADERS = [WINNER, TIED, WORSE, FAILED]


def figure_of(*leaders: PlottedLeader, metric: str = "accuracy") -> Figure:
    return confirmed_figure(leaders, metric=metric, title=metric)


def test_a_row_has_its_scores_its_mean_and_what_the_search_saw() -> None:
    figure = figure_of(*LEADERS)
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == ["trial 7", "trial 3", "trial 12", "trial 9"]
    assert [*map(x_of, lines_with(figure, "o"))] == [leader.scores.tolist() for leader in LEADERS]
    np.testing.assert_allclose([x_of(line) for line in lines_with(figure, "D")], [[0.92], [0.9], [0.6]])
    assert [*map(x_of, lines_with(figure, "|"))] == [[0.97]] * 3
    intervals = lines_with(figure, "None")
    assert [*map(x_of, intervals)] == [[0.85, 0.99], [0.4, 0.8]]
    assert [set(y_of(line)) for line in intervals] == [{0}, {2}]


def test_a_leader_without_a_mean_does_not_widen_the_axis() -> None:
    huge = replace(FAILED, scores=np.array([1e30, 0.99]))
    ranges = [figure_of(WINNER, TIED, *more).axes[0].get_xlim() for more in ([huge], [])]
    assert ranges[0] == ranges[1]
    low, high = figure_of(WINNER, WORSE, huge).axes[0].get_xlim()
    assert (low < 0.4, 0.99 < high < 1.1) == (True, True)
    assert figure_of(huge).axes[0].get_xlim()[1] > 1e30, "nobody else is there"


def test_equal_scores_stay_apart() -> None:
    (line,) = lines_with(figure_of(TIED), "o")
    assert len(set(y_of(line))) == 3
    assert np.abs(y_of(line)).max() < 0.5


def test_colours_tell_who_is_tied() -> None:
    figure = figure_of(*LEADERS)
    colours = [to_rgba(line.get_color()) for line in lines_with(figure, "o")]
    assert colours == [to_rgba(colour) for colour in (COLOURS[0], COLOURS[5], FAINT, FAINT)]
    assert {"best", "tied", "worse", "no mean"} <= set(texts_of(figure))
    assert "tied" not in texts_of(figure_of(WINNER, WORSE))


def test_everything_fits() -> None:
    for name in AWKWARD_NAMES:
        check_fit(figure_of(*LEADERS, metric=name))
    check_fit(
        figure_of(replace(WINNER, scores=np.array([1e-300, 2e-300]), interval=None, objective=0.0), TIED)
    )
    many = figure_of(*(replace(WORSE, trial=number) for number in range(10**6, 10**6 + 100)))
    check_fit(many)
    assert len(many.axes[0].get_yticklabels()) == MAX_LEADERS


def test_the_same_leaders_give_the_same_bytes() -> None:
    assert png_bytes(figure_of(*LEADERS)) == png_bytes(figure_of(*LEADERS))
