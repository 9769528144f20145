"""The kinds of sentences that runs of versions before 0.7 have stored: the only code that reads a sentence.

Those runs say only in words what they warned of, and why a trial or a search ended.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from fnnctl.store import names

UNKNOWN: Final = "unknown"
"""The kind of a warning that no version is known to have written."""

_PARTS: Final = (
    (r"the ensemble: ", names.ENSEMBLE),
    (r"(the refitted )?trial \d+: ", names.BEST),
)
"""How the warnings of a search begin that its run repeats from a run inside it."""

_WARNINGS: Final = (
    ("no_ensemble", r"^there is no ensemble"),
    ("leak", r"alone predicts? the target"),
    ("column_does_as_well", r"alone does as well as the network"),
    ("shared_rows", r"are also in the .* part"),
    ("repeated_rows", r"occur more than once"),
    ("row_id", r"has a different value in \(nearly\) every row"),
    ("ignored_texts", r"(has|have) a different text in \(nearly\) every row"),
    ("many_categories", r"more than [\d,]+ categories"),
    ("constant_columns", r"the same value, or none, in all training rows"),
    ("far_numbers", r"^numbers far from all others"),
    ("unseen_categories", r"has a value that does not occur in the training data"),
    ("far_new_numbers", r"far outside of what the network was trained on"),
    ("unlabelled_rows", r"^left out .* without a value in the target"),
    ("unlabelled_new_rows", r": left out .* without a value in"),
    ("empty_column", r"has no values and is ignored"),
    ("unknown_column", r"is not in the training data and is ignored"),
    ("same_number_twice", r"which are the same number"),
    ("same_word_twice", r"if they are one class, write them alike"),
    ("classes_absent_in_folds", r"no row in the (test|training) part of some folds"),
    ("absent_classes", r"no row in the \w+ part"),
    ("equal_targets_in_folds", r"all test targets are equal"),
    ("equal_targets", r"^all targets of the \w+ part are equal"),
    ("scores_too_large", r"^cannot calibrate: .* too large for any temperature"),
    ("no_temperature", r"^cannot calibrate"),
    ("class_weights_not_fitted", r"divided by the class weights, which is too much"),
    ("medians_not_corrected", r"are medians, which are below means"),
    ("no_threshold_in_folds", r"no threshold can be chosen there"),
    ("no_threshold", r"^cannot choose a threshold"),
    ("dead_units", r"of the units of hidden layer \d+ are dead"),
    ("many_threads", r"^training.threads is \d+, but"),
    ("few_epochs", r"^only [\d,]+ epochs? (was|were) trained"),
    ("falling_loss", r"was still falling"),
    ("exploded_loss", r"_loss exploded"),
    ("few_rows", r"too few for a reliable score"),
    ("random_orders", r"^no class has a ROC AUC above"),
    ("random_order", r"^the ROC AUC of "),
    ("costly_decisions", r"^the decisions cost"),
    ("unfound_class", r"^the threshold of .* finds none of"),
    ("missed_classes", r"^the network finds"),
    ("misleading_probabilities", r"^the log loss .* is not better than the baseline's"),
    ("far_probabilities", r"^the mean probabilit(y|ies) of"),
    ("shifted_targets", r"^R² .* is negative although"),
    ("no_better_than_baseline", r"^the network predicts .* for every row"),
    ("no_better_than_baseline", r"is not (better than|smaller than) .* by more than chance"),
    ("unlike_rows", r"the test rows are unlike the training rows"),
    ("refit_without_calibration", r"^the refitted winner is not calibrated"),
    ("refit_with_other_threshold", r"^the refitted winner's threshold"),
    ("refit_with_other_monitor", r"^the refitted winner's lr_schedule"),
    ("kept_horizon", r"the horizon of .* with which the search began"),
    ("other_version", r"^the run began with fnnctl"),
    ("other_machine", r"the last digits may differ from those of an uninterrupted run"),
    ("worker_on_other_machine", r"the last digits of its results may differ"),
    ("worker_refused", r"^worker .* gets no work"),
    ("silent_worker", r"^worker .* has not worked on its item"),
    ("paused_workers", r"^every worker is paused"),
    ("no_worker", r"^no worker is left"),
    ("workers_refused", r"all work runs in this process instead"),
    ("known_rows", r"^the network was trained on"),
    ("diverged_folds", r"^\d+ of \d+ folds.* diverged"),
    ("low_rate", r"^training.optimizer.learning_rate"),
    ("doubtful_conversion", r"^column .* of "),
)
"""The first pattern that a warning has gives its kind. None is compiled before a former run is read."""
_REASONS: Final = (
    ("complete", r"^complete$"),
    ("interrupted", r"^interrupted$"),
    ("time_limit", r"^the time limit$"),
    ("no_improvement", r"^no improvement in"),
    ("worse_than_median", r"^worse than the median"),
    ("small_chance", r"^a chance of .* to beat the best trial"),
    ("non_finite_loss", r"^the loss became non-finite"),
    ("non_finite_objective", r"^the objective is "),
    ("undefined_metric", r" is undefined here$"),
    ("lost_worker", r"^its worker process"),
    ("failed_objective", r"^\w*(Error|Exception|Warning|Interrupt): "),
    ("invalid_configuration", r"^[a-z][a-z0-9_.]*: "),
)
"""Likewise of the reasons in a journal."""


def warning_kinds(warnings: Sequence[Any]) -> list[str]:
    """The kinds of a manifest's warnings, as `Manifest.warning_kinds` has them."""
    return [_warning_kind(str(warning)) for warning in warnings]


def reason_kind(reason: str) -> str | None:
    """The kind of the reason why a trial, a confirmed network or a search ended; None if it is unknown."""
    return _first_kind(_REASONS, reason)


def _warning_kind(sentence: str) -> str:
    for pattern, part in _PARTS:
        if match := re.match(pattern, sentence):
            return f"{part}.{_warning_kind(sentence[match.end() :])}"
    return _first_kind(_WARNINGS, sentence) or UNKNOWN


def _first_kind(patterns: Sequence[tuple[str, str]], sentence: str) -> str | None:
    return next((kind for kind, pattern in patterns if re.search(pattern, sentence)), None)
