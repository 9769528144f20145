from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

from fnnctl.plots.learning import MAX_BINS, learning_curve_figure
from fnnctl.plots.style import png_bytes

ACCURACY = ("accuracy", "accuracy")

TextsOf = Callable[[Figure], list[str]]
CheckFit = Callable[[Figure], None]
History = dict[str, list[float | None]]


def history_of(epochs: int, *, last_loss: float = 0.5, dead: float = 0.0, validation: bool = True) -> History:
    """Losses fall evenly from 2, accuracy rises, and the given share of the first of two layers is dead."""
    nothing: list[float | None] = [None] * epochs
    losses = np.linspace(2.0, last_loss, epochs)
    accuracies = np.linspace(0.5, 0.95, epochs)
    return {
        "epoch": list(range(1, epochs + 1)),
        "train_loss": losses.tolist(),
        "train_accuracy": accuracies.tolist(),
        "validation_loss": (losses * 1.2).tolist() if validation else nothing,
        "validation_accuracy": (accuracies - 0.02).tolist() if validation else nothing,
        "dead_1": np.linspace(0, dead, epochs).tolist(),
        "dead_2": [0.0] * epochs,
    }


def legend_of(figure: Figure) -> list[str]:
    legend = figure.axes[0].get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_loss_and_accuracy_of_both_parts_are_drawn(texts_of: TextsOf) -> None:
    figure = learning_curve_figure(history_of(40), metric=ACCURACY, best_epoch=31, title="the title")
    assert {"the title", "loss", "accuracy", "epoch"} <= set(texts_of(figure))
    assert legend_of(figure) == ["training", "validation", "best epoch: 31"]
    loss, accuracy = figure.axes
    assert len(loss.lines) == len(accuracy.lines) == 3
    assert_array_equal(loss.lines[2].get_xdata(), [31, 31])
    assert_array_equal(accuracy.lines[0].get_ydata(), np.linspace(0.5, 0.95, 40))


def test_the_legend_says_what_validation_is() -> None:
    figure = learning_curve_figure(
        history_of(9), metric=ACCURACY, best_epoch=None, title="x", validation="validation (out-of-bag)"
    )
    assert legend_of(figure) == ["training", "validation (out-of-bag)"]


def test_the_loss_of_calibrated_probabilities_is_drawn_if_it_is_recorded() -> None:
    history = history_of(9) | {"validation_calibrated_loss": [1.0] * 9}
    figure = learning_curve_figure(history, metric=ACCURACY, best_epoch=4, title="x")
    assert legend_of(figure) == ["training", "validation", "calibrated", "best epoch: 4"]


def test_without_a_validation_part_there_is_one_line() -> None:
    figure = learning_curve_figure(
        history_of(40, validation=False), metric=ACCURACY, best_epoch=None, title="t"
    )
    assert legend_of(figure) == ["training"]
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]


def test_missing_columns_are_left_out() -> None:
    history = history_of(5)
    for column in ("validation_loss", "validation_accuracy", "dead_1", "dead_2"):
        del history[column]
    figure = learning_curve_figure(history, metric=ACCURACY, best_epoch=None, title="t")
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]


def test_values_that_do_not_exist_are_left_out() -> None:
    history = history_of(5)
    history["validation_loss"] = [None, 1.0, None, float("nan"), 0.5]
    history["train_loss"][-1] = float("inf")
    training, validation = (
        learning_curve_figure(history, metric=ACCURACY, best_epoch=None, title="t").axes[0].lines
    )
    assert_array_equal(training.get_xdata(), [1, 2, 3, 4])
    assert_array_equal(validation.get_xydata(), [[2, 1.0], [5, 0.5]])


def test_dead_units_have_a_panel_where_there_are_any(texts_of: TextsOf) -> None:
    assert "dead units" not in texts_of(
        learning_curve_figure(history_of(40), metric=ACCURACY, best_epoch=9, title="t")
    )
    figure = learning_curve_figure(history_of(40, dead=0.25), metric=ACCURACY, best_epoch=9, title="t")
    texts = texts_of(figure)
    assert {"dead units", "hidden layer 1"} <= set(texts)
    assert "hidden layer 2" not in texts
    assert np.max(figure.axes[2].lines[0].get_ydata()) == 0.25


def test_the_layers_with_the_most_dead_units_are_shown(texts_of: TextsOf) -> None:
    history = history_of(3)
    for layer in range(1, 8):
        history[f"dead_{layer}"] = [0.0, layer / 10, 0.0]
    texts = texts_of(learning_curve_figure(history, metric=ACCURACY, best_epoch=None, title="t"))
    assert [text for text in texts if text.startswith("hidden layer")] == [
        "hidden layer 4", "hidden layer 5", "hidden layer 6", "hidden layer 7",
    ]  # fmt: skip


@pytest.mark.parametrize(("last_loss", "scale"), [(0.5, "linear"), (0.01, "log"), (0.0, "linear")])
def test_a_loss_over_decades_has_a_logarithmic_axis(last_loss: float, scale: str, texts_of: TextsOf) -> None:
    figure = learning_curve_figure(
        history_of(40, last_loss=last_loss), metric=ACCURACY, best_epoch=None, title="t"
    )
    assert figure.axes[0].get_yscale() == scale
    texts = texts_of(figure)
    assert not any("$" in text for text in texts)
    if scale == "log":
        assert {"0.01", "0.1", "1"} <= set(texts)


def test_a_few_epochs_are_marked_by_points() -> None:
    one = learning_curve_figure(history_of(1), metric=ACCURACY, best_epoch=1, title="t")
    assert one.axes[0].lines[0].get_marker() == "o"
    assert one.axes[1].get_xticks().tolist() == [1]
    low, high = one.axes[0].get_ylim()
    assert low < 2.0
    assert high > 2.4
    many = learning_curve_figure(history_of(100), metric=ACCURACY, best_epoch=1, title="t")
    assert many.axes[0].lines[0].get_marker() == "None"


def test_a_long_history_keeps_its_extremes_and_takes_seconds() -> None:
    history = history_of(300_000)
    history["train_loss"][123_456] = 7.0
    start = time.process_time()
    figure = learning_curve_figure(history, metric=ACCURACY, best_epoch=250_000, title="t")
    png_bytes(figure)
    assert time.process_time() - start < 5
    drawn = np.asarray(figure.axes[0].lines[0].get_ydata())
    assert len(drawn) == 2 * MAX_BINS
    assert drawn.max() == 7.0
    assert drawn.min() == 0.5


@pytest.mark.parametrize("epochs", [0, 1, 2, 500])
def test_everything_fits(epochs: int, check_fit: CheckFit) -> None:
    history = history_of(epochs, last_loss=1e-6, dead=0.3)
    check_fit(learning_curve_figure(history, metric=ACCURACY, best_epoch=1, title="$$ [/] <b> long " * 10))


def test_the_same_history_gives_the_same_bytes() -> None:
    first, second = (
        png_bytes(learning_curve_figure(history_of(40, dead=0.1), metric=ACCURACY, best_epoch=30, title="t"))
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(("best", "bottom"), [(0.4, -0.6), (-80.0, -100.0)])
def test_the_range_of_r2_leaves_out_early_epochs_but_no_line(best: float, bottom: float) -> None:
    history = history_of(40)
    history["train_r2"] = np.linspace(-200.0, 0.9, 40).tolist()
    history["validation_r2"] = np.linspace(-300.0, best, 40).tolist()
    figure = learning_curve_figure(history, metric=("R²", "r2"), best_epoch=None, title="t")
    low, _ = figure.axes[1].get_ylim()
    assert bottom < low < min(best, -0.5)
