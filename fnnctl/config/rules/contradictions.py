"""Finds settings that contradict each other or make no sense together, and says what to write instead."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Final, TypeAlias

from fnnctl.config.paths import ConfigPath, is_below
from fnnctl.config.problems import Problems
from fnnctl.config.rules.unread import (
    BAGS,
    BY,
    HIDDEN,
    OPTIMIZER,
    TEST_SOURCE,
    VALIDATION,
    is_validated,
    test_share,
    validation_share,
)
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lr_schedules import AdaptiveLrSchedule, CosineLrSchedule
from fnnctl.config.schema.model import (
    DEFAULT_THRESHOLD,
    CostThreshold,
    HiddenLayerConfig,
    ModelConfig,
    NoEmbedding,
    PiecewiseLinearEmbeddingConfig,
)
from fnnctl.config.schema.optimizers import LbfgsOptimizer
from fnnctl.config.schema.training import SwaAveraging
from fnnctl.errors import Problem
from fnnctl.text import shown

Contradictions: TypeAlias = Iterator[tuple[ConfigPath, Problem]]
MEMBERS: Final[ConfigPath] = ("model", "ensemble", "members")
SHARE_WEIGHTS: Final[ConfigPath] = ("model", "ensemble", "share_weights")
EMBEDDING: Final[ConfigPath] = ("model", "numeric_embedding")
NULL_WHEN_OFF = ("max_norm", "clip_norm", "clip_value", "averaging")
"""Training settings that lbfgs does not support and that are turned off by null, not by 0."""


def contradictions(experiment: Experiment, unread: Collection[ConfigPath] = ()) -> Problems:
    """The settings that contradict others, each with what to write instead.

    Settings inside an unread section are left out.
    """
    problems = chain.from_iterable(
        rule(experiment)
        for rule in (
            _nothing_left_to_train_on,
            _nothing_to_monitor,
            _nothing_to_calibrate_on,
            _nothing_to_choose_on,
            _two_positive_classes,
            _impossible_layers,
            _impossible_ensemble,
            _impossible_twins,
            _not_in_order,
            _batches_of_one,
            _impossible_schedule,
            _impossible_average,
            _no_class_weighed,
            _changed_bins,
            _impossible_sizes,
            _not_with_lbfgs,
        )
    )
    return {path: problem for path, problem in problems if not is_below(path, unread)}


def monitors_nothing(experiment: Experiment) -> bool:
    """Whether early stopping monitors the validation part, but there is none."""
    stopping = experiment.training.early_stopping
    return stopping is not None and _is_missing(stopping.monitor, experiment)


def _is_missing(monitor: str, experiment: Experiment) -> bool:
    return monitor.startswith("validation_") and not is_validated(experiment)


def _nothing_left_to_train_on(experiment: Experiment) -> Contradictions:
    together = validation_share(experiment) + test_share(experiment.data)
    if together >= 1.0:
        yield (
            ("data", "split"),
            Problem(
                "validation and test sum to {together:g}, which leaves no rows to train on",
                values={"together": together},
                related=(BAGS, TEST_SOURCE),
                has_subject=True,
            ),
        )


def _not_in_order(experiment: Experiment) -> Contradictions:
    """Divisions of the rows that mix the earlier with the later ones."""
    if experiment.data.split.by is None:
        return
    if experiment.data.split.group is not None:
        yield (
            ("data", "split", "by"),
            Problem(
                "rows cannot be in the order of a column if all rows of a group are in one part",
                advice="write null for this setting or for data.split.group",
                related=(("data", "split", "group"),),
                has_subject=True,
            ),
        )
    if experiment.model.ensemble.bags:
        yield (
            BAGS,
            Problem(
                "the members would train on rows later than those that they are validated on, but "
                "data.split.by orders the rows",
                advice="write bags: false, or data.split.by: null",
                related=(BY,),
                has_subject=True,
            ),
        )


def _nothing_to_monitor(experiment: Experiment) -> Contradictions:
    stopping = experiment.training.early_stopping
    if stopping is not None and monitors_nothing(experiment):
        yield (
            ("training", "early_stopping"),
            Problem(
                "monitors {monitor}, but data.split.validation is 0",
                advice="write monitor: train_loss, or early_stopping: null",
                values={"monitor": stopping.monitor},
                related=(VALIDATION, BAGS),
            ),
        )


def _nothing_to_calibrate_on(experiment: Experiment) -> Contradictions:
    if experiment.model.calibration != "none" and not is_validated(experiment):
        yield (
            ("model", "calibration"),
            Problem(
                "the temperature is fitted on the validation part, but data.split.validation is 0",
                advice="write data.split.validation: 0.15, or calibration: none",
                related=(VALIDATION, BAGS),
                has_subject=True,
            ),
        )


def _nothing_to_choose_on(experiment: Experiment) -> Contradictions:
    threshold = experiment.model.threshold
    if not isinstance(threshold, float) and not is_validated(experiment):
        number = threshold.cost.threshold if isinstance(threshold, CostThreshold) else DEFAULT_THRESHOLD
        yield (
            ("model", "threshold"),
            Problem(
                "the threshold is chosen on validation rows, but data.split.validation is 0",
                advice="write data.split.validation: 0.15, model.ensemble.bags: true, or a number such as "
                "threshold: {number:.3g}",
                values={"number": number},
                related=(VALIDATION, BAGS),
                has_subject=True,
            ),
        )


def _two_positive_classes(experiment: Experiment) -> Contradictions:
    of_output, positive = experiment.model.output.positive, experiment.data.positive_class
    if positive is not None and of_output is not None and positive != of_output:
        yield (
            ("data", "positive_class"),
            Problem(
                "model.output.positive_class is {of_output}",
                advice="remove one of the two",
                values={"of_output": shown(of_output)},
                related=(("model", "output", "positive_class"),),
                has_subject=True,
            ),
        )


def _impossible_layers(experiment: Experiment) -> Contradictions:
    model = experiment.model
    units = [layer.units for layer in model.hidden]
    equal = [layer for layer, below in zip(model.hidden[1:], units, strict=False) if layer.units == below]
    if model.residual and units[1:] and all(layer.residual is not None for layer in equal):
        which = "without a residual of its own " if equal else ""
        yield (
            ("model", "residual"),
            Problem(
                f"no hidden layer {which}has as many units as the one before it, so no inputs can be added",
                advice="write hidden: [{units}, {units}], or residual: false",
                values={"units": units[0]},
                related=(HIDDEN,),
                has_subject=True,
            ),
        )
    for index, layer in enumerate(model.hidden):
        if _normalization(model, layer) == "layer" and _pre_activations(model, layer) == 1:
            yield (
                (*HIDDEN, index),
                Problem(
                    "layer normalization makes a single neuron's output constant",
                    advice="write more units, or normalization: none",
                    related=(("model", "normalization"), ("model", "activation")),
                    has_subject=True,
                ),
            )


def _impossible_ensemble(experiment: Experiment) -> Contradictions:
    ensemble = experiment.model.ensemble
    if ensemble.bags and ensemble.members == 1:
        yield (
            BAGS,
            Problem(
                "each member is validated on a fold of its own, so there must be several",
                advice="write members: 2 or more, or bags: false",
                related=(MEMBERS,),
                has_subject=True,
            ),
        )
    if ensemble.share_weights and ensemble.members == 1:
        yield (
            SHARE_WEIGHTS,
            Problem(
                "there must be several members to share weights",
                advice="write members: 2 or more, or false",
                related=(MEMBERS,),
                has_subject=True,
            ),
        )
    if ensemble.share_weights and ensemble.bags:
        yield (
            BAGS,
            Problem(
                "shared weights are trained on the rows of all members' bags, so no row is out of bag",
                advice="write false for one of the two",
                related=(SHARE_WEIGHTS,),
                has_subject=True,
            ),
        )


def _impossible_twins(experiment: Experiment) -> Contradictions:
    ensemble, path = experiment.model.ensemble, ("model", "ensemble", "plain_twins")
    if not ensemble.plain_twins:
        return
    if ensemble.members == 1:
        yield (
            path,
            Problem(
                "a single network has no twin",
                advice="write members: 2 or more, or false",
                related=(MEMBERS,),
                has_subject=True,
            ),
        )
    elif ensemble.share_weights:
        yield (
            path,
            Problem(
                "networks that share weights have no twins",
                advice="write false for one of the two",
                related=(SHARE_WEIGHTS,),
                has_subject=True,
            ),
        )
    elif isinstance(experiment.model.numeric_embedding, NoEmbedding):
        yield (
            path,
            Problem(
                "twins differ from members by the embedding of numbers, and there is none",
                advice="write false, or with numeric columns model.numeric_embedding: piecewise_linear",
                related=(EMBEDDING,),
                has_subject=True,
            ),
        )


def _batches_of_one(experiment: Experiment) -> Contradictions:
    """Settings that need more than one row per batch."""
    path = ("training", "batch_size")
    if experiment.training.batch_size != 1:
        return
    if any(_normalization(experiment.model, layer) == "batch" for layer in experiment.model.hidden):
        yield (
            path,
            Problem(
                "batch normalization needs at least 2 rows per batch",
                advice="write 2 or more, or model.normalization: layer",
                related=(("model", "normalization"), HIDDEN),
                has_subject=True,
            ),
        )
    elif experiment.training.mixup:
        yield (
            path,
            Problem(
                "mixup mixes the rows of a batch",
                advice="write 2 or more, or mixup: 0",
                related=(("training", "mixup"),),
                has_subject=True,
            ),
        )


def _impossible_schedule(experiment: Experiment) -> Contradictions:
    training, path = experiment.training, ("training", "lr_schedule")
    schedule = training.lr_schedule
    if isinstance(schedule, AdaptiveLrSchedule):
        if _is_missing(schedule.monitor, experiment):
            yield (
                path,
                Problem(
                    "monitors {monitor}, but data.split.validation is 0",
                    advice="write monitor: train_loss",
                    values={"monitor": schedule.monitor},
                    related=(VALIDATION, BAGS),
                ),
            )
        rate = training.learning_rate
        if rate is not None and schedule.minimum >= rate:
            yield (
                (*path, "minimum"),
                Problem(
                    "must be less than training.optimizer.learning_rate, which is {rate:g}",
                    advice="otherwise the rate is never lowered",
                    values={"rate": rate},
                    related=(("training", "optimizer", "learning_rate"), OPTIMIZER),
                ),
            )
    if isinstance(schedule, CosineLrSchedule) and schedule.warmup_epochs >= training.schedule_epochs:
        horizon = "training.epochs" if training.horizon is None else "training.horizon"
        yield (
            (*path, "warmup_epochs"),
            Problem(
                "must be less than {horizon}, which is {epochs}",
                values={"horizon": horizon, "epochs": training.schedule_epochs},
                related=(("training", "epochs"), ("training", "horizon")),
            ),
        )


def _impossible_average(experiment: Experiment) -> Contradictions:
    """Averaging that starts late, and stopping rules that may end training earlier."""
    training, average = experiment.training, experiment.training.averaging
    if not isinstance(average, SwaAveraging):
        return
    before = math.floor(average.start * training.schedule_epochs)
    rules = {"early_stopping": training.early_stopping, "convergence": training.convergence}
    for name, rule in rules.items():
        patience = None if rule is None else rule.patience
        if patience == "auto" or (patience is not None and patience < before):
            yield (
                ("training", name),
                Problem(
                    "may end training before swa starts averaging, after epoch {before}",
                    advice="write {name}: null, patience: {before} or more, or averaging: ema",
                    values={"name": name, "before": before},
                    related=(("training", "averaging"), ("training", "epochs"), ("training", "horizon")),
                ),
            )


def _no_class_weighed(experiment: Experiment) -> Contradictions:
    if experiment.training.class_weights == {}:
        problem = Problem("is empty", advice="write {CLASS: WEIGHT}, balanced, or null")
        yield ("training", "class_weights"), problem


def _changed_bins(experiment: Experiment) -> Contradictions:
    """Augmentation beside features that are not values."""
    if isinstance(experiment.model.numeric_embedding, PiecewiseLinearEmbeddingConfig):
        for name in ("mixup", "input_noise"):
            if getattr(experiment.training, name):
                yield (
                    ("training", name),
                    Problem(
                        "would not reach the bins of piecewise_linear, which are found before training",
                        advice=f"write {name}: 0, or model.numeric_embedding: none",
                        related=(EMBEDDING,),
                    ),
                )


def _impossible_sizes(experiment: Experiment) -> Contradictions:
    sizes = experiment.evaluation.sizes
    if sizes is None:
        return
    if not sizes:
        advice = "write shares of the rows, such as [0.1, 0.3, 1], or null"
        yield ("evaluation", "sizes"), Problem("is empty", advice=advice)
    for index, share in enumerate(sizes):
        if share in sizes[:index]:
            problem = Problem(f"{share:g} is given twice", advice="leave one out", has_subject=True)
            yield ("evaluation", "sizes", index), problem


def _not_with_lbfgs(experiment: Experiment) -> Contradictions:
    """A line search needs a fixed function: nothing random, and nothing else that changes the weights.

    It also has one step length for all parameters, so a parametrization that changes rates has no meaning.
    """
    if isinstance(experiment.training.optimizer, LbfgsOptimizer):
        for path, instead in _not_for_line_searches(experiment):
            yield (
                path,
                Problem(
                    "cannot be used with lbfgs",
                    advice=f"write {path[-1]}: {instead}, or choose another training.optimizer",
                    related=(OPTIMIZER,),
                ),
            )


def _not_for_line_searches(experiment: Experiment) -> Iterator[tuple[ConfigPath, str]]:
    """The settings in use that do not go with a line search, each with its "off" value."""
    training, model = experiment.training, experiment.model
    if training.parametrization != "standard":
        yield ("training", "parametrization"), "standard"
    for name in ("l1", "input_noise", "mixup", *NULL_WHEN_OFF):
        if getattr(training, name):
            yield ("training", name), "null" if name in NULL_WHEN_OFF else "0"
    if model.dropout and any(layer.dropout is None for layer in model.hidden):
        yield ("model", "dropout"), "0"
    if model.normalization.name == "batch" and any(layer.normalization is None for layer in model.hidden):
        yield ("model", "normalization"), "none"
    for index, layer in enumerate(model.hidden):
        if layer.dropout:
            yield (*HIDDEN, index, "dropout"), "0"
        if layer.normalization and layer.normalization.name == "batch":
            yield (*HIDDEN, index, "normalization"), "none"


def _normalization(model: ModelConfig, layer: HiddenLayerConfig) -> str:
    return (layer.normalization or model.normalization).name


def _pre_activations(model: ModelConfig, layer: HiddenLayerConfig) -> int:
    return layer.units * (layer.activation or model.activation).functions_per_unit
