from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from fnnctl.plots.data_size import PlottedSize, data_size_figure
from fnnctl.plots.style import png_bytes
from tests.plots.drawn import AWKWARD_TITLE, check_fit, legend_of, texts_of, xy_of, y_of

SIZES = [
    PlottedSize(14, "10 %", 0.75, (0.5, 1.0), 1.0),
    PlottedSize(43, "30 %", 0.85, (0.7, 1.0), 0.99),
    PlottedSize(142, "100 %", 0.95, None, None),
]


def figure_of(*sizes: PlottedSize, metric: str = "accuracy", title: str = "t") -> Figure:
    return data_size_figure(sizes, metric=metric, title=title)


def test_means_intervals_and_training_scores_are_over_the_rows() -> None:
    figure = figure_of(*SIZES)
    (axes,) = figure.axes
    trained, low, high, means = axes.get_lines()
    assert xy_of(trained) == [[14, 1.0], [43, 0.99]]
    assert (y_of(low), y_of(high)) == ([0.5, 0.7, 0.95], [1.0, 1.0, 0.95])
    assert xy_of(means) == [[14, 0.75], [43, 0.85], [142, 0.95]]
    texts = {*texts_of(figure)}
    assert {"0.750", "0.850", "0.950", "14\n10 %", "43\n30 %", "142\n100 %"} <= texts
    assert {"accuracy", "training rows", "held-out rows: mean, 95 % interval"} <= texts
    assert trained.get_linestyle() != means.get_linestyle(), "colours alone do not tell them apart"
    bottom, top = axes.get_ylim()
    assert bottom < 0.5
    assert top > 1.0


def test_only_a_wide_range_of_rows_is_logarithmic() -> None:
    scales = [figure_of(*sizes).axes[0].get_xscale() for sizes in (SIZES, SIZES[1:])]
    assert scales == ["log", "linear"]


def test_without_training_scores_there_is_one_line() -> None:
    figure = figure_of(*(replace(size, train=None) for size in SIZES))
    assert len(figure.axes[0].get_lines()) == 3
    assert legend_of(figure) == ["held-out rows: mean, 95 % interval"]


def test_sizes_that_are_close_together_share_a_label() -> None:
    sizes = [PlottedSize(rows, f"{rows} %", 0.5, (0.4, 0.6), None) for rows in (10, 50, 98, 99, 100)]
    labels = [text for text in texts_of(figure_of(*sizes)) if "\n" in text]
    assert labels == ["10\n10 %", "50\n50 %", "100\n100 %"]


@pytest.mark.parametrize("sizes", [SIZES, SIZES[:1], SIZES[2:], [*SIZES, replace(SIZES[2], rows=10**7)]])
def test_everything_fits(sizes: list[PlottedSize]) -> None:
    check_fit(figure_of(*sizes, metric="R²", title=AWKWARD_TITLE))


def test_the_same_sizes_give_the_same_bytes() -> None:
    assert png_bytes(figure_of(*SIZES)) == png_bytes(figure_of(*SIZES))
