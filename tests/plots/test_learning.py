from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal

from fnnctl.plots.learning import MAX_BINS, MAX_FOLDS, folds_learning_figure, learning_curve_figure
from fnnctl.plots.style import png_bytes
from tests.plots.drawn import AWKWARD_TITLE, assert_close, check_fit, legend_of, texts_of, x_of, xy_of, y_of

ACCURACY = ("accuracy", "accuracy")
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


def figure_of(history: History, best_epoch: int | None = None, title: str = "t", **options: str) -> Figure:
    return learning_curve_figure(history, metric=ACCURACY, best_epoch=best_epoch, title=title, **options)


def test_loss_and_accuracy_of_both_parts_are_drawn() -> None:
    figure = figure_of(history_of(40), best_epoch=31, title="the title")
    assert {"the title", "loss", "accuracy", "epoch"} <= set(texts_of(figure))
    assert legend_of(figure) == ["training", "validation", "best epoch: 31"]
    loss, accuracy = figure.axes
    assert len(loss.lines) == len(accuracy.lines) == 3
    assert_array_equal(loss.lines[2].get_xdata(), [31, 31])
    assert_array_equal(accuracy.lines[0].get_ydata(), np.linspace(0.5, 0.95, 40))


def test_the_legend_says_what_validation_is() -> None:
    figure = figure_of(history_of(9), validation="validation (out-of-bag)")
    assert legend_of(figure) == ["training", "validation (out-of-bag)"]
    calibrated = history_of(9) | {"validation_calibrated_loss": [1.0] * 9}
    assert legend_of(figure_of(calibrated, 4)) == ["training", "validation", "calibrated", "best epoch: 4"]


def test_without_a_validation_part_there_is_one_line() -> None:
    figure = figure_of(history_of(40, validation=False))
    assert legend_of(figure) == ["training"]
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]


def test_columns_and_values_that_do_not_exist_are_left_out() -> None:
    history = history_of(5)
    for column in ("validation_accuracy", "dead_1", "dead_2"):
        del history[column]
    history["validation_loss"] = [None, 1.0, None, float("nan"), 0.5]
    history["train_loss"][-1] = float("inf")
    losses, accuracies = figure_of(history).axes
    training, validation = losses.lines
    assert x_of(training) == [1, 2, 3, 4]
    assert xy_of(validation) == [[2, 1.0], [5, 0.5]]
    assert len(accuracies.lines) == 1


def test_the_layers_with_the_most_dead_units_have_a_panel() -> None:
    assert "dead units" not in texts_of(figure_of(history_of(40)))
    figure = figure_of(history_of(40, dead=0.25))
    texts = texts_of(figure)
    assert {"dead units", "hidden layer 1"} <= set(texts)
    assert "hidden layer 2" not in texts
    assert max(y_of(figure.axes[2].lines[0])) == 0.25
    history = history_of(3) | {f"dead_{layer}": [0.0, layer / 10, 0.0] for layer in range(1, 8)}
    layers = [text for text in texts_of(figure_of(history)) if text.startswith("hidden layer")]
    assert layers == [f"hidden layer {layer}" for layer in (4, 5, 6, 7)]


@pytest.mark.parametrize(("last_loss", "scale"), [(0.5, "linear"), (0.01, "log"), (0.0, "linear")])
def test_a_loss_over_decades_has_a_logarithmic_axis(last_loss: float, scale: str) -> None:
    figure = figure_of(history_of(40, last_loss=last_loss))
    texts = texts_of(figure)
    assert figure.axes[0].get_yscale() == scale
    assert not any("$" in text for text in texts)
    assert ({"0.01", "0.1", "1"} <= set(texts)) is (scale == "log")


def test_a_few_epochs_are_marked_by_points() -> None:
    losses, accuracies = figure_of(history_of(1), 1).axes
    assert losses.lines[0].get_marker() == "o"
    assert accuracies.get_xticks().tolist() == [1]
    low, high = losses.get_ylim()
    assert low < 2.0
    assert high > 2.4
    assert figure_of(history_of(100), 1).axes[0].lines[0].get_marker() == "None"


def test_a_long_history_keeps_its_extremes() -> None:
    history = history_of(300_000)
    history["train_loss"][123_456] = 7.0
    figure = figure_of(history, 250_000)
    assert png_bytes(figure)
    drawn = y_of(figure.axes[0].lines[0])
    assert (len(drawn), max(drawn), min(drawn)) == (2 * MAX_BINS, 7.0, 0.5)


@pytest.mark.parametrize(("best", "bottom"), [(0.4, -0.6), (-80.0, -100.0)])
def test_the_range_of_r2_leaves_out_early_epochs_but_no_line(best: float, bottom: float) -> None:
    history = history_of(40)
    history["train_r2"] = np.linspace(-200.0, 0.9, 40).tolist()
    history["validation_r2"] = np.linspace(-300.0, best, 40).tolist()
    figure = learning_curve_figure(history, metric=("R²", "r2"), best_epoch=None, title="t")
    assert bottom < figure.axes[1].get_ylim()[0] < min(best, -0.5)


