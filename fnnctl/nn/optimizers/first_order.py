"""Optimizers: how a gradient becomes a step, for a whole stack at once.

Parameters, gradients and state are flat (K, P) arrays, numbers are (K, 1) columns, or one for all members
that have the same, so that a step is a handful of array operations whatever the number of members and layers.
Large arrays are walked in blocks: all operations on one, then on the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.blocks import blocks, shared

PLANNED = 256
"""Steps whose factors are computed at once, where each has its own."""

Rates: TypeAlias = tuple[FloatArray, ...]
"""Numbers of one step, (K, 1) each or 0-d; the learning rate is the first."""

_ONE = np.ones((), np.int64)


class Moved(NamedTuple):
    """What every step works on, or some columns of it: (K, P) each."""

    parameters: FloatArray
    gradient: FloatArray
    """A step uses it as scratch, too."""
    scratch: FloatArray
    is_weight: FloatArray
    """(1, P), one where a parameter is a weight: see `ParameterLayout.weight_mask`."""

    def columns(self, at: slice) -> Moved:
        """The same of some parameters only."""
        return Moved(*(each[:, at] for each in self))


class Part(NamedTuple):
    """Some columns of what a step works on, and of its state in the order of `state_names`."""

    moved: Moved
    state: Sequence[FloatArray]


class Optimizer:
    """Steps for K members. `state`, whose arrays' first axis is the member, is all that must be kept."""

    hyperparameter_names: ClassVar[tuple[str, ...]] = ()
    state_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, hyperparameters: Mapping[str, FloatArray], moved: Moved) -> None:
        """Start at step 0. Each number is (K,); all steps move these parameters, in place."""
        like = moved.parameters
        self.dtype = like.dtype
        self.moved = moved
        self.hyperparameters = {
            name: np.asarray(hyperparameters[name], np.float64).reshape(-1, 1)
            for name in self.hyperparameter_names
        }
        self.state: dict[str, npt.NDArray[Any]] = {name: np.zeros_like(like) for name in self.state_names}
        self.state["steps"] = np.zeros((len(like), 1), np.int64)
        self._divide()
        self.prepare()

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from the state that such an optimizer had."""
        self.state = dict(state)
        self._divide()
        self.prepare()

    def _divide(self) -> None:
        """Divide what a step works on into parts that are moved one after the other."""
        self._parts = [
            Part(self.moved.columns(at), [self.state[name][:, at] for name in self.state_names])
            for at in blocks(*self.moved.parameters.shape)
        ]

    def cast(self, number: FloatArray) -> FloatArray:
        """A number of each member, (K, 1), in the working type, or one for all who have the same."""
        return shared(number.astype(self.dtype))

    def prepare(self) -> None:
        """Cast the numbers to the working type: a float64 factor would turn every product into float64.

        Called again when the state is restored.
        """

    def step(self, learning_rate: FloatArray) -> None:
        """Move the parameters against their gradient; learning_rate is (K, 1) or 0-d."""
        rates = self.rates(learning_rate)
        self.state["steps"] += _ONE
        for part in self._parts:
            self.move(*part, rates)

    def rates(self, learning_rate: FloatArray) -> Rates:
        """What this step multiplies with: the learning rate, and factors that depend on the step."""
        return (learning_rate,)

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        """Move a part of the parameters."""
        raise NotImplementedError


class Sgd(Optimizer):
    """W ← W − αg."""

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        parameters, gradient = moved.parameters, moved.gradient
        gradient *= rates[0]
        parameters -= gradient


class Momentum(Optimizer):
    """v ← μv − αg, W ← W + v (Polyak, 1964)."""

    hyperparameter_names = ("momentum",)
    state_names = ("velocity",)

    def prepare(self) -> None:
        self._mu = self.cast(self.hyperparameters["momentum"])

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        parameters, gradient = moved.parameters, moved.gradient
        self._accelerate(state[0], gradient, rates[0])
        parameters += state[0]

    def _accelerate(self, velocity: FloatArray, gradient: FloatArray, learning_rate: FloatArray) -> None:
        """v ← μv − αg; leaves αg where the gradient was."""
        gradient *= learning_rate
        velocity *= self._mu
        velocity -= gradient


class Nesterov(Momentum):
    """v ← μv − αg, W ← W + μv − αg (Sutskever et al., 2013, in Bengio's form)."""

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        parameters, gradient = moved.parameters, moved.gradient
        self._accelerate(state[0], gradient, rates[0])
        parameters -= gradient
        np.multiply(state[0], self._mu, out=gradient)
        parameters += gradient


class Adam(Optimizer):
    """Adam (Kingma & Ba, 2015), with the ε of its section 2's last paragraph, as scikit-learn has it.

    m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², W ← W − α·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε). The state holds
    m/(1 − β₁) and v/(1 − β₂), which saves two passes over the parameters; the step's factor and ε carry
    what was divided out.
    """

    hyperparameter_names: ClassVar[tuple[str, ...]] = ("beta1", "beta2", "epsilon")
    state_names = ("mean", "square")

    def prepare(self) -> None:
        beta1, beta2 = self.hyperparameters["beta1"], self.hyperparameters["beta2"]
        self._beta1, self._beta2 = self.cast(beta1), self.cast(beta2)
        self._epsilon = self.cast(self.hyperparameters["epsilon"] / np.sqrt(1.0 - beta2))
        self._plan()

    def _plan(self) -> None:
        """The step's factor but for α, for the next steps: (steps, K, 1) or (steps,)."""
        beta1, beta2 = self.hyperparameters["beta1"], self.hyperparameters["beta2"]
        t = self.state["steps"] + np.arange(1, PLANNED + 1)[:, None, None]
        correction = np.sqrt(1.0 - beta2**t) / (1.0 - beta1**t)
        self._factors = self.cast(correction * (1.0 - beta1) / np.sqrt(1.0 - beta2))
        self._next = 0

    def rates(self, learning_rate: FloatArray) -> Rates:
        if self._next == PLANNED:
            self._plan()
        factor = self._factors[self._next, ...]
        self._next += 1
        return learning_rate, factor * learning_rate

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        parameters, gradient = moved.parameters, moved.gradient
        mean, square = state
        mean *= self._beta1
        mean += gradient
        square *= self._beta2
        np.multiply(gradient, gradient, out=gradient)
        square += gradient
        np.sqrt(square, out=gradient)
        gradient += self._epsilon
        np.divide(mean, gradient, out=gradient)
        gradient *= rates[1]
        parameters -= gradient


class Adamw(Adam):
    """Adam whose weights decay beside the gradient (Loshchilov & Hutter, 2019): W ← (1 − αλ)W, then Adam."""

    hyperparameter_names = ("beta1", "beta2", "epsilon", "weight_decay")

    def prepare(self) -> None:
        super().prepare()
        self._decay = self.cast(self.hyperparameters["weight_decay"])

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        parameters, scratch, is_weight = moved.parameters, moved.scratch, moved.is_weight
        np.multiply(parameters, is_weight, out=scratch)
        scratch *= self._decay * rates[0]
        parameters -= scratch
        super().move(moved, state, rates)


class Nadam(Optimizer):
    """Adam with Nesterov's momentum, warmed up (Dozat, 2016, with the schedule of its section 3).

    m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², μₜ = β₁(1 − ½·0.96^(t/250)), πₜ = μ₁⋯μₜ,
    W ← W − α·((1 − μₜ)/(1 − πₜ)·g + μₜ₊₁/(1 − πₜ₊₁)·m)/(√(v/(1 − β₂ᵗ)) + ε).
    """

    hyperparameter_names = ("beta1", "beta2", "epsilon")
    state_names = ("mean", "square")

    def prepare(self) -> None:
        self.state.setdefault("product", np.ones(self.state["steps"].shape))
        self._cast = {name: self.cast(number) for name, number in self.hyperparameters.items()}
        self._rest = {name: self.cast(1.0 - self.hyperparameters[name]) for name in ("beta1", "beta2")}
        self._plan()

    def _plan(self) -> None:
        """The next steps' factors of g, of m and of v, and each one's π: (steps, K, 1), or (steps,).

        Of many steps at once, as in Adam: of a single exponent 2 NumPy makes a square, with another last bit
        than a power's, so that a member alone would not step as in a stack.
        """
        beta1, beta2 = self.hyperparameters["beta1"], self.hyperparameters["beta2"]
        t = self.state["steps"] + np.arange(1, PLANNED + 1)[:, None, None]
        now, later = (beta1 * (1.0 - 0.5 * 0.96 ** (step / 250.0)) for step in (t, t + 1))
        self._products = now.copy()
        self._products[0] *= self.state["product"]
        np.multiply.accumulate(self._products, axis=0, out=self._products)
        self._factors = [
            self.cast(factor)
            for factor in (
                (1.0 - now) / (1.0 - self._products),
                later / (1.0 - self._products * later),
                1.0 / (1.0 - beta2**t),
            )
        ]
        self._next = 0

    def rates(self, learning_rate: FloatArray) -> Rates:
        """The learning rate, and the factors of g, of m and of v."""
        if self._next == PLANNED:
            self._plan()
        step = self._next
        self._next += 1
        self.state["product"] = self._products[step]
        return learning_rate, *(factor[step, ...] for factor in self._factors)

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        parameters, gradient, scratch = moved.parameters, moved.gradient, moved.scratch
        mean, square = state
        learning_rate, of_gradient, of_mean, correction = rates
        mean *= self._cast["beta1"]
        np.multiply(gradient, self._rest["beta1"], out=scratch)
        mean += scratch
        square *= self._cast["beta2"]
        np.multiply(gradient, gradient, out=scratch)
        scratch *= self._rest["beta2"]
        square += scratch
        gradient *= of_gradient
        np.multiply(mean, of_mean, out=scratch)
        gradient += scratch
        np.multiply(square, correction, out=scratch)
        np.sqrt(scratch, out=scratch)
        scratch += self._cast["epsilon"]
        gradient /= scratch
        gradient *= learning_rate
        parameters -= gradient


class Adagrad(Optimizer):
    """G ← G + g², W ← W − αg/(√G + ε) (Duchi et al., 2011)."""

    hyperparameter_names = ("epsilon",)
    state_names = ("square",)

    def prepare(self) -> None:
        self._epsilon = self.cast(self.hyperparameters["epsilon"])

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        parameters, gradient, scratch = moved.parameters, moved.gradient, moved.scratch
        square = state[0]
        np.multiply(gradient, gradient, out=scratch)
        square += scratch
        np.sqrt(square, out=scratch)
        scratch += self._epsilon
        gradient /= scratch
        gradient *= rates[0]
        parameters -= gradient


class Rmsprop(Optimizer):
    """v ← ρv + (1 − ρ)g², W ← W − αg/(√v + ε) (Tieleman & Hinton, 2012)."""

    hyperparameter_names = ("decay", "epsilon")
    state_names: ClassVar[tuple[str, ...]] = ("square",)

    def prepare(self) -> None:
        decay = self.hyperparameters["decay"]
        self._decay, self._rest = self.cast(decay), self.cast(1.0 - decay)
        self._epsilon = self.cast(self.hyperparameters["epsilon"])

    def _decay_towards(self, mean: FloatArray, values: FloatArray, scratch: FloatArray) -> None:
        """Move a running mean of squares towards the squares of these values."""
        mean *= self._decay
        np.multiply(values, values, out=scratch)
        scratch *= self._rest
        mean += scratch

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        parameters, gradient, scratch = moved.parameters, moved.gradient, moved.scratch
        square = state[0]
        self._decay_towards(square, gradient, scratch)
        np.sqrt(square, out=scratch)
        scratch += self._epsilon
        gradient /= scratch
        gradient *= rates[0]
        parameters -= gradient


class Adadelta(Rmsprop):
    """Steps scaled by the ratio of past steps to past gradients (Zeiler, 2012).

    v ← ρv + (1 − ρ)g², d = g·√(u + ε)/√(v + ε), u ← ρu + (1 − ρ)d², W ← W − αd.
    """

    state_names = ("square", "step_square")

    def move(self, moved: Moved, state: Sequence[FloatArray], rates: Rates) -> None:
        parameters, gradient, scratch = moved.parameters, moved.gradient, moved.scratch
        square, step_square = state
        self._decay_towards(square, gradient, scratch)
        np.add(square, self._epsilon, out=scratch)
        np.sqrt(scratch, out=scratch)
        gradient /= scratch
        np.add(step_square, self._epsilon, out=scratch)
        np.sqrt(scratch, out=scratch)
        gradient *= scratch
        self._decay_towards(step_square, gradient, scratch)
        gradient *= rates[0]
        parameters -= gradient


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": Sgd,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": Adagrad,
    "rmsprop": Rmsprop,
    "adadelta": Adadelta,
    "adam": Adam,
    "adamw": Adamw,
    "nadam": Nadam,
}
