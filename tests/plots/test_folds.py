from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from fnnctl.plots.learning import MAX_FOLDS, folds_learning_figure
from fnnctl.plots.style import png_bytes

ACCURACY = ("accuracy", "accuracy")

CheckFit = Callable[[Figure], None]
History = dict[str, list[float | None]]


def history_of(*lengths: int, validation: bool = True) -> History:
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


def texts_of_legend(figure: Figure) -> list[str]:
    legend = figure.axes[0].get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_every_fold_and_the_mean_of_those_that_train() -> None:
    """Folds of 4, 2 and 3 epochs: the mean is over three, three and two folds, and then ends."""
    figure = folds_learning_figure(history_of(4, 2, 3, validation=False), metric=ACCURACY, title="t")
    loss = figure.axes[0]
    (mean,) = loss.get_lines()
    assert_allclose(np.asarray(mean.get_xydata()), np.array([[1, 2], [2, 1], [3, (1 + 3) / 2 / 3]]))
    (folds,) = (each for each in loss.collections if isinstance(each, LineCollection))
    assert len(folds.get_segments()) == 3
    assert texts_of_legend(figure) == ["mean, training", "3 folds"]
    low, high = loss.get_xlim()
    assert low < 1
    assert high > 4
    assert loss.get_ylim()[1] >= 3


def test_validation_has_lines_of_its_own() -> None:
    figure = folds_learning_figure(history_of(5, 5), metric=ACCURACY, title="t")
    assert texts_of_legend(figure) == ["mean, training", "mean, validation", "2 folds"]
    assert [len(axes.get_lines()) for axes in figure.axes] == [2, 2]


def test_a_diverging_fold_does_not_flatten_the_others() -> None:
    history = history_of(*[40] * 10)
    history["train_loss"][39] = 1e30
    history["train_loss"][38] = None
    figure = folds_learning_figure(history, metric=ACCURACY, title="t")
    assert figure.axes[0].get_ylim()[1] < 1e29


def test_of_many_folds_some_are_drawn() -> None:
    figure = folds_learning_figure(history_of(*[3] * 400, validation=False), metric=ACCURACY, title="t")
    (folds,) = (each for each in figure.axes[0].collections if isinstance(each, LineCollection))
    assert len(folds.get_segments()) == MAX_FOLDS
    assert_allclose(np.asarray(figure.axes[0].get_lines()[0].get_ydata())[0], np.mean(np.arange(1, 401)))


@pytest.mark.parametrize("lengths", [(1,), (1, 1, 1), (2, 30), (500, 400, 20)])
def test_everything_fits(lengths: tuple[int, ...], check_fit: CheckFit) -> None:
    check_fit(folds_learning_figure(history_of(*lengths), metric=ACCURACY, title="$$ [/] <b> long " * 10))


def test_the_same_history_gives_the_same_bytes() -> None:
    first, second = (
        png_bytes(folds_learning_figure(history_of(9, 7), metric=ACCURACY, title="t")) for _ in range(2)
    )
    assert first == second
