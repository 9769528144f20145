"""Optimizers: how a gradient becomes a step, for a whole stack at once.

Parameters, gradients and state are flat (K, P) arrays, numbers are (K, 1) columns, so that a step is a
handful of array operations whatever the number of members and layers. Large arrays are walked in blocks:
all operations on one, then on the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.nn.blocks import blocks

PLANNED = 256
"""Steps whose factors are computed at once, where each has its own."""

Rates: TypeAlias = tuple[FloatArray, ...]
"""Columns of one step, (K, 1) each; the learning rate is the first."""


class Part(NamedTuple):
    """Some columns of what a step works on, (K, columns) each."""

    parameters: FloatArray
    gradient: FloatArray
    scratch: FloatArray
    is_weight: FloatArray
    """(1, columns)"""
    state: Sequence[FloatArray]
    """In the order of `state_names`."""


class Optimizer:
    """Steps for K members. `state`, whose arrays' first axis is the member, is all that must be kept."""

    number_names: ClassVar[tuple[str, ...]] = ()
    state_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, numbers: Mapping[str, FloatArray], like: FloatArray, is_weight: FloatArray) -> None:
        """Start at step 0. Each number is (K,); `like` is the (K, P) array of parameters.

        `is_weight`, (1, P), is one where a parameter is a weight: see `ParameterLayout.weight_mask`.
        """
        self.dtype = like.dtype
        self.is_weight = is_weight
        self.numbers = {
            name: np.asarray(numbers[name], np.float64).reshape(-1, 1) for name in self.number_names
        }
        self.state: dict[str, npt.NDArray[Any]] = {name: np.zeros_like(like) for name in self.state_names}
        self.state["steps"] = np.zeros((len(like), 1), np.int64)
        self._blocks = blocks(*like.shape)
        self.prepare()

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from the state that such an optimizer had."""
        self.state = dict(state)
        self.prepare()

    def prepare(self) -> None:
        """Cast the numbers to the working type: a float64 factor would turn every product into float64.

        Called again when the state is restored.
        """

    def step(
        self, parameters: FloatArray, gradient: FloatArray, learning_rate: FloatArray, scratch: FloatArray
    ) -> None:
        """Move the parameters, in place; learning_rate is (K, 1). The gradient's array is scratch, too."""
        rates = self.rates(learning_rate)
        self.state["steps"] += 1
        state = [self.state[name] for name in self.state_names]
        for at in self._blocks:
            own = [each[:, at] for each in state]
            part = Part(parameters[:, at], gradient[:, at], scratch[:, at], self.is_weight[:, at], own)
            self.move(part, rates)

    def rates(self, learning_rate: FloatArray) -> Rates:
        """What this step multiplies with: the learning rate, and factors that depend on the step."""
        return (learning_rate,)

    def move(self, part: Part, rates: Rates) -> None:
        """Move a part of the parameters."""
        raise NotImplementedError


class Sgd(Optimizer):
    """W ← W − αg."""

    def move(self, part: Part, rates: Rates) -> None:
        parameters, gradient = part.parameters, part.gradient
        gradient *= rates[0]
        parameters -= gradient


class Momentum(Optimizer):
    """v ← μv − αg, W ← W + v (Polyak, 1964)."""

    number_names = ("momentum",)
    state_names = ("velocity",)

    def prepare(self) -> None:
        self._mu = self.numbers["momentum"].astype(self.dtype)

    def move(self, part: Part, rates: Rates) -> None:
        parameters, gradient = part.parameters, part.gradient
        self._accelerate(part.state[0], gradient, rates[0])
        parameters += part.state[0]

    def _accelerate(self, velocity: FloatArray, gradient: FloatArray, learning_rate: FloatArray) -> None:
        """v ← μv − αg; leaves αg where the gradient was."""
        gradient *= learning_rate
        velocity *= self._mu
        velocity -= gradient


class Nesterov(Momentum):
    """v ← μv − αg, W ← W + μv − αg (Sutskever et al., 2013, in Bengio's form)."""

    def move(self, part: Part, rates: Rates) -> None:
        parameters, gradient = part.parameters, part.gradient
        self._accelerate(part.state[0], gradient, rates[0])
        parameters -= gradient
        np.multiply(part.state[0], self._mu, out=gradient)
        parameters += gradient


