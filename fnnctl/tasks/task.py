"""The interface of a task: fits, stacks, runs and reports access the kind of target only through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import TargetTransformName
from fnnctl.config.schema.losses import LOSS_RECORDS, LossRecord, OutputSection
from fnnctl.config.schema.model import Calibration, ModelConfig, Threshold
from fnnctl.data.dataset import Dataset
from fnnctl.errors import Problem
from fnnctl.messages import Message
from fnnctl.metrics.comparison.measures import Measure
from fnnctl.metrics.metric import TaskName
from fnnctl.metrics.stored import flat_metrics
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.decoding import (
    BackTransformed,
    Limited,
    Scaled,
    Standardized,
    Step,
    Transformed,
    decoded,
)
from fnnctl.tasks.mixture import Mixture
from fnnctl.tasks.one_column import ColumnValues
from fnnctl.tasks.target_transforms import TargetTransform
from fnnctl.tasks.warnings import TEST_PART, UNKNOWN, TrainingOutcome

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment
    from fnnctl.config.schema.training import TrainingConfig
    from fnnctl.data.splits.folds import AssignedFolds
    from fnnctl.data.splits.parts import Split

Targets: TypeAlias = TargetArray
"""(N,) the target of each row as encoded by the task, such as class indices."""

Artifact: TypeAlias = tuple[str, Iterable[str]]
"""A file of a run: a name from `store.names`, and its text in pieces, which are generated when written."""
Artifacts: TypeAlias = Iterable[Artifact]


def output_shape(output: OutputSection, size: int, *, positive: int = 1) -> OutputShape:
    """The output layer for an output of the config with `size` outputs."""
    parameter = output.loss_parameter
    return OutputShape(size, output.name, positive, 1.0 if parameter is None else parameter)


@dataclass(frozen=True, slots=True)
class TargetScale:
    """How targets are standardized for training: outputs are deviation·z + mean in the target's units.

    With a transform, it is the transformed target that is standardized.
    """

    mean: float
    deviation: float
    range: tuple[float, float] | None = None
    """The smallest and the largest estimate, in the target's units; None if estimates are not limited."""
    transform: TargetTransform | None = None
    residuals: tuple[float, ...] = ()
    """Residuals of the transformed target in rows that were not trained on: an estimate is the mean of the
    inverses of its sums with them, because the inverse of a mean is none (Duan, 1983). Without them,
    estimates of a transformed target are medians."""

    @property
    def limits(self) -> tuple[float, float] | None:
        """The `range` of network outputs."""
        if self.range is None:
            return None
        low, high = self.standardized(np.array(self.range)).tolist()
        return low, high

    def has_units_of(self, other: TargetScale) -> bool:
        """Whether outputs mean the same on both scales, apart from their ranges."""
        return replace(self, range=None) == replace(other, range=None)

    @property
    def standardizing(self) -> list[Step]:
        """From targets to outputs of a network."""
        transformed: list[Step] = [] if self.transform is None else [Transformed(self.transform)]
        return [*transformed, Standardized(self.mean, self.deviation)]

    @property
    def restoring(self) -> list[Step]:
        """From outputs of a network to targets.

        Rounding puts no estimate outside the range if its output is within the limits.
        """
        steps: list[Step] = [self._unscaled]
        if self.transform is not None:
            steps.append(BackTransformed(self.transform, self.residuals))
        if self.range is not None:
            steps.append(Limited(*self.range))
        return steps

    @property
    def _unscaled(self) -> Scaled:
        """From outputs of a network to transformed targets."""
        return Scaled(self.deviation, self.mean)

    def standardized(self, targets: FloatArray) -> FloatArray:
        """Targets of any shape, standardized for training."""
        return decoded(targets, self.standardizing)

    def restored(self, outputs: FloatArray) -> FloatArray:
        """Network outputs of any shape converted to the target's units, in float64."""
        return decoded(outputs, self.restoring)

    def corrected(self, outputs: FloatArray, targets: FloatArray) -> TargetScale:
        """The scale, which must have a transform, with the residuals of n ≥ 1 outputs and targets.

        It is unchanged if one is not finite.
        """
        if self.transform is None:
            raise ValueError("only the mean of a transformed target is corrected")
        means = self._unscaled.apply(outputs)
        if not np.isfinite(means).all():
            return self
        return replace(self, residuals=self.transform.smearing(means, self.transform.forward(targets)))


