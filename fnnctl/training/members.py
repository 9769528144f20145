"""The settings that the members of a stack share, and those of each member."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.stopping import ConvergenceConfig, EarlyStoppingConfig
from fnnctl.nn.layers.initializers import draw_biases, draw_input_factors, draw_weights
from fnnctl.nn.losses.joint import score_slices
from fnnctl.nn.member_generators import MemberGenerators
from fnnctl.nn.network import LAYER_HYPERPARAMETERS, Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import NetworkShape
from fnnctl.seeds import Purpose, stream

AveragingKind = Literal["ema", "swa"]
InitialBiases = Literal["zero", "uniform"]
Parametrization = Literal["standard", "neural_tangent"]
NO_LIMITS: Final = (-math.inf, math.inf)
AUTO: Final = "auto"
"""The patience that ends training when the best value is out of reach: see `training.reach`."""


@dataclass(frozen=True, slots=True)
class StackSettings:
    """The settings that must be equal for networks to train as one stack."""

    shape: NetworkShape
    optimizer: str
    batch_size: int
    shuffle: bool = True
    precision: str = "float32"
    weighted: bool = False
    """Whether examples have weights in the loss."""
    techniques: tuple[str, ...] = ()
    """The settings of the techniques that training uses besides back-propagation and the optimizer."""
    lr_schedule: str = "constant"
    averaging: AveragingKind | None = None
    parametrization: Parametrization = "standard"
    memory: int = 10
    """For lbfgs: the number of pairs in its memory."""
    ensemble: int = 1
    """The size of the stack's ensembles: this many consecutive members predict together and end together."""
    bags: bool = False
    """Whether each member of an ensemble is validated on rows of its own, which it is not trained on."""
    twins: bool = False
    """Whether members come in pairs with equal rows: one with the embedding of numbers, its twin without."""

    separate_targets: int = 1
    """The number of targets, if each has networks of its own; 1 if all networks have the same targets. The
    networks of the first target come first in an ensemble."""

    calibrated: bool = False
    """Whether the loss of calibrated probabilities is recorded, too, because it is monitored."""

    @property
    def networks_per_target(self) -> int:
        """2 if each member of an ensemble has a twin."""
        return 2 if self.twins else 1

    @property
    def networks_per_member(self) -> int:
        """The networks of a member of an ensemble: its twin counts, and those of each target."""
        return self.networks_per_target * self.separate_targets

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The type of parameters and activations."""
        return np.dtype(self.precision)


class Start(NamedTuple):
    """Where a network begins that is trained on."""

    parameters: FloatArray
    """(P,)"""
    statistics: FloatArray
    """(S,): the running statistics, and those that training does not change."""


@dataclass(frozen=True, slots=True)
class Member:
    """One network's own settings, and the rows of the pool that it trains on and is validated on.

    All members of a stack have equally many rows; the rows themselves may differ.
    """

    seed: int
    epochs: int
    learning_rate: float
    l2: float
    train_rows: IntArray
    validation_rows: IntArray
    initializers: tuple[str, ...]
    """One per layer, the output layer last."""
    initial_biases: InitialBiases = "zero"
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    """Those of the stack's techniques, by the names of their settings."""
    layer_hyperparameters: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """For each of LAYER_HYPERPARAMETERS one value per hidden layer; 0 if left out."""
    averaging_hyperparameters: Mapping[str, float] = field(default_factory=dict)
    optimizer_hyperparameters: Mapping[str, float] = field(default_factory=dict)
    schedule_hyperparameters: Mapping[str, float] = field(default_factory=dict)
    schedule_monitor: str | None = None
    """The history column that an adaptive schedule monitors."""
    horizon: int = 0
    """The schedule's length in epochs; 0 for `epochs`."""
    weights: FloatArray | None = None
    """Each training row's factor in the loss, (rows,), if the stack is weighted."""
    stopping: EarlyStoppingConfig | None = None
    convergence: ConvergenceConfig | None = None
    limits: tuple[float, float] | None = None
    """The smallest and the largest score that the network predicts; None if there are no limits."""
    start: Start | None = None
    """Where it begins; None for random weights."""
    target: int | None = None
    """The number of its own target, if each of several has networks of its own; its outputs for the others
    are 0, and do not count."""
    embedded: bool = True
    """Whether the network trains the embedding of numbers; it remains 0 in a plain twin.

    The twin's first layer keeps the embedding's places, so that both train in one stack: on the development
    tables it was no worse than a network without them.
    """


def with_equal_rows(members: Sequence[Member]) -> list[list[int]]:
    """The indices of members, grouped by their training rows, weights and target, which twins share."""
    groups: dict[tuple[bytes, bytes, int | None], list[int]] = {}
    for k, member in enumerate(members):
        weights = b"" if member.weights is None else member.weights.tobytes()
        groups.setdefault((member.train_rows.tobytes(), weights, member.target), []).append(k)
    return list(groups.values())


def weights_in_loss(member: Member, factors: FloatArray | None) -> FloatArray | None:
    """The weight of each training row, (rows,), times its factor in the loss; None if all are 1.

    `factors` are those of all rows of the pool. Of several targets, rows without the member's own have the
    weight 0; without one of its own the factors do not count.
    """
    weights, of_rows = member.weights, None if factors is None else factors[member.train_rows]
    if of_rows is not None and of_rows.ndim > 1:
        of_rows = None if member.target is None else (of_rows[:, member.target] > 0.0).astype(np.float64)
    if of_rows is None:
        return weights
    return of_rows if weights is None else weights * of_rows


