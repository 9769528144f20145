"""A trial that is measured on bags: an ensemble, trained and measured as `fnnctl train` does both.

What is kept of it at its end is all that `train` has then, so that the best trial becomes a run and the
trials become an ensemble without training again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.predictor import Predictor
from fnnctl.stacks.out_of_bag import scored_out_of_bag
from fnnctl.stacks.work import TrainedStack
from fnnctl.tasks.task import TaskData, metric_of
from fnnctl.training.state import extract_part, merge_parts
from fnnctl.training.trainer import Outcome, TrainedMember
from fnnctl.trials.measures import ENDED_EARLY, FitObjective, Weights, learning_curves

SCORES: Final = "scores"
"""The out-of-bag scores of each kind of networks, (kinds, n, outputs), before calibration, in row order."""
SHARES: Final = "shares"
"""How much each kind of networks counts, members and plain twins, (kinds,); of several
targets (kinds, T)."""
TEMPERATURE: Final = "temperature"
"""The temperature that calibrates the ensemble; NaN if there is none."""
_OUTCOMES: Final = tuple(Outcome)
_HISTORY: Final = "history"


@dataclass(frozen=True, slots=True)
class BagsMeasure:
    """Measures ensembles on the rows that are out of their members' bags.

    The weights are those that the training would keep if it ended here: those of the best epoch so far if
    early stopping restores them.
    """

    metric: str
    largest: int
    """The largest budget. Fits that reach it, or end early, give what is kept of a trial."""

    def __call__(self, stack: TrainedStack) -> list[FitObjective]:
        """One result per fit; one whose loss overflows also counts as diverged."""
        return [self._measured(stack, k) for k in range(len(stack.fits))]

    def _measured(self, stack: TrainedStack, k: int) -> FitObjective:
        trained, objective = stack.trained_fit(k), None
        outcome, weights = self._outcome(stack, k), None
        if outcome is Outcome.COMPLETED or outcome in ENDED_EARLY:
            predictor, of_parts, part = scored_out_of_bag(stack, k)
            if math.isfinite(part.loss):
                objective = metric_of(part, self.metric)
            else:
                outcome = Outcome.DIVERGED
            if objective is not None and (outcome in ENDED_EARLY or trained.epochs == self.largest):
                weights = _kept(stack, k, predictor, of_parts)
        kept_epoch = trained.epochs if trained.best_epoch is None else trained.best_epoch
        return FitObjective(
            outcome, trained.epochs, kept_epoch, objective, learning_curves(stack, k), weights
        )

    def _outcome(self, stack: TrainedStack, k: int) -> Outcome:
        """How fit k ended: one with fewer epochs than the largest budget stops early after its last epoch."""
        trained = stack.trained_fit(k)
        epochs = stack.fits[k].experiment.training.epochs
        has_ended = trained.outcome is Outcome.COMPLETED and trained.epochs == epochs < self.largest
        return Outcome.STOPPED_EARLY if has_ended else trained.outcome


def _kept(stack: TrainedStack, k: int, predictor: Predictor, of_parts: Sequence[FloatArray]) -> Weights:
    trained, (parameters, statistics) = stack.trained_fit(k), stack.final_weights(k)
    history = {name: np.array(values, np.float64) for name, values in trained.history.items()}
    temperature = predictor.decoder.temperature
    return {
        "parameters": parameters,
        "statistics": statistics,
        SHARES: np.array([part.weight for part in predictor.parts]),
        SCORES: np.stack(of_parts),
        TEMPERATURE: np.array(math.nan if temperature is None else temperature),
        "outcome": np.array(_OUTCOMES.index(trained.outcome)),
        "best_epoch": np.array(trained.best_epoch or 0),
        **merge_parts({_HISTORY: history}),
    }


def rebuilt_stack(data: TaskData, fit: Fit, weights: Weights) -> TrainedStack:
    """The stack of a trial's fit at the end of its training, from what is kept of the trial."""
    history = {name: values.tolist() for name, values in extract_part(weights, _HISTORY).items()}
    outcome = _OUTCOMES[int(weights["outcome"])]
    epochs, best = max(map(len, history.values()), default=0), int(weights["best_epoch"]) or None
    trained: Sequence[TrainedMember] = [
        TrainedMember(parameters, statistics, outcome, epochs, best, history)
        for parameters, statistics in zip(weights["parameters"], weights["statistics"], strict=True)
    ]
    pool, members = fit.examples(data), fit.members(data, fit.split(data))
    return TrainedStack(data, 0, (fit,), pool, (0,), members, trained, None)
