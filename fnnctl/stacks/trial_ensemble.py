"""An ensemble of a search's trials: their networks, and how often greedy selection takes each.

Greedy selection (Caruana et al., ICML 2004) starts with one network. Each round adds the network with which
the mean of all predictions scores best on the validation rows; a network may be added again, which gives it
more weight. Adding goes on when scores get worse, and the rounds up to the best score are kept. A score such
as the accuracy has few values on few rows, so that many networks score the same: then the loss decides.

The final weights of the search's best trials are a cache: a trial whose weights are lost is trained again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.errors import DataError, MachineError
from fnnctl.metrics.stored import flat_metrics
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.model_description import TrainedPart, describe
from fnnctl.modelling.predictor import Predictor, PredictorPart, fresh_part, kinds_of
from fnnctl.records.standings import order
from fnnctl.records.trials import Direction, Job, JobKey, Result, Status, Trial
from fnnctl.stacks.measures import FitObjective, ObjectiveMeasure, Weights
from fnnctl.stacks.trial_bags import SHARES, TEMPERATURE, BagsMeasure
from fnnctl.stacks.trial_results import (
    WEIGHTS,
    MeasuredFit,
    refuse_another_result,
    trial_result,
    weights_digest,
)
from fnnctl.stacks.work import Measure, StackItem, WorkerData, train_item
from fnnctl.store import names
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.tasks.task import TaskData
from fnnctl.training.state import State
from fnnctl.training.trainer import Outcome

Combine: TypeAlias = Callable[[Sequence[FloatArray], Sequence[float]], FloatArray]
"""The mean of predictions with these weights."""
Score: TypeAlias = Callable[[FloatArray], tuple[float | None, float]]
"""How good predictions are, None if that is undefined; and their loss, which decides between equal scores."""
MAX_SCORES: Final = 2**28
"""The most out-of-bag scores that are kept of all trials together: 1 GB of float32."""
MAX_KEPT: Final = 50
"""The number of trials from which an ensemble is selected, the best by objective."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rounds of a selection."""

    chosen: tuple[int, ...]
    """The candidate that each round adds."""
    scores: tuple[float | None, ...]
    """The score of the ensemble after each round."""
    kept: int
    """The number of rounds that the ensemble consists of."""

    @property
    def counts(self) -> dict[int, int]:
        """How often each candidate is in the ensemble, by index; those that are not are left out."""
        return dict(sorted(Counter(self.chosen[: self.kept]).items()))

    @property
    def score(self) -> float | None:
        """The score of the ensemble."""
        return self.scores[self.kept - 1]


