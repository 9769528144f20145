"""Warnings about a classifier whose predictions are of little use: each is a test against chance, with what
to try.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.messages import Message
from fnnctl.metrics.comparison.shares import unpaired_shares
from fnnctl.metrics.decisions import MIN_OF_CLASS, decide_across
from fnnctl.metrics.paired import LEVEL, mean_test, sign_test
from fnnctl.metrics.ranking import AucEstimate, wilson_interval
from fnnctl.metrics.rows import log_losses
from fnnctl.tasks.warnings import NO_BETTER, UNKNOWN, TrainingOutcome, worth_trying
from fnnctl.text import capitalized, counted, p_text, shown, word_list

HeldOut: TypeAlias = tuple[IntArray, FloatArray]
"""The true classes, (n,), and the probabilities, (n, classes), of rows that were not trained on."""


def favour_rare(
    classes: Sequence[str], rare: int, positive: int | None, held_out: HeldOut | None = None
) -> str:
    """Advice as an imperative without a full stop: a threshold, if it finds more rows of a rare class.

    Args:
        classes: The names of the classes.
        rare: The index of a rare class.
        positive: Of two classes, the index of the one whose probability a threshold is for; else None.
        held_out: Rows that tell what a threshold would do; None if there are none.
    """
    if positive is None:
        return (
            "try training.class_weights: balanced, which moves decisions towards rare classes: more of their "
            "rows are found, and more others are taken for them"
        )
    setting = "model.threshold: f1"
    if rare != positive:
        setting += f" with {shown(classes[rare])} as data.positive_class"
    name, attempt = shown(classes[rare]), None if held_out is None else _attempt(rare, *held_out)
    if attempt is None:
        return (
            f"try {setting}, which predicts {name} from a lower probability on: more of its rows are found, "
            "and more others are taken for it"
        )
    finds = f"{attempt.hits:,} of {attempt.rows:,} held-out rows"
    others = f"{counted(attempt.false_positives, 'other')} for it"
    if attempt.helps:
        return (
            f"try {setting}, which predicts {name} from a lower probability on: it finds {finds}, and takes "
            f"{others}"
        )
    return (
        f"try other columns or more rows of {name} ({setting} does not help: it finds {finds}, and takes "
        f"{others})"
    )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What a threshold with the best F1 does to held-out rows that did not choose it."""

    rows: int
    """Rows of the rare class."""
    hits: int
    """Those that are found."""
    false_positives: int
    """Rows of the other class that are taken for the rare one."""
    p: float
    """One-sided: whether so many more of the class than of the other one are found by chance."""

    @property
    def helps(self) -> bool:
        """Whether the class is no longer one that is hardly ever found."""
        return self.hits >= LOW_RECALL * self.rows and self.p <= LEVEL


