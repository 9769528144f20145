"""Converts an experiment into the engine's terms: network shape, stack settings, hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.activations import ACTIVATION_RECORDS
from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.layers import CompleteLayer
from fnnctl.config.schema.losses import loss_record
from fnnctl.config.schema.lr_schedules import AdaptiveLrSchedule
from fnnctl.config.schema.model import ModelConfig, PiecewiseLinearEmbeddingConfig
from fnnctl.config.schema.optimizers import LbfgsOptimizer, Optimizer
from fnnctl.config.schema.training import AUTO_BATCH_SIZE
from fnnctl.data.fitting import FINE_BINS, NumberBins
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.metrics.metric import CLASSIFICATION
from fnnctl.metrics.registry import CALIBRATED_LOSS
from fnnctl.nn.optimizers.first_order import OPTIMIZERS
from fnnctl.nn.optimizers.lbfgs import HYPERPARAMETER_NAMES
from fnnctl.nn.optimizers.lr_schedules import LR_SCHEDULES
from fnnctl.nn.shape import (
    CategoryStatisticsShape,
    HiddenShape,
    InputStageShape,
    NetworkShape,
    NumericEmbeddingShape,
    OutputShape,
)
from fnnctl.training.members import Member, StackSettings


def input_stage(
    model: ModelConfig, preprocessor: Preprocessor, output: OutputShape
) -> InputStageShape | None:
    """The input stage for the features of a preprocessor; None if the first layer reads them."""
    numeric, embedding, numbers = None, model.numeric_embedding, len(preprocessor.numbers)
    if numbers and isinstance(embedding, PiecewiseLinearEmbeddingConfig):
        numeric = NumericEmbeddingShape(
            numbers,
            embedding.bins,
            embedding.size,
            own_edges=embedding.edges == "target",
            code=embedding.code,
        )
    categories = None
    if codes := tuple(column.codes for column in preprocessor.coded):
        of_targets = sum(map(_statistics_of, output.parts or [output]))
        categories = CategoryStatisticsShape(codes, size=of_targets + 1)
    has_inputs = bool(preprocessor.features)
    stage = InputStageShape(numeric, categories, scaled=model.scaling_layer and has_inputs)
    return None if stage == InputStageShape() else stage


def _statistics_of(output: OutputShape) -> int:
    """The statistics of a category by its target: one per class if there are more than two, else one."""
    has_classes = loss_record(output.kind).task == CLASSIFICATION
    return output.size if has_classes and output.size > 2 else 1


def number_bins(model: ModelConfig) -> NumberBins | None:
    """The bins of a number whose coordinates among them are features; None if they are not."""
    embedding = model.numeric_embedding
    if not isinstance(embedding, PiecewiseLinearEmbeddingConfig):
        return None
    return FINE_BINS if embedding.edges == "target" else NumberBins(embedding.bins)


def batch_size(experiment: Experiment, rows: int) -> int:
    """The batch size for a training part of `rows` rows."""
    if isinstance(experiment.training.optimizer, LbfgsOptimizer):
        return rows
    size = experiment.training.batch_size
    return min(AUTO_BATCH_SIZE if size == "auto" else size, rows)


def precision(experiment: Experiment) -> str:
    """The precision; the line search of lbfgs compares values that float32 cannot distinguish."""
    training = experiment.training
    if training.precision != "auto":
        return training.precision
    return "float64" if isinstance(training.optimizer, LbfgsOptimizer) else "float32"


def network_shape(experiment: Experiment, preprocessor: Preprocessor, output: OutputShape) -> NetworkShape:
    """The network from the features of a preprocessor to a task's outputs."""
    model = experiment.model
    hidden = tuple(
        HiddenShape(
            layer.units,
            layer.activation.name,
            shared=layer.activation.is_shared,
            pieces=layer.activation.functions_per_unit,
            normalization=None if layer.normalization.name == "none" else layer.normalization.name,
            dropout=layer.dropout > 0.0,
            residual=layer.residual,
        )
        for layer in model.layers
    )
    return NetworkShape(
        len(preprocessor.features),
        hidden,
        output,
        inner_members=model.ensemble.inner_members,
        stage=input_stage(model, preprocessor, output),
    )