class Adam(Optimizer):
    """Adam (Kingma & Ba, 2015), with the ε of its section 2's last paragraph, as scikit-learn has it.

    m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², W ← W − α·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε). The state holds
    m/(1 − β₁) and v/(1 − β₂), which saves two passes over the parameters; the step's factor and ε carry
    what was divided out.
    """

    number_names: ClassVar[tuple[str, ...]] = ("beta1", "beta2", "epsilon")
    state_names = ("mean", "square")

    def prepare(self) -> None:
        beta1, beta2 = self.numbers["beta1"], self.numbers["beta2"]
        self._beta1, self._beta2 = beta1.astype(self.dtype), beta2.astype(self.dtype)
        self._epsilon = (self.numbers["epsilon"] / np.sqrt(1.0 - beta2)).astype(self.dtype)
        self._plan()

    def _plan(self) -> None:
        """The step's factor but for α, for the next steps: (steps, K, 1)."""
        beta1, beta2 = self.numbers["beta1"], self.numbers["beta2"]
        t = self.state["steps"] + np.arange(1, PLANNED + 1)[:, None, None]
        correction = np.sqrt(1.0 - beta2**t) / (1.0 - beta1**t)
        self._factors = (correction * (1.0 - beta1) / np.sqrt(1.0 - beta2)).astype(self.dtype)
        self._next = 0

    def rates(self, learning_rate: FloatArray) -> Rates:
        if self._next == PLANNED:
            self._plan()
        factor = self._factors[self._next]
        self._next += 1
        return learning_rate, factor * learning_rate

    def move(self, part: Part, rates: Rates) -> None:
        parameters, gradient = part.parameters, part.gradient
        mean, square = part.state
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

    number_names = ("beta1", "beta2", "epsilon", "weight_decay")

    def prepare(self) -> None:
        super().prepare()
        self._decay = self.numbers["weight_decay"].astype(self.dtype)

    def move(self, part: Part, rates: Rates) -> None:
        parameters, scratch, is_weight = part.parameters, part.scratch, part.is_weight
        np.multiply(parameters, is_weight, out=scratch)
        scratch *= self._decay * rates[0]
        parameters -= scratch
        super().move(part, rates)


class Nadam(Optimizer):
    """Adam with Nesterov's momentum, warmed up (Dozat, 2016, with the schedule of its section 3).

    m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², μₜ = β₁(1 − ½·0.96^(t/250)), πₜ = μ₁⋯μₜ,
    W ← W − α·((1 − μₜ)/(1 − πₜ)·g + μₜ₊₁/(1 − πₜ₊₁)·m)/(√(v/(1 − β₂ᵗ)) + ε).
    """

    number_names = ("beta1", "beta2", "epsilon")
    state_names = ("mean", "square")

    def prepare(self) -> None:
        self.state.setdefault("product", np.ones(self.state["steps"].shape))
        self._cast = {name: number.astype(self.dtype) for name, number in self.numbers.items()}
        self._rest = {name: (1.0 - self.numbers[name]).astype(self.dtype) for name in ("beta1", "beta2")}
        self._plan()

    def _plan(self) -> None:
        """The next steps' factors of g, of m and of v, and each one's π: (steps, K, 1).

        Of many steps at once, as in Adam: of a single exponent 2 NumPy makes a square, with another last bit
        than a power's, so that a member alone would not step as in a stack.
        """
        beta1, beta2 = self.numbers["beta1"], self.numbers["beta2"]
        t = self.state["steps"] + np.arange(1, PLANNED + 1)[:, None, None]
        now, later = (beta1 * (1.0 - 0.5 * 0.96 ** (step / 250.0)) for step in (t, t + 1))
        self._products = now.copy()
        self._products[0] *= self.state["product"]
        np.multiply.accumulate(self._products, axis=0, out=self._products)
        self._factors = [
            factor.astype(self.dtype)
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
        return learning_rate, *(factor[step] for factor in self._factors)

    def move(self, part: Part, rates: Rates) -> None:
        parameters, gradient, scratch = part.parameters, part.gradient, part.scratch
        mean, square = part.state
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

    number_names = ("epsilon",)
    state_names = ("square",)

    def prepare(self) -> None:
        self._epsilon = self.numbers["epsilon"].astype(self.dtype)

    def move(self, part: Part, rates: Rates) -> None:
        parameters, gradient, scratch = part.parameters, part.gradient, part.scratch
        square = part.state[0]
        np.multiply(gradient, gradient, out=scratch)
        square += scratch
        np.sqrt(square, out=scratch)
        scratch += self._epsilon
        gradient /= scratch
        gradient *= rates[0]
        parameters -= gradient


class Rmsprop(Optimizer):
    """v ← ρv + (1 − ρ)g², W ← W − αg/(√v + ε) (Tieleman & Hinton, 2012)."""

    number_names = ("decay", "epsilon")
    state_names: ClassVar[tuple[str, ...]] = ("square",)

    def prepare(self) -> None:
        decay = self.numbers["decay"]
        self._decay, self._rest = decay.astype(self.dtype), (1.0 - decay).astype(self.dtype)
        self._epsilon = self.numbers["epsilon"].astype(self.dtype)

    def _decay_towards(self, mean: FloatArray, values: FloatArray, scratch: FloatArray) -> None:
        """Move a running mean of squares towards the squares of these values."""
        mean *= self._decay
        np.multiply(values, values, out=scratch)
        scratch *= self._rest
        mean += scratch

    def move(self, part: Part, rates: Rates) -> None:
        parameters, gradient, scratch = part.parameters, part.gradient, part.scratch
        square = part.state[0]
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

    def move(self, part: Part, rates: Rates) -> None:
        parameters, gradient, scratch = part.parameters, part.gradient, part.scratch
        square, step_square = part.state
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