def _attempt(rare: int, labels: IntArray, probabilities: FloatArray) -> _Attempt | None:
    """What the threshold does; None if these rows are too few to tell."""
    is_rare = labels == rare
    predicted = decide_across(is_rare, probabilities[:, rare], "f1")
    rows = int(np.count_nonzero(is_rare))
    if predicted is None or rows < MIN_OF_CLASS:
        return None
    hits = int(np.count_nonzero(predicted & is_rare))
    false_positives = int(np.count_nonzero(predicted)) - hits
    p = unpaired_shares(hits, rows, false_positives, len(labels) - rows).p_above
    return _Attempt(rows, hits, false_positives, p)


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
    training: TrainingOutcome = UNKNOWN,
    held_out: HeldOut | None = None,
) -> Message | None:
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
        training: What is known about the training.
        held_out: Rows that tell what a threshold would do; None if there are none.
    """
    shares = np.broadcast_to(baseline, probabilities.shape)
    majority, predicted = shares.argmax(axis=1), probabilities.argmax(axis=1)
    right, guessed = predicted == labels, majority == labels
    p = sign_test(int(np.sum(right & ~guessed)), int(np.sum(guessed & ~right)))
    accuracy, by_guessing = float(right.mean()), float(guessed.mean())
    losses, baseline_losses = (log_losses(labels, answers) for answers in (probabilities, shares))
    has_better_probabilities = mean_test(baseline_losses - losses) <= LEVEL
    if p <= LEVEL or (has_better_probabilities and accuracy > by_guessing):
        return None
    most = int(np.bincount(majority, minlength=len(classes)).argmax())
    name = shown(classes[most])
    if np.array_equal(predicted, majority):
        finding = f"the network predicts {name} for every row {where}, as the baseline does"
    else:
        finding = (
            f"accuracy {accuracy:.3g} {where} is not better than always predicting {name} "
            f"({by_guessing:.3g}) by more than chance ({p_text(p)})"
        )
    other_rows = int(np.sum(~guessed))
    if sign_test(other_rows, 0) > LEVEL:
        few = f"{counted(len(labels), 'row')}, {other_rows:,} of them not {name}, are too few to tell"
        return Message(NO_BETTER, f"{finding}: {few}", is_severe=True)
    rare = int(np.bincount(labels[labels != most], minlength=len(classes)).argmax())
    if has_better_probabilities:
        return Message(
            NO_BETTER,
            f"{finding}, but its probabilities are better than the classes' shares (log loss "
            f"{losses.mean():.3g}, not {baseline_losses.mean():.3g}): rank rows by them and judge by "
            f"ROC AUC, or {favour_rare(classes, rare, positive, held_out)}",
        )
    if by_guessing >= UNEQUAL:
        advice = (
            "accuracy says little where one class has most rows, so judge by balanced accuracy or ROC AUC, "
            f"and {favour_rare(classes, rare, positive, held_out)}"
        )
    else:
        advice = worth_trying(len(labels), is_ahead=accuracy > by_guessing, training=training)
    return Message(NO_BETTER, f"{finding}: {advice}", is_severe=True)


CHANCE = 0.5
"""The ROC AUC of a random order."""


def decision_warning(
    positive: str,
    area: AucEstimate | None,
    costs: tuple[FloatArray, FloatArray] | None,
    *,
    rows: int,
    where: str,
    training: TrainingOutcome = UNKNOWN,
) -> Message | None:
    """A warning unless the ROC AUC is above 0.5 and the costs are lower, both by more than chance.

    Args:
        positive: The name of the positive class.
        area: Its ROC AUC; None if these rows have none, and there is no warning.
        costs: What each row costs, (n,), and what it would if one class were always predicted; or None.
        rows: The number of rows, n.
        where: Which rows these are, such as `on the test part`.
        training: What is known about the training.
    """
    if area is None:
        return None
    if _lower_end(area) <= CHANCE:
        finding = (
            f"the ROC AUC of {shown(positive)} {where} is {area.area:.3g}, not above 0.5 by more than "
            "chance, so no threshold separates the classes"
        )
        if _lower_end(replace(area, area=1.0)) <= CHANCE:
            advice = f"{counted(rows, 'row')} are too few to tell"
        else:
            advice = worth_trying(rows, is_ahead=area.area > CHANCE, training=training)
        return Message("random_order", f"{finding}: {advice}", is_severe=True)
    if costs is None:
        return None
    decided, always = costs
    if mean_test(always - decided) <= LEVEL:
        return None
    cost, least = float(decided.mean()), float(always.mean())
    return Message(
        "costly_decisions",
        f"the decisions cost {cost:.3g} per row {where}, which is not less than always predicting one class "
        f"({least:.3g}) by more than chance: {worth_trying(rows, is_ahead=cost < least, training=training)}",
        is_severe=True,
    )


def ranking_warning(
    classes: Sequence[str],
    areas: Sequence[AucEstimate | None],
    *,
    rows: int,
    where: str,
    training: TrainingOutcome = UNKNOWN,
) -> Message | None:
    """A warning unless the ROC AUC of some class, against all others, is above 0.5 by more than chance.

    Args:
        classes: The names of the classes.
        areas: Their ROC AUCs; None for a class without one on these rows.
        rows: The number of rows.
        where: Which rows these are, such as `on the test part`.
        training: What is known about the training.
    """
    estimates = [(area, name) for area, name in zip(areas, classes, strict=True) if area is not None]
    if not estimates or any(_lower_end(area) > CHANCE for area, _ in estimates):
        return None
    best, name = max(estimates, key=lambda pair: pair[0].area)
    if len(classes) == 2:
        return decision_warning(classes[1], best, None, rows=rows, where=where, training=training)
    finding = (
        f"no class has a ROC AUC above 0.5 by more than chance {where}: the largest is {best.area:.3g}, "
        f"of {shown(name)}"
    )
    if all(_lower_end(replace(area, area=1.0)) <= CHANCE for area, _ in estimates):
        advice = f"{counted(rows, 'row')} are too few to tell"
    else:
        advice = worth_trying(rows, is_ahead=best.area > CHANCE, training=training)
    return Message("random_orders", f"{finding}; {advice}", is_severe=True)


def _lower_end(area: AucEstimate) -> float:
    """The lower end of the interval; 0 if there is none."""
    interval = area.interval()
    return interval[0] if interval else 0.0


LOW_RECALL = 0.2
HIGHEST_END = 0.5
"""The upper end of the recall's 95 % interval must be lower, so that the rows are enough to tell."""
MAX_MISSED = 5


