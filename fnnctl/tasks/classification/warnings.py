"""Which values of a classifier's predictions are worth a warning, and what to try.

The values and their tests are in `fnnctl.metrics.guessing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.messages import Message
from fnnctl.metrics.decisions import MIN_OF_CLASS
from fnnctl.metrics.guessing import (
    ClassRecall,
    MeanProbability,
    ThresholdEffect,
    best_f1_effect,
    class_recalls,
    compare_log_losses,
    compare_with_majority,
    mean_probabilities,
)
from fnnctl.metrics.paired import LEVEL, mean_test
from fnnctl.metrics.ranking import AucEstimate
from fnnctl.tasks.warnings import NO_BETTER, UNKNOWN, TrainingOutcome, too_few_to_tell, worth_trying
from fnnctl.text import capitalized, counted, p_text, quoted, word_list

HeldOut: TypeAlias = tuple[IntArray, FloatArray]
"""The true classes, (n,), and the probabilities, (n, classes), of rows that were not trained on."""
MAX_NAMED: Final = 5
"""How many classes a warning names: with more it would not fit on two lines."""


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """n ≥ 1 rows with the network's predictions, and what is known of them."""

    classes: Sequence[str]
    """The names of the classes."""
    labels: IntArray
    """(n,) the true classes."""
    probabilities: FloatArray
    """(n, classes)"""
    place: str
    """Which rows these are, such as `on the test part`."""
    shares: FloatArray | None = None
    """(n, classes) the shares of the classes in the training rows; None if they are unknown."""
    positive: int | None = None
    """Of two classes, the index of the one whose probability a threshold is for; else None."""
    training: TrainingOutcome = UNKNOWN
    held_out: HeldOut | None = None
    """Rows that tell what a threshold would do; None if there are none."""

    def advice(self, *, is_ahead: bool) -> str:
        """What to try; see `worth_trying`."""
        return worth_trying(len(self.labels), is_ahead=is_ahead, training=self.training)

    @property
    def too_few(self) -> str:
        """That no network could be shown to be better on these rows."""
        return too_few_to_tell(len(self.labels))


UNEQUAL = 0.8
"""If the majority class has this share of the rows, other metrics say more than accuracy."""


def baseline_warning(rows: JudgedRows) -> Message | None:
    """A warning unless more rows are right than with the majority class, by more than chance.

    There is no warning either if a few more rows are right and the log loss is better by more than chance,
    or if the shares are unknown. The warning says if there are too few rows for any network to pass, if the
    probabilities alone are better, and if the classes are so unequal that another metric says more.
    """
    if rows.shares is None:
        return None
    compared = compare_with_majority(rows.labels, rows.probabilities.argmax(axis=1), rows.shares)
    losses = compare_log_losses(rows.labels, rows.probabilities, rows.shares)
    has_better_probabilities, is_ahead = losses.p_better <= LEVEL, compared.accuracy > compared.guessed
    if compared.p <= LEVEL or (has_better_probabilities and is_ahead):
        return None
    name = quoted(rows.classes[compared.majority])
    if compared.is_constant:
        finding = f"the network predicts {name} for every row {rows.place}, as the baseline does"
    else:
        finding = (
            f"accuracy {compared.accuracy:.3g} {rows.place} is not better than always predicting {name} "
            f"({compared.guessed:.3g}) by more than chance ({p_text(compared.p)})"
        )
    if compared.best_p > LEVEL:
        few = f"{counted(len(rows.labels), 'row')}, {compared.other_rows:,} of them not {name}"
        return Message(NO_BETTER, f"{finding}: {few}, are too few to tell", is_severe=True)
    if has_better_probabilities:
        return Message(
            NO_BETTER,
            f"{finding}, but its probabilities are better than the classes' shares (log loss "
            f"{losses.mean:.3g}, not {losses.guessed:.3g}): rank rows by them and judge by "
            f"ROC AUC, or {_favour_rare(rows, _largest_other(rows, compared.majority))}",
        )
    if compared.guessed >= UNEQUAL:
        advice = (
            "accuracy says little where one class has most rows, so judge by balanced accuracy or ROC AUC, "
            f"and {_favour_rare(rows, _largest_other(rows, compared.majority))}"
        )
    else:
        advice = rows.advice(is_ahead=is_ahead)
    return Message(NO_BETTER, f"{finding}: {advice}", is_severe=True)


