from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from fnnctl.arrays import FloatArray
from fnnctl.plots.parallel import MAX_AXES, MAX_LINES, NOWHERE, TOP, parallel_figure, setting_axis
from fnnctl.plots.searched import Scale, SearchedSetting
from fnnctl.plots.style import SEQUENCE, png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]


def parallel(
    settings: Sequence[SearchedSetting],
    objectives: Sequence[float] | FloatArray,
    *,
    minimized: bool = False,
    title: str = "t",
) -> Figure:
    return parallel_figure(
        settings, np.array(objectives, dtype=np.float64), metric="score", minimized=minimized, title=title
    )


def linear(*values: float) -> SearchedSetting:
    return SearchedSetting("x", "linear", np.array(values))


def lines(figure: Figure) -> Any:
    """The heights of the trials with an objective, worst first, and of those without one."""
    found = [each for each in figure.axes[0].collections if isinstance(each, LineCollection)]
    with_objective, without = ([np.asarray(s)[:, 1].tolist() for s in each.get_segments()] for each in found)
    return with_objective, without


def test_heights_by_hand(texts_of: TextsOf) -> None:
    rate = SearchedSetting("rate", "log", np.array([1e-4, 1e-2, 1.0]))
    figure = parallel([linear(0.0, 5.0, 10.0), rate], [0.1, 0.3, 0.2])
    heights, failed = lines(figure)
    assert_allclose(heights, np.array([[0, 0, 0], [1, 1, 0.5], [0.5, 0.5, 1]]))
    assert failed == []
    assert {"x", "rate", "score", "10", "0.01", "1"} <= set(texts_of(figure))


def test_a_short_logarithmic_axis_has_enough_ticks() -> None:
    def labels(*values: float) -> list[str]:
        return [text for _, text in setting_axis(SearchedSetting("x", "log", np.array(values))).ticks]

    assert labels(11, 17, 96) == ["20", "30", "50", "70"]
    assert labels(1e-6, 3e-3, 1e-2) == ["1e-06", "1e-05", "0.0001", "0.001", "0.01"]
    assert labels(5e-5, 3e-3, 1e-2) == ["0.0001", "0.0003", "0.001", "0.003", "0.01"], (
        "not all of 1, 2, 3, 5, 7"
    )


def test_ticks_are_rounded_unless_they_would_be_equal(texts_of: TextsOf) -> None:
    def labels(*values: float) -> list[str]:
        return [text for _, text in setting_axis(linear(*values, *values)).ticks]

    assert labels(0.00013673, 1.23456789, 1234.0) == ["0.000137", "1.23", "1,234"]
    assert labels(0.12341, 0.12349, 10.0) == ["0.1234", "0.1235", "10"]
    assert labels(0.00013673) == ["0.000137"]


def test_labels_are_on_a_ground_above_the_lines() -> None:
    figure = parallel([linear(0.0, 5.0, 10.0)], [0.1, 0.3, 0.2])
    lines = max(each.get_zorder() for each in (*figure.axes[0].collections, *figure.axes[0].get_lines()))
    for label in figure.axes[0].texts:
        assert label.get_bbox_patch() is not None
        assert label.get_zorder() > lines


def test_small_objectives_are_on_top_where_they_are_minimized() -> None:
    heights, _ = lines(parallel([linear(0.0, 5.0, 10.0)], [0.1, 0.3, 0.2], minimized=True))
    assert_allclose(heights, np.array([[0.5, 1], [1, 0.5], [0, 0]]))


def test_lines_without_a_value_run_below_the_axis(texts_of: TextsOf) -> None:
    figure = parallel([linear(0.0, np.nan, 10.0)], [0.1, 0.3, np.nan])
    heights, failed = lines(figure)
    assert_allclose(heights, np.array([[0, 0], [NOWHERE, 1]]))
    assert_allclose(failed, np.array([[1, NOWHERE]]))
    assert {"not set", "none"} <= set(texts_of(figure))


def test_lines_of_one_category_are_spread_the_best_highest(texts_of: TextsOf) -> None:
    """Two categories at 1/4 and 3/4, a fifth of the distance for the lines of each, beside a bar."""
    names = SearchedSetting("name", "choice", np.array([0.0, 0, 1, 0, 0]), ("adam", "sgd"))
    figure = parallel([names], [0.1, 0.4, 0.2, np.nan, 0.3])
    heights, failed = lines(figure)
    places = [0.25 - 0.0125, 0.75, 0.25 + 0.0125, 0.25 + 0.0375]
    assert_allclose([each[0] for each in heights], places)
    assert_allclose(failed[0][0], 0.25 - 0.0375)
    bars = [line for line in figure.axes[0].get_lines() if line.get_linewidth() == 4.0]
    assert_allclose([np.asarray(bar.get_ydata()) for bar in bars], [[0.2, 0.3], [0.7, 0.8]])
    assert {"adam", "sgd"} <= set(texts_of(figure))


def test_a_few_numbers_are_a_category_each(texts_of: TextsOf) -> None:
    texts = texts_of(parallel([linear(16, 32, 64, 16, 32, 64)], np.arange(6.0)))
    assert {"16", "32", "64"} <= set(texts)


