"""Running averages of the weights, which often generalize better than the last ones.

EMA: w̄ ← δw̄ + (1 − δ)w after every step (Polyak & Juditsky, 1992, with a decay). The first steps use min(δ,
(1 + t)/(10 + t)) in place of δ, so that the initial weights are soon forgotten.
SWA: the plain mean of the weights at the ends of the last epochs (Izmailov et al., 2018).

The running statistics of batch normalization do not fit averaged weights, so they are recomputed in an extra
pass over the training rows. The pass uses the epoch's order, because batches in file order need not be random
samples. It skips a smaller last batch, whose weight in the plain mean would be too large.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray
from fnnctl.arrays.limits import flush
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.base import FLUSH_STEPS
from fnnctl.training.learners.batches import Batches
from fnnctl.training.members import AveragingKind, Member, stacked
from fnnctl.training.state import State


class Averaging:
    """The averaged weights of K members, as networks. `state` is all that must be saved."""

    def __init__(
        self, kind: AveragingKind, members: Sequence[Member], network: Network, state: State | None
    ) -> None:
        """New, or continued from a saved state."""
        self._kind = kind
        hyperparameters = [member.averaging_hyperparameters for member in members]
        if kind == "ema":
            self._decay = stacked(hyperparameters, ["decay"])["decay"]
        else:
            epochs = np.array([member.horizon or member.epochs for member in members])
            self._first_epoch = np.floor(stacked(hyperparameters, ["start"])["start"] * epochs) + 1
        self.state: dict[str, npt.NDArray[Any]] = dict(state or _first_state(network))
        self.network = Network(
            network.layout,
            self.state["parameters"],
            self.state["statistics"],
            {
                **network.hyperparameters,
                "momentum": np.zeros_like(network.hyperparameters["momentum"]),
            },  # plain means
            network.limits,
            plain=network.plain,
        )

    def restore(self, state: State) -> None:
        """Continue from a state; the averaged networks stay the same objects."""
        np.copyto(self.network.parameters, state["parameters"])
        np.copyto(self.network.statistics, state["statistics"])
        self.state["count"] = state["count"]

    def after_step(self, parameters: FloatArray) -> None:
        """Add the weights after a step, (K, P)."""
        if self._kind == "ema":
            self.state["count"] = self.state["count"] + 1
            count = self.state["count"]
            self._move(parameters, 1.0 - np.minimum(self._decay, (1.0 + count) / (10.0 + count)))
            if count.item(0) % FLUSH_STEPS == 0:
                flush(self.network.parameters)  # the average of a weight that became 0 decays for ever

    def after_epoch(self, epoch: int, parameters: FloatArray, batches: Batches) -> None:
        """Add the weights after an epoch, (K, P). Before SWA's first epoch the average equals them."""
        if self._kind == "swa":
            counts = epoch >= self._first_epoch
            self.state["count"] = self.state["count"] + counts
            self._move(parameters, np.where(counts, 1.0 / np.maximum(self.state["count"], 1), 1.0))
        if running := self.network.layout.running_size:
            first = self.network.layout.initial_statistics(len(parameters), parameters.dtype)
            self.network.statistics[:, :running] = first[:, :running]
            for work in batches.of_epoch(epoch, plain=True):
                if work.batch >= batches.size:
                    self.network.forward(work)

    def use_weights(self, network: Network) -> None:
        """Use the weights themselves, because the first epoch was interrupted and there is no average yet."""
        np.copyto(self.network.parameters, network.parameters)
        np.copyto(self.network.statistics, network.statistics)

    def _move(self, parameters: FloatArray, share: FloatArray) -> None:
        average = self.network.parameters
        step = parameters - average
        step *= share.astype(average.dtype)[:, None]
        average += step
        np.copyto(average, parameters, where=share[:, None] == 1.0)  # exact, unlike the rounded sum above


def _first_state(network: Network) -> dict[str, npt.NDArray[Any]]:
    return {
        "parameters": network.parameters.copy(),
        "statistics": network.statistics.copy(),
        "count": np.zeros(len(network.parameters), np.int64),
    }
