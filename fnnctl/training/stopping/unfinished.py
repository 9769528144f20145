"""A warning if training ended too soon: after few steps, while the loss was still falling.

If there are fewer rows than the batch size, an epoch is a single step, and 200 epochs are only 200 steps.
This is easy to miss, and the network is worse than it could be.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from fnnctl.tasks.base import TRAIN_LOSS, VALIDATION_LOSS
from fnnctl.text import counted
from fnnctl.training.learners.batches import batch_bounds
from fnnctl.training.members import StackSettings
from fnnctl.training.trainer import Outcome

History = Mapping[str, Sequence[float]]

FEW_STEPS = 2000
"""After more steps than this there is no warning: a loss that still falls does so slowly."""
FEWEST_EPOCHS = 20
"""Below this number of epochs there is no warning: a user who asks for so few knows it."""
TAIL = 0.1
"""The mean loss over this last share of the epochs is compared with that over the equal share before it."""
CLEAR_FALL, CLEAR_SHARE = 0.0075, 0.02
"""The smallest decrease between the two that leads to a warning, absolute and relative. If the classes are
separable, the loss decreases forever, by a constant factor but soon by a negligible difference."""
SMALL_BATCH = 32


def unfinished(
    trained: Sequence[tuple[Outcome, History]], settings: StackSettings, *, train_rows: int
) -> Iterator[str]:
    """A warning if the training, or most folds of a cross-validation, ended too soon.

    The validation loss is checked if there is one, else the training loss.
    """
    steps = len(batch_bounds(train_rows, settings))
    falls = [fall for outcome, history in trained if (fall := _fall(outcome, history, steps)) is not None]
    if not falls or 2 * len(falls) < len(trained):
        return
    name, epochs = _watched(next(history for outcome, history in trained if outcome is Outcome.COMPLETED))
    where = "" if len(trained) == 1 else f" in {len(falls)} of {len(trained)} folds"
    tail = f"by {statistics.median(falls):.0%} over the last {counted(_tail(epochs), 'epoch')}"
    made, advice = f"{counted(steps * epochs, 'step')}, {steps:,} per epoch", "raise training.epochs"
    if settings.optimizer != "lbfgs" and min(settings.batch_size, train_rows) > SMALL_BATCH:
        advice += f", or lower training.batch_size to {SMALL_BATCH}"
    yield f"{name} was still falling{where} at the last epoch ({made}), {tail}: {advice}"


def _watched(history: History) -> tuple[str, int]:
    """The name of the loss that is checked, and the number of epochs."""
    name = next(each for each in (VALIDATION_LOSS, TRAIN_LOSS) if each in history)
    return name, len(history[name])


def _tail(epochs: int) -> int:
    return int(TAIL * epochs)


def _fall(outcome: Outcome, history: History, steps: int) -> float | None:
    """The relative decrease of the loss at the end; None if it is no reason to continue."""
    if outcome is not Outcome.COMPLETED:
        return None
    name, epochs = _watched(history)
    if epochs < FEWEST_EPOCHS or steps * epochs > FEW_STEPS:
        return None
    tail = _tail(epochs)
    before = math.fsum(history[name][-2 * tail : -tail]) / tail
    after = math.fsum(history[name][-tail:]) / tail
    fall = before - after
    return fall / before if fall >= max(CLEAR_FALL, CLEAR_SHARE * before) else None
