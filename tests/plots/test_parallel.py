from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from fnnctl.arrays import FloatArray
from fnnctl.plots.parallel import MAX_AXES, MAX_LINES, NOWHERE, TOP, parallel_figure, setting_axis
from fnnctl.plots.searched import Scale, SearchedSetting
from fnnctl.plots.style import SEQUENCE
from tests.plots.drawn import AWKWARD_NAMES, AWKWARD_TITLE, assert_close, check_fit, texts_of, y_of


def parallel(
    settings: Sequence[SearchedSetting],
    objectives: Sequence[float] | FloatArray,
    *,
    minimized: bool = False,
    title: str = "t",
    best: int | None = None,
) -> Figure:
    values = np.array(objectives, dtype=np.float64)
    return parallel_figure(settings, values, metric="score", minimized=minimized, title=title, best=best)


def linear(*values: float, name: str = "x", scale: Scale = "linear") -> SearchedSetting:
    return SearchedSetting(name, scale, np.array(values))


def lines(figure: Figure) -> Any:
    """The heights of the trials with an objective, worst first, and of those without one."""
    collections = [drawn for drawn in figure.axes[0].collections if isinstance(drawn, LineCollection)]
    return [[np.asarray(s)[:, 1].tolist() for s in drawn.get_segments()] for drawn in collections]


def test_heights_by_hand() -> None:
    """Lines of trials without a value run below the axis."""
    settings = [linear(0.0, 5.0, 10.0), linear(1e-4, 1e-2, 1.0, name="rate", scale="log")]
    figure = parallel(settings, [0.1, 0.3, 0.2])
    heights, failed = lines(figure)
    assert_close(heights, [[0, 0, 0], [1, 1, 0.5], [0.5, 0.5, 1]])
    assert failed == []
    assert {"x", "rate", "score", "10", "0.01", "1"} <= set(texts_of(figure))
    figure = parallel([linear(0.0, np.nan, 10.0)], [0.1, 0.3, np.nan])
    heights, failed = lines(figure)
    assert_close(heights, [[0, 0], [NOWHERE, 1]])
    assert_close(failed, [[1, NOWHERE]])
    assert {"not set", "none"} <= set(texts_of(figure))


def test_small_objectives_are_on_top_where_they_are_minimized() -> None:
    heights, _ = lines(parallel([linear(0.0, 5.0, 10.0)], [0.1, 0.3, 0.2], minimized=True))
    assert_close(heights, [[0.5, 1], [1, 0.5], [0, 0]])


def test_losses_over_a_wide_range_have_a_logarithmic_axis() -> None:
    heights, _ = lines(parallel([linear(1, 2, 3)], [0.01, 0.1, 1.0], minimized=True))
    assert_close(sorted(height[-1] for height in heights), [0, 0.5, 1], atol=0.15)


@pytest.mark.parametrize(
    ("setting", "labels"),
    [
        (linear(11, 17, 96, scale="log"), ["20", "30", "50", "70"]),
        (linear(1e-6, 3e-3, 1e-2, scale="log"), ["1e-06", "1e-05", "0.0001", "0.001", "0.01"]),
        (linear(5e-5, 3e-3, 1e-2, scale="log"), ["0.0001", "0.0003", "0.001", "0.003", "0.01"]),
        (linear(*[0.00013673, 1.23456789, 1234.0] * 2), ["0.000137", "1.23", "1,234"]),
        (linear(*[0.12341, 0.12349, 10.0] * 2), ["0.1234", "0.1235", "10"]),
        (linear(0.00013673, 0.00013673), ["0.000137"]),
        (linear(16, 32, 64, 16, 32, 64), ["16", "32", "64"]),
    ],
)
def test_ticks_are_enough_and_rounded_unless_they_would_be_equal(
    setting: SearchedSetting, labels: list[str]
) -> None:
    assert [text for _, text in setting_axis(setting).ticks] == labels


def test_values_near_the_largest_float_have_an_axis() -> None:
    axis = setting_axis(linear(1e300, 1.2e308, 1.7e308, 1.79e308))
    assert axis.heights.tolist() == pytest.approx([0, 1.2 / 1.79, 1.7 / 1.79, 1])
    assert all(0 <= height <= 1 for height, _ in axis.ticks)
    axis = setting_axis(linear(0.01, 0.1, 1.7976931348623157e308, scale="log"))
    assert axis.heights[-1] == 1
    assert all(0 <= height <= 1 for height, _ in axis.ticks)


def test_ticks_of_a_wide_logarithmic_axis_are_on_it() -> None:
    """A margin in the unit of the largest value would let through ticks far below the smallest one."""
    axis = setting_axis(linear(3e-13, 1e-8, 0.1, scale="log"))
    assert all(0 <= height <= 1 for height, _ in axis.ticks)


def test_labels_are_on_a_ground_above_the_lines() -> None:
    (axes,) = parallel([linear(0.0, 5.0, 10.0)], [0.5, 0.5, 0.5]).axes
    highest = max(drawn.get_zorder() for drawn in (*axes.collections, *axes.get_lines()))
    for label in axes.texts:
        assert label.get_bbox_patch() is not None
        assert label.get_zorder() > highest