def _largest_other(rows: JudgedRows, majority: int) -> int:
    """The class with most rows apart from the majority class."""
    others = rows.labels[rows.labels != majority]
    return int(np.bincount(others, minlength=len(rows.classes)).argmax())


def _favour_rare(rows: JudgedRows, rare: int) -> str:
    """Advice as an imperative without a full stop: a threshold, if it finds more rows of a rare class."""
    if rows.positive is None:
        return (
            "try training.class_weights: balanced, which moves decisions towards rare classes: more of their "
            "rows are found, and more others are taken for them"
        )
    setting, name = "model.threshold: f1", quoted(rows.classes[rare])
    if rare != rows.positive:
        setting += f" with {name} as data.positive_class"
    effect = None
    if rows.held_out is not None:
        labels, probabilities = rows.held_out
        effect = best_f1_effect(labels == rare, probabilities[:, rare])
    if effect is None:
        return (
            f"try {setting}, which predicts {name} from a lower probability on: more of its rows are found, "
            "and more others are taken for it"
        )
    finds = f"{effect.hits:,} of {effect.rows:,} held-out rows"
    others = f"{counted(effect.false_positives, 'other')} for it"
    if _finds_class(effect):
        return (
            f"try {setting}, which predicts {name} from a lower probability on: it finds {finds}, and takes "
            f"{others}"
        )
    return (
        f"try other columns or more rows of {name} ({setting} does not help: it finds {finds}, and takes "
        f"{others})"
    )


CHANCE = 0.5
"""The ROC AUC of a random order."""


def decision_warning(
    rows: JudgedRows, area: AucEstimate | None, costs: tuple[FloatArray, FloatArray] | None
) -> Message | None:
    """A warning unless the ROC AUC is above 0.5 and the costs are lower, both by more than chance.

    Args:
        rows: The rows, whose positive class is known.
        area: Its ROC AUC; None if these rows have none, and there is no warning.
        costs: What each row costs, (n,), and what it would if one class were always predicted; or None.
    """
    if area is None or rows.positive is None:
        return None
    if area.lower_end <= CHANCE:
        return _random_order(rows, rows.classes[rows.positive], area)
    if costs is None:
        return None
    decided, always = costs
    if mean_test(always - decided) <= LEVEL:
        return None
    cost, least = float(decided.mean()), float(always.mean())
    return Message(
        "costly_decisions",
        f"the decisions cost {cost:.3g} per row {rows.place}, which is not less than always predicting one "
        f"class ({least:.3g}) by more than chance: {rows.advice(is_ahead=cost < least)}",
        is_severe=True,
    )


def ranking_warning(rows: JudgedRows, areas: Sequence[AucEstimate | None]) -> Message | None:
    """A warning unless the ROC AUC of some class, against all others, is above 0.5 by more than chance.

    `areas` are those of the classes; None for a class without one on these rows.
    """
    estimates = [(area, name) for area, name in zip(areas, rows.classes, strict=True) if area is not None]
    if not estimates or any(area.lower_end > CHANCE for area, _ in estimates):
        return None
    best, name = max(estimates, key=lambda pair: pair[0].area)
    if len(rows.classes) == 2:
        return _random_order(rows, rows.classes[1], best)
    finding = (
        f"no class has a ROC AUC above 0.5 by more than chance {rows.place}: the largest is {best.area:.3g}, "
        f"of {quoted(name)}"
    )
    is_hopeless = all(area.highest_lower_end <= CHANCE for area, _ in estimates)
    advice = rows.too_few if is_hopeless else rows.advice(is_ahead=best.area > CHANCE)
    return Message("random_orders", f"{finding}; {advice}", is_severe=True)


def _random_order(rows: JudgedRows, name: str, area: AucEstimate) -> Message:
    """The warning that a class is not ranked above the other one."""
    finding = (
        f"the ROC AUC of {quoted(name)} {rows.place} is {area.area:.3g}, not above 0.5 by more than "
        "chance, so no threshold separates the classes"
    )
    is_hopeless = area.highest_lower_end <= CHANCE
    advice = rows.too_few if is_hopeless else rows.advice(is_ahead=area.area > CHANCE)
    return Message("random_order", f"{finding}: {advice}", is_severe=True)


