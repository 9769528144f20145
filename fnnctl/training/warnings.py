"""Warnings about a training that has ended: too soon, or with a useless network.

It ended too soon if the loss was still falling fast, or after very few epochs. If there are fewer rows than
the batch size, an epoch is a single step, and 200 epochs are only 200 steps. This is easy to miss, and the
network is worse than it could be.

A loss that is NaN or infinite ends training as diverged. A loss of 1e14 does not, although the step that led
to it was just as bad: it has exploded. Overfitting also raises the validation loss, but never that far: a
network that has memorized random labels has about 30 times the loss of guessing, and its training loss is
close to 0.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fnnctl.errors import steadier_training
from fnnctl.messages import Message
from fnnctl.nn.shape import NetworkShape
from fnnctl.tasks.epoch_metrics import TRAIN_LOSS, VALIDATION_LOSS, epoch_metrics
from fnnctl.text import counted
from fnnctl.training.learners.batches import batch_bounds
from fnnctl.training.members import StackSettings
from fnnctl.training.trainer import Outcome

History = Mapping[str, Sequence[float]]

FEW_STEPS = 2000
"""After more steps than this the loss must fall faster for a warning."""
MIN_EPOCHS = 20
"""Below this number of epochs the fall at the end cannot be told from chance: there is only a warning if the
last epoch was the best."""
TAIL = 0.1
"""The mean loss over this last share of the epochs is compared with that over the equal share before it."""
CLEAR_FALL, CLEAR_SHARE = 0.0075, 0.02
"""The smallest decrease between the two that leads to a warning, absolute and relative. If the classes are
separable, the loss decreases forever, by a constant factor but soon by a negligible difference."""
FAST_FALL, FAST_SHARE = 0.02, 0.03
"""The same after many steps."""
LOWERED = 0.5
"""If a schedule lowers the mean rate below this share between the two, the loss falls for that reason."""
HALF_FALL, HALF_SHARE = 0.03, 0.05
"""Then the loss at the end is compared with the least one in the first half of the epochs, and this is the
smallest decrease that leads to a warning after few steps. On ten tables, with `cosine` and `one_cycle`, three
times the epochs lowered the loss wherever it was larger."""
SMALL_BATCH = 32
EXPLODED = 100.0
"""A loss of more than this many times the loss of guessing has exploded."""
FAILED = 10.0
"""So has a loss of more than this many times that, if the training loss is as large: no overfitting."""


class Ended(Protocol):
    """How a training ended."""

    @property
    def outcome(self) -> Outcome: ...

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose weights are kept; None without early stopping."""

    @property
    def history(self) -> History: ...


@dataclass(frozen=True, slots=True)
class _Fall:
    """A decrease of the loss at the end of training."""

    share: float
    epochs: int
    """The number of epochs in which the loss fell by this share."""


def unfinished(
    trained: Sequence[Ended],
    settings: StackSettings,
    *,
    train_rows: int,
    advice: str | None = None,
) -> Iterator[Message]:
    """A warning if the training, or most folds of a cross-validation, ended too soon.

    Its `advice` is to raise the epochs, or to lower a large batch size, if no other is given.

    The validation loss is checked if there is one, else the training loss. After fewer epochs than 20 the
    warning says that the last epoch was the best, if it clearly was. There is no warning if early stopping
    has chosen the weights of an epoch before the last tenth: what it monitors no longer improved.
    """
    steps = len(batch_bounds(train_rows, settings))
    advice = advice or _advice(settings, train_rows)
    short = [_watched(ended.history)[1] for ended in trained if _was_short(ended, steps)]
    if short and 2 * len(short) >= len(trained):
        sentence = f"{_short(short[0], steps, len(short), len(trained))}: {advice}"
        yield Message("few_epochs", sentence)
    falls = [fall for ended in trained if (fall := _fall(ended, steps)) is not None]
    if not falls or 2 * len(falls) < len(trained):
        return
    name, epochs = _watched(next(ended.history for ended in trained if ended.outcome is Outcome.COMPLETED))
    where = "" if len(trained) == 1 else f" in {len(falls)} of {len(trained)} folds"
    share = statistics.median(fall.share for fall in falls)
    tail = f"by {share:.0%} over the last {counted(falls[0].epochs, 'epoch')}"
    made = f"{counted(steps * epochs, 'step')}, {steps:,} per epoch"
    sentence = f"{name} was still falling{where} at the last epoch ({made}), {tail}: {advice}"
    yield Message("falling_loss", sentence)


