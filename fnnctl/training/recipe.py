"""From an experiment's settings to a stack's settings and a member: where names meet the engine."""

from __future__ import annotations

from fnnctl.arrays import IntArray
from fnnctl.config.experiment import Experiment
from fnnctl.config.model import (
    Activation,
    EluActivation,
    HiddenLayer,
    LeakyReluActivation,
    PreluActivation,
    SwishActivation,
)
from fnnctl.config.training import EarlyStopping
from fnnctl.nn.initializers import default_initializer
from fnnctl.nn.optimizers import OPTIMIZERS
from fnnctl.nn.shape import HiddenShape, NetworkShape
from fnnctl.training.members import Member, StackSettings, StoppingRule

AUTO_BATCH_SIZE = 200
"""scikit-learn's: large enough for fast products, small enough for several steps an epoch."""


def batch_size(experiment: Experiment, rows: int) -> int:
    """Rows a step, for a training part of so many rows."""
    given = experiment.training.batch_size
    return min(AUTO_BATCH_SIZE if given == "auto" else given, rows)


def network_shape(experiment: Experiment, *, inputs: int, classes: int) -> NetworkShape:
    """The network between so many features and classes."""
    hidden = []
    for layer in experiment.model.hidden:
        activation = _activation(experiment, layer)
        shared = isinstance(activation, PreluActivation) and activation.shared
        hidden.append(HiddenShape(layer.units, activation.name, shared))
    return NetworkShape(inputs, tuple(hidden), classes)


def stack_settings(experiment: Experiment, shape: NetworkShape, *, rows: int) -> StackSettings:
    """What this experiment's network shares with the others of its stack; `rows` of the training part."""
    return StackSettings(
        shape=shape,
        optimizer=experiment.training.optimizer.name,
        batch_size=batch_size(experiment, rows),
        shuffle=experiment.training.shuffle,
        precision=experiment.training.precision,
    )


def member_of(
    experiment: Experiment, *, seed: int, train_rows: IntArray, validation_rows: IntArray
) -> Member:
    """The experiment's network as a member that trains on these rows of the pool."""
    training = experiment.training
    layers = experiment.model.hidden
    return Member(
        seed=seed,
        epochs=training.epochs,
        learning_rate=training.optimizer.learning_rate,
        l2=training.l2,
        train_rows=train_rows,
        validation_rows=validation_rows,
        initializers=(
            *(_initializer(experiment, layer) for layer in layers),
            _output_initializer(experiment),
        ),
        activation_numbers=tuple(_number(_activation(experiment, layer)) for layer in layers),
        optimizer_numbers={
            name: getattr(training.optimizer, name)
            for name in OPTIMIZERS[training.optimizer.name].number_names
        },
        stopping=_stopping_rule(training.early_stopping),
    )


def _stopping_rule(rule: EarlyStopping | None) -> StoppingRule | None:
    if rule is None:
        return None
    return StoppingRule(rule.monitor, rule.patience, rule.tolerance, rule.restore_best)


def _activation(experiment: Experiment, layer: HiddenLayer) -> Activation:
    return layer.activation or experiment.model.activation


def _number(activation: Activation) -> float:
    match activation:
        case LeakyReluActivation() | PreluActivation():
            return activation.slope
        case EluActivation():
            return activation.alpha
        case SwishActivation():
            return activation.beta
    return 0.0


def _initializer(experiment: Experiment, layer: HiddenLayer) -> str:
    scheme = layer.initialization or experiment.model.initialization
    return default_initializer(_activation(experiment, layer).name) if scheme == "auto" else scheme


def _output_initializer(experiment: Experiment) -> str:
    """The model's scheme; Glorot's by default, since softmax is no relu."""
    scheme = experiment.model.initialization
    return "glorot_uniform" if scheme == "auto" else scheme
