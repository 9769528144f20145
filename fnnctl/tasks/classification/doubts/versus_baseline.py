"""A warning if a classifier is not better than always predicting the majority class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.classification import log_losses
from fnnctl.metrics.paired import LEVEL, mean_test, sign_test
from fnnctl.tasks.classification.doubts.rare_classes import favour_rare
from fnnctl.tasks.doubts import UNKNOWN, Course, worth_trying
from fnnctl.text import counted, shown

UNEQUAL = 0.8
"""If the majority class has this share of the rows, other metrics say more than accuracy."""


def baseline_warning(
    classes: Sequence[str],
    labels: IntArray,
    probabilities: FloatArray,
    baseline: FloatArray,
    *,
    where: str,
    positive: int | None = None,
    course: Course = UNKNOWN,
) -> str | None:
    """A warning unless more rows are right than with the majority class, by more than chance.

    The test counts the rows that only one of the two predicts correctly (McNemar's, exact, one-sided). There
    is no warning either if a few more rows are right and the log loss is better by more than chance. The
    warning says if there are too few rows for any network to pass, if the probabilities alone are better,
    and if the classes are so unequal that another metric says more.

    Args:
        classes: The names of the classes.
        labels: (n,) the true classes of n ≥ 1 rows.
        probabilities: (n, classes), the network's.
        baseline: (classes,) or (n, classes), the shares of the classes in the training part.
        where: Which rows these are, such as `on the test part`.
        positive: Of two classes, the index of the one that has a threshold; else None.
        course: What is known about the training.
    """
    shares = np.broadcast_to(baseline, probabilities.shape)
    majority, predicted = shares.argmax(axis=1), probabilities.argmax(axis=1)
    right, guessed = predicted == labels, majority == labels
    p = sign_test(int(np.sum(right & ~guessed)), int(np.sum(guessed & ~right)))
    accuracy, by_guessing = float(right.mean()), float(guessed.mean())
    own, given = (log_losses(labels, each) for each in (probabilities, shares))
    has_better_probabilities = mean_test(given - own) <= LEVEL
    if p <= LEVEL or (has_better_probabilities and accuracy > by_guessing):
        return None
    most = int(np.bincount(majority, minlength=len(classes)).argmax())
    name = shown(classes[most])
    if np.array_equal(predicted, majority):
        said = f"the network predicts {name} for every row {where}, as the baseline does"
    else:
        said = (
            f"accuracy {accuracy:.3g} {where} is not better than always predicting {name} "
            f"({by_guessing:.3g}) by more than chance (p = {p:.2g})"
        )
    others = int(np.sum(~guessed))
    if sign_test(others, 0) > LEVEL:
        few = f"{counted(len(labels), 'row')}, {others:,} of them not {name}, are too few to tell"
        return f"{said}: {few}"
    rare = int(np.bincount(labels[labels != most], minlength=len(classes)).argmax())
    if has_better_probabilities:
        return (
            f"{said}, but its probabilities are better than the classes' shares (log loss {own.mean():.3g}, "
            f"not {given.mean():.3g}): rank rows by them and judge by ROC AUC, or "
            f"{favour_rare(classes, rare, positive)}"
        )
    if by_guessing >= UNEQUAL:
        return (
            f"{said}: accuracy says little where one class has most rows, so judge by balanced accuracy or "
            f"ROC AUC, and {favour_rare(classes, rare, positive)}"
        )
    return f"{said}: {worth_trying(len(labels), is_ahead=accuracy > by_guessing, course=course)}"
