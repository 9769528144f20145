from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

from fnnctl.plots.curves import PlottedCurve, pr_figure, roc_figure
from fnnctl.plots.style import png_bytes

TextsOf = Callable[[Figure], list[str]]
CheckFit = Callable[[Figure], None]
LEFT_TO_RIGHT = "\u200e"


def roc(label: str, area: float | None = 0.875) -> PlottedCurve:
    return PlottedCurve("class", label, np.array([0, 0, 0.5, 0.5, 1]), np.array([0, 0.75, 0.75, 1, 1]), area)


def pr(label: str, area: float | None = 0.75) -> PlottedCurve:
    return PlottedCurve("class", label, np.array([1, 0.5, 0.5, 0]), np.array([0.5, 0.25, 1.0, 1.0]), area)


def averages(area: float) -> list[PlottedCurve]:
    x, y = np.array([0, 0, 1]), np.array([0, 1, 1])
    return [PlottedCurve("micro", "", x, y, area), PlottedCurve("macro", "", x, y, area)]


def legend_of(figure: Figure) -> list[str]:
    legend = figure.axes[0].get_legend()
    assert legend is not None
    return [text.get_text().removeprefix(LEFT_TO_RIGHT) for text in legend.get_texts()]


def test_the_legend_holds_averages_then_classes_with_their_areas() -> None:
    figure = roc_figure([roc("no"), roc("yes", 0.9), *averages(0.8876)], title="t")
    assert legend_of(figure) == [
        "0.888  macro average", "0.888  micro average", "0.875  no", "0.900  yes", "0.500  chance",
    ]  # fmt: skip


def test_a_precision_recall_plot_has_no_chance_line() -> None:
    figure = pr_figure([pr("no"), pr("yes")], title="t")
    assert legend_of(figure) == ["0.750  no", "0.750  yes"]
    assert len(figure.axes[0].lines) == 2


def test_one_class_has_the_line_of_its_prevalence() -> None:
    """Guessing has that precision at every recall level."""
    figure = pr_figure([pr("yes")], title="t", prevalence=0.3)
    assert legend_of(figure) == ["0.750  yes", "0.300  prevalence"]
    assert_array_equal(figure.axes[0].lines[-1].get_xydata(), [[0, 0.3], [1, 0.3]])


def test_axes_are_named(texts_of: TextsOf) -> None:
    assert {"false positive rate", "true positive rate", "AUC", "the title"} <= set(
        texts_of(roc_figure([roc("a")], title="the title"))
    )
    assert {"recall", "precision", "average precision", "the title"} <= set(
        texts_of(pr_figure([pr("a")], title="the title"))
    )


def test_an_area_that_is_not_one_does_not_read_as_one() -> None:
    assert legend_of(roc_figure([roc("a", 0.99972), roc("b", 1.0)], title="t")) == [
        "0.9997  a", "1.0000  b", "0.5000  chance",
    ]  # fmt: skip


def test_a_missing_area_leaves_its_place_empty() -> None:
    first, _ = legend_of(roc_figure([roc("a", None)], title="t"))
    assert first.split() == ["–", "a"]


def test_precision_holds_down_to_the_next_lower_recall() -> None:
    line = pr_figure([pr("a")], title="t").axes[0].lines[0]
    assert_array_equal(line.get_xydata(), [[1, 0.5], [0.5, 0.5], [0.5, 1], [0, 1]])


def test_classes_differ_in_colour_and_line() -> None:
    figure = roc_figure([roc(str(index)) for index in range(10)], title="t")
    looks = {(str(line.get_color()), str(vars(line)["_dash_pattern"])) for line in figure.axes[0].lines[:10]}
    assert len(looks) == 10


def test_of_many_classes_the_worst_have_names() -> None:
    curves = [roc(f"class {index}", 0.6 + index / 100) for index in range(30)]
    figure = roc_figure([*curves, *averages(0.75)], title="t")
    assert legend_of(figure) == [
        "0.750  macro average", "0.750  micro average",
        "0.600  class 0", "0.610  class 1", "0.620  class 2", "0.630  class 3", "0.640  class 4",
        "0.650  or more: 25 others", "0.500  chance",
    ]  # fmt: skip
    assert len(figure.axes[0].collections[0].get_paths()) == 25


@pytest.mark.parametrize(
    ("areas", "is_enlarged"), [([0.96, 0.99], True), ([0.94, 0.99], False), ([1.0, 1.0], False)]
)
def test_good_curves_have_their_corner_enlarged(
    areas: list[float], is_enlarged: bool, texts_of: TextsOf
) -> None:
    roc_texts = texts_of(roc_figure([roc(str(area), area) for area in areas], title="t"))
    pr_texts = texts_of(pr_figure([pr(str(area), area) for area in areas], title="t"))
    assert ("enlarged" in roc_texts) == ("enlarged" in pr_texts) == is_enlarged


def test_awkward_names_are_shown_as_they_are(awkward_names: tuple[str, ...]) -> None:
    legend = legend_of(roc_figure([roc(name) for name in awkward_names], title="$$"))
    for name in ("$$x_1^2$$", "<script>alert(1)</script>", "_first second[31m", "قطة سوداء", "Ελληνικά"):
        assert f"0.875  {name}" in legend


@pytest.mark.parametrize("classes", [2, 8, 10, 30])
def test_everything_fits(classes: int, awkward_names: tuple[str, ...], check_fit: CheckFit) -> None:
    names = [f"{awkward_names[index % 8]} {index}" for index in range(classes)]
    check_fit(roc_figure([*(roc(name, 0.97) for name in names), *averages(0.97)], title="long title " * 20))
    check_fit(pr_figure([*(pr(name, 0.97) for name in names)], title="t"))


def test_no_curves_are_an_empty_plot(check_fit: CheckFit) -> None:
    check_fit(roc_figure([], title="t"))
    check_fit(pr_figure([], title="t"))


def test_a_thousand_classes_take_seconds_and_equal_bytes() -> None:
    rng = np.random.default_rng(0)
    steps = np.linspace(0, 1, 200)
    rises = np.sort(rng.random((1_000, 200)), axis=1)
    curves = [PlottedCurve("class", str(i), steps, y, float(y.mean())) for i, y in enumerate(rises)]
    start = time.process_time()
    first, second = (png_bytes(roc_figure([*curves, *averages(0.5)], title="t")) for _ in range(2))
    assert first == second
    assert time.process_time() - start < 10
