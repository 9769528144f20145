"""Ends members before their last epoch, for all members of a stack at once."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.config.schema.stopping import ConvergenceConfig, EarlyStoppingConfig
from fnnctl.nn.network import Network
from fnnctl.tasks.epoch_metrics import TRAIN_LOSS
from fnnctl.training.history import Record, monitored
from fnnctl.training.state import State

_NEVER = np.iinfo(np.int64).max


class _Rules:
    """The common part of the members' rules; a member without a rule never ends because of it."""

    def __init__(self, rules: Sequence[EarlyStoppingConfig | ConvergenceConfig | None]) -> None:
        self._ruled = np.array([rule is not None for rule in rules])
        self._any_rule = bool(self._ruled.any())
        self._no_member = np.zeros(len(rules), np.bool_)
        self._patience = np.array([_NEVER if rule is None else _patience(rule) for rule in rules])
        self._tolerance = np.array([rule.tolerance if rule else 0.0 for rule in rules])


def _patience(rule: EarlyStoppingConfig | ConvergenceConfig) -> int:
    return rule.patience if isinstance(rule.patience, int) else _NEVER


class EarlyStopping(_Rules):
    """Each member's best monitored value, its epoch, and the weights it had then.

    An epoch is an improvement if the value is better than the best by more than the tolerance. A member
    without a rule never stops and is never restored. Its state has the same arrays, with their initial
    values, because a member's state must not depend on the other members of its stack.
    """

    def __init__(
        self,
        rules: Sequence[EarlyStoppingConfig | None],
        network: Network,
        state: State | None,
        *,
        rising: Container[str],
    ) -> None:
        """New, or continued from a saved state; in `rising` columns larger is better."""
        super().__init__(rules)
        self._rising = rising
        self.restores = np.array([rule is not None and rule.restore_best for rule in rules])
        self._monitors = [rule.monitor if rule else None for rule in rules]
        self.state = dict(state) if state is not None else self._first_state(network)

    def _first_state(self, network: Network) -> dict[str, npt.NDArray[Any]]:
        members = len(self.restores)
        return {
            "best": np.full(members, np.inf),
            "best_epoch": np.zeros(members, np.int64),
            "waited": np.zeros(members, np.int64),
            "parameters": network.parameters.copy(),
            "statistics": network.statistics.copy(),
        }

    @property
    def best_epoch(self) -> IntArray:
        """The epoch of each member's best value, (K,); 0 if there is none yet."""
        return self.state["best_epoch"]

    @property
    def out_of_patience(self) -> BoolArray:
        """Which members have not improved for a number of epochs that is their patience, (K,)."""
        return np.asarray(self.state["waited"] >= self._patience) if self._any_rule else self._no_member

    def update(self, epoch: int, record: Record, network: Network) -> None:
        """Process the record of an epoch."""
        if not self._any_rule:
            return
        state = self.state
        values = monitored(record, self._monitors, self._rising)
        # A network with NaN weights still has an accuracy, so the loss must be checked too.
        finite = np.isfinite(record[TRAIN_LOSS])
        improved = (values < state["best"] - self._tolerance) & finite & self._ruled
        state["best"] = np.where(improved, values, state["best"])
        state["best_epoch"] = np.where(improved, epoch, state["best_epoch"])
        state["waited"] = np.where(improved, 0, state["waited"] + self._ruled)
        if (updated := improved & self.restores).any():
            state["parameters"][updated] = network.parameters[updated]
            state["statistics"][updated] = network.statistics[updated]

    def final_weights(self, network: Network, k: int) -> tuple[FloatArray, FloatArray]:
        """A member's final parameters, (P,), and statistics, (S,): its best ones if it restores them."""
        best = self.restores[k] and self.best_epoch[k] > 0
        source = self.state if best else {"parameters": network.parameters, "statistics": network.statistics}
        return source["parameters"][k].copy(), source["statistics"][k].copy()


class Convergence(_Rules):
    """scikit-learn's rule: the training loss must fall below its minimum by at least the tolerance.

    A member ends if its loss fails to do so for more than `patience` consecutive epochs. Unlike in
    `EarlyStopping`, any lower loss becomes the new minimum, so small improvements do not add up and a slow
    descent ends too. The loss is the recorded one, without penalties; scikit-learn's includes the L2 penalty.
    A member without a rule keeps its initial state.
    """

    def __init__(self, rules: Sequence[ConvergenceConfig | None], state: State | None) -> None:
        """New, or continued from a saved state."""
        super().__init__(rules)
        members = len(rules)
        self.state: dict[str, npt.NDArray[Any]] = (
            dict(state)
            if state is not None
            else {"least": np.full(members, np.inf), "failed": np.zeros(members, np.int64)}
        )

    @property
    def converged(self) -> BoolArray:
        """Which members' losses have not fallen for too long, (K,)."""
        return np.asarray(self.state["failed"] > self._patience) if self._any_rule else self._no_member

    def update(self, record: Record) -> None:
        """Process the record of an epoch."""
        if not self._any_rule:
            return
        loss, state = record[TRAIN_LOSS], self.state
        failed = (loss > state["least"] - self._tolerance) & self._ruled
        state["failed"] = np.where(failed, state["failed"] + 1, 0)
        state["least"] = np.where(self._ruled, np.minimum(loss, state["least"]), state["least"])
