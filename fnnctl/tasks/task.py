"""The interface of a task: the only view that fits, stacks, runs and reports have of the kind of target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.model import ModelConfig, Output
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.data.dataset import Dataset
from fnnctl.data.splits.parts import Split
from fnnctl.errors import Problem
from fnnctl.nn.losses.targets import TargetArray
from fnnctl.nn.shape import OutputKind

Targets: TypeAlias = TargetArray
"""(N,) the target of each row, as the task encodes it: class numbers in a classification."""

Artifact: TypeAlias = tuple[str, Iterable[str]]
"""A file of a run: a name of `store.names`, and the lines of its content, made when they are written."""
Artifacts: TypeAlias = Iterable[Artifact]


@dataclass(frozen=True, slots=True)
class OutputShape:
    """What a network's output layer must be for a task."""

    outputs: int
    """Values that the network gives per row, such as one per class."""
    kind: OutputKind
    positive: int = 1
    """For a logistic output: the number of the class whose score it is."""
    delta: float = 1.0
    """For a huber output: the error from which the loss is linear."""


@dataclass(frozen=True, slots=True)
class TargetScale:
    """How targets are standardized for training: outputs are deviation·z + mean in the target's units."""

    mean: float
    deviation: float

    def standardized(self, targets: FloatArray) -> FloatArray:
        """Targets as the network learns them."""
        return (targets - self.mean) / self.deviation

    def restored(self, outputs: FloatArray) -> FloatArray:
        """Network outputs in the target's units, in float64."""
        return outputs.astype(np.float64) * self.deviation + self.mean


@dataclass(frozen=True, slots=True)
class Readout:
    """How a network's outputs become predictions: what is fitted to the targets beside the network."""

    output: OutputShape
    baseline: tuple[float, ...] | None = None
    """What a prediction without features is: each class's share of the training rows, or their mean target;
    None if it is not known."""
    scale: TargetScale | None = None
    """None if targets are learned as they are."""
    temperature: float | None = None
    """What the outputs are divided by, so that the probabilities are calibrated; None if they are not."""

    def learned(self, targets: Targets) -> Targets:
        """Targets, (N,), as the network learns them."""
        return targets if self.scale is None else self.scale.standardized(targets)


class PartScores(Protocol):
    """What a predictor says of the rows of one part of the data, beside their targets."""

    @property
    def loss(self) -> float:
        """The mean loss; not finite if the scores overflow."""

    def metrics(self, *, complete: bool = True) -> dict[str, Any]:
        """The part's entry in metrics.json; if it need not be `complete`, what takes long may be left out:
        intervals and the baseline.
        """

    def confusion_table(self) -> tuple[tuple[str, ...], IntArray] | None:
        """Classes and counts for the report, a row per true class; None if there are no classes."""

    def artifacts(self) -> Artifacts:
        """The files with the part's predictions and the numbers behind its figures."""


class OutOfFold(Protocol):
    """The predictions of a cross-validation: each row is predicted once per repeat, by a fold's network."""

    def metrics(self) -> dict[str, Any]:
        """The mean over the repeats of each repeat's metrics."""

    def artifacts(self) -> Artifacts:
        """The files with all predictions and the numbers behind the figures."""


@dataclass(frozen=True, slots=True)
class FoldScores:
    """One fold's scores of its own test rows."""

    repeat: int
    fold: int
    rows: IntArray
    """(n,) the test rows, as numbers of the data set's rows."""
    part: PartScores


