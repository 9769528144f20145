from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from matplotlib.figure import Figure

from fnnctl.plots.calibration import reliability_figure
from fnnctl.plots.style import png_bytes
from tests.plots.drawn import assert_close, bars_of, check_fit, legend_of, texts_of, xy_of


def bins_of(*rows: int) -> dict[str, list[Any]]:
    """Bins of equal width with these counts; the mean confidence is the middle, the accuracy 0.1 lower."""
    width = 1 / len(rows)
    middles = [(index + 0.5) * width if count else None for index, count in enumerate(rows)]
    accuracies = [None if middle is None else max(middle - 0.1, 0.0) for middle in middles]
    return {
        "low": [index * width for index in range(len(rows))],
        "high": [(index + 1) * width for index in range(len(rows))],
        "rows": list(rows),
        "confidence": middles,
        "accuracy": accuracies,
        "accuracy_low": [None if value is None else value / 2 for value in accuracies],
        "accuracy_high": [None if value is None else (1 + value) / 2 for value in accuracies],
    }


def figure_of(*rows: int, error: float | None = 0.1, title: str = "the title") -> Figure:
    return reliability_figure(bins_of(*rows), error=error, title=title)


def test_a_bin_with_rows_is_a_point_with_its_interval_above_its_count() -> None:
    figure = figure_of(0, 5, 1_234_567, 20)
    diagonal, points = figure.axes[0].lines
    assert xy_of(diagonal) == [[0, 0], [1, 1]]
    assert_close(xy_of(points), [[0.375, 0.275], [0.625, 0.525], [0.875, 0.775]])
    first, *_ = (path.vertices for path in figure.axes[0].collections[0].get_paths())
    assert_close(first, [[0.375, 0.1375], [0.375, 0.6375]])
    places = [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in bars_of(figure, 1)]
    assert places == [(0.25, 0.25, 5), (0.5, 0.25, 1_234_567), (0.75, 0.25, 20)]
    assert {"the title", "5", "1M", "20", "rows", "accuracy"} <= set(texts_of(figure))


def test_a_bin_of_equal_confidences_has_a_bar_with_its_count() -> None:
    bins = {**bins_of(80), "low": [0.5], "high": [0.5]}
    figure = reliability_figure(bins, error=0.1, title="t")
    (bar,) = bars_of(figure, 1)
    assert bar.get_width() > 0
    assert bar.get_x() + bar.get_width() / 2 == pytest.approx(0.5)
    assert "80" in texts_of(figure)


def test_two_classes_are_drawn_over_the_probability_of_the_positive_one() -> None:
    bins = bins_of(20, 5)
    for name in [*bins]:
        renamed = name.replace("confidence", "probability").replace("accuracy", "frequency")
        bins[renamed] = bins.pop(name)
    figure = reliability_figure(bins, error=0.18, positive="$yes$", title="t")
    assert {
        "predicted probability of $yes$", "share of rows that are $yes$", "frequency, 95 % interval",
        "expected calibration\nerror of $yes$ 0.1800",
    } <= set(texts_of(figure))  # fmt: skip
    assert_close(xy_of(figure.axes[0].lines[1]), [[0.25, 0.15], [0.75, 0.65]])


@pytest.mark.parametrize(("error", "text"), [(0.03125, "error 0.0312"), (None, "error –")])
def test_the_error_stands_above_the_legend(error: float | None, text: str) -> None:
    figure = figure_of(0, 5, error=error)
    assert f"expected calibration\n{text}" in texts_of(figure)
    assert legend_of(figure) == ["accuracy, 95 % interval", "perfect calibration"]


@pytest.mark.parametrize("rows", [[0] * 14 + [300], [12_345_678] * 15, [1], [0] * 15])
def test_everything_fits(rows: list[int]) -> None:
    check_fit(figure_of(*rows, title="long $$ title " * 20))


def test_counts_of_neighbours_do_not_overlap() -> None:
    figure = figure_of(*[99_999] * 15)
    png_bytes(figure)
    boxes = [text.get_window_extent() for text in figure.axes[1].texts]
    assert len(boxes) == 15
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