def test_lines_of_one_category_are_spread_the_best_highest() -> None:
    """Two categories at 1/4 and 3/4, a fifth of the distance for the lines of each, beside a bar."""
    names = SearchedSetting("name", "choice", np.array([0.0, 0, 1, 0, 0]), ("adam", "sgd"))
    figure = parallel([names], [0.1, 0.4, 0.2, np.nan, 0.3])
    heights, failed = lines(figure)
    assert_close([height[0] for height in heights], [0.25 - 0.0125, 0.75, 0.25 + 0.0125, 0.25 + 0.0375])
    assert_close(failed[0][0], 0.25 - 0.0375)
    bars = [line for line in figure.axes[0].get_lines() if line.get_linewidth() == 4.0]
    assert_close([y_of(bar) for bar in bars], [[0.2, 0.3], [0.7, 0.8]])
    assert {"adam", "sgd"} <= set(texts_of(figure))


@pytest.mark.parametrize("objectives", [[np.nan, np.nan], [0.5, 0.5], [0.5, np.nan]])
@pytest.mark.parametrize("values", [(1.0, 1.0), (np.nan, 3.0), (0.0, 1e15)])
def test_settings_with_a_single_value(values: tuple[float, float], objectives: list[float]) -> None:
    settings = [linear(values[0] + 1e-9, values[1] + 1e-9, scale=scale) for scale in ("linear", "log")]
    for setting in settings:
        check_fit(parallel([setting], objectives))


def test_of_many_settings_some_are_drawn() -> None:
    figure = parallel([linear(*range(20))] * (MAX_AXES + 5), np.arange(20.0))
    assert f"t, {MAX_AXES} of {MAX_AXES + 5} settings" in texts_of(figure)
    check_fit(figure)


def test_of_many_trials_some_are_drawn_from_the_best_on() -> None:
    values = np.append(np.arange(2.0 * MAX_LINES), np.nan)
    heights, failed = lines(parallel([linear(*values)], values))
    assert len(heights) + len(failed) <= MAX_LINES
    assert_close(heights[-TOP:], np.linspace(1 - (TOP - 1) / 1999, 1, TOP)[:, None] * [1, 1])


def test_each_tenth_of_the_trials_has_a_colour_and_the_best_are_thick() -> None:
    """Lines are drawn from the worst to the best; equal objectives have one colour, and no colour bar."""

    def colours(figure: Figure) -> tuple[list[str], list[float]]:
        drawn = next(each for each in figure.axes[0].collections if isinstance(each, LineCollection))
        shades = [to_hex(colour) for colour in np.asarray(drawn.get_colors())]
        return shades, np.asarray(drawn.get_linewidth()).tolist()

    different = parallel([linear(*range(40))], np.arange(40.0) ** 3)
    assert colours(different) == ([colour for colour in SEQUENCE for _ in range(4)], [0.8] * 30 + [1.6] * TOP)
    equal = parallel([linear(*range(20))], [0.5] * 20)
    assert set(colours(equal)[0]) == {SEQUENCE[-1]}
    assert len(equal.axes) == 1


@pytest.mark.parametrize(("minimized", "ends"), [(False, ["1", "4"]), (True, ["4", "1"])])
def test_the_colour_bar_goes_from_worst_to_best(minimized: bool, ends: list[str]) -> None:
    figure = parallel([linear(1, 2, 3, 4, 5)], [1.0, 2.0, 3.0, 4.0, np.nan], minimized=minimized)
    assert "score; each colour is a tenth of the trials" in texts_of(figure)
    bar = [text.get_text() for text in figure.axes[1].get_yticklabels()]
    assert [bar[0], bar[-1]] == ends


def test_long_names_take_two_lines() -> None:
    names = [f"hidden.normalization[{k}]" for k in range(4)]
    figure = parallel([linear(*range(5), name=name) for name in names], np.arange(5.0))
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == [f"{names[0]}\n", names[1], f"{names[2]}\n", names[3], "score\n"]
    check_fit(figure)


@pytest.mark.parametrize(
    ("objectives", "best", "entries"),
    [
        ([0.1, 0.2], 1, {"best trial"}),
        ([0.1, np.nan], None, {"diverged or failed"}),
        ([*np.arange(12.0)], 11, {"best trial", "the 10 with the best objectives"}),
    ],
)
def test_the_legend_names_what_is_there(objectives: list[float], best: int | None, entries: set[str]) -> None:
    texts = set(texts_of(parallel([linear(*range(len(objectives)))], objectives, best=best)))
    assert {"best trial", "the 10 with the best objectives", "diverged or failed"} & texts == entries


def test_an_empty_plot_has_a_message() -> None:
    assert "no setting was searched" in texts_of(parallel([], [0.5]))
    assert "no results yet" in texts_of(parallel([linear()], []))


def test_awkward_names_fit() -> None:
    values = np.arange(600.0) % len(AWKWARD_NAMES)
    settings = [SearchedSetting(name, "choice", values, AWKWARD_NAMES) for name in AWKWARD_NAMES]
    check_fit(parallel(settings, np.random.default_rng(1).random(600), title=AWKWARD_TITLE))
