"""A long short-term memory in NumPy: one step, all steps, and back-propagation through time.

Sequences are batches: inputs are (T, B, D), states (B, H). The four gates (input, forget, output, candidate)
are the four quarters of the columns of `input`, `hidden` and `bias` (Hochreiter & Schmidhuber, 1997, with the
forget gate of Gers et al., 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a cell, or their gradients."""

    input: FloatArray
    """(D, 4H)"""
    hidden: FloatArray
    """(H, 4H)"""
    bias: FloatArray
    """(4H,)"""

    @property
    def units(self) -> int:
        """H, the number of units."""
        return len(self.hidden)


class State(NamedTuple):
    """What a cell passes on to its next step."""

    output: FloatArray
    """(B, H)"""
    memory: FloatArray
    """(B, H)"""

    @classmethod
    def first(cls, batch: int, units: int) -> State:
        """The state before the first step."""
        return cls(np.zeros((batch, units)), np.zeros((batch, units)))


class CellStep(NamedTuple):
    """What the backward pass needs of one step."""

    inputs: FloatArray
    before: State
    gates: FloatArray
    """(B, 4H), after their activations."""
    squashed: FloatArray
    """The hyperbolic tangent of the memory, (B, H)."""


def forward(weights: Weights, inputs: FloatArray, before: State) -> tuple[State, CellStep]:
    """One step; the inputs are (B, D)."""
    units = weights.units
    gates = inputs @ weights.input + before.output @ weights.hidden + weights.bias
    gates[:, : 3 * units] = 0.5 * (1.0 + np.tanh(0.5 * gates[:, : 3 * units]))  # the logistic function
    gates[:, 3 * units :] = np.tanh(gates[:, 3 * units :])
    enters, stays, leaves, candidate = np.split(gates, 4, axis=1)
    memory = stays * before.memory + enters * candidate
    squashed = np.tanh(memory)
    return State(leaves * squashed, memory), CellStep(inputs, before, gates, squashed)


def unrolled(weights: Weights, inputs: FloatArray) -> tuple[FloatArray, list[CellStep]]:
    """The outputs of all steps, (T, B, H), and what the backward pass needs."""
    outputs = np.empty((*inputs.shape[:2], weights.units))
    state, steps = State.first(inputs.shape[1], weights.units), []
    for time, x in enumerate(inputs):
        state, step = forward(weights, x, state)
        outputs[time] = state.output
        steps.append(step)
    return outputs, steps


def backward(weights: Weights, steps: list[CellStep], outputs: FloatArray) -> tuple[FloatArray, Weights]:
    """The gradients of the inputs and of the weights, from those of the `outputs`, (T, B, H)."""
    weight_gradients = Weights(*map(np.zeros_like, (weights.input, weights.hidden, weights.bias)))
    input_gradients = np.empty((len(steps), outputs.shape[1], len(weights.input)))
    output_gradient = memory_gradient = np.zeros(outputs.shape[1:])
    for time in reversed(range(len(steps))):
        inputs, before, gates, squashed = steps[time]
        enters, stays, leaves, candidate = np.split(gates, 4, axis=1)
        output_gradient = output_gradient + outputs[time]
        memory_gradient = memory_gradient + output_gradient * leaves * (1.0 - squashed**2)
        gate_gradients = np.concatenate(
            [
                memory_gradient * candidate * enters * (1.0 - enters),
                memory_gradient * before.memory * stays * (1.0 - stays),
                output_gradient * squashed * leaves * (1.0 - leaves),
                memory_gradient * enters * (1.0 - candidate**2),
            ],
            axis=1,
        )
        weight_gradients.input[...] += inputs.T @ gate_gradients
        weight_gradients.hidden[...] += before.output.T @ gate_gradients
        weight_gradients.bias[...] += gate_gradients.sum(axis=0)
        input_gradients[time] = gate_gradients @ weights.input.T
        output_gradient = gate_gradients @ weights.hidden.T
        memory_gradient = memory_gradient * stays
    return input_gradients, weight_gradients
