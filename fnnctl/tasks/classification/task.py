"""Classification as a task: see `tasks.task.Task`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.config.paths import ConfigPath, format_path
from fnnctl.config.rules.setting_rules import refused_settings
from fnnctl.config.schema.data import TargetTransformName
from fnnctl.config.schema.losses import Output, default_output, loss_records, output_of
from fnnctl.config.schema.model import Calibration, ModelConfig, Threshold
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import Problem
from fnnctl.messages import Message
from fnnctl.metrics.class_metrics import ACCURACY
from fnnctl.metrics.metric import CLASSIFICATION, TaskName
from fnnctl.metrics.registry import class_of
from fnnctl.metrics.rows import class_kinds
from fnnctl.nn.losses.cross_entropy import log_odds, log_softmax, softmax
from fnnctl.tasks.checks import refused_metric, refused_metrics, refused_monitors, refused_output
from fnnctl.tasks.classification.out_of_fold import ClassOutOfFold, out_of_fold
from fnnctl.tasks.classification.scores import ClassScores, class_scores
from fnnctl.tasks.classification.tables import most_probable, top_columns
from fnnctl.tasks.decisions import Decision, choose, costs_of, predicted_classes
from fnnctl.tasks.decoder import OutputDecoder, output_shape
from fnnctl.tasks.epoch_metrics import ClassificationEpochMetrics
from fnnctl.tasks.mixture import Mixture
from fnnctl.tasks.one_column import ColumnValues, classes_of_column
from fnnctl.tasks.regions import SET_SEPARATOR
from fnnctl.tasks.shares import likelihood_shares
from fnnctl.tasks.task import FoldScores, Targets, Task
from fnnctl.tasks.temperature import (
    PRIOR_ROWS,
    calibrated,
    fit_temperature,
    fit_with_weights,
)
from fnnctl.text import did_you_mean, quoted, word_list

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment
    from fnnctl.config.schema.training import TrainingConfig
    from fnnctl.data.splits.folds import AssignedFolds
    from fnnctl.data.splits.parts import Split


MAX_EXAMPLE: Final = 10
"""The most classes that a message writes as a list."""
SMALLEST: Final = float(np.finfo(np.float64).eps)
"""Probabilities are at least this in the loss of a mixture, as in the log loss."""
MAX_LOG: Final = 500.0
"""The largest logarithm of a power of a class weight, so that neither it nor a sum of them overflows."""


@dataclass(frozen=True, slots=True)
class Classification:
    """The target is one of these classes; targets are class indices."""

    target: str
    """The name of the target column."""
    classes: tuple[str, ...]
    is_ordered: bool = False
    """Whether the classes are in an order from the lowest to the highest."""

    name: ClassVar[TaskName] = CLASSIFICATION
    default_metric = ACCURACY.name

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    @property
    def tasks(self) -> tuple[Task, ...]:
        return (self,)

    def prediction_columns(
        self, decoder: OutputDecoder, top: int | None = None, *, has_exposures: bool = False
    ) -> Sequence[str]:
        leading = ("prediction", *(("set", "set_size") if decoder.region is not None else ()))
        if top is None:
            return (*leading, *(f"p_{name}" for name in self.classes))
        return (*leading, *top_columns(min(top, len(self.classes))))

    def check(self, experiment: Experiment) -> list[Problem]:
        weights = experiment.training.class_weights
        problems = [
            *refused_monitors(experiment, self.epoch_metrics(experiment.model.output), f"in a {self.name}"),
            *refused_metrics(experiment, self.name),
            *refused_settings(experiment, self.target, len(self.classes)),
        ]
        wrong: list[tuple[ConfigPath, str]] = []
        positive = experiment.data.positive_class
        if positive is not None and positive not in self.classes and len(self.classes) == 2:
            wrong.append((("data", "positive_class"), positive))
        if isinstance(weights, dict):
            wrong += [
                (("training", "class_weights", name), name) for name in weights if name not in self.classes
            ]
        problems += [Problem(self._no_class(name), path=format_path(path)) for path, name in wrong]
        return [*self.check_output(experiment.model.output), *problems]

    def epoch_metrics(self, output: Output) -> ClassificationEpochMetrics:
        return ClassificationEpochMetrics(len(self.classes))

    def check_output(self, output: Output) -> list[Problem]:
        problems = [*refused_output(output, self.name)]
        record = loss_records().get(output.name)  # `auto` has none
        if record is not None and record.scores == "positive_class" and len(self.classes) != 2:
            text = (
                f"a {output.name} output needs two classes, but {quoted(self.target)} has {len(self.classes)}"
            )
            advice = f"write {default_output(self.name, is_ordered=self.is_ordered).name}"
            return [*problems, Problem(text, path="model.output", advice=advice, has_subject=True)]
        if record is not None and record.needs_order and not self.is_ordered:
            text = f"an {output.name} output needs the order of the classes"
            advice = f"write data.class_order: {self._example_order()}, from the lowest class to the highest"
            return [*problems, Problem(text, path="model.output", advice=advice, has_subject=True)]
        if output.positive is not None and output.positive not in self.classes:
            problems.append(Problem(self._no_class(output.positive), path="model.output.positive_class"))
        return problems

    def check_metric(self, metric: str) -> str | None:
        name = class_of(metric)
        if name is None:
            return refused_metric(metric, CLASSIFICATION, class_kinds(is_ordered=self.is_ordered))
        return None if name in self.classes else self._no_class(name)

    def output_decoder(
        self,
        model: ModelConfig,
        targets: Targets,
        transform: TargetTransformName = "none",
        exposures: FloatArray | None = None,
    ) -> OutputDecoder:
        counts = np.bincount(targets, minlength=len(self.classes))
        output = output_of(model.output, self.name, is_ordered=self.is_ordered)
        positive = 1 if output.positive is None else self.classes.index(output.positive)
        shape = output_shape(output, len(self.classes), positive=positive)
        return OutputDecoder(shape, baseline=tuple((counts / counts.sum()).tolist()))

    def example_weights(
        self, training: TrainingConfig, targets: Targets, row_weights: FloatArray | None
    ) -> FloatArray | None:
        """Class weights times row weights; `balanced` is rows/(classes·count), as in scikit-learn."""
        class_weights = self._of_classes(training, targets)
        if class_weights is None:
            return row_weights
        weights: FloatArray = class_weights[targets]
        return weights if row_weights is None else weights * row_weights

    def _of_classes(self, training: TrainingConfig, targets: Targets) -> FloatArray | None:
        """The weight of each class, (C,); None without class weights."""
        weights = training.class_weights
        if weights is None:
            return None
        if weights == "balanced":
            counts = np.bincount(targets, minlength=len(self.classes))
            balanced: FloatArray = targets.size / (len(self.classes) * np.maximum(counts, 1))
            return balanced
        return np.array([weights.get(name, 1.0) for name in self.classes])

    def class_weights(self, training: TrainingConfig, targets: Targets) -> tuple[float, ...] | None:
        class_weights = self._of_classes(training, targets)
        if class_weights is None:
            return None
        weights = np.where(class_weights > 0, class_weights, 1.0)
        return None if (weights == weights[0]).all() else tuple(weights.tolist())

    def weights_problem(self, row_weights: FloatArray | None) -> Problem:
        setting = "training.class_weights" if row_weights is None or row_weights.any() else "data.weights"
        return Problem("all rows of the training part have weight 0", path=setting)

    def decision(self, experiment: Experiment) -> Decision | None:
        if len(self.classes) != 2:
            return None
        output, threshold = experiment.model.output, experiment.model.threshold
        positive = experiment.data.positive_class
        if positive is None:
            positive = output.positive
        index = 1 if positive is None else self.classes.index(positive)
        return Decision(index, costs_of(threshold))

    def choose_threshold(
        self, threshold: Threshold, scores: FloatArray, targets: Targets, decoder: OutputDecoder
    ) -> float | None:
        if decoder.decision is None or isinstance(threshold, float):
            raise ValueError("only a rule for two classes can be applied to scores")
        # without the correction for class weights, so that decisions are the same with and without it
        probabilities = softmax(calibrated(scores, decoder.temperature))
        chosen = choose(decoder.decision, threshold, probabilities, targets)
        return None if chosen is None else decoder.decision.corrected(chosen)

    def with_calibration(
        self, decoder: OutputDecoder, calibration: Calibration, scores: FloatArray, targets: Targets
    ) -> OutputDecoder:
        weights = decoder.class_weights
        if weights is None:
            if calibration == "none":
                return decoder
            prior_rows = PRIOR_ROWS if calibration == "shrunk_temperature" else 0
            return replace(decoder, temperature=fit_temperature(scores, targets, prior_rows=prior_rows))
        pair = fit_with_weights(scores, targets, weights, calibration)
        if pair is None:  # of the temperature; the weights have a power all the same, if scores are finite
            pair = fit_with_weights(scores, targets, weights, "none")
        temperature, share = pair or (None, 1.0)
        logs = np.clip(share * np.log(weights), -MAX_LOG, MAX_LOG)
        return replace(decoder, temperature=temperature).weighted(tuple(np.exp(logs).tolist()))

    def separately(
        self, decoder: OutputDecoder, scores: FloatArray, targets: Targets
    ) -> list[tuple[Task, OutputDecoder, FloatArray, Targets]]:
        return [(self, decoder, scores, targets)]

    def rejoined(self, decoder: OutputDecoder, of_targets: Sequence[OutputDecoder]) -> OutputDecoder:
        (only,) = of_targets
        return only

    def joint_decoder(self, decoders: Sequence[OutputDecoder]) -> OutputDecoder:
        """The first network's, for combined scores, which are logarithms of probabilities, one per class.

        They have no threshold yet, either. Class weights that all networks share are those of the
        combination; otherwise each network's probabilities are corrected before.
        """
        first = decoders[0]
        decision = first.decision and replace(first.decision, threshold=None, default=None)
        joint = OutputDecoder(first.output, first.baseline, decision=decision)
        are_alike = all(decoder.class_weights == first.class_weights for decoder in decoders)
        return joint.weighted(first.class_weights) if are_alike else joint

    def converted(self, scores: FloatArray, decoder: OutputDecoder, joint: OutputDecoder) -> FloatArray:
        """The scores calibrated by the network's decoder: they then mean the same for every output."""
        return calibrated(scores, decoder.temperature, None if joint.class_weights else decoder.class_weights)

    def combine(
        self, scores: Sequence[FloatArray], decoder: OutputDecoder, weights: npt.ArrayLike | None = None
    ) -> FloatArray:
        """The logarithms of the networks' mean probabilities, (n, C); softmax turns them into probabilities.

        The sum is computed on logarithms, so that very small probabilities do not become 0.
        """
        shares = np.ones(len(scores)) if weights is None else np.array(weights, np.float64)
        logs = log_softmax(np.array(scores))
        logs += np.log(shares)[:, None, None]
        total: FloatArray = np.logaddexp.reduce(logs, axis=0)
        total -= np.log(shares.sum())
        return total

    def shares(
        self,
        scores: Sequence[FloatArray],
        targets: Targets,
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> list[float]:
        return likelihood_shares(_log_likelihoods(scores, targets, decoder))

    def mixture(
        self,
        scores: Sequence[FloatArray],
        targets: Targets,
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> Mixture:
        likelihoods = np.exp(_log_likelihoods(scores, targets, decoder).astype(np.float64))
        truths = np.zeros(len(targets))
        return Mixture(likelihoods, truths, lambda means, _: -np.log(np.maximum(means, SMALLEST)))

    def score(
        self,
        rows: IntArray,
        targets: Targets,
        batches: Iterable[FloatArray],
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> ClassScores:
        return class_scores(self.classes, rows, targets, batches, decoder, is_ordered=self.is_ordered)

    def out_of_fold(
        self, folds: Sequence[FoldScores], file_rows: IntArray, targets: Targets
    ) -> ClassOutOfFold:
        return out_of_fold(self.classes, folds, file_rows, targets, is_ordered=self.is_ordered)

    def predict(
        self,
        scores: FloatArray,
        decoder: OutputDecoder,
        *,
        top: int | None = None,
        exposures: FloatArray | None = None,
    ) -> tuple[Sequence[Sequence[object]], FloatArray]:
        probabilities = self.predicted_values(scores, decoder)
        numbers = predicted_classes(probabilities, decoder.decision, decoder.class_weights)
        predicted: list[list[object]] = [[self.classes[k]] for k in numbers.tolist()]
        if decoder.region is not None:
            for columns, inside in zip(predicted, decoder.region.sets(probabilities), strict=True):
                columns += [SET_SEPARATOR.join(compress(self.classes, inside)), int(inside.sum())]
        if top is None:
            return predicted, probabilities
        best = most_probable(self.classes, probabilities, top)
        leading = [[*label, *probable] for label, probable in zip(predicted, best, strict=True)]
        return leading, np.empty((len(leading), 0))

    def predicted_indices(self, scores: FloatArray, decoder: OutputDecoder) -> IntArray:
        probabilities = self.predicted_values(scores, decoder)
        return predicted_classes(probabilities, decoder.decision, decoder.class_weights)

    def predictions(self, scores: FloatArray, decoder: OutputDecoder) -> FloatArray:
        return self.predicted_indices(scores, decoder)[:, None].astype(np.float64)

    def explained(self, scores: FloatArray, decoder: OutputDecoder, index: int) -> FloatArray:
        return log_odds(calibrated(scores, decoder.temperature, decoder.class_weights), index)

    def predicted_values(self, scores: FloatArray, decoder: OutputDecoder) -> FloatArray:
        return softmax(calibrated(scores, decoder.temperature, decoder.class_weights))

    def encode_new(
        self, texts: Sequence[str], codes: IntArray, decoder: OutputDecoder
    ) -> tuple[Targets, dict[str, str]]:
        number = {name: index for index, name in enumerate(self.classes)}
        hint = f"; the classes are {word_list([*map(quoted, number)])}"
        wrong = {
            text: f"the label {quoted(text)} does not occur in the training data"
            f"{did_you_mean(text, number) or hint}"
            for text in texts
            if text not in number
        }
        return np.array([*(number.get(text, -1) for text in texts), -1], np.intp)[codes], wrong

    def split_warnings(self, targets: Targets, split: Split) -> list[Message]:
        warnings, occurs = [], np.bincount(targets, minlength=len(self.classes)) > 0
        for part, rows, consequence in (
            ("training", split.train, "and cannot be learned"),
            ("validation", split.validation, "and no effect on its metrics"),
            ("test", split.test, "and no effect on its metrics"),
        ):
            counts = np.bincount(targets[rows], minlength=len(self.classes))
            absent = [quoted(self.classes[c]) for c in np.flatnonzero(occurs & (counts == 0))]
            if absent and rows.size:
                which = "a class has" if len(absent) == 1 else f"{len(absent)} classes have"
                sentence = f"{which} no row in the {part} part {consequence}: {word_list(absent)}"
                warnings.append(Message("absent_classes", sentence))
        return warnings

    def fold_warnings(self, targets: Targets, folds: AssignedFolds) -> list[Message]:
        classes = len(self.classes)
        untested, untrained = np.zeros(classes, np.bool_), np.zeros(classes, np.bool_)
        occurs = np.bincount(targets, minlength=classes) > 0
        for tested, trained in folds.counts(targets, classes):
            untested |= (tested == 0).any(axis=0) & occurs
            untrained |= ((trained == 0) & (tested.sum(axis=0) > 0)).any(axis=0)
        consequences: list[tuple[BoolArray, str]] = [
            (untested, "test part of some folds, where the AUC is null"),
            (untrained, "training part of some folds, and cannot be learned there"),
        ]
        warnings = []
        for which, consequence in consequences:
            names = [quoted(self.classes[index]) for index in np.flatnonzero(which)]
            if names:
                subject = "a class has" if len(names) == 1 else f"{len(names):,} classes have"
                sentence = f"{subject} no row in the {consequence}: {word_list(names)}"
                warnings.append(Message("classes_absent_in_folds", sentence))
        return warnings

    def untrained_classes(self, targets: Targets, trained: Targets) -> list[str]:
        return [self.classes[index] for index in np.setdiff1d(targets, trained)]

    def from_column(self, values: ColumnValues, targets: Targets, new_values: ColumnValues) -> Targets:
        """The most frequent class among rows with similar values."""
        return classes_of_column(values, np.asarray(targets, np.intp), new_values, classes=len(self.classes))

    def column_score(self, targets: Targets, predicted: Targets) -> float:
        return float(np.mean(targets == predicted))

    def column_tolerance(self, rows: int) -> float:
        """Two rows, and half of one for rounding."""
        return 2.5 / rows

    def in_words(self) -> str:
        return f"{len(self.classes):,} classes"

    def score_of(
        self,
        trained: Task,
        rows: IntArray,
        targets: Targets,
        batches: Iterable[FloatArray],
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> ClassScores:
        if self == trained:
            return self.score(rows, targets, batches, decoder, exposures)
        numbers = {name: number for number, name in enumerate(trained.classes)}
        labels = np.array([numbers.get(name, 0) for name in self.classes])[targets]
        scores = class_scores(trained.classes, rows, labels, batches, decoder)
        return scores.among(self.classes, targets)

    def difference(self, trained: Task, *, may_lack_classes: bool = False) -> str | None:
        if self == trained:
            return None
        is_ordered = self.is_ordered or (isinstance(trained, Classification) and trained.is_ordered)
        if may_lack_classes and not is_ordered and {*trained.classes} <= {*self.classes}:
            return None
        return f"the classes are {self._listed()}, unlike those of the network"

    def _listed(self) -> str:
        """The classes in words."""
        in_order = " in this order" if self.is_ordered else ""
        return f"{word_list([*map(quoted, self.classes)])}{in_order}"

    def _example_order(self) -> str:
        """The classes as a list for the config; an example, if they are many."""
        if len(self.classes) > MAX_EXAMPLE:
            return "[low, medium, high]"
        return flow_yaml([*self.classes])

    def _no_class(self, name: str) -> str:
        hint = f"; the classes are {word_list([*map(quoted, self.classes)])}"
        return f"there is no class {quoted(name)}{did_you_mean(name, self.classes) or hint}"


def _log_likelihoods(scores: Sequence[FloatArray], targets: IntArray, decoder: OutputDecoder) -> FloatArray:
    """The logarithms of the true classes' probabilities, (predictions, n).

    They are corrected for class weights, as predictions are: the rows have their own frequencies.
    """
    parts = (calibrated(part, None, decoder.class_weights) for part in scores)
    return np.stack([log_softmax(part)[np.arange(len(targets)), targets] for part in parts])
