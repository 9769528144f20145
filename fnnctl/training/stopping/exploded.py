"""A warning if the loss exploded: training ended with finite weights, but with a useless network.

A loss that is NaN or infinite ends training as diverged. A loss of 1e14 does not, although the step that led
to it was just as bad. Overfitting also raises the validation loss, but never that far: a network that has
memorized random labels has about 30 times the loss of guessing, and its training loss is close to 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fnnctl.errors import steadier_training
from fnnctl.nn.shape import NetworkShape
from fnnctl.tasks.base import TRAIN_LOSS, VALIDATION_LOSS
from fnnctl.tasks.epoch_metrics import epoch_metrics
from fnnctl.training.trainer import Outcome

History = Mapping[str, Sequence[float]]

EXPLODED = 100.0
"""A loss of more than this many times the loss of guessing has exploded."""
FAILED = 10.0
"""So has a loss of more than this many times that, if the training loss is as large: no overfitting."""


def exploded(
    trained: Sequence[tuple[Outcome, History]],
    shape: NetworkShape,
    *,
    steadier_rate: float | None,
    scaled: bool,
    has_recipe: bool = False,
) -> Iterator[str]:
    """A warning if the training, or a fold of a cross-validation, ended with a huge loss.

    The validation loss is checked if there is one, else the training loss. `steadier_rate` is the learning
    rate to try instead, None for lbfgs; `scaled` is whether the features are scaled, `has_recipe` whether
    settings may have a recipe's values.
    """
    guessing = epoch_metrics(shape).guessing_loss
    ended = [
        history for outcome, history in trained if outcome not in {Outcome.DIVERGED, Outcome.INTERRUPTED}
    ]
    losses = [loss for history in ended if (loss := _exploded(history, guessing)) is not None]
    if not losses:
        return
    name = VALIDATION_LOSS if VALIDATION_LOSS in ended[0] else TRAIN_LOSS
    where = "" if len(trained) == 1 else f" in {len(losses)} of {len(trained)} folds"
    yield (
        f"{name} exploded{where}: it ended at {max(losses):.2g}, but guessing gives {guessing:.2g}. "
        f"{steadier_training(steadier_rate, scaled=scaled, has_recipe=has_recipe)}"
    )


def _exploded(history: History, guessing: float) -> float | None:
    """The last value of the loss that is checked, if it has exploded."""
    train = history[TRAIN_LOSS][-1]
    loss = history[VALIDATION_LOSS][-1] if VALIDATION_LOSS in history else train
    has = loss > EXPLODED * guessing or (VALIDATION_LOSS in history and min(loss, train) > FAILED * guessing)
    return loss if has else None
