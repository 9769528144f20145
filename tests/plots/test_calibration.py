from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.testing import assert_allclose, assert_array_equal

from fnnctl.plots.calibration import reliability_figure
from fnnctl.plots.style import png_bytes

TextsOf = Callable[[Figure], list[str]]
CheckFit = Callable[[Figure], None]
Bins = dict[str, list[float | None]]


def bins_of(rows: list[int]) -> Bins:
    """Bins of equal width with these counts; the mean confidence is the middle, the accuracy 0.1 lower."""
    width = 1 / len(rows)
    middles = [(index + 0.5) * width if count else None for index, count in enumerate(rows)]
    accuracies = [None if middle is None else max(middle - 0.1, 0.0) for middle in middles]
    return {
        "low": [index * width for index in range(len(rows))],
        "high": [(index + 1) * width for index in range(len(rows))],
        "rows": list(rows),
        "confidence": list(middles),
        "accuracy": list(accuracies),
        "accuracy_low": [None if value is None else value / 2 for value in accuracies],
        "accuracy_high": [None if value is None else (1 + value) / 2 for value in accuracies],
    }


def test_a_bin_with_rows_is_a_point_with_its_interval() -> None:
    upper, _ = reliability_figure(bins_of([0, 5, 0, 20]), error=0.1, title="t").axes
    diagonal, points = upper.lines
    assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    assert_array_equal(points.get_xydata(), [[0.375, 0.275], [0.875, 0.775]])
    intervals = np.array([path.vertices for path in upper.collections[0].get_paths()])
    assert_allclose(intervals, [[[0.375, 0.1375], [0.375, 0.6375]], [[0.875, 0.3875], [0.875, 0.8875]]])


def test_the_row_counts_are_below(texts_of: TextsOf) -> None:
    figure = reliability_figure(bins_of([0, 5, 1_234_567, 20]), error=0.1, title="the title")
    bars = [bar for bar in figure.axes[1].patches if isinstance(bar, Rectangle)]
    assert [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in bars] == [
        (0.25, 0.25, 5),
        (0.5, 0.25, 1_234_567),
        (0.75, 0.25, 20),
    ]
    assert {"the title", "5", "1M", "20", "rows", "accuracy"} <= set(texts_of(figure))


def test_a_bin_of_equal_confidences_has_a_bar_with_its_count(texts_of: TextsOf) -> None:
    bins: Bins = {**bins_of([80]), "low": [0.5], "high": [0.5]}
    figure = reliability_figure(bins, error=0.1, title="t")
    (bar,) = (bar for bar in figure.axes[1].patches if isinstance(bar, Rectangle))
    assert bar.get_width() > 0
    assert bar.get_x() + bar.get_width() / 2 == pytest.approx(0.5)
    assert "80" in texts_of(figure)


def test_two_classes_are_drawn_over_the_probability_of_the_positive_one(texts_of: TextsOf) -> None:
    bins = bins_of([20, 5])
    names = {"confidence": "probability", "accuracy": "frequency"}
    binary = {name.replace(old, names[old]): bins[name] for name in bins for old in names if old in name}
    binary |= {name: bins[name] for name in ("low", "high", "rows")}
    figure = reliability_figure(binary, error=0.18, positive="$yes$", title="t")
    assert {
        "predicted probability of $yes$", "share of rows that are $yes$", "frequency, 95 % interval",
        "expected calibration\nerror of $yes$ 0.1800",
    } <= set(texts_of(figure))  # fmt: skip
    assert_array_equal(figure.axes[0].lines[1].get_xydata(), [[0.25, 0.15], [0.75, 0.65]])


@pytest.mark.parametrize(("error", "text"), [(0.03125, "error 0.0312"), (None, "error –")])
def test_the_error_stands_above_the_legend(error: float | None, text: str) -> None:
    legend = reliability_figure(bins_of([0, 5]), error=error, title="t").axes[0].get_legend()
    assert legend is not None
    assert legend.get_title().get_text() == f"expected calibration\n{text}"
    assert [entry.get_text() for entry in legend.get_texts()] == [
        "accuracy, 95 % interval",
        "perfect calibration",
    ]


@pytest.mark.parametrize("rows", [[0] * 14 + [300], [12_345_678] * 15, [1], [0] * 15])
def test_everything_fits(rows: list[int], check_fit: CheckFit) -> None:
    check_fit(reliability_figure(bins_of(rows), error=0.5, title="long $$ title " * 20))


def test_counts_of_neighbours_do_not_overlap() -> None:
    figure = reliability_figure(bins_of([99_999] * 15), error=0.5, title="t")
    png_bytes(figure)
    boxes = [text.get_window_extent() for text in figure.axes[1].texts]
    assert len(boxes) == 15
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_equal_numbers_give_equal_bytes() -> None:
    first, second = (png_bytes(reliability_figure(bins_of([3, 9]), error=0.5, title="t")) for _ in range(2))
    assert first == second
