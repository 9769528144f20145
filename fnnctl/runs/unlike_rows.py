"""A warning if the test part is unlike the training rows: the network predicts it worse than other new rows.

Intervals beside the scores do not show it: they are for rows like those that were scored.
"""

from __future__ import annotations

from typing import Final

from fnnctl.arrays import IntArray
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.splits.parts import Split
from fnnctl.data.unseen_values import far_numbers
from fnnctl.messages import Message
from fnnctl.metrics.comparison.measures import Measure, of_groups
from fnnctl.metrics.comparison.rows import unpaired_difference
from fnnctl.metrics.registry import is_loss, label_of
from fnnctl.modelling.fit import Fit
from fnnctl.seeds import Purpose, stream
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import PartScores, TaskData
from fnnctl.text import p_text, quoted, word_list

LEVEL: Final = 0.001
"""One-sided: of 200 random splits at most one is expected to lead to the warning."""
MAX_NAMED: Final = 5


def is_chosen_by_validation(fit: Fit, decoder: OutputDecoder) -> bool:
    """Whether validation rows chose something of a fit without bags, so that their score is too good."""
    threshold = PostTraining.of(fit.experiment.model).chooses_threshold
    return threshold or are_predictions_chosen(fit, decoder)


def are_predictions_chosen(fit: Fit, decoder: OutputDecoder) -> bool:
    """Whether probabilities, or estimates, of a fit without bags depend on a choice by validation rows."""
    monitors = fit.experiment.training.monitors.values()
    return (
        any(monitor.startswith("validation_") for monitor in monitors)
        or fit.settings.twins
        or PostTraining.of(fit.experiment.model).fits_predictions(decoder)
    )


def unlike_rows_warnings(
    data: TaskData,
    preprocessor: Preprocessor,
    split: Split,
    *,
    test: PartScores | None,
    held_out: PartScores | None,
    where: str,
) -> list[Message]:
    """A warning if the score of the test part is worse than that of held-out rows, by more than chance.

    The `held_out` rows are those of the validation part; the warning says `where` they are. Out of bag they
    are scored by single members, whose mean, which scores the test part, is better: that hides small
    differences.
    """
    metric = data.task.default_metric
    if test is None or held_out is None:
        return []
    measures = [
        _measure(data, scores, metric, rows)
        for scores, rows in ((test, split.test), (held_out, split.validation))
    ]
    first, second = measures
    if first is None or second is None:
        return []
    worse = first.value > second.value if is_loss(metric) else first.value < second.value
    if not worse:
        return []
    difference = unpaired_difference(first, second, stream(0, Purpose.UNLIKE))
    p = difference.p_above if is_loss(metric) else difference.p_below
    if p >= LEVEL:
        return []
    far = far_numbers(data.dataset, split.test, preprocessor)
    columns = word_list([f"{quoted(name)} ({count:,})" for name, count in far.items()], MAX_NAMED)
    sentence = (
        f"{label_of(metric)} is {first.value:.4f} on the test part and {second.value:.4f} {where}, which is "
        f"not chance ({p_text(p)}): the test rows are unlike the training rows, and so may be new rows"
    )
    if far:
        sentence += f". Numbers far outside of the range of the training rows are in {columns}"
    return [Message("unlike_rows", sentence)]


def _measure(data: TaskData, scores: PartScores, metric: str, rows: IntArray) -> Measure | None:
    """The metric of some rows, (n,), by what is resampled: rows or, with data.split.group, groups of them."""
    measure, groups = scores.measure(metric), data.dataset.groups
    if measure is None or groups is None:
        return measure
    return of_groups(measure, groups[rows])