def stack_settings(
    experiment: Experiment, shape: NetworkShape, *, rows: int, weighted: bool
) -> StackSettings:
    """The settings that this experiment's network, with `rows` training rows, shares with its stack.

    `weighted` is whether the examples have weights in the loss.
    """
    training, optimizer = experiment.training, experiment.training.optimizer
    separate = len(shape.output.parts) if shape.output.parts and not experiment.model.together else 1
    return StackSettings(
        shape=shape,
        optimizer=optimizer.name,
        batch_size=batch_size(experiment, rows),
        shuffle=training.shuffle,
        precision=precision(experiment),
        weighted=weighted,
        techniques=tuple(training.techniques),
        lr_schedule=training.lr_schedule.name,
        averaging=training.averaging.name if training.averaging else None,
        ensemble=experiment.model.ensemble.networks // shape.inner_members * separate,
        bags=experiment.model.ensemble.bags,
        twins=experiment.model.ensemble.plain_twins,
        separate_targets=separate,
        calibrated=CALIBRATED_LOSS in training.monitors.values(),
        parametrization=training.parametrization,
        **({"memory": optimizer.memory} if isinstance(optimizer, LbfgsOptimizer) else {}),
    )


def as_ensemble(settings: StackSettings, ensemble: EnsembleConfig) -> StackSettings:
    """The settings of a single network for an ensemble of such networks."""
    shape = replace(settings.shape, inner_members=ensemble.inner_members)
    size = ensemble.networks // ensemble.inner_members * settings.separate_targets
    return replace(settings, shape=shape, ensemble=size, twins=ensemble.plain_twins)


def member_of(
    experiment: Experiment,
    *,
    seed: int,
    train_rows: IntArray,
    validation_rows: IntArray,
    weights: FloatArray | None = None,
    limits: tuple[float, float] | None = None,
) -> Member:
    """The experiment's network as a member that trains on these rows (n,) of the pool."""
    training, layers = experiment.training, experiment.model.layers
    optimizer, schedule = training.optimizer, training.lr_schedule
    return Member(
        seed=seed,
        epochs=training.epochs,
        learning_rate=training.learning_rate or 0.0,
        l2=training.l2,
        train_rows=train_rows,
        validation_rows=validation_rows,
        initializers=(
            *map(_initializer, layers),
            _output_initializer(experiment),
        ),
        initial_biases=experiment.model.initial_biases,
        hyperparameters=training.techniques,
        layer_hyperparameters={
            "activation": tuple(layer.activation.parameter for layer in layers),
            "dropout": tuple(layer.dropout for layer in layers),
            "epsilon": tuple(getattr(layer.normalization, "epsilon", 0.0) for layer in layers),
            "momentum": tuple(getattr(layer.normalization, "momentum", 0.0) for layer in layers),
        },
        averaging_hyperparameters={name: value for name, value in training.averaging or () if name != "name"},
        optimizer_hyperparameters={
            name: getattr(optimizer, name) for name in _hyperparameter_names(optimizer)
        },
        schedule_hyperparameters={
            name: getattr(schedule, name) for name in LR_SCHEDULES[schedule.name].hyperparameter_names
        },
        schedule_monitor=schedule.monitor if isinstance(schedule, AdaptiveLrSchedule) else None,
        horizon=training.schedule_epochs,
        weights=weights,
        stopping=training.early_stopping,
        convergence=training.convergence,
        limits=limits,
    )


def _hyperparameter_names(optimizer: Optimizer) -> Sequence[str]:
    """The optimizer's hyperparameters except the learning rate, which a schedule changes."""
    return (
        HYPERPARAMETER_NAMES
        if isinstance(optimizer, LbfgsOptimizer)
        else OPTIMIZERS[optimizer.name].hyperparameter_names
    )


def _initializer(layer: CompleteLayer) -> str:
    if layer.initialization == "auto":
        return ACTIVATION_RECORDS[layer.activation.name].initialization
    return layer.initialization


def _output_initializer(experiment: Experiment) -> str:
    """The model's scheme; by default Glorot's, because the output layer has no relu."""
    scheme = experiment.model.initialization
    return "glorot_uniform" if scheme == "auto" else scheme