def missed_classes_warning(
    classes: Sequence[str],
    labels: IntArray,
    predicted: IntArray,
    *,
    where: str,
    positive: int | None = None,
    training: TrainingOutcome = UNKNOWN,
    held_out: HeldOut | None = None,
) -> Message | None:
    """One warning about all classes whose recall is low although they have enough rows to tell.

    Args:
        classes: The names of the classes.
        labels: (n,) the true classes of n ≥ 1 rows.
        predicted: (n,) the predicted ones.
        where: Which rows these are, such as `on the test part`.
        positive: Of two classes, the index of the one that has a threshold; else None.
        training: What is known about the training.
        held_out: Rows that tell what a threshold would do; None if there are none.
    """
    rows = np.bincount(labels, minlength=len(classes)).tolist()
    hits = np.bincount(labels[predicted == labels], minlength=len(classes)).tolist()
    missed = [index for index in range(len(classes)) if _is_missed(hits[index], rows[index])]
    if not missed:
        return None
    if len(missed) == 1:
        (index,) = missed
        which = counted(rows[index], "row")
        finding = (
            f"the network finds {hits[index]:,} of {which} of the class {shown(classes[index])} {where} "
            f"(recall {hits[index] / rows[index]:.2f})"
        )
    else:
        named = [f"{shown(classes[index])} ({hits[index]:,} of {rows[index]:,})" for index in missed]
        finding = f"the network finds few rows of {len(missed):,} classes {where}, or none: "
        finding += word_list(named, MAX_MISSED)
    most = int(np.argmax(rows))
    if 2 * rows[most] > len(labels):
        accuracy, by_guessing = sum(hits) / len(labels), rows[most] / len(labels)
        finding += (
            f". Accuracy ({accuracy:.3g}) hides this: always predicting {shown(classes[most])} scores "
            f"{by_guessing:.3g}"
        )
    confused = None
    if len(missed) == 1:
        confused = np.bincount(predicted[labels == missed[0]], minlength=len(classes)).tolist()
    are_rare = any(4 * rows[index] * len(classes) < 3 * len(labels) for index in missed)
    if are_rare:
        rarest = min(missed, key=rows.__getitem__)
        advice = "try other columns or more rows of rare classes"
        if positive is not None or not training.has_class_weights:
            advice = favour_rare(classes, rarest, positive, held_out)
        advice += "; judge by balanced accuracy or ROC AUC"
    else:
        advice = _confusion(classes, confused, training)
    return Message("missed_classes", f"{finding}. {capitalized(advice)}")


def unfound_class_warning(
    name: str, labels: BoolArray, predicted: BoolArray, threshold: float, *, where: str
) -> Message | None:
    """A warning if a threshold finds no row of its class, `name`, although there are enough.

    Args:
        name: The name of the positive class.
        labels: (n,) which rows are of it.
        predicted: (n,) which ones are predicted to be.
        threshold: The probability from which on they are.
        where: Which rows these are, such as `on the test part`.
    """
    rows, predictions = int(np.count_nonzero(labels)), int(np.count_nonzero(predicted))
    if rows < MIN_OF_CLASS or (labels & predicted).any():
        return None
    others = f", and takes {counted(predictions, 'other')} for it" if predictions else ""
    return Message(
        "unfound_class",
        f"the threshold of {threshold:.4g} finds none of the {rows:,} rows of {shown(name)} {where}{others}, "
        "so its F1 is 0: rank rows by the probabilities, or try other columns or more rows of the class",
        is_severe=True,
    )


def _is_missed(hits: int, rows: int) -> bool:
    interval = wilson_interval(hits, rows)
    is_low = interval is not None and hits < LOW_RECALL * rows and interval[1] < HIGHEST_END
    return is_low and rows >= MIN_OF_CLASS


def _confusion(classes: Sequence[str], predicted: Sequence[int] | None, training: TrainingOutcome) -> str:
    """What to try if classes have enough rows; `predicted` counts the rows of a single one by prediction."""
    advice = "the confusion matrix shows what they are taken for: find columns in which these differ"
    if predicted is not None:
        other = int(np.argmax(predicted))
        advice = (
            f"{predicted[other]:,} are taken for {shown(classes[other])}: find columns in which these differ "
            "(the confusion matrix shows all such pairs)"
        )
    return advice if training.was_best_early else f"{advice}, or try more epochs or another learning rate"


