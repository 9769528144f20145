"""First-order optimizers: how a gradient becomes a step, for a whole stack at once."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.base import Optimizer, Rates, StepArrays

PLANNED = 256
"""The number of steps for which changing factors are computed in advance.

The operations on the factors of one step would take as long as those on the parameters of a small network. So
many steps together cost hardly more than one, and more of them would only take memory.
"""


class Sgd(Optimizer):
    """W ← W − αg."""

    scale_free = False

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        gradient, parameters = arrays.gradient, arrays.parameters
        gradient *= arrays.rate_row(rates[0])
        parameters -= gradient


class Momentum(Optimizer):
    """v ← μv − αg, W ← W + v (Polyak, 1964)."""

    hyperparameter_names = ("momentum",)
    state_names = ("velocity",)
    scale_free = False

    def prepare(self) -> None:
        self._mu = self.cast(self.hyperparameters["momentum"])

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        parameters, gradient, _, _, (velocity,), _, _ = arrays
        self._accelerate(velocity, gradient, arrays.rate_row(rates[0]))
        parameters += velocity

    def _accelerate(self, velocity: FloatArray, gradient: FloatArray, learning_rate: FloatArray) -> None:
        """v ← μv − αg; leaves αg where the gradient was."""
        gradient *= learning_rate
        velocity *= self._mu
        velocity -= gradient


class Nesterov(Momentum):
    """v ← μv − αg, W ← W + μv − αg (Sutskever et al., 2013, in Bengio's form)."""

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        parameters, gradient, _, _, (velocity,), _, _ = arrays
        self._accelerate(velocity, gradient, arrays.rate_row(rates[0]))
        parameters -= gradient
        np.multiply(velocity, self._mu, out=gradient)
        parameters += gradient


class Adam(Optimizer):
    """Adam (Kingma & Ba, 2015), with ε as in the last paragraph of its section 2 and in scikit-learn.

    m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², W ← W − α·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε). The state holds m/(1
    − β₁) and v/(1 − β₂), which saves two passes over the parameters; the step's factor and ε compensate for
    the division.
    """

    hyperparameter_names: ClassVar[tuple[str, ...]] = ("beta1", "beta2", "epsilon")
    state_names = ("mean", "square")

    def prepare(self) -> None:
        beta1, beta2 = self.hyperparameters["beta1"], self.hyperparameters["beta2"]
        self._beta1, self._beta2 = self.cast(beta1), self.cast(beta2)
        self._epsilon = self.cast(self.hyperparameters["epsilon"] / np.sqrt(1.0 - beta2))
        self._plan()

    def _plan(self) -> None:
        """Compute the factors of α for the next steps: (steps, K, 1) or (steps,)."""
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

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        parameters, gradient, _, _, (mean, square), _, epsilon = arrays
        mean *= self._beta1
        mean += gradient
        square *= self._beta2
        self.square(gradient, out=gradient)
        square += gradient
        np.sqrt(square, out=gradient)
        gradient += epsilon
        np.divide(mean, gradient, out=gradient)
        gradient *= arrays.rate_row(rates[1])
        parameters -= gradient


class Adamw(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019): W ← (1 − αλ)W, then Adam.

    Only weights decay, with the learning rate α itself in both parametrizations: a weight that is divided by
    √d decays by the same share.
    """

    hyperparameter_names = ("beta1", "beta2", "epsilon", "weight_decay")

    def prepare(self) -> None:
        super().prepare()
        self._decay = self.cast(self.hyperparameters["weight_decay"])

    def rates(self, learning_rate: FloatArray) -> Rates:
        """Those of Adam, and the share of the weights that decays."""
        return *super().rates(learning_rate), self._decay * learning_rate

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        parameters, _, scratch, is_weight, _, _, _ = arrays
        np.multiply(parameters, is_weight, out=scratch)
        scratch *= rates[2]
        parameters -= scratch
        super().update(arrays, rates)


class Nadam(Optimizer):
    """Adam with Nesterov momentum and momentum warm-up (Dozat, 2016, with the schedule of its section 3).

    m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², μₜ = β₁(1 − ½·0.96^(t/250)), πₜ = μ₁⋯μₜ,
    W ← W − α·((1 − μₜ)/(1 − πₜ)·g + μₜ₊₁/(1 − πₜ₊₁)·m)/(√(v/(1 − β₂ᵗ)) + ε).
    """

    hyperparameter_names = ("beta1", "beta2", "epsilon")
    state_names = ("mean", "square")

    def prepare(self) -> None:
        self.state.setdefault("product", np.ones(self.state["steps"].shape))
        self._cast = {name: self.cast(number) for name, number in self.hyperparameters.items()}
        self._rest = {name: self.cast(1.0 - self.hyperparameters[name]) for name in ("beta1", "beta2")}
        self._epsilon = self._cast["epsilon"]
        self._plan()

    def _plan(self) -> None:
        """Compute the next steps' factors of g, m and v, and their products π: (steps, K, 1) or (steps,).

        Many steps are computed at once, as in Adam. NumPy computes a power with the single exponent 2 as a
        square, whose last bit may differ, so a member alone would not have the bits that it has in a stack.
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

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        parameters, gradient, scratch, _, (mean, square), _, epsilon = arrays
        learning_rate, gradient_rate, mean_rate, correction = rates
        mean *= self._cast["beta1"]
        np.multiply(gradient, self._rest["beta1"], out=scratch)
        mean += scratch
        square *= self._cast["beta2"]
        self.square(gradient, out=scratch)
        scratch *= self._rest["beta2"]
        square += scratch
        gradient *= gradient_rate
        np.multiply(mean, mean_rate, out=scratch)
        gradient += scratch
        np.multiply(square, correction, out=scratch)
        np.sqrt(scratch, out=scratch)
        scratch += epsilon
        gradient /= scratch
        gradient *= arrays.rate_row(learning_rate)
        parameters -= gradient


class Adagrad(Optimizer):
    """G ← G + g², W ← W − αg/(√G + ε) (Duchi et al., 2011)."""

    hyperparameter_names = ("epsilon",)
    state_names = ("square",)

    def prepare(self) -> None:
        self._epsilon = self.cast(self.hyperparameters["epsilon"])

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        parameters, gradient, scratch, _, (square,), _, epsilon = arrays
        self.square(gradient, out=scratch)
        square += scratch
        np.sqrt(square, out=scratch)
        scratch += epsilon
        gradient /= scratch
        gradient *= arrays.rate_row(rates[0])
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
        self.square(values, out=scratch)
        scratch *= self._rest
        mean += scratch

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        parameters, gradient, scratch, _, (square,), _, epsilon = arrays
        self._decay_towards(square, gradient, scratch)
        np.sqrt(square, out=scratch)
        scratch += epsilon
        gradient /= scratch
        gradient *= arrays.rate_row(rates[0])
        parameters -= gradient


class Adadelta(Rmsprop):
    """Steps scaled by the ratio of past steps to past gradients (Zeiler, 2012).

    v ← ρv + (1 − ρ)g², d = g·√(u + ε)/√(v + ε), u ← ρu + (1 − ρ)d², W ← W − αd.
    """

    state_names = ("square", "step_square")

    @staticmethod
    def epsilon_factors(roots: FloatArray) -> FloatArray:
        """The ε in √(v + ε) is added to the square of a gradient; the one in √(u + ε) has no factor."""
        return roots * roots

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        parameters, gradient, scratch, _, (square, step_square), _, epsilon = arrays
        self._decay_towards(square, gradient, scratch)
        np.add(square, epsilon, out=scratch)
        np.sqrt(scratch, out=scratch)
        gradient /= scratch
        np.add(step_square, self._epsilon, out=scratch)
        np.sqrt(scratch, out=scratch)
        gradient *= scratch
        self._decay_towards(step_square, gradient, scratch)
        gradient *= arrays.rate_row(rates[0])
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
