"""An ensemble of trials that are ensembles on bags, selected by their out-of-bag scores.

All trials have the same bags. So each row has, of every trial, the score of a member that was not trained on
it, and these scores say what an ensemble of the trials is worth without scoring a row again.

The rows that select an ensemble flatter it. So the selection is repeated per bag, on the rows of the other
bags, and each of these ensembles is measured on its own bag, calibrated by a temperature of the other bags.
Other numbers are fitted to all bags once, and not again: the temperature of each trial and the share of its
twins, the threshold, and the power of class weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.predictor import Predictor
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.mixture import Mixture
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import TaskData, metric_of
from fnnctl.trials.bags import SCORES, SHARES
from fnnctl.trials.ensemble import TrainedTrial, TrialEnsemble, TrialMembers
from fnnctl.trials.selection import Limits, Selection, gains, nested_selections, select_by_loss

MOST_TIMES: Final = 10
"""The upper limit of the cost of a prediction by the ensemble, as a multiple of the default trial's.

A judgement: more trials improve an average less and less, but each makes all later predictions slower.
"""
CLEARLY_WORSE: Final = 3.0
"""A trial is left out if its loss exceeds that of the best one by more than this multiple of the standard
error of their difference.

Out of bag a row has one network of each trial, and gains by the average with any other; on new rows the
members of a trial are an average already. On 51 tables nothing was lost by leaving such trials out.
"""


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Trials whose out-of-bag scores are finite."""

    data: TaskData
    trials: tuple[TrainedTrial, ...]
    rows: IntArray
    """(n,) the rows that are out of some bag."""
    decoder: OutputDecoder
    """The joint one."""
    predictions: Sequence[FloatArray]
    """The scores for it, (n, outputs) of each trial, calibrated by itself."""
    post_training: PostTraining

    @classmethod
    def of(
        cls, data: TaskData, trials: tuple[TrainedTrial, ...], rows: IntArray, post_training: PostTraining
    ) -> Self:
        joint = data.task.joint_decoder([trial.fit.decoder for trial in trials])
        predictions = [
            data.task.combine(_calibrated(data, trial, joint), joint, trial.weights[SHARES])
            for trial in trials
        ]
        return cls(data, trials, rows, joint, predictions, post_training)

    @property
    def mixture(self) -> Mixture:
        """What decides on a selection."""
        targets, exposures = self.data.targets[self.rows], self.data.exposures(self.rows)
        return self.data.task.mixture(self.predictions, targets, self.decoder, exposures)

    def combined(self, selection: Selection) -> FloatArray:
        """The scores of an ensemble of some trials, (n, outputs)."""
        weights = [float(count) for count in selection.counts.values()]
        return self.data.task.combine([self.predictions[k] for k in selection.counts], self.decoder, weights)

    def of_parts(self, members: Sequence[tuple[TrainedTrial, int]], decoder: OutputDecoder) -> FloatArray:
        """The scores of an ensemble, (n, outputs), with the bits that its predictor gives: part by part.

        `decoder` is the predictor's: if all members have the same class weights, so has it, even if other
        candidates have none.
        """
        parts = [scores for trial, _ in members for scores in _calibrated(self.data, trial, decoder)]
        weights = np.concatenate([trial.kind_weights(float(count)) for trial, count in members])
        return self.data.task.combine(parts, decoder, weights)

    def fitted(self, decoder: OutputDecoder, scores: FloatArray, at: IntArray) -> OutputDecoder:
        """A decoder that is fitted to the scores of some rows, given by their indices."""
        targets = self.data.targets[self.rows[at]]
        return self.post_training.fit(self.data.task, decoder, scores[at], targets, out_of_bag=True)