@dataclass(frozen=True, slots=True)
class FittedValues:
    """What a decoder has that is fitted to rows that the network was not trained on: see `OutputDecoder`."""

    temperature: float | None = None
    threshold: float | None = None
    """None if none is chosen, and without a decision between two classes."""
    class_weights: tuple[float, ...] | None = None
    target_residuals: tuple[float, ...] = ()
    """Those of the scale."""


@dataclass(frozen=True, slots=True)
class OutputDecoder:
    """How a network's outputs become predictions, with what is fitted to the targets beside the network."""

    output: OutputShape
    baseline: tuple[float, ...] | None = None
    """The prediction without features: each class's share of the training rows, or their mean target;
    None if it is unknown."""
    scale: TargetScale | None = None
    """None if targets are not standardized."""
    temperature: float | None = None
    """Outputs are divided by it to calibrate the probabilities; None if they are not calibrated."""
    decision: Decision | None = None
    """How one of two classes is predicted; None in a regression and with more classes."""
    class_weights: tuple[float, ...] | None = None
    """The weight of each class in training, to the power that is fitted to validation rows, if there are any.
    Probabilities are divided by them, so that they are those of the classes' frequencies, and decisions are
    made by weight times probability, as without the correction. None if all are equal."""

    @property
    def loss(self) -> LossRecord:
        """What is known of the output and its loss."""
        return LOSS_RECORDS[self.output.kind]

    @property
    def limits(self) -> tuple[float, float] | None:
        """The smallest and the largest output of a network; None if they are not limited."""
        return None if self.scale is None else self.scale.limits

    @property
    def fitted(self) -> FittedValues:
        """What is fitted to rows that the network was not trained on."""
        return FittedValues(self.temperature, self.threshold, self.class_weights, self.residuals)

    def with_fitted(self, fitted: FittedValues) -> OutputDecoder:
        """The decoder with these values; outputs are divided by both temperatures if it has one already."""
        temperature = self.temperature
        if fitted.temperature is not None:
            temperature = (temperature or 1.0) * fitted.temperature
        decoder = replace(self, temperature=temperature).weighted(fitted.class_weights)
        return decoder.with_residuals(fitted.target_residuals).with_threshold(fitted.threshold)

    @property
    def transform_name(self) -> TargetTransformName:
        """The transform of the target that the network is trained on."""
        transform = None if self.scale is None else self.scale.transform
        return "none" if transform is None else transform.name

    @property
    def has_transform(self) -> bool:
        """Whether the network is trained on a transformed target."""
        return self.transform_name != "none"

    @property
    def needs_residuals(self) -> bool:
        """Whether estimates of a transformed target are to be its means."""
        return self.has_transform and self.loss.estimates == "mean"

    @property
    def residuals(self) -> tuple[float, ...]:
        """The residuals of the scale; empty if there are none."""
        return () if self.scale is None else self.scale.residuals

    def with_residuals(self, residuals: tuple[float, ...]) -> OutputDecoder:
        """The decoder whose scale has these residuals; unchanged without a scale."""
        return self if self.scale is None else replace(self, scale=replace(self.scale, residuals=residuals))

    @property
    def threshold(self) -> float | None:
        """The chosen threshold of the decision; None if none is chosen, and if there is no decision."""
        return None if self.decision is None else self.decision.threshold

    def with_threshold(self, threshold: float | None) -> OutputDecoder:
        """The decoder that decides at this threshold; unchanged if there is no decision."""
        if self.decision is None:
            return self
        return replace(self, decision=self.decision.at(threshold))

    def weighted(self, class_weights: tuple[float, ...] | None) -> OutputDecoder:
        """The decoder of a network whose classes had these weights in training; see `class_weights`."""
        if class_weights is None:
            return self
        decision = self.decision and self.decision.weighted(class_weights)
        return replace(self, decision=decision, class_weights=class_weights)

    def standardized(self, targets: Targets) -> Targets:
        """Targets, (N,), standardized for training if there is a scale."""
        return targets if self.scale is None else self.scale.standardized(targets)


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

    def row_losses(self) -> Mapping[str, FloatArray]:
        """Each row's losses (n,) from which the metrics of the columns' importance follow, by metric.

        The names are those of metrics.json; columns are ranked by the first one.
        """

    def measure(self, metric: str) -> Measure | None:
        """A metric by what it is computed from in each row, for a comparison on the same rows; None if it has
        no value here, or does not follow from rows.
        """

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """The row numbers (n,), and how badly each row is predicted, (n,): see `worst_rows`."""

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
    def name(self) -> TaskName:
        """The name of the kind."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of their indices; empty in a regression."""

    @property
    def default_metric(self) -> str:
        """The metric that `search.objective.metric: auto` stands for."""

    def prediction_columns(self, top: int | None = None) -> Sequence[str]:
        """The columns of `predict`; raises `UsageError` for a `top` if there are no classes."""

    def check(self, experiment: Experiment) -> list[Problem]:
        """Problems with settings that do not suit this target, each with its config path."""

    def check_metric(self, metric: str) -> str | None:
        """Why a metric cannot be used with this target; None if it can."""

    def output_decoder(
        self, model: ModelConfig, targets: Targets, transform: TargetTransformName = "none"
    ) -> OutputDecoder:
        """The output layer for these settings, fitted to the targets of the training rows, (n,).

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

    def combine(self, scores: Sequence[FloatArray], weights: Sequence[float] | None = None) -> FloatArray:
        """An ensemble's scores, (n, outputs), from those of its networks, which have one decoder.

        They are a mean of predictions with these positive weights, by default equal ones. A row's scores
        never depend on the other rows.
        """

    def shares(self, scores: Sequence[FloatArray], targets: Targets, decoder: OutputDecoder) -> list[float]:
        """The weights for `combine`, which sum to 1, with which n rows are predicted best.

        The rows were not trained on: scores (n, outputs) for this decoder, of each network; targets (n,).
        With few rows the weights are nearly equal; none is 0.
        """

    def mixture(self, scores: Sequence[FloatArray], targets: Targets, decoder: OutputDecoder) -> Mixture:
        """What the loss of a mean of predictions follows from: scores (n, outputs) of each, for this decoder,
        and targets (n,).
        """

    def score(
        self, rows: IntArray, targets: Targets, batches: Iterable[FloatArray], decoder: OutputDecoder
    ) -> PartScores:
        """The scores of n ≥ 1 rows: row numbers (n,), targets (n,), network outputs batch by batch."""

    def out_of_fold(self, folds: Sequence[FoldScores], file_rows: IntArray, targets: Targets) -> OutOfFold:
        """The combined scores of the folds; `file_rows` (N,) are the numbers of all rows in their file."""

    def predict(
        self, scores: FloatArray, decoder: OutputDecoder, *, top: int | None = None
    ) -> tuple[Sequence[Sequence[object]], FloatArray]:
        """For `predict`: n rows of the leading columns, and further numeric columns, (n, c).

        With `top`, so many of the most probable classes take the place of the probabilities of all.
        """

    def encode_new(self, texts: Sequence[str], codes: IntArray) -> tuple[Targets, dict[str, str]]:
        """Targets of new rows from indices `codes` (n,) into `texts`; -1 marks a missing target.

        A missing target gets an arbitrary value. Also returns each text that is not a valid target, with the
        reason.
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

    def difference(self, trained: Task) -> str | None:
        """Why a network trained on the task `trained` cannot be scored on these data; None if it can."""


@dataclass(frozen=True, slots=True)
class TaskData:
    """A data set, and its target as encoded by the task."""

    dataset: Dataset
    task: Task
    targets: Targets
    """(N,)"""
    strata: IntArray
    """(N,) stratum indices; a stratified split keeps the proportions of the strata."""
    strata_names: Sequence[str]
    """The names of the strata, for messages."""
    warnings: Sequence[Message]
    """Warnings from reading and encoding the data."""
    notes: Sequence[str] = ()
    """Notes from reading and encoding the data; see `Dataset.notes`."""

    def __len__(self) -> int:
        return len(self.dataset)

    def example_weights(self, experiment: Experiment, rows: IntArray) -> FloatArray | None:
        """The factors in the loss, (n,), of training rows (n,); None if all are 1."""
        row_weights = None if self.dataset.weights is None else self.dataset.weights[rows]
        return self.task.example_weights(experiment.training, self.targets[rows], row_weights)

    def score(self, rows: IntArray, batches: Iterable[FloatArray], decoder: OutputDecoder) -> PartScores:
        """The scores of some rows, (n,) with n ≥ 1, from the network's outputs batch by batch."""
        return self.task.score(self.dataset.file_rows[rows], self.targets[rows], batches, decoder)
