from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from fnnctl.arrays import IntArray
from fnnctl.plots.confusion import COLOUR_MAP, confusion_matrix_figure
from fnnctl.plots.style import png_bytes
from tests.plots.drawn import AWKWARD_NAMES, check_fit, texts_of


def matrix_of(classes: int) -> IntArray:
    """Of a hundred rows per class, ninety are correct and ten are assigned to the next class."""
    right = np.eye(classes, dtype=np.int64)
    matrix: IntArray = 90 * right + 10 * np.roll(right, 1, axis=1)
    return matrix


def figure_of(counts: IntArray | list[list[int]], names: Sequence[str] = (), title: str = "t") -> Figure:
    matrix = np.array(counts)
    return confusion_matrix_figure(matrix, names or [f"class {k}" for k in range(len(matrix))], title=title)


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance by WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_counts_recalls_and_labels_are_written() -> None:
    texts = texts_of(figure_of([[17, 3], [5, 25]], ["no", "yes"], title="test part"))
    written = {"test part", "true label", "predicted label", "17", "3", "5", "25", "recall", "85.0%", "83.3%"}
    assert written <= set(texts)
    assert texts.count("no") == texts.count("yes") == 2


def test_a_class_without_rows_has_no_recall() -> None:
    assert {"no rows", "100.0%"} <= set(texts_of(figure_of([[4, 0], [0, 0]])))


def test_many_classes_leave_out_zeros_and_then_all_numbers() -> None:
    ten, thirty, more = (texts_of(figure_of(matrix_of(classes))) for classes in (10, 30, 31))
    assert ten.count("0") == 80
    assert (thirty.count("90"), thirty.count("0")) == (30, 0)
    assert more.count("90") == 0


def test_large_counts_are_abbreviated() -> None:
    texts = texts_of(figure_of([[99_999, 100_400], [999_600, 12_345_678]]))
    assert {"99999", "100k", "1M", "12M"} <= set(texts)


def test_counts_stand_out_from_their_cells() -> None:
    counts = [[100 - part, part] for part in range(1, 11)] + [[part, 100 - part] for part in range(9)]
    square = np.zeros((19, 19), dtype=int)
    square[:, :2] = counts
    written = [text for text in figure_of(square).axes[0].texts if text.get_text().isdigit()]
    assert len(written) >= 30
    for text in written:
        column, row = (round(float(value)) for value in text.get_position())
        shades = luminance(COLOUR_MAP(square[row, column] / 100)), luminance(to_rgb(text.get_color()))
        assert (max(shades) + 0.05) / (min(shades) + 0.05) > 3.5


def test_awkward_names_are_shown_as_they_are() -> None:
    texts = texts_of(figure_of(matrix_of(len(AWKWARD_NAMES)), AWKWARD_NAMES, title="$$ [/] <b>"))
    names = {"$$ [/] <b>", "$$x_1^2$$", "[/] [bold]", "_first second[31m", "قطة سوداء", "Ελληνικά"}
    assert names | {"a name that…to its end"} <= set(texts)


@pytest.mark.parametrize("classes", [2, 8, 30, 100])
def test_everything_fits(classes: int) -> None:
    names = [f"{AWKWARD_NAMES[i % 8]} {i}" for i in range(classes)]
    check_fit(figure_of(matrix_of(classes), names, title="a long title " * 20))
    check_fit(figure_of(matrix_of(classes), [*map(str, range(classes))]))


def test_the_shade_is_the_share_of_the_row() -> None:
    """Blocks of many classes keep a lone confusion."""
    shares = figure_of([[3, 1], [0, 8]]).axes[0].images[0].get_array()
    assert shares is not None
    assert shares.tolist() == [[0.75, 0.25], [0, 1]]
    matrix = 10 * np.eye(1_000, dtype=int)
    matrix[700, 100] = 10
    figure = figure_of(matrix)
    shares = figure.axes[0].images[0].get_array()
    assert shares is not None
    assert (shares.shape, shares[700 // 3, 100 // 3]) == ((334, 334), 0.5)
    assert png_bytes(figure)