def select_on_bags(
    data: TaskData,
    trials: Sequence[TrainedTrial],
    post_training: PostTraining,
    *,
    metric: str,
    size: int,
    default: Fit,
) -> TrialEnsemble | None:
    """Select from trials, the best first by the metric, in `size` rounds.

    The `default` fit says what a prediction may cost. A trial whose out-of-bag scores overflow cannot be
    selected, and neither can one with other levels of quantiles than the best; None if there is no other.
    """
    finite = tuple(trial for trial in trials if np.isfinite(trial.weights[SCORES]).all())
    if not finite:
        return None
    levels = finite[0].fit.decoder.output.levels
    finite = tuple(trial for trial in finite if trial.fit.decoder.output.levels == levels)
    fit = finite[0].fit
    rows = fit.split(data).validation
    candidates = _Candidates.of(data, finite, rows, post_training)
    costs = [prediction_cost(trial.fit) for trial in finite]
    limits = Limits(size, costs, MOST_TIMES * prediction_cost(default), CLEARLY_WORSE)
    mixture, every_row = candidates.mixture, np.arange(len(rows))
    selection = select_by_loss(mixture, limits)
    members = tuple((finite[k], count) for k, count in selection.counts.items())
    scores = candidates.of_parts(members, candidates.decoder)
    joint = candidates.fitted(candidates.decoder, scores, every_row)
    if len(members) == 1:
        predictor, scores = _trained_predictor(data, members[0][0], post_training)
    else:
        predictor = TrialMembers(members).predictor(data)
        scores = candidates.of_parts(members, predictor.decoder)
        predictor = replace(predictor, decoder=candidates.fitted(predictor.decoder, scores, every_row))
    out_of_bag = data.score(rows, [scores], predictor.decoder)
    folds = [np.searchsorted(rows, bag.validation) for bag in fit.bags(data)]
    nested = _nested(candidates, mixture, folds, limits)
    return TrialEnsemble(
        members,
        selection,
        finite,
        metric_of(out_of_bag, metric),
        finite[0].result.objective,
        {finite[k].result.trial: gain for k, gain in gains(mixture, selection.counts).items()},
        predictor,
        out_of_bag,
        # They are corrected already, each by the bags that have selected it.
        data.score(rows, [nested], replace(joint, temperature=None).with_residuals(())),
    )


def _calibrated(data: TaskData, trial: TrainedTrial, joint: OutputDecoder) -> list[FloatArray]:
    """The scores of each kind of a trial's networks, calibrated by the trial's temperature."""
    decoder = replace(trial.fit.decoder, temperature=trial.temperature)
    return [data.task.converted(scores, decoder, joint) for scores in trial.weights[SCORES]]


def _nested(
    candidates: _Candidates, mixture: Mixture, folds: Sequence[IntArray], limits: Limits
) -> FloatArray:
    """The scores of each row by the ensemble that the other bags select and calibrate."""
    task, nested = candidates.data.task, np.empty_like(candidates.predictions[0])
    rows = np.arange(len(nested))
    for fold, selection in nested_selections(mixture, folds, limits):
        scores = candidates.combined(selection)
        decoder = candidates.fitted(candidates.decoder, scores, np.setdiff1d(rows, fold))
        nested[fold] = task.converted(scores[fold], decoder, candidates.decoder)
    return nested


def _trained_predictor(
    data: TaskData, trial: TrainedTrial, post_training: PostTraining
) -> tuple[Predictor, FloatArray]:
    """The predictor that `fnnctl train` makes of a trial's configuration, and its out-of-bag scores before
    calibration, (n, outputs).
    """
    predictor = Predictor.of_parts(data.task, trial.parts(data))
    scores: FloatArray = trial.weights[SCORES][0]
    if len(predictor.parts) > 1:
        of_kinds = [
            data.task.converted(part, trial.fit.decoder, predictor.decoder) for part in trial.weights[SCORES]
        ]
        scores = data.task.combine(of_kinds, predictor.decoder, trial.weights[SHARES])
    targets = data.targets[trial.fit.split(data).validation]
    decoder = post_training.fit(data.task, predictor.decoder, scores, targets, out_of_bag=True)
    return replace(predictor, decoder=decoder), scores


def prediction_cost(fit: Fit) -> int:
    """What the prediction of a row costs: the parameters of all networks."""
    return fit.layout.size * fit.settings.ensemble
