"""A warning if a classifier hardly ever finds some class: accuracy and the baseline may hide it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.errors import keeping_recipe, quoted_list
from fnnctl.metrics.statistics import wilson_interval
from fnnctl.tasks.classification.doubts.rare_classes import favour_rare
from fnnctl.tasks.doubts import UNKNOWN, Course
from fnnctl.text import counted, shown

LOW_RECALL = 0.2
FEWEST_ROWS = 5
"""Of fewer rows of a class, missing all is not unusual."""
HIGHEST_END = 0.5
"""The upper end of the recall's 95 % interval must be lower, so that the rows are enough to tell."""
MOST_NAMED = 5


def missed_classes_warning(
    classes: Sequence[str],
    labels: IntArray,
    predicted: IntArray,
    *,
    where: str,
    positive: int | None = None,
    course: Course = UNKNOWN,
) -> str | None:
    """One warning about all classes whose recall is low although they have enough rows to tell.

    Args:
        classes: The names of the classes.
        labels: (n,) the true classes of n ≥ 1 rows.
        predicted: (n,) the predicted ones.
        where: Which rows these are, such as `on the test part`.
        positive: Of two classes, the index of the one that has a threshold; else None.
        course: What is known about the training.
    """
    rows = np.bincount(labels, minlength=len(classes)).tolist()
    found = np.bincount(labels[predicted == labels], minlength=len(classes)).tolist()
    missed = [number for number in range(len(classes)) if _is_missed(found[number], rows[number])]
    if not missed:
        return None
    if len(missed) == 1:
        (own,) = missed
        which = counted(rows[own], "row")
        said = (
            f"the network finds {found[own]:,} of {which} of the class {shown(classes[own])} {where} "
            f"(recall {found[own] / rows[own]:.2f})"
        )
    else:
        each = [f"{shown(classes[own])} ({found[own]:,} of {rows[own]:,})" for own in missed]
        said = f"the network finds few rows of {len(missed):,} classes {where}, or none: "
        said += quoted_list(each, MOST_NAMED)
    most = int(np.argmax(rows))
    if 2 * rows[most] > len(labels):
        accuracy, by_guessing = sum(found) / len(labels), rows[most] / len(labels)
        said += (
            f". Accuracy ({accuracy:.3g}) hides this: always predicting {shown(classes[most])} scores "
            f"{by_guessing:.3g}"
        )
    confused = None
    if len(missed) == 1:
        confused = np.bincount(predicted[labels == missed[0]], minlength=len(classes)).tolist()
    are_rare = any(4 * rows[own] * len(classes) < 3 * len(labels) for own in missed)
    if are_rare:
        rarest = min(missed, key=rows.__getitem__)
        advice = "try other columns or more rows of rare classes"
        if positive is not None or not course.has_class_weights:
            advice = favour_rare(classes, rarest, positive)
        advice += "; judge by balanced accuracy or ROC AUC"
    else:
        advice = _confusion(classes, confused, course)
    return f"{said}. {advice[0].upper()}{advice[1:]}"


def _is_missed(found: int, rows: int) -> bool:
    interval = wilson_interval(found, rows)
    is_low = interval is not None and found < LOW_RECALL * rows and interval[1] < HIGHEST_END
    return is_low and rows >= FEWEST_ROWS


def _confusion(classes: Sequence[str], predicted: Sequence[int] | None, course: Course) -> str:
    """What to try if classes have enough rows; `predicted` counts the rows of a single one by prediction."""
    advice = "the confusion matrix shows what they are taken for: find columns in which these differ"
    if predicted is not None:
        other = int(np.argmax(predicted))
        advice = (
            f"{predicted[other]:,} are taken for {shown(classes[other])}: find columns in which these differ "
            "(the confusion matrix shows all such pairs)"
        )
    if course.was_best_early:
        return advice
    more = keeping_recipe("more epochs or another learning rate", has_recipe=course.has_recipe)
    return f"{advice}, or try {more}"
