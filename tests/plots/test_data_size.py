from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from fnnctl.plots.data_size import PlottedSize, data_size_figure
from fnnctl.plots.style import png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]

SIZES = [
    PlottedSize(14, "10 %", 0.75, (0.5, 1.0), 1.0),
    PlottedSize(43, "30 %", 0.85, (0.7, 1.0), 0.99),
    PlottedSize(142, "100 %", 0.95, None, None),
]


def drawn(sizes: list[PlottedSize], metric: str = "accuracy", title: str = "t") -> Figure:
    return data_size_figure(sizes, metric=metric, title=title)


def test_means_intervals_and_training_scores_are_over_the_rows(texts_of: TextsOf) -> None:
    figure = drawn(SIZES)
    (axes,) = figure.axes
    trained, low, high, means = axes.get_lines()
    assert np.asarray(trained.get_xydata()).tolist() == [[14, 1.0], [43, 0.99]]
    assert np.asarray(low.get_ydata()).tolist() == [0.5, 0.7, 0.95]
    assert np.asarray(high.get_ydata()).tolist() == [1.0, 1.0, 0.95]
    assert np.asarray(means.get_xydata()).tolist() == [[14, 0.75], [43, 0.85], [142, 0.95]]
    texts = texts_of(figure)
    assert {"0.750", "0.850", "0.950", "14\n10 %", "43\n30 %", "142\n100 %"} <= {*texts}
    assert {"accuracy", "training rows", "held-out rows: mean, 95 % interval"} <= {*texts}
    assert trained.get_linestyle() != means.get_linestyle(), "colours alone do not tell them apart"
    bottom, top = axes.get_ylim()
    assert bottom < 0.5
    assert top > 1.0


def test_only_a_wide_range_of_rows_is_logarithmic() -> None:
    assert drawn(SIZES).axes[0].get_xscale() == "log"
    assert drawn(SIZES[1:]).axes[0].get_xscale() == "linear"


def test_without_training_scores_there_is_one_line() -> None:
    figure = drawn([replace(size, train=None) for size in SIZES])
    assert len(figure.axes[0].get_lines()) == 3
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["held-out rows: mean, 95 % interval"]


def test_sizes_that_are_close_together_share_a_label(texts_of: TextsOf) -> None:
    sizes = [PlottedSize(rows, f"{rows} %", 0.5, (0.4, 0.6), None) for rows in (10, 50, 98, 99, 100)]
    texts = texts_of(drawn(sizes))
    assert [text for text in texts if "\n" in text] == ["10\n10 %", "50\n50 %", "100\n100 %"]


@pytest.mark.parametrize("sizes", [SIZES, SIZES[:1], SIZES[2:], [*SIZES, replace(SIZES[2], rows=10**7)]])
def test_everything_fits(sizes: list[PlottedSize], check_fit: CheckFit) -> None:
    check_fit(drawn(sizes, metric="R²", title="$$ [/] <b> long " * 10))


def test_the_same_sizes_give_the_same_bytes() -> None:
    assert png_bytes(drawn(SIZES)) == png_bytes(drawn(SIZES))
