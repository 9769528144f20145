"""An ensemble of a search's trials: their networks, and how often greedy selection adds each of them.

Here trials are selected by their predictions of the validation rows. `bagged_ensemble` selects those that are
ensembles on bags.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.model_description import TrainedPart, describe
from fnnctl.modelling.predictor import Predictor, PredictorPart, as_weight, fresh_part, member_slices
from fnnctl.records.trials import Result
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import PartScores, TaskData, Weight, metric_of
from fnnctl.trials.bags import SHARES, TEMPERATURE
from fnnctl.trials.measures import Weights
from fnnctl.trials.selection import Score, Selection, select_by_metric


@dataclass(frozen=True, slots=True)
class TrainedTrial:
    """A trial's network at its end, or the networks of one that is an ensemble."""

    result: Result
    fit: Fit
    weights: Weights

    def parts(self, data: TaskData, *, weight: float = 1.0) -> list[PredictorPart]:
        """The parts of a predictor in which the trial has this weight, before calibration."""
        members = self.fit.members(data, self.fit.split(data))
        return [
            fresh_part(self.fit, members[kind], parameters, statistics, weight=share)
            for kind, parameters, statistics, share in self._kinds(weight)
        ]

    def to_write(self, data: TaskData, *, weight: float) -> list[TrainedPart]:
        """`parts` as the parts of a saved model."""
        described = describe(self.fit, data, self.fit.member(data, self.fit.split(data)))
        return [
            TrainedPart(described, self.fit.layout, parameters, statistics, share)
            for _, parameters, statistics, share in self._kinds(weight)
        ]

    def kind_weights(self, weight: float) -> FloatArray:
        """The weight, divided among the kinds of networks, (kinds,); of several targets (kinds, T)."""
        shares = self.weights[SHARES]
        weights: FloatArray = weight * shares / shares.sum(axis=0)
        return weights

    @property
    def temperature(self) -> float | None:
        """The temperature that calibrates the trial by itself; None if there is none."""
        temperature = float(self.weights.get(TEMPERATURE, math.nan))
        return None if math.isnan(temperature) else temperature

    def _kinds(self, weight: float) -> Iterator[tuple[slice, FloatArray, FloatArray, Weight]]:
        """Of each kind of networks, which they are, their parameters and statistics, and their weight."""
        parameters, statistics = self.weights["parameters"], self.weights["statistics"]
        if SHARES not in self.weights:
            yield slice(None), parameters[None], statistics[None], weight
            return
        for kind, share in zip(member_slices(self.fit), self.kind_weights(weight), strict=True):
            yield kind, parameters[kind], statistics[kind], as_weight(share)


@dataclass(frozen=True, slots=True)
class TrialMembers:
    """The trials of an ensemble.

    Networks that were trained on smoothed labels are too uncertain, others are too certain. So each trial is
    calibrated by itself before its predictions are averaged, if it has a temperature, and then the mean is.
    """

    members: tuple[tuple[TrainedTrial, int], ...]
    """Each with its multiplicity, in the order of the standings."""

    def predictor(self, data: TaskData) -> Predictor:
        """The trials' networks, weighted by their multiplicities."""
        parts = [
            replace(part, decoder=replace(part.decoder, temperature=self._temperature_of(trial)))
            for trial, count in self.members
            for part in trial.parts(data, weight=float(count))
        ]
        return Predictor.of_parts(data.task, parts)

    def to_write(self, data: TaskData) -> list[TrainedPart]:
        """The parts of the saved model."""
        return [
            replace(
                part,
                description=part.description.model_copy(update={"temperature": self._temperature_of(trial)}),
            )
            for trial, count in self.members
            for part in trial.to_write(data, weight=float(count))
        ]

    def _temperature_of(self, trial: TrainedTrial) -> float | None:
        """A single trial has one temperature, which is fitted to the ensemble: it is what `train` gives."""
        return None if len(self.members) == 1 else trial.temperature


@dataclass(frozen=True, slots=True)
class TrialEnsemble(TrialMembers):
    """The trials that were selected."""

    selection: Selection
    candidates: tuple[TrainedTrial, ...]
    """The trials that could be selected, in the order of the standings."""
    objective: float | None
    """The metric of the ensemble on the rows that selected it; None if it is undefined."""
    best_alone: float | None
    """The metric of the first candidate, on the same rows."""
    gains: Mapping[int, float | None]
    """By how much the loss rises without each trial, by trial number: None for the only one. Empty for trials
    that were selected on a validation part."""
    calibrated: Predictor
    """The trials' networks, calibrated on the rows that selected them."""
    out_of_bag: PartScores | None = None
    """What it scores on the rows that selected it, if they are out of bag."""
    nested: PartScores | None = None
    """The same of the ensembles that the other bags select, each with a temperature of those."""


def select_trials(
    data: TaskData,
    trials: Sequence[TrainedTrial],
    rows: IntArray,
    post_training: PostTraining,
    *,
    metric: str,
    minimized: bool,
    size: int,
) -> TrialEnsemble | None:
    """Select from trials, the best first, by a metric of the mean predictions of the validation rows (n,).

    The task's loss decides between equal values of the metric. A trial whose scores of these rows overflow
    cannot be selected, and neither can one with other levels of quantiles than the best; None if there is no
    other.
    """
    task, dataset = data.task, data.dataset
    trials = [
        each for each in trials if each.fit.decoder.output.levels == trials[0].fit.decoder.output.levels
    ]
    joint = task.joint_decoder([trial.fit.decoder for trial in trials])
    candidates: list[TrainedTrial] = []
    predictions: list[FloatArray] = []
    for trial in trials:
        alone = Predictor.of_parts(task, trial.parts(data))
        scores = np.concatenate([batch.copy() for batch in alone.column_scores([(dataset, rows)])])
        if np.isfinite(scores).all():
            candidates.append(trial)
            predictions.append(task.combine([task.converted(scores, trial.fit.decoder, joint)], joint))
    if not candidates:
        return None

    def score(counts: Mapping[int, int]) -> Score:
        weights = [float(count) for count in counts.values()]
        mean = task.combine([predictions[k] for k in counts], joint, weights)
        part = data.score(rows, [mean], joint)
        if not math.isfinite(part.loss):
            return None, math.inf
        return metric_of(part, metric), part.loss

    selection = select_by_metric(len(candidates), score, rounds=size, minimized=minimized)
    members = tuple((candidates[index], count) for index, count in selection.counts.items())
    objective, best_alone = score(selection.weights)[0], score({0: 1})[0]
    predictor = TrialMembers(members).predictor(data).calibrated_on_columns(post_training, data, rows)
    return TrialEnsemble(members, selection, tuple(candidates), objective, best_alone, {}, predictor)
