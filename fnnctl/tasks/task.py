"""The interface of a task: fits, stacks, runs and reports access the kind of target only through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import TargetTransformName
from fnnctl.config.schema.losses import Output
from fnnctl.config.schema.model import Calibration, ModelConfig, Threshold
from fnnctl.data.dataset import Dataset
from fnnctl.errors import Problem
from fnnctl.messages import Message
from fnnctl.metrics.comparison.measures import Measure
from fnnctl.metrics.metric import TargetKind
from fnnctl.metrics.stored import flat_metrics
from fnnctl.nn.losses.base import TargetArray
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.epoch_metrics import EpochMetrics
from fnnctl.tasks.mixture import Mixture
from fnnctl.tasks.one_column import ColumnValues
from fnnctl.tasks.regions import ErrorTails, MeasuredRegions, RegionLimits
from fnnctl.tasks.warnings import TEST_PART, UNKNOWN, TrainingOutcome

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment
    from fnnctl.config.schema.training import TrainingConfig
    from fnnctl.data.splits.folds import AssignedFolds
    from fnnctl.data.splits.parts import Split
    from fnnctl.data.splits.seen_rows import SeenRows

Targets: TypeAlias = TargetArray
"""(N,) the target of each row as encoded by the task, such as class indices; of several targets (N, T)."""

Artifact: TypeAlias = tuple[str, Iterable[str]]
"""A file of a run: a name from `store.names`, and its text in pieces, which are generated when written."""
Artifacts: TypeAlias = Iterable[Artifact]

Weight: TypeAlias = float | tuple[float, ...]
"""How much networks count; of several targets one number for each, or the same for all."""


class PartScores(Protocol):
    """A predictor's results on the rows of one part of the data, with their targets."""

    @property
    def loss(self) -> float:
        """The mean loss; not finite if the scores overflow."""

    def metrics(self, *, complete: bool = True) -> dict[str, Any]:
        """The part's entry in metrics.json; if it need not be `complete`, without the baseline and without
        intervals that take long.
        """

    def baseline_metrics(self) -> dict[str, Any] | None:
        """The metrics of the baseline on these rows, by name; None if the baseline is unknown."""

    def warnings(
        self,
        where: str = TEST_PART,
        training: TrainingOutcome = UNKNOWN,
        held_out: PartScores | None = None,
    ) -> list[Message]:
        """Warnings if the predictions of these rows are of little use, the most severe one first.

        There is one if they are not better than the baseline's by more than chance (unless the loss weights
        rows: the network then has another aim), if some class is hardly ever predicted, if the rows are too
        few to tell, or if probabilities are misleading. A warning says `where` the rows are, and what to try
        after such a `training`; a threshold is advised only if it helps on the `held_out` rows, if there are
        any.
        """

    @property
    def predictions(self) -> IntArray | FloatArray:
        """The index of the predicted class of each row, or the estimate, (n,); with exposures its rate."""

    def row_losses(self) -> Mapping[str, FloatArray]:
        """Each row's losses (n,) from which the metrics of the columns' importance follow, by metric.

        The names are those of metrics.json; columns are ranked by the first one.
        """

    def measure(self, metric: str) -> Measure | None:
        """A metric by what it is computed from in each row, for a comparison on the same rows; None if it has
        no value here, or does not follow from rows.
        """

    def subset(self, rows: IntArray) -> PartScores:
        """The results on some of the rows, (m,) indices of them; without what calibration has changed."""

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """The row numbers (n,), and how badly each row is predicted, (n,): see `worst_rows`."""

    def error_tails(self, groups: IntArray | None) -> ErrorTails | None:
        """How badly these rows, which were not trained on, are predicted, for regions around predictions.

        Rows with the same number in `groups`, (n,), weigh as one row. None if there are no such regions.
        """

    def regions(self, limits: RegionLimits) -> MeasuredRegions:
        """The regions around the predictions of these rows, and whether they hold the truth."""

    def confusion_table(self) -> tuple[tuple[str, ...], IntArray] | None:
        """Classes and counts (C, C) for the report, one row per true class; None if there are no classes."""

    def artifacts(self) -> Artifacts:
        """The files with the part's predictions and the data of its figures."""


def metric_of(part: PartScores, metric: str) -> float | None:
    """A metric by its path in the part's entry in metrics.json; None if it has no value."""
    value: float | None = flat_metrics(part.metrics(complete=False))[metric]
    return value