@pytest.mark.parametrize("epochs", [0, 1, 2, 500])
def test_everything_fits(epochs: int) -> None:
    check_fit(figure_of(history_of(epochs, last_loss=1e-6, dead=0.3), 1, AWKWARD_TITLE))


def folds_of(*lengths: int, validation: bool = True) -> History:
    """Fold f trains for the f-th number of epochs, with the loss (f + 1)/epoch."""
    history: History = {name: [] for name in ("repeat", "fold", "epoch", "train_loss", "train_accuracy")}
    for fold, epochs in enumerate(lengths):
        for epoch in range(1, epochs + 1):
            values = (1, fold + 1, epoch, (fold + 1) / epoch, 1 - 1 / (epoch + 1))
            for name, value in zip(history, values, strict=True):
                history[name].append(value)
    if validation:
        history["validation_loss"] = [loss and 1.5 * loss for loss in history["train_loss"]]
        history["validation_accuracy"] = list(history["train_accuracy"])
    return history


def folds_figure(history: History, title: str = "t") -> Figure:
    return folds_learning_figure(history, metric=ACCURACY, title=title)


def segments_of(figure: Figure) -> int:
    (folds,) = (drawn for drawn in figure.axes[0].collections if isinstance(drawn, LineCollection))
    return len(folds.get_segments())


def test_every_fold_and_the_mean_of_those_that_train() -> None:
    """Folds of 4, 2 and 3 epochs: the mean is over three, three and two folds, and then ends."""
    figure = folds_figure(folds_of(4, 2, 3, validation=False))
    loss = figure.axes[0]
    (mean,) = loss.get_lines()
    assert_close(xy_of(mean), [[1, 2], [2, 1], [3, (1 + 3) / 2 / 3]])
    assert segments_of(figure) == 3
    assert legend_of(figure) == ["mean, training", "3 folds"]
    low, high = loss.get_xlim()
    assert low < 1
    assert high > 4
    assert loss.get_ylim()[1] >= 3


def test_validation_of_folds_has_lines_of_its_own() -> None:
    figure = folds_figure(folds_of(5, 5))
    assert legend_of(figure) == ["mean, training", "mean, validation", "2 folds"]
    assert [len(axes.get_lines()) for axes in figure.axes] == [2, 2]


def test_a_diverging_fold_does_not_flatten_the_others() -> None:
    history = folds_of(*[40] * 10)
    history["train_loss"][38:40] = [None, 1e30]
    assert folds_figure(history).axes[0].get_ylim()[1] < 1e29


def test_of_many_folds_some_are_drawn() -> None:
    figure = folds_figure(folds_of(*[3] * 400, validation=False))
    assert segments_of(figure) == MAX_FOLDS
    assert_close(y_of(figure.axes[0].get_lines()[0])[0], np.mean(np.arange(1, 401)))


@pytest.mark.parametrize("lengths", [(1,), (1, 1, 1), (2, 30), (500, 400, 20)])
def test_all_of_folds_fits(lengths: tuple[int, ...]) -> None:
    check_fit(folds_figure(folds_of(*lengths), AWKWARD_TITLE))


def test_equal_folds_have_the_same_bytes() -> None:
    first, second = (folds_figure(folds_of(500, 400, 20), AWKWARD_TITLE) for _ in range(2))
    assert png_bytes(first) == png_bytes(second)


def history_of_targets(names: list[str]) -> History:
    of_targets: History = {f"validation_targets.{name}.loss": [1.0, 0.5] for name in names}
    return {"epoch": [1, 2], "train_loss": [2.0, 1.0], "validation_loss": [2.0, 1.5], **of_targets}


@pytest.mark.parametrize(("part", "is_above"), [("validation", True), ("validation (out-of-bag)", False)])
def test_the_legend_of_targets_is_beside_the_lines_if_the_title_leaves_no_room(
    part: str, is_above: bool
) -> None:
    targets = ["yield", "amount", "x.1", "a,b", "failed"]
    figure = learning_curve_figure(
        history_of_targets(targets),
        metric=ACCURACY,
        best_epoch=None,
        title="t",
        validation=part,
        targets=targets,
    )
    legend = figure.axes[1].get_legend()
    assert legend is not None
    assert (legend.get_title().get_text() == "") == is_above


@pytest.mark.parametrize(
    ("targets", "shown"),
    [
        (["price", "days"], ["price", "days"]),
        (
            ["the label number 1 of all", "the label number 2 of all"],
            ["the...1 of all", "the...2 of all"],
        ),
        (["\x07", "\x08", "x"], ["target 1", "target 2", "x"]),
        ([f"target {index}" for index in range(9)], [f"target {index}" for index in range(6)]),
    ],
)
def test_each_of_the_first_targets_has_a_line_of_its_own_name(targets: list[str], shown: list[str]) -> None:
    figure = learning_curve_figure(
        history_of_targets(targets), metric=ACCURACY, best_epoch=None, title="t", targets=targets
    )
    drawn = min(len(targets), 6)
    assert len(figure.axes[1].lines) == drawn
    legend = figure.axes[1].get_legend()
    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]
    assert [text.replace("…", "...") for text in texts] == shown
    check_fit(figure)
