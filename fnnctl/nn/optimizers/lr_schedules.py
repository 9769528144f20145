"""Learning-rate schedules: the rate of every step, for a whole stack at once.

A schedule gives the rates of one epoch's steps. Some depend on the horizon, the total number of epochs. The
adaptive schedule monitors a value after each epoch and has a state that must be saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray


class LrSchedule:
    """Rates for K members. To save a schedule, save `state`; the first axis of its arrays is the member."""

    hyperparameter_names: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, hyperparameters: Mapping[str, FloatArray], learning_rate: FloatArray, horizon: FloatArray
    ) -> None:
        """The hyperparameters, the learning rate α and the horizon (in epochs) are (K,) each."""
        self.hyperparameters = {
            name: np.asarray(hyperparameters[name], np.float64) for name in self.hyperparameter_names
        }
        self.learning_rate, self.horizon = learning_rate, horizon
        self.state = self._initial_state(len(learning_rate))

    def _initial_state(self, members: int) -> dict[str, npt.NDArray[Any]]:
        return {}

    def rates(self, epoch: int, steps: int) -> FloatArray:
        """The learning rate of each of an epoch's steps, (steps, K) in float64; epochs count from 1."""
        return np.tile(self.learning_rate * self.factor(epoch), (steps, 1))

    def factor(self, epoch: int) -> FloatArray | float:
        """The factor of α in this epoch, (K,), for schedules that are constant within an epoch."""
        raise NotImplementedError

    def observe(self, values: FloatArray) -> None:
        """Process an epoch's monitored values, (K,); smaller is better."""


class Constant(LrSchedule):
    """α."""

    def rates(self, epoch: int, steps: int) -> FloatArray:
        if self._rates is None or len(self._rates) != steps:
            self._rates = super().rates(epoch, steps)
        return self._rates

    def factor(self, epoch: int) -> FloatArray | float:
        return 1.0

    _rates: FloatArray | None = None


class Step(LrSchedule):
    """α·γ^⌊(e − 1)/n⌋: a factor γ every n epochs."""

    hyperparameter_names = ("factor", "every")

    def factor(self, epoch: int) -> FloatArray | float:
        return np.asarray(self.hyperparameters["factor"] ** ((epoch - 1) // self.hyperparameters["every"]))


class Exponential(LrSchedule):
    """α·γ^(e − 1)."""

    hyperparameter_names = ("factor",)

    def factor(self, epoch: int) -> FloatArray | float:
        return np.asarray(self.hyperparameters["factor"] ** (epoch - 1))


class InverseScaling(LrSchedule):
    """α/e^p."""

    hyperparameter_names = ("power",)

    def factor(self, epoch: int) -> FloatArray | float:
        return np.asarray(epoch ** -self.hyperparameters["power"])


class Adaptive(LrSchedule):
    """α·γ^n, where n counts how many times the value has not improved by `tolerance` for `patience` epochs.

    Like scikit-learn's `adaptive`, but for any monitored value. Improvement is measured from the best value
    so far, so small improvements add up. The rate never falls below `minimum`.
    """

    hyperparameter_names = ("factor", "patience", "tolerance", "minimum")

    def _initial_state(self, members: int) -> dict[str, npt.NDArray[Any]]:
        waited, lowered = np.zeros((2, members), np.int64)
        return {"best": np.full(members, np.inf), "waited": waited, "lowered": lowered}

    def factor(self, epoch: int) -> FloatArray | float:
        lowest = np.minimum(1.0, self.hyperparameters["minimum"] / self.learning_rate)
        return np.asarray(np.maximum(lowest, self.hyperparameters["factor"] ** self.state["lowered"]))

    def observe(self, values: FloatArray) -> None:
        best, waited = self.state["best"], self.state["waited"]
        improved = values < best - self.hyperparameters["tolerance"]
        self.state["best"] = np.where(improved, values, best)
        waited = np.where(improved, 0, waited + 1)
        lower = waited >= self.hyperparameters["patience"]
        self.state["lowered"] = self.state["lowered"] + lower
        self.state["waited"] = np.where(lower, 0, waited)


class _ByStep(LrSchedule):
    """A schedule whose factor changes from step to step."""

    def rates(self, epoch: int, steps: int) -> FloatArray:
        first = (epoch - 1) * steps
        done = np.arange(first, first + steps, dtype=np.float64)[:, None]
        return np.multiply(self.learning_rate, self._factors(done, self.horizon * steps, steps))

    def _factors(self, done: FloatArray, all_steps: FloatArray, steps: int) -> FloatArray:
        """The factor after `done` steps, (steps, 1), of `all_steps`, (K,), with `steps` per epoch."""
        raise NotImplementedError


def _cosine(start: FloatArray | float, end: FloatArray | float, share: FloatArray) -> FloatArray:
    """From start to end along half a cosine wave, as `share` goes from 0 to 1."""
    share = np.clip(share, 0.0, 1.0)
    return np.asarray(end + (start - end) * 0.5 * (1.0 + np.cos(np.pi * share)))


class Cosine(_ByStep):
    """From α to a fraction of it along half a cosine wave (Loshchilov & Hutter, 2017), after a warm-up."""

    hyperparameter_names = ("warmup_epochs", "last")

    def _factors(self, done: FloatArray, all_steps: FloatArray, steps: int) -> FloatArray:
        warmup = self.hyperparameters["warmup_epochs"] * steps
        wave = _cosine(
            1.0, self.hyperparameters["last"], (done - warmup) / np.maximum(all_steps - warmup, 1.0)
        )
        return np.where(done < warmup, (done + 1.0) / np.maximum(warmup, 1.0), wave)


class OneCycle(_ByStep):
    """Up from a fraction of α to α, then down to a smaller fraction, each along half a cosine wave.

    Smith & Topin (2019) use straight lines; half cosine waves are what common implementations use.
    """

    hyperparameter_names = ("warmup", "first", "last")

    def _factors(self, done: FloatArray, all_steps: FloatArray, steps: int) -> FloatArray:
        top = np.maximum(self.hyperparameters["warmup"] * all_steps - 1.0, 1e-9)
        up = _cosine(self.hyperparameters["first"], 1.0, done / top)
        down = _cosine(
            1.0, self.hyperparameters["last"], (done - top) / np.maximum(all_steps - 1.0 - top, 1e-9)
        )
        return np.where(done < top, up, down)


LR_SCHEDULES: dict[str, type[LrSchedule]] = {
    "constant": Constant,
    "step": Step,
    "exponential": Exponential,
    "inverse_scaling": InverseScaling,
    "adaptive": Adaptive,
    "cosine": Cosine,
    "one_cycle": OneCycle,
}