class OutOfFold(Protocol):
    """The predictions of a cross-validation: each row is predicted once per repeat, by a fold's network."""

    @property
    def parts(self) -> Sequence[tuple[IntArray, PartScores]]:
        """For each repeat, the indices of its rows in the data set, (n,), and the results on them."""

    def metrics(self) -> dict[str, Any]:
        """The metrics, averaged over the repeats."""

    def warnings(self, training: TrainingOutcome = UNKNOWN) -> list[Message]:
        """The warnings of `PartScores.warnings` to which most repeats lead."""

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """See `PartScores.row_badness`; the rows of all repeats."""

    def artifacts(self) -> Artifacts:
        """The files with all predictions and the data of the figures."""


@dataclass(frozen=True, slots=True)
class FoldScores:
    """One fold's scores on its own test rows."""

    repeat: int
    fold: int
    rows: IntArray
    """(n,) the test rows, as row indices of the data set."""
    part: PartScores


class Task(Protocol):
    """One kind of target, with facts from the data, such as the names of the classes."""

    @property
    def name(self) -> TargetKind:
        """The name of the kind."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns of the targets."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The task of each target; of a single one itself."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of their indices; empty in a regression."""

    @property
    def is_ordered(self) -> bool:
        """Whether the classes are in an order from the lowest to the highest; false in a regression."""

    @property
    def default_metric(self) -> str:
        """The metric that `search.objective.metric: auto` stands for."""

    def prediction_columns(
        self, decoder: OutputDecoder, top: int | None = None, *, has_exposures: bool = False
    ) -> Sequence[str]:
        """The columns of `predict`, also those of the decoder's regions.

        `has_exposures` is whether the rows have those that the decoder's network was trained with. Raises
        `UsageError` for a `top` if there are no classes, and for a region without exposures.
        """

    def check(self, experiment: Experiment) -> list[Problem]:
        """Problems with settings that do not suit this target, each with its config path."""

    def check_output(self, output: Output) -> list[Problem]:
        """Problems with an output, at the path `model.output`; raises TypeError for several targets."""

    def epoch_metrics(self, output: Output) -> EpochMetrics:
        """What training records after every epoch; of another task's output, what it records with the
        default. Raises TypeError for several targets.
        """

    def check_metric(self, metric: str) -> str | None:
        """Why a metric cannot be used with this target; None if it can."""

    def output_decoder(
        self,
        model: ModelConfig,
        targets: Targets,
        transform: TargetTransformName = "none",
        exposures: FloatArray | None = None,
    ) -> OutputDecoder:
        """The output layer for these settings, fitted to targets and exposures of the training rows, (n,).

        Raises `ConfigError` if they cannot be transformed.
        """

    def example_weights(
        self, training: TrainingConfig, targets: Targets, row_weights: FloatArray | None
    ) -> FloatArray | None:
        """Each training row's factor in the loss, (n,); None if all are 1.

        `targets` (n,) and `row_weights`, those in the data, (n,), are those of the training rows.
        """

    def weights_problem(self, row_weights: FloatArray | None) -> Problem:
        """The problem to report if all `example_weights` are 0; `row_weights` (n,) are those in the data."""

    def decision(self, experiment: Experiment) -> Decision | None:
        """How one of two classes is predicted, before a threshold is chosen; None if there are not two."""

    def class_weights(self, training: TrainingConfig, targets: Targets) -> tuple[float, ...] | None:
        """The weight of each class for training rows with these targets, (n,); None if all are equal.

        A class of weight 0 gets 1 here, because nothing is known about its probability.
        """

    def with_calibration(
        self, decoder: OutputDecoder, calibration: Calibration, scores: FloatArray, targets: Targets
    ) -> OutputDecoder:
        """The decoder with what is fitted to the scores of n ≥ 1 rows, (n, outputs), and their targets, (n,).

        That is the temperature, which is None if there is none, and the power to which class weights are
        raised, also with the calibration `none`: they may have had less effect in training than the
        correction assumes. In a regression it is the correction of a transformed target's mean.
        """

    def separately(
        self, decoder: OutputDecoder, scores: FloatArray, targets: Targets
    ) -> Sequence[tuple[Task, OutputDecoder, FloatArray, Targets]]:
        """The task and the decoder of each target, with scores and targets of the rows that have it."""

    def rejoined(self, decoder: OutputDecoder, of_targets: Sequence[OutputDecoder]) -> OutputDecoder:
        """The decoder with these decoders of its targets."""

    def choose_threshold(
        self, threshold: Threshold, scores: FloatArray, targets: Targets, decoder: OutputDecoder
    ) -> float | None:
        """The threshold of a decoder for which n rows were scored, (n, outputs), before calibration.

        Not for a number; None if the rows determine none, because all of them are of one class.
        """

    def joint_decoder(self, decoders: Sequence[OutputDecoder]) -> OutputDecoder:
        """How the combined scores of networks with these decoders become predictions; not calibrated."""

    def converted(self, scores: FloatArray, decoder: OutputDecoder, joint: OutputDecoder) -> FloatArray:
        """Scores of a network with its own decoder, (n, outputs), as scores for `joint_decoder`."""

    def combine(
        self, scores: Sequence[FloatArray], decoder: OutputDecoder, weights: npt.ArrayLike | None = None
    ) -> FloatArray:
        """An ensemble's scores, (n, outputs), from those of its networks, which have this decoder.

        They are a mean of predictions with these positive weights, (networks,), by default equal ones. Of
        several targets weights may be (networks, T); a network of weight 0 does not count for the target. A
        row's scores never depend on the other rows.
        """

    def shares(
        self,
        scores: Sequence[FloatArray],
        targets: Targets,
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> list[float]:
        """The weights for `combine`, which sum to 1, with which n rows of a single target are predicted best.

        The rows were not trained on: scores (n, outputs) for this decoder, of each network; targets (n,), and
        exposures (n,) if the data have them. With few rows the weights are nearly equal; none is 0.
        """

    def mixture(
        self,
        scores: Sequence[FloatArray],
        targets: Targets,
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> Mixture:
        """What the loss of a mean of predictions follows from: scores (n, outputs) of each, for this decoder,
        targets (n,), and exposures (n,) if the data have them.
        """

    def score(
        self,
        rows: IntArray,
        targets: Targets,
        batches: Iterable[FloatArray],
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> PartScores:
        """The scores of n ≥ 1 rows: row numbers (n,), targets (n,), network outputs batch by batch, and
        exposures (n,) if the data have them.
        """

    def out_of_fold(self, folds: Sequence[FoldScores], file_rows: IntArray, targets: Targets) -> OutOfFold:
        """The combined scores of the folds; `file_rows` (N,) are the numbers of all rows in their file."""

    def predict(
        self,
        scores: FloatArray,
        decoder: OutputDecoder,
        *,
        top: int | None = None,
        exposures: FloatArray | None = None,
    ) -> tuple[Sequence[Sequence[object]], FloatArray]:
        """For `predict`: n rows of the leading columns, and further numeric columns, (n, c).

        With `top`, so many of the most probable classes take the place of the probabilities of all. The
        `exposures`, (n,), are those of rows that have them.
        """

    def predicted_indices(self, scores: FloatArray, decoder: OutputDecoder) -> IntArray:
        """The index of the class that is predicted for each row, (n,); 0 in a regression."""

    def predictions(self, scores: FloatArray, decoder: OutputDecoder) -> FloatArray:
        """What is predicted for n rows, (n, 1) or of several targets (n, T): indices of classes, or numbers.

        With exposures these are rates.
        """

    def explained(self, scores: FloatArray, decoder: OutputDecoder, index: int) -> FloatArray:
        """What contributions sum to, (n,): estimates, or the log-odds of the class of this index.

        With exposures, estimates are rates here, as in `predicted_values`.
        """

    def predicted_values(self, scores: FloatArray, decoder: OutputDecoder) -> FloatArray:
        """What is predicted for n rows as numbers: estimates, (n, 1), or the probability of each class,
        (n, C).
        """

    def encode_new(
        self, texts: Sequence[str], codes: IntArray, decoder: OutputDecoder
    ) -> tuple[Targets, dict[str, str]]:
        """Targets of new rows from indices `codes` (n,) into `texts`; -1 marks a missing target.

        A missing target gets an arbitrary value. Also returns each text that is not a valid target of the
        decoder's network, with the reason.
        """

    def split_warnings(self, targets: Targets, split: Split) -> list[Message]:
        """Warnings about what the parts of a split lack."""

    def fold_warnings(self, targets: Targets, folds: AssignedFolds) -> list[Message]:
        """Warnings about what some folds of the N rows lack."""

    def untrained_classes(self, targets: Targets, trained: Targets) -> list[str]:
        """The classes of some `targets`, (n,), that none of the `trained` ones, (m,), has; empty in a
        regression.
        """

    def from_column(self, values: ColumnValues, targets: Targets, new_values: ColumnValues) -> Targets:
        """(m,) targets that a simple rule predicts from one column with the values `new_values` (m,).

        The rule is fitted to n ≥ 1 rows with the column's `values` (n,) and these targets (n,).
        """

    def column_score(self, targets: Targets, predicted: Targets) -> float:
        """The `default_metric` of such predictions, (n,); at most 1."""

    def column_tolerance(self, rows: int) -> float:
        """By how much the `column_score` of `rows` rows falls if one or two rows happen to be wrong."""

    def in_words(self) -> str:
        """The kind of target, for messages, such as `3 classes`."""

    def score_of(
        self,
        trained: Task,
        rows: IntArray,
        targets: Targets,
        batches: Iterable[FloatArray],
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> PartScores:
        """The `score` of a network trained on the task `trained`, whose classes may be in another order, or
        lack some of these; see `difference`.
        """

    def difference(self, trained: Task, *, may_lack_classes: bool = False) -> str | None:
        """Why a network trained on the task `trained` cannot be scored on these data; None if it can.

        One that `may_lack_classes` may also have them in another order, unless they are ordered.
        """


@dataclass(frozen=True, slots=True)
class TaskData:
    """A data set, and its target as encoded by the task."""

    dataset: Dataset
    task: Task
    targets: Targets
    """(N,)"""
    strata: IntArray
    """(N,) stratum indices; a stratified split keeps the proportions of the strata. Of labels (N, L), 1 if a
    row has the label, else 0."""
    strata_names: Sequence[str]
    """The names of the strata, for messages."""
    warnings: Sequence[Message]
    """Warnings from reading and encoding the data."""
    notes: Sequence[str] = ()
    """Notes from reading and encoding the data; see `Dataset.notes`."""
    seen: SeenRows | None = None
    """The rows that the parent run and its ancestors have seen; None if a training begins anew."""

    def __len__(self) -> int:
        return len(self.dataset)

    @property
    def of_single_targets(self) -> list[tuple[TaskData, IntArray]]:
        """The data with each of several targets alone, and the rows that have it, (m,); others have a 0.

        With one target, the data themselves and all rows.
        """
        if len(self.task.tasks) == 1:
            return [(self, np.arange(len(self)))]
        single: list[tuple[TaskData, IntArray]] = []
        targets = zip(self.task.tasks, self.dataset.targets, self.targets.T, strict=True)
        for task, raw_target, column in targets:
            encoded = np.nan_to_num(column, nan=0.0).astype(np.intp if task.classes else np.float64)
            dataset = replace(self.dataset, targets=(raw_target,))
            data = replace(self, dataset=dataset, task=task, targets=encoded)
            single.append((data, np.flatnonzero(~np.isnan(column))))
        return single

    @property
    def rates(self) -> Targets:
        """(N,) the targets per unit of exposure; without exposures the targets themselves."""
        exposures = self.dataset.exposures
        return self.targets if exposures is None else self.targets / exposures

    def exposures(self, rows: IntArray) -> FloatArray | None:
        """The exposures of some rows, (n,); None if data.exposure names no column."""
        return None if self.dataset.exposures is None else self.dataset.exposures[rows]

    def example_weights(self, experiment: Experiment, rows: IntArray) -> FloatArray | None:
        """The factors in the loss, (n,), of training rows (n,); None if all are 1."""
        row_weights = None if self.dataset.weights is None else self.dataset.weights[rows]
        return self.task.example_weights(experiment.training, self.targets[rows], row_weights)

    def score(self, rows: IntArray, batches: Iterable[FloatArray], decoder: OutputDecoder) -> PartScores:
        """The scores of some rows, (n,) with n ≥ 1, from the network's outputs batch by batch."""
        return self.score_of(self.task, rows, batches, decoder)

    def score_of(
        self, trained: Task, rows: IntArray, batches: Iterable[FloatArray], decoder: OutputDecoder
    ) -> PartScores:
        """The `score` of a network trained on the task `trained`, which may lack some of the classes."""
        file_rows, exposures = self.dataset.file_rows[rows], self.exposures(rows)
        return self.task.score_of(trained, file_rows, self.targets[rows], batches, decoder, exposures)
