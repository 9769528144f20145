from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from fnnctl.plots.curves import PlottedCurve, pr_figure, roc_figure
from tests.plots.drawn import AWKWARD_NAMES, check_fit, legend_of, texts_of, xy_of


def roc(label: str, area: float | None = 0.875) -> PlottedCurve:
    return PlottedCurve("class", label, np.array([0, 0, 0.5, 0.5, 1]), np.array([0, 0.75, 0.75, 1, 1]), area)


def pr(label: str, area: float | None = 0.75) -> PlottedCurve:
    return PlottedCurve("class", label, np.array([1, 0.5, 0.5, 0]), np.array([0.5, 0.25, 1.0, 1.0]), area)


def averages(area: float) -> list[PlottedCurve]:
    x, y = np.array([0, 0, 1]), np.array([0, 1, 1])
    return [PlottedCurve("micro", "", x, y, area), PlottedCurve("macro", "", x, y, area)]


def roc_of(*curves: PlottedCurve, title: str = "the title") -> Figure:
    return roc_figure([*curves], title=title)


def test_the_legend_holds_averages_then_classes_with_their_areas() -> None:
    """An area that is not one does not read as one, and the place of a missing one is empty."""
    assert legend_of(roc_of(roc("no"), roc("yes", 0.9), *averages(0.8876))) == [
        "0.888  macro average", "0.888  micro average", "0.875  no", "0.900  yes", "0.500  chance",
    ]  # fmt: skip
    ones = roc_of(roc("a", 0.99972), roc("b", 1.0))
    assert legend_of(ones) == ["0.9997  a", "1.0000  b", "0.5000  chance"]
    assert legend_of(roc_of(roc("a", None)))[0].split() == ["–", "a"]


def test_a_precision_recall_plot_has_no_chance_line_but_that_of_a_prevalence() -> None:
    """Guessing one class has that precision at every recall level."""
    figure = pr_figure([pr("no"), pr("yes")], title="t")
    assert legend_of(figure) == ["0.750  no", "0.750  yes"]
    assert len(figure.axes[0].lines) == 2
    figure = pr_figure([pr("yes")], title="t", prevalence=0.3)
    assert legend_of(figure) == ["0.750  yes", "0.300  prevalence"]
    assert xy_of(figure.axes[0].lines[-1]) == [[0, 0.3], [1, 0.3]]


def test_precision_holds_down_to_the_next_lower_recall() -> None:
    line = pr_figure([pr("a")], title="t").axes[0].lines[0]
    assert xy_of(line) == [[1, 0.5], [0.5, 0.5], [0.5, 1], [0, 1]]


def test_axes_are_named() -> None:
    named = {"false positive rate", "true positive rate", "AUC", "the title"}
    assert named <= set(texts_of(roc_of(roc("a"))))
    named = {"recall", "precision", "average precision", "the title"}
    assert named <= set(texts_of(pr_figure([pr("a")], title="the title")))


def test_classes_differ_in_colour_and_line() -> None:
    lines = roc_of(*(roc(str(index)) for index in range(10))).axes[0].lines[:10]
    assert len({(str(line.get_color()), str(vars(line)["_dash_pattern"])) for line in lines}) == 10


def test_of_many_classes_the_worst_have_names() -> None:
    figure = roc_of(*(roc(f"class {index}", 0.6 + index / 100) for index in range(30)), *averages(0.75))
    assert legend_of(figure) == [
        "0.750  macro average", "0.750  micro average",
        "0.600  class 0", "0.610  class 1", "0.620  class 2", "0.630  class 3", "0.640  class 4",
        "0.650  or more: 25 others", "0.500  chance",
    ]  # fmt: skip
    assert len(figure.axes[0].collections[0].get_paths()) == 25


@pytest.mark.parametrize(
    ("areas", "is_enlarged"), [([0.96, 0.99], True), ([0.94, 0.99], False), ([1.0, 1.0], False)]
)
def test_good_curves_have_their_corner_enlarged(areas: list[float], is_enlarged: bool) -> None:
    figures = (roc_of(*(roc("x", area) for area in areas)), pr_figure([pr("x", a) for a in areas], title="t"))
    assert ["enlarged" in texts_of(figure) for figure in figures] == [is_enlarged] * 2


def test_awkward_names_are_shown_as_they_are() -> None:
    legend = legend_of(roc_of(*map(roc, AWKWARD_NAMES), title="$$"))
    names = ("$$x_1^2$$", "<script>alert(1)</script>", "_first second[31m", "قطة سوداء", "Ελληνικά")
    assert {f"0.875  {name}" for name in names} <= {*legend}


@pytest.mark.parametrize("classes", [0, 2, 8, 10, 30])
def test_everything_fits(classes: int) -> None:
    names = [f"{AWKWARD_NAMES[index % 8]} {index}" for index in range(classes)]
    more = averages(0.97) if classes else []
    check_fit(roc_of(*(roc(name, 0.97) for name in names), *more, title="long title " * 20))
    check_fit(pr_figure([pr(name, 0.97) for name in names], title="t"))
