from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation

from fnnctl.plots.importance import MAX_BARS, Bars, hyperparameter_importance_figure
from fnnctl.plots.style import COLOURS, FAINT, png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]


def figure_of(bars: Bars, title: str = "t") -> Figure:
    return hyperparameter_importance_figure(bars, axis="share", title=title)


def test_the_largest_come_first(texts_of: TextsOf) -> None:
    figure = figure_of({"little": (0.05, 0.1), "none": None, "much": (0.75, 0.1)})
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)] == [0.75, 0.05]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["much", "little"]
    assert {"75%", "5%"} <= set(texts_of(figure))
    assert [np.asarray(line.get_xdata()).tolist() for line in axes.get_lines()] == [[0.1], [0.1]]


def test_each_number_stands_at_the_end_of_its_own_bar() -> None:
    (axes,) = figure_of({"much": (0.75, 0.2), "little": (0.05, 0.5), "none": (0.0, 0.2)}).axes
    places = {text.get_text(): text.xy for text in axes.texts if isinstance(text, Annotation)}
    assert places == {"75%": (0.75, 0), "5%": (0.05, 1), "0%": (0.0, 2)}


def test_a_number_that_would_cover_the_mark_stands_behind_it() -> None:
    (axes,) = figure_of({"much": (0.75, 0.2), "close": (0.18, 0.2), "equal": (0.1, 0.1)}).axes
    places = {text.get_text(): text.xy for text in axes.texts if isinstance(text, Annotation)}
    assert places == {"75%": (0.75, 0), "18%": (0.2, 1), "10%": (0.1, 2)}


def test_bars_up_to_the_chance_level_are_grey() -> None:
    (axes,) = figure_of({"little": (0.05, 0.1), "much": (0.75, 0.1)}).axes
    assert [bar.get_facecolor() for bar in axes.patches] == [to_rgba(COLOURS[0]), to_rgba(FAINT)]


@pytest.mark.parametrize("bars", [{}, {"x": None}])
def test_too_few_trials_give_a_message(bars: Bars, texts_of: TextsOf) -> None:
    assert "too few trials so far to estimate importances" in texts_of(figure_of(bars))


def test_everything_fits(awkward_names: tuple[str, ...], check_fit: CheckFit) -> None:
    check_fit(figure_of(dict.fromkeys(awkward_names, (1.0, 0.2)), "$$ [/] <b> long " * 10))
    check_fit(figure_of({"x": (0.0, 0.0)}))


def test_the_title_says_how_many_settings_are_left_out(texts_of: TextsOf, check_fit: CheckFit) -> None:
    shares = {str(number): (number / 100, 0.1) for number in range(100)}
    many = figure_of({**shares, "unknown": None})
    check_fit(many)
    assert len(many.axes[0].patches) == MAX_BARS
    assert "t; 70 more in the report" in texts_of(many)
    assert "t" in texts_of(figure_of(dict(islice(shares.items(), MAX_BARS))))


def test_the_same_bars_give_the_same_bytes() -> None:
    first, second = (png_bytes(figure_of({"x": (0.5, 0.1)})) for _ in range(2))
    assert first == second