@pytest.mark.parametrize("objectives", [[np.nan, np.nan], [0.5, 0.5], [0.5, np.nan]])
@pytest.mark.parametrize("values", [(1.0, 1.0), (np.nan, 3.0), (0.0, 1e15)])
def test_settings_with_a_single_value(
    values: tuple[float, float], objectives: list[float], check_fit: CheckFit
) -> None:
    scales: tuple[Scale, ...] = ("linear", "log")
    for scale in scales:
        check_fit(parallel([SearchedSetting("x", scale, np.array(values) + 1e-9)], objectives))


def test_of_many_settings_some_are_drawn(texts_of: TextsOf, check_fit: CheckFit) -> None:
    figure = parallel([linear(*range(20))] * (MAX_AXES + 5), np.arange(20.0))
    assert f"t, {MAX_AXES} of {MAX_AXES + 5} settings" in texts_of(figure)
    check_fit(figure)


def test_of_many_trials_some_are_drawn_from_the_best_on() -> None:
    values = np.append(np.arange(2.0 * MAX_LINES), np.nan)
    heights, failed = lines(parallel([SearchedSetting("x", "linear", values)], values))
    assert len(heights) + len(failed) <= MAX_LINES
    assert_allclose(heights[-TOP:], np.linspace(1 - (TOP - 1) / 1999, 1, TOP)[:, None] * [1, 1])


def drawn(figure: Figure) -> LineCollection:
    return next(each for each in figure.axes[0].collections if isinstance(each, LineCollection))


def test_each_tenth_of_the_trials_has_a_colour_and_the_best_are_thick() -> None:
    """Lines are drawn from the worst to the best."""
    with_objective = drawn(parallel([linear(*range(40))], np.arange(40.0) ** 3))
    colours = [to_hex(colour) for colour in np.asarray(with_objective.get_colors())]
    assert colours == [colour for colour in SEQUENCE for _ in range(4)]
    assert np.asarray(with_objective.get_linewidth()).tolist() == [0.8] * 30 + [1.6] * TOP


def test_equal_objectives_have_one_colour() -> None:
    figure = parallel([linear(*range(20))], [0.5] * 20)
    assert {to_hex(colour) for colour in np.asarray(drawn(figure).get_colors())} == {SEQUENCE[-1]}
    assert len(figure.axes) == 1  # no colour bar


@pytest.mark.parametrize(("minimized", "ends"), [(False, ["1", "4"]), (True, ["4", "1"])])
def test_the_colour_bar_goes_from_worst_to_best(texts_of: TextsOf, minimized: bool, ends: list[str]) -> None:
    figure = parallel([linear(1, 2, 3, 4, 5)], [1.0, 2.0, 3.0, 4.0, np.nan], minimized=minimized)
    texts = texts_of(figure)
    bar = [text.get_text() for text in figure.axes[1].get_yticklabels()]
    assert [bar[0], bar[-1]] == ends
    assert "score; each colour is a tenth of the trials" in texts


def test_long_names_take_two_lines(texts_of: TextsOf, check_fit: CheckFit) -> None:
    names = [f"hidden.normalization[{k}]" for k in range(4)]
    settings = [SearchedSetting(name, "linear", np.arange(5.0)) for name in names]
    figure = parallel(settings, np.arange(5.0))
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == [f"{names[0]}\n", names[1], f"{names[2]}\n", names[3], "score\n"]
    check_fit(figure)


def test_the_legend_names_what_is_there(texts_of: TextsOf) -> None:
    def legend(objectives: list[float], best: int | None) -> set[str]:
        figure = parallel_figure(
            [linear(*range(len(objectives)))], np.array(objectives), metric="score", minimized=False,
            title="t", best=best,
        )  # fmt: skip
        return {"best trial", "the 10 with the best objectives", "diverged or failed"} & set(texts_of(figure))

    assert legend([0.1, 0.2], 1) == {"best trial"}
    assert legend([0.1, np.nan], None) == {"diverged or failed"}
    assert legend([*np.arange(12.0)], 11) == {"best trial", "the 10 with the best objectives"}


def test_losses_over_a_wide_range_have_a_logarithmic_axis() -> None:
    heights, _ = lines(parallel([linear(1, 2, 3)], [0.01, 0.1, 1.0], minimized=True))
    assert_allclose(sorted(each[-1] for each in heights), [0, 0.5, 1], atol=0.15)


def test_an_empty_plot_has_a_message(texts_of: TextsOf) -> None:
    assert "no setting was searched" in texts_of(parallel([], [0.5]))
    assert "no results yet" in texts_of(parallel([linear()], []))


def test_awkward_names_fit(awkward_names: tuple[str, ...], check_fit: CheckFit) -> None:
    count = len(awkward_names)
    values = np.arange(600.0) % count
    settings = [SearchedSetting(name, "choice", values, awkward_names) for name in awkward_names]
    objectives = np.random.default_rng(1).random(600)
    check_fit(parallel(settings, objectives, title="$$ [/] <b> long " * 10))


def test_the_same_trials_give_the_same_bytes() -> None:
    first, second = (png_bytes(parallel([linear(1, 2, 3)], [0.1, 0.3, 0.3])) for _ in range(2))
    assert first == second
