"""Trains a stack of trials from one budget to the next, and judges them: the work of a search's workers."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.commands.evaluation import part_scores
from fnnctl.data.dataset import Dataset
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.errors import DataError, Problem
from fnnctl.executors.protocols import Progress
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.store.trial_checkpoints import Place, read_state
from fnnctl.store.weights import Array
from fnnctl.tasks.epoch_metrics import epoch_metrics
from fnnctl.training.history import Record
from fnnctl.training.members import Member, StackSettings, make_network
from fnnctl.training.pool import Pool, join_pools, make_pool
from fnnctl.training.scoring.row_scores import RowScorer, scores_in_batches
from fnnctl.training.stack import Stack
from fnnctl.training.state import State, concatenate_members, select_members
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack

CURVES = ("train_loss", "validation_loss", "validation_accuracy")
"""What is recorded of each epoch of a single fit."""


@dataclass(frozen=True, slots=True)
class UnitNetwork:
    """One network of a stack."""

    member: Member
    """Its `epochs` are the budget that it trains to."""
    unit: int
    preprocessor: Preprocessor
    judged: IntArray
    """The rows whose metric is the objective."""
    kept: Place | None
    """Where its state is; None where it begins."""


@dataclass(frozen=True, slots=True)
class StackTask:
    """Networks of one shape and age that train together."""

    settings: StackSettings
    start: int
    stop: int
    preprocessing: str
    networks: tuple[UnitNetwork, ...]
    keep: bool
    """Whether their state at the end is wanted."""


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What became of one network."""

    outcome: Outcome
    epochs: int
    """Trained in all, those before `start` included."""
    kept_epoch: int
    """The epoch whose weights it ends with: an earlier one where early stopping restores the best."""
    objective: float | None
    curves: dict[str, list[float]]
    """Of the epochs after `start`."""
    digest: str | None
    """Of its state, where it has come to `stop`."""


@dataclass(frozen=True, slots=True)
class StackResult:
    """What became of a stack."""

    units: list[UnitResult]
    state: dict[str, Array] | None
    """Of those that have come to `stop` and were wanted."""
    reached: list[int]
    """Their places in `units`."""
    seconds: float


@dataclass(slots=True)
class TrialWork:
    """What the workers share."""

    dataset: Dataset
    metric: str
    on_folds: bool
    """Whether the objective is measured on rows that were set apart for it, not on the validation part."""
    pools: dict[tuple[str, int], Pool] = field(default_factory=dict)
    """By preprocessing and unit; each worker makes its own."""

    def pool(self, preprocessing: str, network: UnitNetwork, dtype: np.dtype[np.floating]) -> Pool:
        """All rows as the unit sees them; those of another preprocessing are let go."""
        key = f"{preprocessing} {dtype}", network.unit
        if key not in self.pools:
            for other in [each for each in self.pools if each[0] != key[0]]:
                self.pools.pop(other, None)
            features = network.preprocessor.of(self.dataset)
            count = len(network.preprocessor.features)
            self.pools[key] = make_pool(features, self.dataset.labels, count, dtype)
        return self.pools[key]


def train_trials(progress: Progress, work: TrialWork, task: StackTask) -> StackResult | None:
    """Train a stack from `start` to `stop`; raises `DataError` where a checkpoint cannot be read.

    None stands for the result of a task whose process was killed.
    """
    begun = time.monotonic()
    settings, networks = task.settings, task.networks
    units = sorted({network.unit for network in networks})
    first = {network.unit: network for network in reversed(networks)}
    pool = join_pools([work.pool(task.preprocessing, first[unit], settings.dtype) for unit in units])
    offsets = [units.index(network.unit) * len(work.dataset) for network in networks]
    members = [
        replace(
            network.member,
            train_rows=network.member.train_rows + offset,
            validation_rows=network.member.validation_rows + offset,
        )
        for network, offset in zip(networks, offsets, strict=True)
    ]
    judged = np.stack([network.judged + offset for network, offset in zip(networks, offsets, strict=True)])
    state = _kept_state(networks) if task.start else None
    stack = Stack(settings, members, pool, epoch=task.start, state=state)
    last: list[Stack] = []

    def on_epoch(stack: Stack, record: Record) -> None:
        progress.advance(len(stack.members))
        if stack.epoch == task.stop:
            last.append(stack)

    trained = train_stack(stack, on_epoch=on_epoch, should_stop=progress.should_stop)
    reached = [k for k, each in enumerate(trained) if each.outcome is Outcome.COMPLETED]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is a result
        objectives = _objectives(work, task, members, trained, last, judged, pool)
    kept = _states(last, members, reached)
    results = [
        UnitResult(
            outcome=Outcome.DIVERGED if _is_nan(objectives[k]) else each.outcome,
            epochs=each.epochs,
            kept_epoch=_kept_epoch(members[k], each),
            objective=None if _is_nan(objectives[k]) else objectives[k],
            curves={name: each.history[name][task.start :] for name in CURVES if name in each.history},
            digest=digest(kept[k]) if k in kept else None,
        )
        for k, each in enumerate(trained)
    ]
    wanted = concatenate_members([kept[k] for k in reached]) if task.keep and reached else None
    return StackResult(results, wanted, reached, time.monotonic() - begun)


