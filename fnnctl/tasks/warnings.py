"""What the warnings about a network's predictions have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fnnctl.messages import Message
from fnnctl.text import counted, word_list

OUT_OF_FOLD = "out of fold"
"""Which rows the warning is about in a cross-validation."""
TEST_PART = "on the test part"

NO_BETTER = "no_better_than_baseline"
"""The kind of the warnings about predictions that are not shown to be better than the baseline's."""

MIN_ROWS = 10
"""Even if a classifier is right in all of fewer rows, its accuracy may be below 0.7."""

MIN_EPOCHS = 10
"""With fewer epochs it is too early to say that more would not help."""


MAX_ALIKE: Final = 2
"""More targets than this, beside the first one, with a message of the same kind have one in common."""
MAX_NAMED: Final = 6


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


def too_few_to_tell(rows: int) -> str:
    """That no network can be told from the baseline by so few rows."""
    return f"{counted(rows, 'row')} {'is' if rows == 1 else 'are'} too few to tell"


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


def about_targets(messages: Iterable[tuple[str, Iterable[Message]]]) -> list[Message]:
    """The messages about each of several targets, given by their names, which they name.

    If many targets have a message of the same kind, there is that of the first one, which names the others.
    """
    of_kind: dict[str, list[tuple[str, Message]]] = {}
    for target, about in messages:
        for message in about:
            of_kind.setdefault(message.kind, []).append((target, message))
    joined: list[Message] = []
    for alike in of_kind.values():
        (first, message), *further = alike
        others = list(dict.fromkeys(target for target, _ in further if target != first))
        if len(others) <= MAX_ALIKE:
            joined += (own.about(name) for name, own in alike)
            continue
        names = word_list(others[:MAX_NAMED]) + (", …" if len(others) > MAX_NAMED else "")
        named = f"{counted(len(others), 'other target')} ({names})"
        is_severe = all(own.is_severe for _, own in alike)
        joined.append(replace(message, is_severe=is_severe).about(first, alike=named))
    return joined
