"""An ensemble of trials that are ensembles on bags, selected by their out-of-bag scores.

All trials have the same bags. So each row has, of every trial, the score of a member that was not trained on
it, and these scores say what an ensemble of the trials is worth without scoring a row again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.stacks.selection import Limits, Selection, select_greedily
from fnnctl.stacks.trial_bags import SCORES
from fnnctl.stacks.trial_ensemble import TrainedTrial, TrialMembers
from fnnctl.tasks.task import OutputDecoder, Targets, TaskData


@dataclass(frozen=True, slots=True)
class BaggedEnsemble(TrialMembers):
    """The trials that were selected out of bag."""

    selection: Selection
    candidates: tuple[TrainedTrial, ...]
    """The trials that could be selected, in the order of the standings."""
    scores: FloatArray
    """The ensemble's out-of-bag scores before calibration, (n, outputs), by ascending row."""


def select_on_bags(data: TaskData, trials: Sequence[TrainedTrial], *, size: int) -> BaggedEnsemble | None:
    """Select from trials, the best first, in `size` rounds.

    A trial whose out-of-bag scores overflow cannot be selected; None if there is no other.
    """
    candidates = tuple(trial for trial in trials if np.isfinite(trial.weights[SCORES]).all())
    if not candidates:
        return None
    fit = candidates[0].fit
    joint, predictions = _predictions(data, candidates)
    selection = _selection(data, predictions, data.targets[fit.split(data).validation], joint, size=size)
    members = tuple((candidates[k], count) for k, count in selection.counts.items())
    _, of_members = _predictions(data, [trial for trial, _ in members])
    scores = data.task.combine(of_members, [float(count) for _, count in members])
    return BaggedEnsemble(members, selection, candidates, scores)


def _predictions(data: TaskData, trials: Sequence[TrainedTrial]) -> tuple[OutputDecoder, list[FloatArray]]:
    """The decoder that an ensemble of these trials has, and each trial's out-of-bag scores for it."""
    task, decoders = data.task, [trial.fit.decoder for trial in trials]
    joint = task.joint_decoder(decoders)
    pairs = zip(trials, decoders, strict=True)
    return joint, [
        task.combine([task.converted(trial.weights[SCORES], decoder, joint)]) for trial, decoder in pairs
    ]


def _selection(
    data: TaskData, predictions: Sequence[FloatArray], targets: Targets, decoder: OutputDecoder, *, size: int
) -> Selection:
    return select_greedily(data.task.mixture(predictions, targets, decoder), Limits(rounds=size))