def digest(state: State) -> str:
    """The SHA-256 of a state's arrays: names, types, shapes and bytes."""
    found = hashlib.sha256()
    for name, array in sorted(state.items()):
        found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _kept_state(networks: Sequence[UnitNetwork]) -> dict[str, Array]:
    files: dict[Path, dict[str, Array]] = {}
    states = []
    for network in networks:
        if network.kept is None:
            raise ValueError("a network that goes on has no state")
        file = network.kept.file
        if file not in files:
            files[file] = read_state(file)
        states.append(select_members(files[file], np.array([network.kept.row])))
    try:
        return concatenate_members(states)
    except (KeyError, ValueError) as error:
        message = f"does not fit together with others ({error})"
        raise DataError(Problem(message, file=str(next(iter(files))))) from error


def _states(
    last: Sequence[Stack], members: Sequence[Member], reached: Sequence[int]
) -> dict[int, dict[str, Array]]:
    """The state of each member that has come to the end."""
    if not reached:
        return {}
    stack = last[-1]
    places = {id(member): k for k, member in enumerate(stack.members)}
    state = stack.state
    return {k: select_members(state, np.array([places[id(members[k])]])) for k in reached}


def _objectives(
    work: TrialWork,
    task: StackTask,
    members: Sequence[Member],
    trained: Sequence[TrainedMember],
    last: Sequence[Stack],
    judged: IntArray,
    pool: Pool,
) -> list[float | None]:
    """Each network's metric: at the last epoch; where it has stopped early, with the weights it ends with."""
    found: list[float | None] = [None] * len(trained)
    column = f"validation_{work.metric}"
    recorded = not work.on_folds and column in epoch_metrics(task.settings.shape).validation_columns
    early = [
        k for k, each in enumerate(trained) if each.outcome in {Outcome.STOPPED_EARLY, Outcome.CONVERGED}
    ]
    reached = [k for k, each in enumerate(trained) if each.outcome is Outcome.COMPLETED]
    if recorded:
        for k in reached:
            found[k] = trained[k].history[column][-1]
        for k in early:
            found[k] = trained[k].history[column][_kept_epoch(members[k], trained[k]) - 1]
        return found
    if reached:
        stack = last[-1]
        places = {id(member): k for k, member in enumerate(stack.members)}
        for k in reached:
            at = places[id(members[k])]
            weights = stack.evaluated.parameters[at], stack.evaluated.statistics[at]
            found[k] = _metric(work, task, k, members[k], weights, pool, judged[k])
    for k in early:
        weights = trained[k].parameters, trained[k].statistics
        found[k] = _metric(work, task, k, members[k], weights, pool, judged[k])
    return found


def _is_nan(objective: float | None) -> bool:
    return objective is not None and math.isnan(objective)


def _kept_epoch(member: Member, trained: TrainedMember) -> int:
    restores = member.stopping is not None and member.stopping.restore_best
    ended = trained.outcome in {Outcome.STOPPED_EARLY, Outcome.CONVERGED}
    best = trained.best_epoch if restores and ended else None
    return best or trained.epochs


def _metric(
    work: TrialWork,
    task: StackTask,
    k: int,
    member: Member,
    weights: tuple[FloatArray, FloatArray],
    pool: Pool,
    judged: IntArray,
) -> float | None:
    """The objective's metric with a network's parameters and statistics; NaN where its loss is not finite.

    It is scored as `train` scores a part for metrics.json, so that the metrics are equal to the bit.
    """
    dataset, rows = work.dataset, task.networks[k].judged
    parameters, statistics = (each[None] for each in weights)
    network = make_network(ParameterLayout(task.settings.shape), [member], parameters, statistics)
    scores = [batch.copy() for batch in scores_in_batches(RowScorer(network), pool, judged)]
    part = part_scores(dataset.file_rows[rows], dataset.labels[rows], scores, classes=len(dataset.classes))
    if not np.isfinite(part.loss):
        return math.nan
    return metric_value(part.metrics(part.ranked(), dataset.classes), work.metric)


def metric_value(metrics: Mapping[str, Any], name: str) -> float | None:
    """A metric of a part by its name, such as `f1_macro` or `per_class.CLASS.recall`."""
    first, _, rest = name.partition(".")
    if not rest:
        value: float | None = metrics[name]
        return value
    of_class, _, metric = rest.rpartition(".")
    return metrics[first][of_class][metric]  # type: ignore[no-any-return]
