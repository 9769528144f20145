"""Several targets as one task, which asks the task of each: see `tasks.task.Task`.

Targets are (N, T) numbers, indices of classes among them, NaN if one is missing. Scores are those of all
targets in turn. What is refused here says so by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.paths import format_path
from fnnctl.config.rules.setting_rules import refused_by_kind, refused_by_targets
from fnnctl.config.schema.data import TargetTransformName
from fnnctl.config.schema.losses import Output, loss_records
from fnnctl.config.schema.model import Calibration, ModelConfig, Threshold
from fnnctl.config.schema.target import LABEL_CLASSES
from fnnctl.errors import ConfigError, DataError, Problem, UsageError
from fnnctl.messages import Message
from fnnctl.metrics.metric import SEVERAL, TargetKind
from fnnctl.metrics.registry import objectives, of_one_target
from fnnctl.metrics.stored import TARGETS, owned_metric
from fnnctl.tasks.checks import refused_monitors
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.epoch_metrics import EpochMetrics, JointEpochMetrics
from fnnctl.tasks.joint.decoder import JointDecoder, as_encoded, baseline_loss, parts_of
from fnnctl.tasks.joint.scores import (
    JointOutOfFold,
    JointScores,
    TargetScores,
    joint_out_of_fold,
)
from fnnctl.tasks.mixture import Mixture, SomeRows, joint_mixture
from fnnctl.tasks.one_column import ColumnValues
from fnnctl.tasks.task import FoldScores, Targets, Task
from fnnctl.tasks.warnings import MIN_ROWS, about_targets
from fnnctl.text import counted, did_you_mean, joined_words, quoted

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment
    from fnnctl.config.schema.training import TrainingConfig
    from fnnctl.data.splits.folds import AssignedFolds
    from fnnctl.data.splits.parts import Split


UNTESTED: Final = Message(
    "target_without_test_rows",
    "no test row has a value of this target, so nothing says how well it is predicted",
)


def _few_values(values: int) -> Message:
    """The warning about a target that hardly any row has, which all others may suffer from."""
    return Message(
        "target_with_few_values",
        f"it has only {counted(values, 'value')} outside the test part, whose loss may decide when all "
        "targets stop training; leave it out of data.target, lower its training.target_weights, or write "
        "model.together: false",
    )


@dataclass(frozen=True, slots=True)
class JointTask:
    """Two or more targets, which one network predicts together."""

    tasks: tuple[Task, ...]
    """In the order of the config."""

    name: ClassVar[TargetKind] = SEVERAL
    classes: ClassVar[tuple[str, ...]] = ()
    is_ordered: ClassVar = False
    default_metric: ClassVar = "loss"

    @property
    def targets(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(name for task in self.tasks for name in task.targets)

    @property
    def labels(self) -> tuple[str, ...]:
        """The targets if all of them are labels, which are 0 or 1; otherwise none."""
        return self.targets if all(task.classes == LABEL_CLASSES for task in self.tasks) else ()

    def of_parts(
        self, decoder: OutputDecoder, scores: FloatArray, targets: Targets | None = None
    ) -> Iterator[tuple[int, OutputDecoder, IntArray, FloatArray, Targets]]:
        """Each target's number, decoder, rows that have it, (m,), and their scores and targets.

        Scores are (n, outputs) and targets (n, T); without targets all rows count, with targets of 0.
        """
        joint = parts_of(decoder)
        for number, (part, outputs) in enumerate(zip(joint.parts, joint.slices, strict=True)):
            column = np.zeros(len(scores)) if targets is None else targets[:, number]
            present = np.flatnonzero(~np.isnan(column))
            encoded = as_encoded(column[present], part.output)
            yield number, part, present, np.ascontiguousarray(scores[present][:, outputs]), encoded

    def prediction_columns(
        self, decoder: OutputDecoder, top: int | None = None, *, has_exposures: bool = False
    ) -> Sequence[str]:
        """`price` and, for classes, `grade`, `grade_p_low` and so on."""
        if top is not None:
            raise UsageError(
                f"--top: is for one target, but the network has {self.in_words()}; leave it out: the "
                "probabilities of all classes are written"
            )
        columns: list[str] = []
        for task, name, part in zip(self.tasks, self.targets, parts_of(decoder).parts, strict=True):
            _, *further = task.prediction_columns(part)  # the first one is the prediction
            columns += [name, *(f"{name}_{column}" for column in further)]
        return columns

    def check(self, experiment: Experiment) -> list[Problem]:
        return [
            *refused_monitors(experiment, self._epoch_metrics(experiment.model), "with several targets"),
            *refused_by_targets(experiment, self.targets),
            *self._refused_by_all(experiment),
            *self._refused_outputs(experiment),
            *self._repeated_columns(),
        ]

    def _epoch_metrics(self, model: ModelConfig) -> JointEpochMetrics:
        """What is recorded of the targets with their outputs."""
        pairs = zip(self.targets, self.tasks, strict=True)
        return JointEpochMetrics({name: task.epoch_metrics(model.output_for(name)) for name, task in pairs})

    def _repeated_columns(self) -> Iterator[Problem]:
        """The problem if `predict` would write two columns of one name."""
        columns = Counter(["row", *self.targets])
        for task, name in zip(self.tasks, self.targets, strict=True):
            of_classes = ("set", "set_size", *(f"p_{label}" for label in task.classes))
            columns.update(f"{name}_{column}" for column in (of_classes if task.classes else ("low", "high")))
        column, count = columns.most_common(1)[0]
        if count > 1:
            text = f"`fnnctl predict` would write two columns {quoted(column)}"
            yield Problem(text, path="data.target", advice="rename a column", has_subject=True)

    def _refused_by_all(self, experiment: Experiment) -> Iterator[Problem]:
        """The problems with settings that suit the kind of none of the targets."""
        of_targets = [
            {problem.path: problem for problem in refused_by_kind(experiment, name, len(task.classes))}
            for task, name in zip(self.tasks, self.targets, strict=True)
        ]
        for path, problem in of_targets[0].items():
            if all(path in refused for refused in of_targets):
                yield problem

    def _refused_outputs(self, experiment: Experiment) -> Iterator[Problem]:
        """The problems with the output of each target, at its path."""
        for task, name in zip(self.tasks, self.targets, strict=True):
            output, path = experiment.model.output_for(name), format_path(("model", "outputs", name))
            record = loss_records().get(output.name)  # `auto` has none
            if record is not None and record.needs_order:
                text = f"an {output.name} output needs data.class_order, which is for one target alone"
                yield Problem(text, path=path, advice="write softmax", has_subject=True)
                continue
            for problem in task.check_output(output):
                problem_path = (problem.path or "").replace("model.output", path, 1)
                advice = problem.advice
                if record is not None and record.task != task.name:
                    advice = f"write {'softmax' if task.classes else 'squared'}, or leave it out"
                yield replace(problem, path=problem_path, advice=advice)

    def check_output(self, output: Output) -> list[Problem]:
        raise TypeError("each target has an output of its own")

    def epoch_metrics(self, output: Output) -> EpochMetrics:
        raise TypeError("each target has an output of its own")

    def check_metric(self, metric: str) -> str | None:
        """A metric is `loss`, a mean over targets, or `targets.NAME.METRIC`."""
        if metric == "loss" or (self.labels and metric in objectives(SEVERAL)):
            return None
        if owned := owned_metric(metric, self.targets):
            return self.tasks[self.targets.index(owned[0])].check_metric(owned[1])
        is_mean = "." not in metric
        if is_mean and any(task.check_metric(metric) is None for task in self.tasks):
            return None
        example = f"{TARGETS}.{self.targets[0]}.{self.tasks[0].default_metric}"
        near = ""
        if (named := of_one_target(metric)) is not None:
            near = did_you_mean(metric, [f"{TARGETS}.{name}.{named}" for name in self.targets])
        return f"{metric} is no metric of these targets{near or f'; choose, e.g., loss or {example}'}"

    def output_decoder(
        self,
        model: ModelConfig,
        targets: Targets,
        transform: TargetTransformName = "none",
        exposures: FloatArray | None = None,
    ) -> JointDecoder:
        parts, factors = [], []
        for task, name, column in zip(self.tasks, self.targets, targets.T, strict=True):
            present = _present(task, column)
            if not present.size:
                raise DataError(Problem(f"the target {quoted(name)} has no value in any training row"))
            target_model = model.model_copy(update={"output": model.output_for(name)})
            try:
                part = task.output_decoder(target_model, present, "none" if task.classes else transform)
            except ConfigError as error:
                problems = (problem.prefixed(f"the target {quoted(name)}") for problem in error.problems)
                raise ConfigError(*problems) from None
            decision = Decision(1, None) if len(task.classes) == 2 else None
            parts.append(replace(part, output=replace(part.output, target=name), decision=decision))
            factors.append(len(column) / (len(present) * baseline_loss(part, present)))
        return JointDecoder.of(parts, factors)

    def example_weights(
        self, training: TrainingConfig, targets: Targets, row_weights: FloatArray | None
    ) -> FloatArray | None:
        return row_weights

    def weights_problem(self, row_weights: FloatArray | None) -> Problem:
        return Problem("all rows of the training part have weight 0", path="data.weights")

    def decision(self, experiment: Experiment) -> None:
        """None: each target has its own, which its decoder knows."""

    def class_weights(self, training: TrainingConfig, targets: Targets) -> None:
        """None: they are for one target alone."""

    def with_calibration(
        self, decoder: OutputDecoder, calibration: Calibration, scores: FloatArray, targets: Targets
    ) -> JointDecoder:
        parts = [
            self.tasks[number].with_calibration(part, calibration, of_part, encoded) if len(encoded) else part
            for number, part, _, of_part, encoded in self.of_parts(decoder, scores, targets)
        ]
        return parts_of(decoder).with_parts(parts)

    def separately(
        self, decoder: OutputDecoder, scores: FloatArray, targets: Targets
    ) -> list[tuple[Task, OutputDecoder, FloatArray, Targets]]:
        return [
            (self.tasks[number], part, of_part, encoded)
            for number, part, _, of_part, encoded in self.of_parts(decoder, scores, targets)
        ]

    def rejoined(self, decoder: OutputDecoder, of_targets: Sequence[OutputDecoder]) -> OutputDecoder:
        return parts_of(decoder).with_parts(of_targets)

    def choose_threshold(
        self, threshold: Threshold, scores: FloatArray, targets: Targets, decoder: OutputDecoder
    ) -> float | None:
        raise TypeError("each target has a threshold of its own")

    def joint_decoder(self, decoders: Sequence[OutputDecoder]) -> JointDecoder:
        joint = [parts_of(decoder) for decoder in decoders]
        parts = [
            task.joint_decoder([decoder.parts[number] for decoder in joint])
            for number, task in enumerate(self.tasks)
        ]
        return joint[0].with_parts(parts)

    def converted(self, scores: FloatArray, decoder: OutputDecoder, joint: OutputDecoder) -> FloatArray:
        to = parts_of(joint).parts
        converted = [
            self.tasks[number].converted(of_part, part, to[number])
            for number, part, _, of_part, _ in self.of_parts(decoder, scores)
        ]
        return np.concatenate(converted, axis=1)

    def combine(
        self, scores: Sequence[FloatArray], decoder: OutputDecoder, weights: npt.ArrayLike | None = None
    ) -> FloatArray:
        joint, networks = parts_of(decoder), len(scores)
        of_networks = np.ones(networks) if weights is None else np.asarray(weights, np.float64)
        of_targets = np.broadcast_to(of_networks.reshape(networks, -1), (networks, len(self.tasks))).T
        combined = []
        for task, part, outputs, own in zip(self.tasks, joint.parts, joint.slices, of_targets, strict=True):
            counting = np.flatnonzero(own).tolist()
            combined.append(task.combine([scores[k][:, outputs] for k in counting], part, own[counting]))
        return np.concatenate(combined, axis=1)

    def shares(
        self,
        scores: Sequence[FloatArray],
        targets: Targets,
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> list[float]:
        raise TypeError("each target has shares of its own")

    def mixture(
        self,
        scores: Sequence[FloatArray],
        targets: Targets,
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> Mixture:
        joint = parts_of(decoder)
        of_networks = [list(self.of_parts(decoder, part, targets)) for part in scores]
        mixtures = []
        for number, task in enumerate(self.tasks):
            own = [of_parts[number] for of_parts in of_networks]
            _, part, present, _, encoded = own[0]
            mixture = task.mixture([of_part for *_, of_part, _ in own], encoded, part)
            mixtures.append(SomeRows(mixture, present, joint.factors[number]))
        return joint_mixture(mixtures, len(targets))

    def score(
        self,
        rows: IntArray,
        targets: Targets,
        batches: Iterable[FloatArray],
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> JointScores:
        return self.score_of(self, rows, targets, batches, decoder, exposures)

    def out_of_fold(
        self, folds: Sequence[FoldScores], file_rows: IntArray, targets: Targets
    ) -> JointOutOfFold:
        joint = [(fold, fold.part) for fold in folds if isinstance(fold.part, JointScores)]
        of_targets = []
        for task, name, column in zip(self.tasks, self.targets, targets.T, strict=True):
            own = [
                replace(fold, rows=fold.rows[target.present], part=target.part)
                for fold, part in joint
                for target in part.targets
                if target.name == name
            ]
            if own:  # no row that is tested may have the target
                of_targets.append(task.out_of_fold(own, file_rows, _filled(task, column)))
        return joint_out_of_fold(joint, of_targets, file_rows)

    def predict(
        self,
        scores: FloatArray,
        decoder: OutputDecoder,
        *,
        top: int | None = None,
        exposures: FloatArray | None = None,
    ) -> tuple[Sequence[Sequence[object]], FloatArray]:
        rows: list[list[object]] = [[] for _ in scores]
        for number, part, _, of_part, _ in self.of_parts(decoder, scores):
            leading, numbers = self.tasks[number].predict(of_part, part)
            for row, first, further in zip(rows, leading, numbers.tolist(), strict=True):
                row += [*first, *further]
        return rows, np.empty((len(scores), 0))

    def predicted_indices(self, scores: FloatArray, decoder: OutputDecoder) -> IntArray:
        raise TypeError("each target has classes of its own")

    def predictions(self, scores: FloatArray, decoder: OutputDecoder) -> FloatArray:
        predictions = [
            self.tasks[number].predictions(of_part, part)
            for number, part, _, of_part, _ in self.of_parts(decoder, scores)
        ]
        return np.concatenate(predictions, axis=1)

    def explained(self, scores: FloatArray, decoder: OutputDecoder, index: int) -> FloatArray:
        raise TypeError("contributions are those of a single target")

    def predicted_values(self, scores: FloatArray, decoder: OutputDecoder) -> FloatArray:
        """(n, …) those of all targets in turn."""
        values = [
            self.tasks[number].predicted_values(of_part, part)
            for number, part, _, of_part, _ in self.of_parts(decoder, scores)
        ]
        return np.concatenate(values, axis=1)

    def encode_new(
        self, texts: Sequence[str], codes: IntArray, decoder: OutputDecoder
    ) -> tuple[Targets, dict[str, str]]:
        raise TypeError("each target has texts of its own")

    def split_warnings(self, targets: Targets, split: Split) -> list[Message]:
        warnings = []
        for task, column in zip(self.tasks, targets.T, strict=True):
            is_present = ~np.isnan(column)
            parts = {part: rows[is_present[rows]] for part, rows in split.parts.items()}
            target_split = replace(split, **parts)
            about = [UNTESTED] if split.test.size and not target_split.test.size else []
            values = target_split.train.size + target_split.validation.size
            if values < MIN_ROWS:
                about.append(_few_values(values))
            warnings.append([*about, *task.split_warnings(_filled(task, column), target_split)])
        return about_targets(zip(self.targets, warnings, strict=True))

    def fold_warnings(self, targets: Targets, folds: AssignedFolds) -> list[Message]:
        return []

    def untrained_classes(self, targets: Targets, trained: Targets) -> list[str]:
        columns = zip(self.tasks, self.targets, targets.T, trained.T, strict=True)
        return [
            f"{target}: {name}"
            for task, target, column, trained_column in columns
            for name in task.untrained_classes(_present(task, column), _present(task, trained_column))
        ]

    def from_column(self, values: ColumnValues, targets: Targets, new_values: ColumnValues) -> Targets:
        raise TypeError("a column is asked about one target at a time")

    def column_score(self, targets: Targets, predicted: Targets) -> float:
        raise TypeError("a column is asked about one target at a time")

    def column_tolerance(self, rows: int) -> float:
        raise TypeError("a column is asked about one target at a time")

    def in_words(self) -> str:
        return f"{len(self.tasks)} targets"

    def score_of(
        self,
        trained: Task,
        rows: IntArray,
        targets: Targets,
        batches: Iterable[FloatArray],
        decoder: OutputDecoder,
        exposures: FloatArray | None = None,
    ) -> JointScores:
        scores, joint = np.concatenate(list(batches)), parts_of(decoder)
        of_targets = []
        for number, part, present, of_part, encoded in self.of_parts(decoder, scores, targets):
            if present.size:
                task, name = self.tasks[number], self.targets[number]
                own = task.score_of(trained.tasks[number], rows[present], encoded, [of_part], part)
                factor, kind = joint.factors[number], part.loss.task
                of_targets.append(TargetScores(number, name, kind, factor, present, own))
        return JointScores(rows, of_targets, self.labels)

    def difference(self, trained: Task, *, may_lack_classes: bool = False) -> str | None:
        if trained.targets != self.targets:
            names = joined_words([*map(quoted, self.targets)])
            return f"the data have the targets {names}, unlike the network"
        reasons = (
            task.difference(of_network, may_lack_classes=may_lack_classes)
            for task, of_network in zip(self.tasks, trained.tasks, strict=True)
        )
        return next(filter(None, reasons), None)


def _filled(task: Task, column: Targets) -> Targets:
    """One target of all rows, as its task has it; a missing one is 0."""
    return np.nan_to_num(column, nan=0.0).astype(np.intp if task.classes else np.float64)


def _present(task: Task, column: Targets) -> Targets:
    """One target of the rows that have it, as its task has it."""
    return _filled(task, column[~np.isnan(column)])