def column(members: Sequence[Member], name: str) -> FloatArray:
    """A field of every member, (K,), in float64."""
    return np.array([getattr(member, name) for member in members], dtype=np.float64)


def technique_hyperparameters(settings: StackSettings, members: Sequence[Member]) -> dict[str, FloatArray]:
    """The members' hyperparameters, (K,) each, in float64, of the techniques that their stack uses."""
    return stacked([member.hyperparameters for member in members], settings.techniques)


def stacked(members: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, FloatArray]:
    """Hyperparameters by name, (K,) each, in float64, from a mapping per member."""
    return {name: np.array([member[name] for member in members], dtype=np.float64) for name in names}


def member_generators(members: Sequence[Member], purpose: Purpose, epoch: int) -> MemberGenerators:
    """Each member's own generator for this purpose and epoch."""
    return MemberGenerators([stream(member.seed, purpose, epoch) for member in members])


def initial_parameters(
    layout: ParameterLayout, members: Sequence[Member], dtype: np.dtype[np.floating]
) -> FloatArray:
    """The members' initial parameters, (K, P): weights from each member's own stream, gains 1, biases 0.

    A member that is trained on begins with its own. Biases that are not 0 are drawn after their layer's
    weights. Those of a normalized layer remain 0, because its pre-activations should have mean 0. Inner
    members have factors of 1, except of the network's inputs, and the same biases in hidden layers.
    """
    parameters = np.zeros((len(members), layout.size), dtype)
    for k, member in enumerate(members):
        if member.start is not None:
            parameters[k] = member.start.parameters
            continue
        rng = stream(member.seed, Purpose.WEIGHTS)
        row = parameters[k : k + 1]
        for layer, scheme in zip(layout.layers, member.initializers, strict=True):
            W = layer.weights_alone(row)
            if W.ndim > 3:
                continue  # the outputs of inner members
            W[0] = draw_weights(scheme, *W.shape[1:], rng=rng)
            if layer.biased:
                layer.weights.view(row)[0, :, -1] = draw_biases(member.initial_biases, *W.shape[1:], rng=rng)
            if layer.factors is not None:
                layer.factors.inputs.view(row)[...] = layer.factors.outputs.view(row)[...] = 1.0
                if layer.factors.biases is not None:
                    biases = draw_biases(member.initial_biases, *W.shape[1:], rng=rng)
                    layer.factors.biases.view(row)[0] = biases[:, None]
            if layer.gains is not None:
                layer.gains.view(row)[...] = 1.0
        for layer, slope in zip(
            layout.layers, member.layer_hyperparameters.get("activation", ()), strict=False
        ):
            if layer.slopes is not None:
                layer.slopes.view(row)[...] = slope
        if layout.stage is not None and layout.stage.scales is not None:
            layout.stage.scales.view(row)[...] = 1.0
        if layout.shape.inner_members > 1:
            _draw_inner_members(layout, member, row)
        _clear_foreign_outputs(layout, member, row)
    return parameters


def _clear_foreign_outputs(layout: ParameterLayout, member: Member, row: FloatArray) -> None:
    """Set what leads to outputs for the targets of other networks to 0, in `row`, (1, P).

    Without a gradient it remains so: training and penalties see no more than the member's own target.
    """
    outputs = layout.layers[-1].weights.view(row)
    for number, (_, scores) in enumerate(score_slices(layout.shape.output)):
        if member.target not in (None, number):
            outputs[..., scores, :] = 0.0


def _draw_inner_members(layout: ParameterLayout, member: Member, row: FloatArray) -> None:
    """Draw each inner member's factors of the network's inputs, and its output layer, into `own`, (1, P).

    Each has a stream of its own, so more inner members begin with the same ones.
    """
    factors, output = layout.layers[0].factors, layout.layers[-1]
    weights, rows = output.weights_alone(row)[0], output.weights.view(row)[0]
    for number in range(layout.shape.inner_members):
        rng = stream(member.seed, Purpose.INNER_MEMBERS, number)
        if factors is not None:
            r = factors.inputs.view(row)[0]
            r[:, number] = draw_input_factors(len(r), rng=rng)
        scheme = member.initializers[-1]
        weights[number] = draw_weights(scheme, *weights[number].shape, rng=rng)
        rows[number, :, -1] = draw_biases(member.initial_biases, *weights[number].shape, rng=rng)


def make_network(
    layout: ParameterLayout, members: Sequence[Member], parameters: FloatArray, statistics: FloatArray
) -> Network:
    """The members' networks with these parameters, (K, P), and running statistics, (K, S)."""
    nothing = (0.0,) * len(layout.shape.hidden)
    hyperparameters = {
        name: np.array(
            [member.layer_hyperparameters.get(name, nothing) for member in members], dtype=np.float64
        )
        for name in LAYER_HYPERPARAMETERS
    }
    plain = np.flatnonzero([not member.embedded for member in members])
    return Network(layout, parameters, statistics, hyperparameters, _limits(members), plain=plain)


def _limits(members: Sequence[Member]) -> FloatArray | None:
    """The limits of each member's scores, (K, 2), infinite without limits; None if no member has any."""
    if all(member.limits is None for member in members):
        return None
    return np.array([member.limits or NO_LIMITS for member in members], dtype=np.float64)
