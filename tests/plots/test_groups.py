from __future__ import annotations

import pytest

from fnnctl.plots import groups
from fnnctl.plots.comparison import PlottedScore
from fnnctl.plots.groups import groups_figure
from fnnctl.plots.style import png_bytes
from tests.plots.drawn import AWKWARD_NAMES, check_fit, x_of

COLUMNS = {
    "sex": [PlottedScore("f (40)", 0.9, (0.8, 0.95)), PlottedScore("m (1)", 0.5, None, is_tie=True)],
    "age": [PlottedScore("up to 20 (9)", 0.7, (0.4, 0.99), is_tie=True)],
}


def test_each_column_has_a_panel_and_each_group_a_dot_with_its_interval() -> None:
    """The first group is on top; only what may be chance is hollow."""
    sex, age = groups_figure(COLUMNS, metric="accuracy", overall=0.85, title="t").axes
    assert [*map(x_of, sex.lines)] == [[0.85, 0.85], [0.8, 0.95], [0.9], [0.5]]
    assert [*map(x_of, age.lines)] == [[0.85, 0.85], [0.4, 0.99], [0.7]]
    assert [text.get_text() for text in sex.get_yticklabels()] == ["f (40)", "m (1)"]
    assert sex.get_ylim()[0] > sex.get_ylim()[1]
    dots = [line for axes in (sex, age) for line in axes.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [False, True, True]
    assert (sex.get_title(loc="left"), sex.get_xlim()) == ("sex", age.get_xlim())
    low, high = age.get_xlim()
    assert low < 0.4
    assert high > 0.99


def test_columns_that_make_it_too_high_are_not_drawn_but_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MAX_ROWS", 2)
    figure = groups_figure(COLUMNS, metric="MAE", overall=None, title="t")
    assert len(figure.axes) == 1
    assert figure.get_suptitle() == "t; 1 column more in the table"


def test_everything_fits() -> None:
    named = {name: [PlottedScore(name, 0.5, (0.4, 0.6))] * 3 for name in AWKWARD_NAMES}
    figure = groups_figure(named, metric=AWKWARD_NAMES[-1], overall=0.5, title=AWKWARD_NAMES[-1])
    check_fit(figure)
    assert png_bytes(figure)
