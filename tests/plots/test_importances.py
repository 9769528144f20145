from __future__ import annotations

from itertools import islice

import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from fnnctl.plots.importance import MAX_BARS, Bars, hyperparameter_importance_figure
from fnnctl.plots.style import COLOURS, FAINT
from tests.plots.drawn import AWKWARD_NAMES, AWKWARD_TITLE, bars_of, check_fit, texts_of, x_of


def figure_of(bars: Bars, title: str = "t") -> Figure:
    return hyperparameter_importance_figure(bars, axis="share", title=title)


def test_the_largest_come_first_and_those_up_to_the_chance_level_are_grey() -> None:
    figure = figure_of({"little": (0.05, 0.1), "none": None, "much": (0.75, 0.1)})
    (axes,) = figure.axes
    assert [bar.get_width() for bar in bars_of(figure)] == [0.75, 0.05]
    assert [bar.get_facecolor() for bar in axes.patches] == [to_rgba(COLOURS[0]), to_rgba(FAINT)]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["much", "little"]
    assert {"75%", "5%"} <= set(texts_of(figure))
    assert [*map(x_of, axes.get_lines())] == [[0.1], [0.1]]


@pytest.mark.parametrize(
    ("bars", "places"),
    [
        pytest.param(
            {"much": (0.75, 0.2), "little": (0.05, 0.5), "none": (0.0, 0.2)},
            {"75%": (0.75, 0), "5%": (0.05, 1), "0%": (0.0, 2)},
            id="at the end of its own bar",
        ),
        pytest.param(
            {"much": (0.75, 0.2), "close": (0.18, 0.2), "equal": (0.1, 0.1)},
            {"75%": (0.75, 0), "18%": (0.2, 1), "10%": (0.1, 2)},
            id="behind a mark that it would cover",
        ),
    ],
)
def test_where_each_number_stands(bars: Bars, places: dict[str, tuple[float, float]]) -> None:
    (axes,) = figure_of(bars).axes
    assert {text.get_text(): text.xy for text in axes.texts if isinstance(text, Annotation)} == places


@pytest.mark.parametrize("bars", [{}, {"x": None}])
def test_too_few_trials_give_a_message(bars: Bars) -> None:
    assert "too few trials so far to estimate importances" in texts_of(figure_of(bars))


def test_everything_fits() -> None:
    check_fit(figure_of(dict.fromkeys(AWKWARD_NAMES, (1.0, 0.2)), AWKWARD_TITLE))
    check_fit(figure_of({"x": (0.0, 0.0)}))


def test_the_title_says_how_many_settings_are_left_out() -> None:
    shares = {str(number): (number / 100, 0.1) for number in range(100)}
    many = figure_of({**shares, "unknown": None})
    check_fit(many)
    assert len(many.axes[0].patches) == MAX_BARS
    assert "t; 70 more in the report" in texts_of(many)
    assert "t" in texts_of(figure_of(dict(islice(shares.items(), MAX_BARS))))