def select_greedily(
    predictions: Sequence[FloatArray], combine: Combine, score: Score, *, size: int, minimized: bool
) -> Selection:
    """Select from candidates, the best first, by their predictions of the validation rows.

    The first round takes the first candidate. Of equal scores, the one with the least loss wins; if the
    losses are equal, too, the earlier candidate and the earlier round. There are `size` rounds.
    """

    def rank(scored: tuple[float | None, float]) -> tuple[float, float]:
        value, loss = scored
        if value is None or math.isnan(value):
            return math.inf, loss
        return (value if minimized else -value), loss

    measured: dict[tuple[int, ...], tuple[float | None, float]] = {}

    def score_of(chosen: Sequence[int]) -> tuple[float | None, float]:
        """The score of an ensemble; equal weights have one score, which rounding could make two."""
        counts = Counter(chosen)
        divisor = math.gcd(*counts.values())
        weights = tuple(counts[k] // divisor for k in range(len(predictions)))
        if weights not in measured:
            used = [k for k, weight in enumerate(weights) if weight]
            mean = combine([predictions[k] for k in used], [float(weights[k]) for k in used])
            measured[weights] = score(mean)
        return measured[weights]

    chosen = [0]
    scores = [score_of(chosen)]
    while len(chosen) < size:
        candidates = [score_of([*chosen, k]) for k in range(len(predictions))]
        best = min(range(len(candidates)), key=lambda k: rank(candidates[k]))
        chosen.append(best)
        scores.append(candidates[best])
    kept = min(range(size), key=lambda k: rank(scores[k])) + 1
    return Selection(tuple(chosen), tuple(value for value, _ in scores), kept)


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

    @property
    def temperature(self) -> float | None:
        """The temperature that calibrates the trial by itself; None if there is none."""
        temperature = float(self.weights.get(TEMPERATURE, math.nan))
        return None if math.isnan(temperature) else temperature

    def _kinds(self, weight: float) -> Iterator[tuple[slice, FloatArray, FloatArray, float]]:
        """Of each kind of networks, which they are, their parameters and statistics, and their weight."""
        parameters, statistics = self.weights["parameters"], self.weights["statistics"]
        if SHARES not in self.weights:
            yield slice(None), parameters[None], statistics[None], weight
            return
        shares = self.weights[SHARES].tolist()
        for kind, share in zip(kinds_of(self.fit), shares, strict=True):
            yield kind, parameters[kind], statistics[kind], weight * share / sum(shares)


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
    """The trials that were selected on the validation rows."""

    selection: Selection
    candidates: int
    """The number of trials that could be selected."""


def select_trials(
    data: TaskData, trials: Sequence[TrainedTrial], rows: IntArray, *, metric: str, minimized: bool, size: int
) -> TrialEnsemble | None:
    """Select from trials, the best first, by a metric of the mean predictions of the validation rows (n,).

    The task's loss decides between equal values of the metric. A trial whose scores of these rows overflow
    cannot be selected; None if there is no other.
    """
    task, dataset = data.task, data.dataset
    joint = task.joint_decoder([trial.fit.decoder for trial in trials])
    candidates: list[TrainedTrial] = []
    predictions: list[FloatArray] = []
    for trial in trials:
        alone = Predictor.of_parts(task, trial.parts(data))
        scores = np.concatenate([batch.copy() for batch in alone.column_scores([(dataset, rows)])])
        if np.isfinite(scores).all():
            candidates.append(trial)
            predictions.append(task.combine([task.converted(scores, trial.fit.decoder, joint)]))
    if not candidates:
        return None

    def score(scores: FloatArray) -> tuple[float | None, float]:
        part = data.score(rows, [scores], joint)
        if not math.isfinite(part.loss):
            return None, math.inf
        return flat_metrics(part.metrics(complete=False))[metric], part.loss

    selection = select_greedily(predictions, task.combine, score, size=size, minimized=minimized)
    members = tuple((candidates[index], count) for index, count in selection.counts.items())
    return TrialEnsemble(members, selection, len(candidates))


@dataclass(frozen=True, slots=True)
class _Unwatched:
    """The progress of a training that nobody watches; it can be stopped."""

    should_stop: Callable[[], bool]

    def advance(self, amount: int) -> None:
        """Does nothing."""


def train_alone(
    data: TaskData, fit: Fit, *, metric: str, epochs: int, should_stop: Callable[[], bool]
) -> MeasuredFit:
    """What is measured on a trial's fit after so many epochs, its last, from a training from the start."""
    on_bags = fit.settings.bags
    measure: Measure[FitObjective] = ObjectiveMeasure(metric, on_folds=False, weights_at=epochs)
    if on_bags:
        measure = BagsMeasure(metric, largest=epochs)
    item = StackItem((fit,), measure, stop=epochs, diagnose=on_bags)
    done = train_item(_Unwatched(should_stop), WorkerData(data, reuse=False), item)
    (fit_objective,) = done.measured
    return fit_objective, done.digests.get(0)


def train_again(
    data: TaskData,
    trial: Trial,
    fit: Fit,
    recorded: Result,
    *,
    metric: str,
    should_stop: Callable[[], bool],
) -> Weights | None:
    """The weights behind a recorded result, from a training from the start; None if it was stopped.

    Raises `MachineError` if the training does not reproduce the result.
    """
    job = Job(trial, recorded.rung, 0, recorded.budget)
    measured = train_alone(data, fit, metric=metric, epochs=recorded.budget, should_stop=should_stop)
    if measured[0].outcome is Outcome.INTERRUPTED:
        return None
    refuse_another_result(trial_result(job, [measured], metric), recorded)
    return measured[0].weights


def weights_at_rung(
    data: TaskData, fit: Fit, recorded: Result, state: State, *, metric: str
) -> Weights | None:
    """What would be kept of a trial on bags if it had ended at a rung, from its state there.

    None if the state does not give the recorded value.
    """
    budget = recorded.budget
    measure = BagsMeasure(metric, largest=budget)
    item = StackItem((fit,), measure, start=budget, state=state, stop=budget, diagnose=True)
    (measured,) = train_item(_Unwatched(lambda: False), WorkerData(data, reuse=False), item).measured
    return measured.weights if measured.objective == recorded.objective else None


def write_weights(store: TrialCheckpoints, key: JobKey, weights: Weights) -> None:
    """Write what is kept of a trial."""
    trial, budget = key
    store.write([(trial, 0)], budget, {name: array[None] for name, array in weights.items()})


def read_weights(store: TrialCheckpoints, key: JobKey) -> Weights | None:
    """What is kept of a trial; None if it is lost or damaged."""
    trial, budget = key
    try:
        return {name: array[0] for name, array in store.read([(trial, 0)], budget).items()}
    except (DataError, MachineError, KeyError, IndexError):
        return None


class WeightLibrary:
    """The weights of the best trials that have ended so far, at most `MAX_KEPT` of them.

    Which ones these are does not depend on the order in which trials end.
    """

    def __init__(
        self,
        run: Path,
        direction: Direction,
        max_epochs: int,
        known: Iterable[Result],
        *,
        is_kept: Callable[[int], bool] = lambda trial: False,
        scores: int = 0,
    ) -> None:
        """Keep those existing weights that belong to a known result at the end of its trial.

        Others are removed, such as those of a search with a smaller budget that is now extended. Trials of
        which `is_kept` is true are kept besides the best. Fewer are kept if each has so many out-of-bag
        `scores` that they would be more than `MAX_SCORES`.
        """
        self._is_kept = is_kept
        self.most = max(1, min(MAX_KEPT, MAX_SCORES // max(1, scores)))
        self._store = TrialCheckpoints(run, names.FINAL_WEIGHTS)
        self._direction: Direction = direction
        self._best: dict[JobKey, tuple[int, float, int]] = {}
        """The order of the results whose weights are kept."""
        results = {result.key: result for result in known}
        for key in self._store.known():
            result = results.get(key)
            if result is not None and (result.status is not Status.COMPLETED or result.budget == max_epochs):
                self._best[key] = order(result, direction)
            else:
                self._store.release([key])

    def add(self, result: Result, weights: Weights) -> None:
        """Keep the weights of a trial at its end, unless there are enough better ones."""
        self._best[result.key] = order(result, self._direction)
        worst = self._surplus()
        if worst != result.key:
            write_weights(self._store, result.key, weights)
        if worst is not None:
            del self._best[worst]
            self._store.release([worst])

    def _surplus(self) -> JobKey | None:
        """The result whose weights are one too many; None if there is room for them."""
        best_first = sorted(self._best, key=self._best.__getitem__)
        return next((key for key in best_first[self.most :] if not self._is_kept(key[0])), None)

    def read(self, result: Result) -> Weights | None:
        """The weights behind a result; None if they are lost or not those whose digest was recorded."""
        weights = read_weights(self._store, result.key)
        if weights is None or (result.facts or {}).get(WEIGHTS) != weights_digest(weights):
            return None
        return weights