def _advice(settings: StackSettings, train_rows: int) -> str:
    small = settings.optimizer == "lbfgs" or min(settings.batch_size, train_rows) <= SMALL_BATCH
    advice = "raise training.epochs"
    return advice if small else f"{advice}, or lower training.batch_size to {SMALL_BATCH}"


def _was_short(ended: Ended, steps: int) -> bool:
    """Whether all epochs were trained, but too few to measure a fall, and the last was clearly the best.

    On a large table a recipe has few epochs, too, but its schedule ends there, and the last improves little.
    """
    if ended.outcome is not Outcome.COMPLETED:
        return False
    name, epochs = _watched(ended.history)
    *before, last = ended.history[name]
    if epochs >= MIN_EPOCHS or ended.best_epoch not in {None, epochs}:
        return False
    return not before or _clear(min(before), last, 1, *_least(steps * epochs)) is not None


def _short(epochs: int, steps: int, short: int, folds: int) -> str:
    """What is wrong if `short` of the folds, or the one training, had too few epochs."""
    were = "was" if epochs == 1 else "were"
    made = f"only {counted(epochs, 'epoch')} {were} trained ({counted(steps * epochs, 'step')})"
    where = "" if folds == 1 else f" in {short} of {folds} folds"
    return f"{made}, and the last was the best{where}" if epochs > 1 else made


def _watched(history: History) -> tuple[str, int]:
    """The name of the loss that is checked, and the number of epochs."""
    name = next(name for name in (VALIDATION_LOSS, TRAIN_LOSS) if name in history)
    return name, len(history[name])


def _fall(ended: Ended, steps: int) -> _Fall | None:
    """The decrease of the loss at the end; None if it is no reason to continue."""
    if ended.outcome is not Outcome.COMPLETED:
        return None
    name, epochs = _watched(ended.history)
    losses, tail = ended.history[name], int(TAIL * epochs)
    if epochs < MIN_EPOCHS or (ended.best_epoch is not None and ended.best_epoch <= epochs - tail):
        return None
    after = _mean(losses[-tail:])
    rates, few = ended.history.get("learning_rate"), steps * epochs <= FEW_STEPS
    if rates and _mean(rates[-tail:]) < LOWERED * _mean(rates[-2 * tail : -tail]):
        half = epochs // 2
        return _clear(min(losses[: epochs - half]), after, half, HALF_FALL, HALF_SHARE) if few else None
    return _clear(_mean(losses[-2 * tail : -tail]), after, tail, *_least(steps * epochs))


def _least(steps: int) -> tuple[float, float]:
    """The smallest decrease that leads to a warning after this number of steps, absolute and relative."""
    return (CLEAR_FALL, CLEAR_SHARE) if steps <= FEW_STEPS else (FAST_FALL, FAST_SHARE)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _clear(before: float, after: float, epochs: int, least: float, least_share: float) -> _Fall | None:
    """The decrease from `before` to `after`; None if it is too small."""
    fall = before - after
    return _Fall(fall / before, epochs) if fall >= max(least, least_share * before) else None


def exploded(
    trained: Sequence[tuple[Outcome, History]],
    shape: NetworkShape,
    *,
    steadier_rate: float | None,
    scaled: bool,
) -> Iterator[Message]:
    """A warning if the training, or a fold of a cross-validation, ended with a huge loss.

    The validation loss is checked if there is one, else the training loss. `steadier_rate` is the learning
    rate to try instead, None for lbfgs; `scaled` is whether the features are scaled.
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
    yield Message(
        "exploded_loss",
        f"{name} exploded{where}: it ended at {max(losses):.2g}, but guessing gives {guessing:.2g}. "
        f"{steadier_training(steadier_rate, scaled=scaled)}",
        is_severe=True,
    )


def _exploded(history: History, guessing: float) -> float | None:
    """The last value of the loss that is checked, if it has exploded."""
    train = history[TRAIN_LOSS][-1]
    loss = history[VALIDATION_LOSS][-1] if VALIDATION_LOSS in history else train
    has = loss > EXPLODED * guessing or (VALIDATION_LOSS in history and min(loss, train) > FAILED * guessing)
    return loss if has else None
