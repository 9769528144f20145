from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from fnnctl.arrays import IntArray
from fnnctl.plots.confusion import COLOUR_MAP, confusion_matrix_figure
from fnnctl.plots.style import png_bytes

TextsOf = Callable[[Figure], list[str]]
CheckFit = Callable[[Figure], None]


def matrix_of(classes: int) -> IntArray:
    """Of a hundred rows per class, ninety are correct and ten are assigned to the next class."""
    right = np.eye(classes, dtype=np.int64)
    matrix: IntArray = 90 * right + 10 * np.roll(right, 1, axis=1)
    return matrix


def names_of(classes: int) -> list[str]:
    return [f"class {index}" for index in range(classes)]


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance by WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_counts_recalls_and_labels_are_written(texts_of: TextsOf) -> None:
    figure = confusion_matrix_figure(np.array([[17, 3], [5, 25]]), ["no", "yes"], title="test part")
    texts = texts_of(figure)
    for text in (
        "test part",
        "true label",
        "predicted label",
        "17",
        "3",
        "5",
        "25",
        "recall",
        "85.0%",
        "83.3%",
    ):
        assert text in texts
    assert texts.count("no") == texts.count("yes") == 2


def test_a_class_without_rows_has_no_recall(texts_of: TextsOf) -> None:
    texts = texts_of(confusion_matrix_figure(np.array([[4, 0], [0, 0]]), ["seen", "unseen"], title="t"))
    assert "no rows" in texts
    assert "100.0%" in texts


def test_many_classes_leave_out_zeros_and_then_all_numbers(texts_of: TextsOf) -> None:
    assert texts_of(confusion_matrix_figure(matrix_of(10), names_of(10), title="t")).count("0") == 80
    thirty = texts_of(confusion_matrix_figure(matrix_of(30), names_of(30), title="t"))
    assert thirty.count("90") == 30
    assert "0" not in thirty
    assert "90" not in texts_of(confusion_matrix_figure(matrix_of(31), names_of(31), title="t"))


def test_large_counts_are_abbreviated(texts_of: TextsOf) -> None:
    counts = np.array([[99_999, 100_400], [999_600, 12_345_678]])
    texts = texts_of(confusion_matrix_figure(counts, ["a", "b"], title="t"))
    assert {"99999", "100k", "1M", "12M"} <= set(texts)


def test_counts_stand_out_from_their_cells() -> None:
    counts = np.array(
        [[100 - part, part] for part in range(1, 11)] + [[part, 100 - part] for part in range(9)]
    )
    square = np.zeros((19, 19), dtype=int)
    square[:, :2] = counts
    figure = confusion_matrix_figure(square, names_of(19), title="t")
    written = [text for text in figure.axes[0].texts if text.get_text().isdigit()]
    assert len(written) >= 30
    for text in written:
        column, row = (round(float(value)) for value in text.get_position())
        shades = luminance(COLOUR_MAP(square[row, column] / 100)), luminance(to_rgb(text.get_color()))
        assert (max(shades) + 0.05) / (min(shades) + 0.05) > 3.5


def test_awkward_names_are_shown_as_they_are(awkward_names: tuple[str, ...], texts_of: TextsOf) -> None:
    count = len(awkward_names)
    texts = texts_of(confusion_matrix_figure(matrix_of(count), awkward_names, title="$$ [/] <b>"))
    for name in ("$$ [/] <b>", "$$x_1^2$$", "[/] [bold]", "_first second[31m", "قطة سوداء", "Ελληνικά"):
        assert name in texts
    assert "a name that…to its end" in texts


@pytest.mark.parametrize("classes", [2, 8, 30, 100])
@pytest.mark.parametrize("awkward", [False, True])
def test_everything_fits(
    classes: int, awkward: bool, awkward_names: tuple[str, ...], check_fit: CheckFit
) -> None:
    names = [f"{awkward_names[i % 8]} {i}" if awkward else str(i) for i in range(classes)]
    check_fit(confusion_matrix_figure(matrix_of(classes), names, title="a long title " * (1 + 19 * awkward)))


def test_the_shade_is_the_share_of_the_row() -> None:
    figure = confusion_matrix_figure(np.array([[3, 1], [0, 8]]), ["a", "b"], title="t")
    shares = figure.axes[0].images[0].get_array()
    assert shares is not None
    assert shares.tolist() == [[0.75, 0.25], [0, 1]]


def test_blocks_of_many_classes_keep_a_lone_confusion() -> None:
    matrix = 10 * np.eye(1_000, dtype=int)
    matrix[700, 100] = 10
    shares = confusion_matrix_figure(matrix, names_of(1_000), title="t").axes[0].images[0].get_array()
    assert shares is not None
    assert shares.shape == (334, 334)
    assert shares[700 // 3, 100 // 3] == 0.5


def test_a_thousand_classes_take_seconds_and_equal_bytes() -> None:
    start = time.process_time()
    first, second = (
        png_bytes(confusion_matrix_figure(matrix_of(1_000), names_of(1_000), title="t")) for _ in range(2)
    )
    assert first == second
    assert time.process_time() - start < 10