FAR_PROBABILITIES = "far_probabilities"
"""The kind of the warnings about mean probabilities."""
ENOUGH_FOR_LOG_LOSS = 100
"""So many rows show that a log loss is not better, even if it is not worse by more than chance."""
FAR = 4.0
"""A mean probability differs from a frequency if it is so many standard errors away, because there may be
many classes, and if their odds differ by the factor `ODDS` and they themselves by `MIN_GAP`."""
ODDS = 1.5
MIN_GAP = 0.01
MAX_NAMED = 5


def log_loss_warning(
    labels: IntArray,
    probabilities: FloatArray,
    baseline: FloatArray,
    *,
    where: str,
    is_calibrated: bool = False,
) -> Message | None:
    """A warning if the log loss is not below the baseline's, unless that may be chance in few rows.

    Args:
        labels: (n,) the true classes of n ≥ 1 rows.
        probabilities: (n, classes), the network's.
        baseline: (classes,) or (n, classes), the shares of the classes in the training part.
        where: Which rows these are, such as `on the test part`.
        is_calibrated: Whether a temperature was fitted.
    """
    losses = log_losses(labels, probabilities)
    baseline_losses = log_losses(labels, np.broadcast_to(baseline, probabilities.shape))
    is_worse = mean_test(losses - baseline_losses) <= LEVEL
    is_no_better = not losses.mean() < baseline_losses.mean() and len(labels) >= ENOUGH_FOR_LOG_LOSS
    if not (is_worse or is_no_better):
        return None
    advice = "rank rows by them, but do not read them as frequencies"
    if not is_calibrated:
        advice = f"set model.calibration: temperature, or {advice}"
    return Message(
        "misleading_probabilities",
        f"the log loss {where}, {losses.mean():.4g}, is not better than the baseline's "
        f"({baseline_losses.mean():.4g}), which gives every row the classes' shares of the training rows, so "
        f"the probabilities are misleading: {advice}",
    )


def mean_probability_warning(
    classes: Sequence[str],
    labels: IntArray,
    probabilities: FloatArray,
    baseline: FloatArray | None,
    *,
    where: str,
    positive: int | None,
    training: TrainingOutcome = UNKNOWN,
) -> Message | None:
    """One warning about all classes whose mean probability is far from their frequency: see `FAR`.

    Args:
        classes: The names of the classes.
        labels: (n,) the true classes of n ≥ 1 rows.
        probabilities: (n, classes), the network's.
        baseline: (classes,) or (n, classes), the shares of the classes in the training part, if known.
        where: Which rows these are, such as `on the test part`.
        positive: Of two classes, the only one to name, as the other one's probability follows; else None.
        training: What is known about the training.
    """
    counts = np.bincount(labels, minlength=len(classes)).tolist()
    means = probabilities.mean(axis=0).tolist()
    rows = len(labels)
    candidates = range(len(classes)) if positive is None else [positive]
    far = [index for index in candidates if _is_far(means[index], counts[index], rows)]
    if not far:
        return None
    if len(far) == 1:
        (index,) = far
        finding = (
            f"the mean probability of {shown(classes[index])} {where} is {means[index]:.3g}, but its share "
            f"of the rows is {counts[index] / rows:.3g}"
        )
    else:
        named = [f"{shown(classes[index])} ({means[index]:.3g}, {counts[index] / rows:.3g})" for index in far]
        finding = (
            f"the mean probabilities of {len(far):,} classes {where} are far from their shares of the rows: "
            f"{word_list(named, MAX_NAMED)}"
        )
    if baseline is not None:
        shares = np.broadcast_to(baseline, probabilities.shape).mean(axis=0).tolist()
        if all(_is_far(shares[index], counts[index], rows) for index in far):
            trained = word_list([f"{shares[index]:.3g}" for index in far], MAX_NAMED)
            reason = f"in the training rows it is {trained}, so these rows are of another kind"
            return Message(FAR_PROBABILITIES, f"{finding}: {reason}")
    if training.has_row_weights:
        return Message(
            FAR_PROBABILITIES, f"{finding}: probabilities follow the weights of the rows (data.weights)"
        )
    advice = "rank rows by the probabilities, but do not read them as frequencies"
    return Message(FAR_PROBABILITIES, f"{finding}: {advice}")


def _is_far(mean: float, count: int, rows: int) -> bool:
    share = count / rows
    if abs(mean - share) < MIN_GAP:
        return False
    # The larger of two variances: that of a frequency equal to the mean probability is too small for a
    # surprise in a single row. The other one is Agresti & Coull's, which is never 0.
    likely = (count + 2) / (rows + 4)
    error = math.sqrt(max(mean * (1 - mean), likely * (1 - likely)) / rows)
    low, high = sorted((mean, share))
    return abs(mean - share) > FAR * error and high * (1 - low) >= ODDS * low * (1 - high)
