from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from fnnctl.plots import comparison
from fnnctl.plots.comparison import PlottedScore, comparison_figure
from fnnctl.plots.style import png_bytes
from tests.plots.drawn import AWKWARD_NAMES, check_fit, x_of

SCORES = [PlottedScore("A  first", 0.9, (0.85, 0.95)), PlottedScore("B  $$x^2$$", 0.8, None)]
DIFFERENCES = [PlottedScore("A − B", 10.0, (4.0, 16.0)), PlottedScore("A − C", 1.0, (-3.0, 5.0), is_tie=True)]


def figure_of(scores: list[PlottedScore], differences: list[PlottedScore], name: str = "accuracy") -> Figure:
    return comparison_figure(scores, differences, metric=name, unit="points", title=name)


def test_every_run_and_pair_has_a_dot_and_its_interval_the_first_on_top() -> None:
    """Only a tie is hollow."""
    above, below = figure_of(SCORES, DIFFERENCES).axes
    assert [*map(x_of, above.lines)] == [[0.85, 0.95], [0.9], [0.8]]
    assert [text.get_text() for text in above.get_yticklabels()] == ["A  first", "B  $$x^2$$"]
    assert [*map(x_of, below.lines)] == [[0.0, 0.0], [4.0, 16.0], [10.0], [-3.0, 5.0], [1.0]]
    assert below.get_xlabel() == "difference, points (hollow: may be chance)"
    dots = [line for line in below.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [False, True]
    for axes in (above, below):
        low, high = axes.get_ylim()
        assert low > high
        left, right = axes.get_xlim()
        assert all(left <= x <= right for line in axes.lines for x in x_of(line))


def test_equal_scores_and_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MAX_ROWS", 1)
    above, below = figure_of([PlottedScore("A", 0.0, None)] * 2, [PlottedScore("A − B", 0.0, None)] * 2).axes
    assert len(above.get_yticklabels()) == len(below.get_yticklabels()) == 1
    assert above.get_xlim()[0] < 0 < above.get_xlim()[1]


def test_everything_fits() -> None:
    named = [replace(SCORES[0], name=name) for name in AWKWARD_NAMES]
    figure = figure_of(named, DIFFERENCES, AWKWARD_NAMES[-1])
    check_fit(figure)
    assert png_bytes(figure)
    check_fit(figure_of(SCORES * 15, DIFFERENCES * 15))


def test_the_line_at_0_is_inside_even_if_all_differences_are_far_from_it() -> None:
    _, below = figure_of(SCORES, [PlottedScore("A − B", 50.0, (49.0, 51.0))]).axes
    low, high = below.get_xlim()
    assert low < 0
    assert high > 51