LOW_RECALL = 0.2
"""A class of which a smaller share is found is hardly ever found. If it has a tenth of the rows, all that is
found of it changes the accuracy by less than two points, so nobody would notice."""
HIGHEST_END = 0.5
"""The upper end of the recall's 95 % interval must be lower: then it is certain that most rows are missed."""


def missed_classes_warning(rows: JudgedRows, predicted: IntArray) -> Message | None:
    """One warning about all classes whose recall is low although they have enough rows to tell.

    `predicted` (n,) are the predicted classes.
    """
    classes = rows.classes
    recalls = class_recalls(rows.labels, predicted, len(classes))
    missed = [index for index, recall in enumerate(recalls) if _is_missed(recall)]
    if not missed:
        return None
    if len(missed) == 1:
        (index,) = missed
        recall = recalls[index]
        finding = (
            f"the network finds {recall.hits:,} of {counted(recall.rows, 'row')} of the class "
            f"{quoted(classes[index])} {rows.place} (recall {recall.value:.2f})"
        )
    else:
        named = [
            f"{quoted(classes[index])} ({recalls[index].hits:,} of {recalls[index].rows:,})"
            for index in missed
        ]
        finding = f"the network finds few rows of {len(missed):,} classes {rows.place}, or none: "
        finding += word_list(named, MAX_NAMED)
    total = len(rows.labels)
    most = max(range(len(classes)), key=lambda index: recalls[index].rows)
    if 2 * recalls[most].rows > total:
        accuracy, by_guessing = sum(recall.hits for recall in recalls) / total, recalls[most].rows / total
        finding += (
            f". Accuracy ({accuracy:.3g}) hides this: always predicting {quoted(classes[most])} scores "
            f"{by_guessing:.3g}"
        )
    # A class is rare if it has less than three quarters of an equal share of the rows.
    if any(4 * recalls[index].rows * len(classes) < 3 * total for index in missed):
        advice = "try other columns or more rows of rare classes"
        if rows.positive is not None or not rows.training.has_class_weights:
            advice = _favour_rare(rows, min(missed, key=lambda index: recalls[index].rows))
        advice += "; judge by balanced accuracy or ROC AUC"
    else:
        advice = _confusion(rows, predicted, missed)
    return Message("missed_classes", f"{finding}. {capitalized(advice)}")


def unfound_class_warning(rows: JudgedRows, predicted: IntArray, threshold: float) -> Message | None:
    """A warning if a threshold finds no row of the positive class, although there are enough.

    `predicted` (n,) are the classes predicted with the threshold.
    """
    if rows.positive is None:
        return None
    is_positive, is_predicted = rows.labels == rows.positive, predicted == rows.positive
    count, predictions = int(np.count_nonzero(is_positive)), int(np.count_nonzero(is_predicted))
    if count < MIN_OF_CLASS or (is_positive & is_predicted).any():
        return None
    others = f", and takes {counted(predictions, 'other')} for it" if predictions else ""
    return Message(
        "unfound_class",
        f"the threshold of {threshold:.4g} finds none of the {count:,} rows of "
        f"{quoted(rows.classes[rows.positive])} {rows.place}{others}, so its F1 is 0: rank rows by the "
        "probabilities, or try other columns or more rows of the class",
        is_severe=True,
    )


def _is_missed(recall: ClassRecall) -> bool:
    is_low = recall.hits < LOW_RECALL * recall.rows and recall.upper_end < HIGHEST_END
    return is_low and recall.rows >= MIN_OF_CLASS


def _finds_class(effect: ThresholdEffect) -> bool:
    """Whether the class is no longer one that is hardly ever found."""
    return effect.hits >= LOW_RECALL * effect.rows and effect.p <= LEVEL


