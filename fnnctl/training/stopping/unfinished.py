"""A hint where training ended before it was done: few steps, and a loss that was still falling.

With fewer rows than a batch an epoch is a single step, and 200 epochs are 200 steps. Whoever counts epochs
does not see that, and the network is worse than it could be.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from fnnctl.tasks.base import TRAIN_LOSS, VALIDATION_LOSS
from fnnctl.training.learners.batches import batch_bounds
from fnnctl.training.members import StackSettings
from fnnctl.training.trainer import Outcome

History = Mapping[str, Sequence[float]]

FEW_STEPS = 2000
"""Beyond, a loss that falls still is one that falls slowly."""
FEWEST_EPOCHS = 20
"""Whoever asks for fewer knows that they are few."""
TAIL = 0.1
"""The share of the epochs that is compared with as many before it."""
CLEAR_FALL, CLEAR_SHARE = 0.0075, 0.02
"""By how much the mean loss falls at least from one to the other, as a difference and as a share. Where all
rows are told apart a loss falls for ever, by a share that stays and a difference that soon means nothing."""
SMALL_BATCH = 32


def unfinished(
    trained: Sequence[tuple[Outcome, History]], settings: StackSettings, *, train_rows: int
) -> Iterator[str]:
    """A warning where most of these trainings ended at their last epoch, early and with a falling loss.

    It is the validation loss that counts, where there is one. They are one, or a cross-validation's folds.
    """
    steps = len(batch_bounds(train_rows, settings))
    falls = [fall for outcome, history in trained if (fall := _fall(outcome, history, steps)) is not None]
    if not falls or 2 * len(falls) < len(trained):
        return
    name, epochs = _watched(next(history for outcome, history in trained if outcome is Outcome.COMPLETED))
    where = "" if len(trained) == 1 else f" in {len(falls)} of {len(trained)} folds"
    tail = f"by {statistics.median(falls):.0%} over the last {_tail(epochs)} epochs"
    made, advice = f"{steps * epochs:,} steps, {steps:,} an epoch", "raise training.epochs"
    if settings.optimizer != "lbfgs" and min(settings.batch_size, train_rows) > SMALL_BATCH:
        advice += f", or lower training.batch_size to {SMALL_BATCH}"
    yield f"{name} was still falling{where} when all epochs were trained ({made}), {tail}: {advice}"


def _watched(history: History) -> tuple[str, int]:
    """The loss that counts, and how many epochs there were."""
    name = next(each for each in (VALIDATION_LOSS, TRAIN_LOSS) if each in history)
    return name, len(history[name])


def _tail(epochs: int) -> int:
    return int(TAIL * epochs)


def _fall(outcome: Outcome, history: History, steps: int) -> float | None:
    """By what share the loss fell at the end; None where that is no reason to go on."""
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