class Task(Protocol):
    """One kind of target, with what the data say of it (such as the names of the classes)."""

    @property
    def name(self) -> str:
        """`classification` or `regression`."""

    @property
    def default_output(self) -> Output:
        """What `model.output: auto` is."""

    @property
    def default_metric(self) -> str:
        """What `search.objective.metric: auto` is."""

    @property
    def prediction_columns(self) -> Sequence[str]:
        """The columns that `predict` writes, after the row's number."""

    def check(self, experiment: Experiment) -> list[Problem]:
        """Settings that this target rules out, each with its config path."""

    def check_metric(self, metric: str) -> str | None:
        """Why a metric's name means nothing for this target; None if it does."""

    def readout(self, model: ModelConfig, targets: Targets) -> Readout:
        """The output layer of a network with these settings, fitted to training rows' targets, (n,)."""

    def example_weights(
        self, training: TrainingConfig, targets: Targets, given: FloatArray | None
    ) -> FloatArray | None:
        """Each training row's factor in the loss, (n,); None if all are 1.

        `targets` (n,) and the `given` weights (n,) are those of the training rows.
        """

    def weights_problem(self, given: FloatArray | None) -> Problem:
        """What to say if all `example_weights` are 0; `given` are those of the data."""

    def fit_temperature(self, scores: FloatArray, targets: Targets) -> float | None:
        """The temperature that calibrates n rows' scores, (n, outputs); None if none does."""

    def combine(self, scores: Sequence[FloatArray]) -> FloatArray:
        """One ensemble's scores, (n, outputs), from those of its networks."""

    def score(
        self, rows: IntArray, targets: Targets, batches: Iterable[FloatArray], readout: Readout
    ) -> PartScores:
        """The scores of n ≥ 1 rows: row numbers (n,), targets (n,), network outputs batch by batch."""

    def out_of_fold(self, folds: Sequence[FoldScores], file_rows: IntArray, targets: Targets) -> OutOfFold:
        """The folds' scores together; `file_rows` (N,) are the numbers of all rows in their file."""

    def predict(self, scores: FloatArray, readout: Readout) -> tuple[Sequence[Sequence[object]], FloatArray]:
        """For `predict`: the leading columns' values of n rows, and further numeric columns, (n, c)."""

    def encode_new(self, texts: Sequence[str], codes: IntArray) -> tuple[Targets, dict[str, str]]:
        """Targets of new rows from `codes` (n,) into `texts`, which are -1 if the target is missing.

        A missing target gets any value. Also each text that is no target of this task, with the reason.
        """

    def split_warnings(self, targets: Targets, split: Split) -> list[str]:
        """What the parts of a split lack."""

    def fold_warnings(self, targets: Targets, assignment: IntArray, folds: int) -> list[str]:
        """What folds, (repeats, N) of `folds` each, leave some of their networks without."""

    def in_words(self) -> str:
        """The kind of target for a sentence, such as `3 classes`."""

    def difference(self, trained: Task) -> str | None:
        """Why a network of the task `trained` cannot be scored on these data; None if it can."""

    def facts(self) -> dict[str, Any]:
        """What the manifest says of the target, beside its name."""

    def describe(self, readout: Readout) -> Mapping[str, Any]:
        """What model.json says of the target and the output layer."""


@dataclass(frozen=True, slots=True)
class TaskData:
    """A data set, and its target as the task encodes it."""

    dataset: Dataset
    task: Task
    targets: Targets
    """(N,)"""
    strata: IntArray
    """(N,) the numbers of the groups of rows whose proportions a stratified split keeps."""
    strata_names: Sequence[str]
    """The names of these groups, for messages."""
    warnings: Sequence[str]
    """What was noticed while the data were read and encoded."""

    def __len__(self) -> int:
        return len(self.dataset)

    def example_weights(self, experiment: Experiment, rows: IntArray) -> FloatArray | None:
        """The factors in the loss of training rows (n,), (n,); None if all are 1."""
        given = None if self.dataset.weights is None else self.dataset.weights[rows]
        return self.task.example_weights(experiment.training, self.targets[rows], given)

    def score(self, rows: IntArray, batches: Iterable[FloatArray], readout: Readout) -> PartScores:
        """The scores of some rows, (n,) with n ≥ 1, from the network's outputs batch by batch."""
        return self.task.score(self.dataset.file_rows[rows], self.targets[rows], batches, readout)
