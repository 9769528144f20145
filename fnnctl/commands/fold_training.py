"""Trains a stack of folds and lets each judge its own test rows: the work of a cross-validation's workers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.commands.evaluation import PartScores, part_scores
from fnnctl.commands.folds import CrossValidation
from fnnctl.data.dataset import Dataset
from fnnctl.executors.protocols import Progress
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.history import Record
from fnnctl.training.members import Member, make_network
from fnnctl.training.pool import Pool, join_pools
from fnnctl.training.scoring.stacked import Scorer
from fnnctl.training.scoring.temperature import fit_temperature
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack


@dataclass(frozen=True, slots=True)
class FoldResult:
    """What became of a fold."""

    outcome: Outcome
    epochs: int
    best_epoch: int | None
    history: dict[str, list[float]]
    temperature: float | None
    """That suits the fold's validation part, where one is asked for and there is one."""
    scores: PartScores | None
    """Of the rows that the fold did not learn from; None where it diverged or was interrupted."""


def train_folds(progress: Progress, validation: CrossValidation, chosen: Sequence[int]) -> list[FoldResult]:
    """Train some folds of one shape as a stack, and score each on its own test rows."""
    networks = [validation.networks[index] for index in chosen]
    settings, size = networks[0].settings, len(validation.dataset)
    pool = join_pools([validation.examples(network) for network in networks])
    members = [validation.member(network, offset=j * size) for j, network in enumerate(networks)]

    def on_epoch(stack: Stack, record: Record) -> None:
        progress.advance(len(stack.members))

    trained = train_stack(
        Stack(settings, members, pool),
        on_epoch=on_epoch,
        should_stop=progress.should_stop,
        seconds=validation.experiment.training.time_limit or math.inf,
    )
    progress.advance(sum(member.epochs - done.epochs for member, done in zip(members, trained, strict=True)))
    layout = ParameterLayout(settings.shape)
    parameters = np.stack([each.parameters for each in trained])
    statistics = np.stack([each.statistics for each in trained])
    scorer = Scorer(make_network(layout, members, parameters, statistics), pool)
    rows = [validation.folds.test_rows(network.repeat, network.fold) for network in networks]
    with np.errstate(over="ignore", invalid="ignore"):
        temperatures = _temperatures(validation, members, scorer, pool)
        scores = scorer.scores(np.stack([part + j * size for j, part in enumerate(rows)]))
        return [
            _result(validation.dataset, *parts)
            for parts in zip(trained, rows, scores, temperatures, strict=True)
        ]


def _temperatures(
    validation: CrossValidation, members: Sequence[Member], scorer: Scorer, pool: Pool
) -> list[float | None]:
    """What suits each member's validation part best; None where none is asked for, or none does."""
    if validation.experiment.model.calibration == "none":
        return [None] * len(members)
    rows = np.stack([member.validation_rows for member in members])
    scores = scorer.scores(rows)
    return [fit_temperature(*of_member) for of_member in zip(scores, pool.targets[rows], strict=True)]


def _result(
    dataset: Dataset, trained: TrainedMember, rows: IntArray, scores: FloatArray, temperature: float | None
) -> FoldResult:
    """The fold's result; one whose last step made weights that are finite and too large has diverged."""
    outcome, part = trained.outcome, None
    if outcome not in {Outcome.DIVERGED, Outcome.INTERRUPTED}:
        part = part_scores(
            dataset.file_rows[rows],
            dataset.labels[rows],
            [scores],
            classes=len(dataset.classes),
            temperature=temperature,
        )
        if not math.isfinite(part.loss):
            outcome, part = Outcome.DIVERGED, None
    return FoldResult(outcome, trained.epochs, trained.best_epoch, trained.history, temperature, part)
