"""Regression as a task: see `tasks.task.Task`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.rules.setting_rules import refused_settings
from fnnctl.config.schema.data import TargetTransformName
from fnnctl.config.schema.losses import (
    LOG_MEANS,
    LOSS_RECORDS,
    AutoOutput,
    Output,
    TargetRange,
    loss_record,
    loss_records,
    output_of,
)
from fnnctl.config.schema.model import Calibration, ModelConfig, Threshold
from fnnctl.errors import Problem, UsageError
from fnnctl.messages import Message
from fnnctl.metrics.metric import REGRESSION, TaskName
from fnnctl.metrics.number_metrics import R2
from fnnctl.metrics.registry import class_of, objectives
from fnnctl.metrics.rows import Quantiles
from fnnctl.nn.losses.log_means import BOUND
from fnnctl.nn.shape import NetworkShape
from fnnctl.tasks.checks import refused_metric, refused_metrics, refused_monitors, refused_output
from fnnctl.tasks.decoder import OutputDecoder, TargetScale, output_shape
from fnnctl.tasks.epoch_metrics import EpochMetrics, epoch_metrics
from fnnctl.tasks.estimate_columns import RATE, level_column
from fnnctl.tasks.mixture import Mixture
from fnnctl.tasks.one_column import ColumnValues, estimated_targets
from fnnctl.tasks.regression.counts import mean_decoder, rates_of
from fnnctl.tasks.regression.encoding import RANGES, SMALLEST, target_value
from fnnctl.tasks.regression.estimates import estimates_of, quantiles_of, scale_of
from fnnctl.tasks.regression.scores import (
    EstimateOutOfFold,
    EstimateScores,
    estimate_scores,
    out_of_fold,
    row_losses,
)
from fnnctl.tasks.shares import deviance_shares, error_shares, pinball_shares
from fnnctl.tasks.target_transforms import transform_of
from fnnctl.tasks.task import FoldScores, Targets, Task
from fnnctl.text import counted, joined_words, quoted

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment
    from fnnctl.config.schema.training import TrainingConfig
    from fnnctl.data.splits.folds import AssignedFolds
    from fnnctl.data.splits.parts import Split


@dataclass(frozen=True, slots=True)
class Regression:
    """The target is a number in any unit."""

    target: str
    """The name of the target column."""
    seed: int = field(default=0, compare=False)
    """The experiment's seed, for the intervals of metrics."""
    outside: Mapping[TargetRange, str] = field(default_factory=dict, compare=False)
    """For each range that the targets leave, the first value outside and its row."""

    name: ClassVar[TaskName] = REGRESSION
    is_ordered: ClassVar = False
    classes: ClassVar[tuple[str, ...]] = ()
    default_metric = R2.name

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @property
    def tasks(self) -> tuple[Task, ...]:
        return (self,)

    def prediction_columns(
        self, decoder: OutputDecoder, top: int | None = None, *, has_exposures: bool = False
    ) -> Sequence[str]:
        if top is not None:
            raise UsageError("--top is for classes, and a regression has none: leave it out")
        columns: tuple[str, ...] = ("prediction", *map(level_column, decoder.output.levels))
        if decoder.exposure is not None:
            columns = ("prediction", RATE) if has_exposures else (RATE,)
        if decoder.region is None:
            return columns
        if decoder.exposure is not None and not has_exposures:
            raise UsageError(
                f"intervals are of {quoted(self.target)}, which depends on the exposure: add the column "
                f"{quoted(decoder.exposure)} to the rows, or leave the coverage out"
            )
        return (*columns, "low", "high")

    def check(self, experiment: Experiment) -> list[Problem]:
        return [
            *self.check_output(experiment.model.output),
            *refused_monitors(experiment, self.epoch_metrics(experiment.model.output), f"in a {self.name}"),
            *refused_metrics(experiment, self.name),
            *refused_settings(experiment, self.target, classes=0),
        ]

    def epoch_metrics(self, output: Output) -> EpochMetrics:
        record = loss_records().get(output.name)
        of_task = output_of(output if record and record.task == REGRESSION else AutoOutput(), REGRESSION)
        return epoch_metrics(NetworkShape(1, (), output_shape(of_task, 1)))

    def check_output(self, output: Output) -> list[Problem]:
        return [*refused_output(output, self.name), *self._refused_targets(output)]

    def _refused_targets(self, output: Output) -> Iterator[Problem]:
        """A problem if a target is outside the range of the output."""
        record = loss_records().get(output.name)  # `auto` has none
        if record is not None and (outside := self.outside.get(record.targets)):
            text = f"{output.name} is for {RANGES[record.targets]}, but {quoted(self.target)} is {outside}"
            others = [
                name
                for name in (*LOG_MEANS, "squared")
                if name != output.name and LOSS_RECORDS[name].targets not in self.outside
            ]
            advice = f"correct the value, or write {joined_words(others, 'or')}"
            yield Problem(text, path="model.output", advice=advice, has_subject=True)

    def check_metric(self, metric: str) -> str | None:
        if class_of(metric) is not None:
            return f"a regression has no classes; choose from {', '.join(objectives(REGRESSION))}"
        return refused_metric(metric, REGRESSION)

    def output_decoder(
        self,
        model: ModelConfig,
        targets: Targets,
        transform: TargetTransformName = "none",
        exposures: FloatArray | None = None,
    ) -> OutputDecoder:
        """Transformed targets are standardized to mean 0 and deviation 1, or centred if all are equal.

        Counts and amounts are divided by their mean, or rates by the mean rate.
        """
        shape = output_shape(output_of(model.output, self.name), 1)
        if loss_record(shape.kind).scores == "logarithm":
            return mean_decoder(shape, targets, exposures, clips=model.clip_outputs)
        baseline = np.quantile(targets, shape.levels) if shape.levels else targets.mean(keepdims=True)
        fitted = transform_of(transform, targets)
        trained = targets if fitted is None else fitted.forward(targets)
        # The deviation of equal targets may be a rounding error.
        deviation = float(trained.std()) if np.ptp(trained) >= SMALLEST else 1.0
        ends = (float(targets.min()), float(targets.max())) if model.clip_outputs else None
        scale = TargetScale(float(trained.mean()), deviation, ends, fitted)
        return OutputDecoder(shape, baseline=tuple(baseline.tolist()), scale=scale)

    def example_weights(
        self, training: TrainingConfig, targets: Targets, row_weights: FloatArray | None
    ) -> FloatArray | None:
        return row_weights

    def weights_problem(self, row_weights: FloatArray | None) -> Problem:
        return Problem("all rows of the training part have weight 0", path="data.weights")

    def decision(self, experiment: Experiment) -> None:
        """Returns None: there are no classes to decide between."""

    def choose_threshold(
        self, threshold: Threshold, scores: FloatArray, targets: Targets, decoder: OutputDecoder
    ) -> None:
        """Returns None: there are no classes to decide between."""

    def class_weights(self, training: TrainingConfig, targets: Targets) -> None:
        """Returns None: there are no classes."""

    def with_calibration(
        self, decoder: OutputDecoder, calibration: Calibration, scores: FloatArray, targets: Targets
    ) -> OutputDecoder:
        """The decoder with the correction of a transformed target's mean, if that is estimated."""
        if not decoder.needs_residuals:
            return decoder
        return replace(decoder, scale=scale_of(decoder).corrected(scores[:, 0], targets))

    def separately(
        self, decoder: OutputDecoder, scores: FloatArray, targets: Targets
    ) -> list[tuple[Task, OutputDecoder, FloatArray, Targets]]:
        return [(self, decoder, scores, targets)]

    def rejoined(self, decoder: OutputDecoder, of_targets: Sequence[OutputDecoder]) -> OutputDecoder:
        (only,) = of_targets
        return only

    def joint_decoder(self, decoders: Sequence[OutputDecoder]) -> OutputDecoder:
        """The first network's: its scale, and its loss as the loss of the mean estimates.

        The range is that of all networks together: each has its own limits before.
        """
        ranges = [scale_of(decoder).range for decoder in decoders]
        finite_ranges = [limits for limits in ranges if limits is not None]
        ends = None
        if len(finite_ranges) == len(ranges):
            ends = min(low for low, _ in finite_ranges), max(high for _, high in finite_ranges)
        return replace(decoders[0], scale=replace(scale_of(decoders[0]), range=ends))

    def converted(self, scores: FloatArray, decoder: OutputDecoder, joint: OutputDecoder) -> FloatArray:
        """The same estimates on the scale of the joint decoder."""
        source, target = scale_of(decoder), scale_of(joint)
        if source.has_units_of(target):
            return scores
        standardized = target.standardized(source.restored(scores))
        # A mean of counts or amounts is above 0, and an estimate of another kind of network may not be.
        return standardized if joint.power is None else np.maximum(standardized, math.exp(-BOUND))

    def combine(
        self, scores: Sequence[FloatArray], decoder: OutputDecoder, weights: npt.ArrayLike | None = None
    ) -> FloatArray:
        """The mean of the networks' outputs, (n, outputs) each: values, or quantiles, which cannot cross.

        They are added one by one: the order of the additions in `numpy.sum` depends on the number of rows.
        """
        shares = [1.0] * len(scores) if weights is None else np.asarray(weights, np.float64).tolist()
        total = np.zeros(scores[0].shape)
        for outputs, share in zip(scores, shares, strict=True):
            total += outputs.astype(np.float64) * share
        return total / sum(shares)

    def shares(
        self,
        scores: Sequence[FloatArray],
        targets: Targets,
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> list[float]:
        if decoder.power is not None:
            rates, factors = rates_of(targets, decoder, exposures)
            return deviance_shares([part[:, 0] for part in scores], rates, factors, decoder.power)
        standardized, levels = decoder.standardized(targets), decoder.output.levels
        if levels:
            return pinball_shares([Quantiles(levels, part) for part in scores], standardized)
        return error_shares([part[:, 0] for part in scores], standardized)

    def mixture(
        self,
        scores: Sequence[FloatArray],
        targets: Targets,
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> Mixture:
        outputs, levels = np.stack(scores).astype(np.float64), decoder.output.levels
        values = outputs if levels else outputs[..., 0]
        if decoder.power is not None:
            return Mixture(
                values,
                np.stack(rates_of(targets, decoder, exposures), axis=1),
                lambda means, truths: row_losses(means[..., None], truths[:, 0], decoder) * truths[:, 1],
            )
        if not decoder.has_transform:
            return Mixture(
                values,
                decoder.standardized(targets),
                lambda means, truths: row_losses(means if levels else means[..., None], truths, decoder),
            )
        # A small error of a logarithm may be a large one of the target, in whose units estimates are judged.
        scale, spread = scale_of(decoder), float(targets.std()) or 1.0

        def losses(means: FloatArray, truths: FloatArray) -> FloatArray:
            restored = scale.restored(means)
            if levels:
                pinball: FloatArray = Quantiles(levels, restored).pinball(truths).mean(axis=-1)
                return pinball / spread
            return np.square((restored - truths) / spread)

        return Mixture(values, targets, losses)

    def score(
        self,
        rows: IntArray,
        targets: Targets,
        batches: Iterable[FloatArray],
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> EstimateScores:
        return estimate_scores(rows, targets, batches, decoder, exposures, seed=self.seed)

    def out_of_fold(
        self, folds: Sequence[FoldScores], file_rows: IntArray, targets: Targets
    ) -> EstimateOutOfFold:
        return out_of_fold(folds, file_rows, targets, seed=self.seed)

    def predict(
        self,
        scores: FloatArray,
        decoder: OutputDecoder,
        *,
        top: int | None = None,
        exposures: FloatArray | None = None,
    ) -> tuple[Sequence[Sequence[object]], FloatArray]:
        estimates, quantiles = estimates_of(scores, decoder), quantiles_of(scores, decoder)
        columns = [estimates]
        if exposures is not None:
            estimates = estimates * exposures
            columns.insert(0, estimates)
        columns += [] if quantiles is None else [*quantiles.values.T]
        if decoder.region is not None:
            columns += decoder.region.intervals(estimates, None if quantiles is None else quantiles.values)
        return np.stack(columns, axis=1).tolist(), np.empty((len(estimates), 0))

    def predicted_indices(self, scores: FloatArray, decoder: OutputDecoder) -> IntArray:
        return np.zeros(len(scores), np.intp)

    def predictions(self, scores: FloatArray, decoder: OutputDecoder) -> FloatArray:
        return self.predicted_values(scores, decoder)

    def explained(self, scores: FloatArray, decoder: OutputDecoder, index: int) -> FloatArray:
        estimates: FloatArray = self.predicted_values(scores, decoder)[:, 0]
        return estimates

    def predicted_values(self, scores: FloatArray, decoder: OutputDecoder) -> FloatArray:
        return estimates_of(scores, decoder)[:, None]

    def encode_new(
        self, texts: Sequence[str], codes: IntArray, decoder: OutputDecoder
    ) -> tuple[Targets, dict[str, str]]:
        values = {text: target_value(self.target, text, decoder.loss.targets) for text in texts}
        wrong = {text: problem for text, (_, problem) in values.items() if problem}
        # The code -1 selects the last entry.
        return np.array([*(values[text][0] for text in texts), np.nan])[codes], wrong

    def split_warnings(self, targets: Targets, split: Split) -> list[Message]:
        return [
            Message("equal_targets", f"all targets of the {part} part are equal, so its R² is undefined")
            for part, rows in split.parts.items()
            if rows.size > 1 and np.ptp(targets[rows]) == 0
        ]

    def fold_warnings(self, targets: Targets, folds: AssignedFolds) -> list[Message]:
        shape = len(folds.assignment), folds.count
        lowest, highest = (np.full(shape, end) for end in (np.inf, -np.inf))
        for repeat, assigned in enumerate(folds.assignment):
            is_tested = assigned >= 0
            np.minimum.at(lowest[repeat], assigned[is_tested], targets[is_tested])
            np.maximum.at(highest[repeat], assigned[is_tested], targets[is_tested])
        flat = int(np.count_nonzero(lowest == highest))
        if not flat:
            return []
        sentence = f"in {counted(flat, 'fold')} all test targets are equal, so R² is undefined there"
        return [Message("equal_targets_in_folds", sentence)]

    def untrained_classes(self, targets: Targets, trained: Targets) -> list[str]:
        return []

    def from_column(self, values: ColumnValues, targets: Targets, new_values: ColumnValues) -> Targets:
        """The mean of rows with similar values, or a straight line through them."""
        return estimated_targets(values, np.asarray(targets, np.float64), new_values)

    def column_score(self, targets: Targets, predicted: Targets) -> float:
        errors, spread = np.square(targets - predicted).sum(), np.square(targets - targets.mean()).sum()
        return float(1.0 - errors / spread) if spread > 0.0 else 0.0

    def column_tolerance(self, rows: int) -> float:
        """None: errors have sizes, and a small one hardly matters."""
        return 0.0

    def in_words(self) -> str:
        return f"a regression of {quoted(self.target)}"

    def score_of(
        self,
        trained: Task,
        rows: IntArray,
        targets: Targets,
        batches: Iterable[FloatArray],
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> EstimateScores:
        return self.score(rows, targets, batches, decoder, exposures)

    def difference(self, trained: Task, *, may_lack_classes: bool = False) -> str | None:
        if self == trained:
            return None
        return f"the data are a regression of {quoted(self.target)}, but the network is not"