def _confusion(rows: JudgedRows, predicted: IntArray, missed: Sequence[int]) -> str:
    """What to try if the missed classes have enough rows."""
    advice = "the confusion matrix shows what they are taken for: find columns in which these differ"
    if len(missed) == 1:
        counts = np.bincount(predicted[rows.labels == missed[0]], minlength=len(rows.classes)).tolist()
        most = int(np.argmax(counts))
        advice = (
            f"{counts[most]:,} are taken for {quoted(rows.classes[most])}: find columns in which these "
            "differ (the confusion matrix shows all such pairs)"
        )
    is_early = rows.training.was_best_early
    return advice if is_early else f"{advice}, or try more epochs or another learning rate"


ENOUGH_FOR_LOG_LOSS = 100
"""This many rows show that a log loss is not better, even if it is not worse by more than chance: the
standard error of their mean is a tenth of the losses' spread."""


def log_loss_warning(rows: JudgedRows, *, is_calibrated: bool = False) -> Message | None:
    """A warning if the log loss is not below that of the shares, unless that may be chance in few rows.

    `is_calibrated` is whether a temperature was fitted. Without known shares there is no warning.
    """
    if rows.shares is None:
        return None
    losses = compare_log_losses(rows.labels, rows.probabilities, rows.shares)
    is_no_better = not losses.mean < losses.guessed and len(rows.labels) >= ENOUGH_FOR_LOG_LOSS
    if not (losses.p_worse <= LEVEL or is_no_better):
        return None
    advice = "rank rows by them, but do not read them as frequencies"
    if not is_calibrated:
        advice = f"set model.calibration: temperature, or {advice}"
    return Message(
        "misleading_probabilities",
        f"the log loss {rows.place}, {losses.mean:.4g}, is not better than the baseline's "
        f"({losses.guessed:.4g}), which gives every row the classes' shares of the training rows, so "
        f"the probabilities are misleading: {advice}",
    )


MIN_STANDARD_ERRORS = 4.0
"""A mean probability differs from a frequency if it is this many standard errors away. By chance that happens
once in 16,000 times, and so hardly ever to one of a hundred classes."""
MIN_ODDS_RATIO = 1.5
"""In very many rows no difference is chance. Odds that differ by a smaller factor, such as those of 0.10 and
0.14, lead to the same decisions."""
MIN_GAP = 0.01
"""A smaller difference is none, whatever the odds: those of 0.001 and 0.003 differ by a factor of three."""


def mean_probability_warning(rows: JudgedRows) -> Message | None:
    """One warning about all classes whose mean probability is far from their frequency.

    Of two classes only the positive one is named, as the other one's probability follows.
    """
    means = mean_probabilities(rows.labels, rows.probabilities)
    candidates = range(len(rows.classes)) if rows.positive is None else [rows.positive]
    far = [index for index in candidates if _is_far(means[index])]
    if not far:
        return None
    if len(far) == 1:
        (index,) = far
        finding = (
            f"the mean probability of {quoted(rows.classes[index])} {rows.place} is {means[index].mean:.3g}, "
            f"but its share of the rows is {means[index].share:.3g}"
        )
    else:
        named = [
            f"{quoted(rows.classes[index])} ({means[index].mean:.3g}, {means[index].share:.3g})"
            for index in far
        ]
        finding = (
            f"the mean probabilities of {len(far):,} classes {rows.place} are far from their shares of the "
            f"rows: {word_list(named, MAX_NAMED)}"
        )
    return Message("far_probabilities", f"{finding}: {_cause_of_far(rows, far)}")


def _cause_of_far(rows: JudgedRows, far: Sequence[int]) -> str:
    """Why the mean probabilities of these classes are far from their frequencies, or what to do then."""
    if rows.shares is not None:
        trained = mean_probabilities(rows.labels, rows.shares)
        if all(_is_far(trained[index]) for index in far):
            shares = word_list([f"{trained[index].mean:.3g}" for index in far], MAX_NAMED)
            return f"in the training rows it is {shares}, so these rows are of another kind"
    if rows.training.has_row_weights:
        return "probabilities follow the weights of the rows (data.weights)"
    return "rank rows by the probabilities, but do not read them as frequencies"


def _is_far(probability: MeanProbability) -> bool:
    return (
        probability.gap >= MIN_GAP
        and probability.gap > MIN_STANDARD_ERRORS * probability.standard_error
        and probability.odds_ratio >= MIN_ODDS_RATIO
    )
