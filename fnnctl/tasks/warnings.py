"""What the warnings about a network's predictions have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fnnctl.messages import Message
from fnnctl.text import counted

OUT_OF_FOLD = "out of fold"
"""Which rows the warning is about in a cross-validation."""
TEST_PART = "on the test part"

NO_BETTER = "no_better_than_baseline"
"""The kind of the warnings about predictions that are not shown to be better than the baseline's."""

MIN_ROWS = 10
"""Even if a classifier is right in all of fewer rows, its accuracy may be below 0.7."""

MIN_EPOCHS = 10
"""With fewer epochs it is too early to say that more would not help."""


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """How the training of the network went, or that of a cross-validation's median fold."""

    epochs: int = 0
    best_epoch: int | None = None
    """The epoch whose weights were kept; None without early stopping."""
    folds: int = 1
    has_class_weights: bool = False
    has_row_weights: bool = False

    @property
    def counts_rows_equally(self) -> bool:
        """Whether all rows count equally in the loss: only then should most predictions be right."""
        return not (self.has_class_weights or self.has_row_weights)

    @property
    def was_best_early(self) -> bool:
        """Whether the best epoch is in the first half."""
        return (
            self.best_epoch is not None and self.epochs >= MIN_EPOCHS and 2 * self.best_epoch <= self.epochs
        )


UNKNOWN = TrainingOutcome()


def worth_trying(rows: int, *, is_ahead: bool, training: TrainingOutcome = UNKNOWN) -> str:
    """What to try; `is_ahead` is whether the network was better on these rows, if only by chance."""
    if training.was_best_early:
        where = " in the median fold" if training.folds > 1 else ""
        advice = (
            f"the best epoch was {training.best_epoch:,} of {training.epochs:,}{where}, so more epochs will "
            "not help; the columns may say nothing about the target"
        )
    else:
        advice = "try more epochs, another learning rate or other columns"
    if not is_ahead:
        return advice
    are = "is" if rows == 1 else "are"
    return f"{advice}; {counted(rows, 'row')} {are} too few to show a small improvement"


def few_rows(rows: int, where: str) -> Message | None:
    """A warning if there are too few rows `where` the scores are measured, else None."""
    if rows >= MIN_ROWS:
        return None
    better = ", or use `fnnctl evaluate CONFIG`, which tests on every row" if where == TEST_PART else ""
    which = f"{counted(rows, 'row')} {where} {'is' if rows == 1 else 'are'}"
    return Message("few_rows", f"{which} too few for a reliable score: see its 95 % interval{better}")


def of_most_repeats(repeats: Sequence[Sequence[Message | None]]) -> list[Message]:
    """The warnings of a cross-validation: of each subject the first one, if most repeats lead to one.

    Each repeat has one entry per subject, which is None where there is no warning.
    """
    subjects = ([warning for warning in subject if warning] for subject in zip(*repeats, strict=True))
    return [warnings[0] for warnings in subjects if 2 * len(warnings) > len(repeats)]
