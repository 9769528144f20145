"""Diagnostics of training: the gradient norm, and the shares of active and dead units.

A unit is active for an example if its output is not cut off at zero, and dead in an epoch if it was not
active for any example. With activations that never cut off (tanh, elu, …) all units are active.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.messages import Message
from fnnctl.nn.network import Network
from fnnctl.nn.shape import NetworkShape
from fnnctl.nn.workspace import Workspace
from fnnctl.training.history import Record, activity_column

MAX_DEAD, MAX_DEAD_IN_RECIPES = 0.5, 0.9
"""Layers with at least this share of dead units get a warning. The learning rates of a recipe leave about
half of the units dead in many good networks, so the lower share would say nothing there."""
MANY_DEAD: Final = 0.75
"""With a recipe, layers with at least this share get a note: they could have fewer units."""


class Diagnostics:
    """Sums over the steps of one epoch, for every member."""

    def __init__(self, network: Network) -> None:
        self._activations = [layer.f for layer in network.layers]
        self._squares = np.zeros(len(network.parameters))
        self._active: list[FloatArray | None] = [None] * len(network.layers)
        self._steps = self._examples = 0

    def add_step(self, work: Workspace, gradient: FloatArray) -> None:
        """Add a step with its gradient, (K, P); call it between backward pass and the optimizer's step."""
        self._squares += np.vecdot(gradient, gradient)
        for index, (f, layer) in enumerate(zip(self._activations, work.hidden, strict=True)):
            active = f.active(layer.activation)
            if active is not None:
                counts = np.matmul(active, work.ones)[:, :, 0]  # exact, because they are integers
                total = self._active[index]
                self._active[index] = counts.astype(np.float64) if total is None else total + counts
        self._steps += 1
        self._examples += len(work.ones)

    def record(self) -> Record:
        """The gradient's norm (root mean square over the steps), and the shares of active and dead units."""
        record: dict[str, FloatArray] = {"gradient_norm": np.sqrt(self._squares / self._steps)}
        for layer, counts in enumerate(self._active, start=1):
            active, dead = np.ones_like(self._squares), np.zeros_like(self._squares)
            if counts is not None:
                units = counts.shape[1]
                active = counts.sum(axis=1) / (units * self._examples)
                dead = (counts == 0.0).sum(axis=1) / units
            record[activity_column("active", layer)] = active
            record[activity_column("dead", layer)] = dead
        return record


def dead_layers(
    history: Mapping[str, Sequence[float]], shape: NetworkShape, *, has_recipe: bool = False
) -> Iterator[Message]:
    """A warning for each hidden layer in which most units are dead in the last epoch: see `MAX_DEAD`."""
    most = MAX_DEAD_IN_RECIPES if has_recipe else MAX_DEAD
    advice = "Try a smaller training.optimizer.learning_rate, or model.activation: leaky_relu"
    for number, layer in enumerate(shape.hidden, start=1):
        dead = history.get(activity_column("dead", number), ())
        if dead and dead[-1] >= most:
            first = next(epoch for epoch, share in enumerate(dead, start=1) if share >= most)
            yield Message(
                "dead_units",
                f"{dead[-1]:.0%} of the units of hidden layer {number} are dead: {layer.activation} is 0 for "
                f"every row (at least {most:.0%} of the units since epoch {first}). {advice}",
            )


def dead_layer_notes(
    history: Mapping[str, Sequence[float]], shape: NetworkShape, *, below: float = math.inf
) -> Iterator[str]:
    """With a recipe, a note for each hidden layer with many dead units: see `MANY_DEAD`.

    There is none for a share that is not `below` that of a warning, if there are warnings.
    """
    for number, layer in enumerate(shape.hidden, start=1):
        dead = history.get(activity_column("dead", number), ())
        if dead and MANY_DEAD <= dead[-1] < below:
            yield (
                f"{dead[-1]:.0%} of the units of hidden layer {number} are dead: {layer.activation} is 0 for "
                "every row; fewer units may do as well"
            )
