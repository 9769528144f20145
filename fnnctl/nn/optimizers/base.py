"""The base class of first-order optimizers: their arrays, hyperparameters and state.

Parameters, gradients and state are flat (K, P) arrays. Hyperparameters are (K, 1) columns, or one 0-d array
if all members have the same. So a step is a handful of array operations, whatever the number of members and
layers. Large arrays are updated block by block: all operations on one block, then on the next.

In the neural-tangent parametrization a layer computes WA/√d from its d inputs A, and W is learned. The
engine has V = W/√d, whose gradient is √d times as large, so the same steps need other rates of V: α/√d if a
step does not depend on the gradient's scale, with ε times √d, and α/d if it is proportional to it. Then a
step multiplies by a row of rates in place of a single rate.

Parameters and state decay exponentially, for example those of a unit that has died. Once in `FLUSH_STEPS`
steps, what has become too small to change anything is set to zero, before it is subnormal: see
`arrays.limits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.arrays.limits import flush, negligible

BLOCK = 2**16
"""Elements of each array in a block: 1.3 MB in five arrays, about the size of a second-level cache."""
FLUSH_STEPS = 32
"""Flushing takes three operations for each array: at this interval less than 3 % of the time of Adam. A
moment with β = 0.5 becomes smaller by a factor of 2⁻³² meanwhile, so it is not subnormal either."""
SQUARES = ("square", "step_square")
"""The arrays of a state that are means of squares: `Optimizer.square` keeps them from being subnormal."""
_ONE = np.ones((), np.int64)
_ZERO = np.zeros(())


def blocks(members: int, size: int) -> list[slice]:
    """The columns of a (K, P) array, block by block; one block if they are few, or if K > 1.

    A block of several rows is not contiguous, which makes NumPy less than half as fast, and a stack is hardly
    larger than the cache anyway.
    """
    if members > 1 or size <= 2 * BLOCK:
        return [slice(0, size)]
    return [slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK)]


def shared(values: FloatArray) -> FloatArray:
    """Values of K members, (…, K, 1); (…) if all members have the same.

    NumPy is twice as fast with a 0-d array as with a column, and also faster than with a Python number.
    """
    return values[..., 0, 0] if (values == values[..., :1, :]).all() else values


Rates: TypeAlias = tuple[FloatArray, ...]
"""Factors of one step, (K, 1) each or 0-d; the learning rate is the first."""


class StepArrays(NamedTuple):
    """The arrays that a step works on, or some columns of them."""

    parameters: FloatArray
    """(K, P)"""
    gradient: FloatArray
    """(K, P); a step overwrites it."""
    scratch: FloatArray
    """(K, P)"""
    is_weight: FloatArray
    """(1, P), one if a parameter is a weight: see `ParameterLayout.weight_mask`."""
    state: tuple[FloatArray, ...] = ()
    """(K, P) each, in the order of `state_names`."""
    factors: FloatArray | None = None
    """(1, P): the factors of the learning rate; None if all are 1."""
    epsilon: FloatArray = _ZERO
    """The ε of each parameter, (K, P) or (1, P), or of all of them, (K, 1) or 0-d."""

    def rate_row(self, rate: FloatArray) -> FloatArray:
        """The rates of all parameters, in scratch memory, from a rate that is (K, 1) or 0-d; else itself."""
        if self.factors is None:
            return rate
        return np.multiply(self.factors, rate, out=self.scratch if rate.ndim else self.scratch[:1])


class Optimizer:
    """Steps for K members. To save an optimizer, save `state`; the first axis of its arrays is the member."""

    hyperparameter_names: ClassVar[tuple[str, ...]] = ()
    state_names: ClassVar[tuple[str, ...]] = ()
    scale_free: ClassVar[bool] = True
    """Whether a gradient twice as large gives the same step."""
    _epsilon: FloatArray = _ZERO
    """The ε of all parameters, (K, 1) or 0-d, if the optimizer has one."""

    def __init__(
        self,
        hyperparameters: Mapping[str, FloatArray],
        arrays: StepArrays,
        inputs: FloatArray | None = None,
    ) -> None:
        """Start at step 0 with hyperparameters of (K,) each; all steps update these parameters in place.

        `inputs`, in float64, is for the neural-tangent parametrization: see `ParameterLayout.weight_inputs`.
        """
        like = arrays.parameters
        self.dtype, self.arrays = like.dtype, arrays
        self._floor = np.array(np.sqrt(np.finfo(self.dtype).tiny) * 2**8, self.dtype)
        self._factors_of_rates, self._factors_of_epsilon = self._rows(inputs)
        self.hyperparameters = {
            name: np.asarray(hyperparameters[name], np.float64).reshape(-1, 1)
            for name in self.hyperparameter_names
        }
        state: dict[str, npt.NDArray[Any]] = {name: np.zeros_like(like) for name in self.state_names}
        self.restore({**state, "steps": np.zeros((len(like), 1), np.int64)})

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Continue from the saved state of an optimizer of the same kind."""
        self.state: dict[str, npt.NDArray[Any]] = dict(state)
        self.prepare()
        self._limit, self._limit_of_state = self._flushing_limits()
        self._divide()

    def _rows(self, inputs: FloatArray | None) -> tuple[FloatArray | None, FloatArray | None]:
        """The factors of the learning rate and of ε, (1, P) each; None if all are 1."""
        if inputs is None:
            return None, None
        roots = np.sqrt(inputs)
        rates = 1.0 / (roots if self.scale_free else inputs)
        has_epsilon = "epsilon" in self.hyperparameter_names
        epsilons = self.epsilon_factors(roots).astype(self.dtype) if has_epsilon else None
        return rates.astype(self.dtype), epsilons

    @staticmethod
    def epsilon_factors(roots: FloatArray) -> FloatArray:
        """The factors of ε from √d: ε is added to the size of a gradient."""
        return roots

    def _divide(self) -> None:
        """Divide the arrays into blocks of columns that are updated one after the other."""
        parameters, gradient, scratch, is_weight, *_ = self.arrays
        factors, epsilon_factors = self._factors_of_rates, self._factors_of_epsilon
        epsilons = None if epsilon_factors is None else self._epsilon * epsilon_factors
        self._blocks = [
            StepArrays(
                parameters[:, at],
                gradient[:, at],
                scratch[:, at],
                is_weight[:, at],
                tuple(self.state[name][:, at] for name in self.state_names),
                None if factors is None else factors[:, at],
                self._epsilon if epsilons is None else epsilons[:, at],
            )
            for at in blocks(*parameters.shape)
        ]

    def cast(self, values: FloatArray) -> FloatArray:
        """A hyperparameter, (K, 1), in the working type; 0-d if all members have the same."""
        return shared(values.astype(self.dtype))

    def prepare(self) -> None:
        """Cast the hyperparameters to the working type: a float64 factor would make every product float64.

        An optimizer with an ε sets `_epsilon`. Called again when the state is restored.
        """

    def step(self, learning_rate: FloatArray) -> None:
        """Update the parameters along their gradient; learning_rate is (K, 1) or 0-d."""
        rates = self.rates(learning_rate)
        self.state["steps"] += _ONE
        for block in self._blocks:
            self.update(block, rates)
        if self.state["steps"].item(0) % FLUSH_STEPS == 0:
            self.flush()

    def flush(self) -> None:
        """Set negligible numbers of the parameters and of the state to zero."""
        for block in self._blocks:
            flush(block.parameters, self._limit, block.scratch)
            for name, array in zip(self.state_names, block.state, strict=True):
                if name not in SQUARES:
                    flush(array, self._limit_of_state, block.scratch)

    def _flushing_limits(self) -> tuple[FloatArray, FloatArray]:
        """Below which size numbers of the parameters and of the state are negligible, (K, 1) or 0-d.

        A mean that is divided by ε is negligible if its step is.
        """
        limits, parameter_limit = np.finfo(self.dtype), np.full((1, 1), negligible(self.dtype))
        state_limit = parameter_limit
        if "epsilon" in self.hyperparameter_names:
            smallest = float(limits.tiny) / float(limits.eps)
            state_limit = np.maximum(self.hyperparameters["epsilon"] * float(limits.eps) ** 2, smallest)
        return self.cast(parameter_limit), self.cast(state_limit)

    def square(self, gradient: FloatArray, out: FloatArray) -> None:
        """Write g² for a running mean of squares, of which none is subnormal.

        A floor of 2⁻⁵⁵ in float32 is added to g, which changes no bit of √v + ε if ε is 1e-9 or more. The
        factor 2⁸ lets an optimizer multiply the square by 1 − β₂.
        """
        np.add(gradient, self._floor, out=out)
        np.multiply(out, out, out=out)

    def rates(self, learning_rate: FloatArray) -> Rates:
        """The step's factors, (K, 1) or 0-d each: the learning rate, and those that depend on the step."""
        return (learning_rate,)

    def update(self, arrays: StepArrays, rates: Rates) -> None:
        """Update a block of the parameters."""
        raise NotImplementedError
