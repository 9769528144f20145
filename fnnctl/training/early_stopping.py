"""Early stopping, for all members of a stack at once: who improved, who has waited too long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.training.history import Record, falls
from fnnctl.training.members import StoppingRule

_NEVER = np.iinfo(np.int64).max


class EarlyStopping:
    """Each member's best monitored value, its epoch, and the parameters it had then.

    An epoch is an improvement where the value is better than the best by more than the tolerance. A
    member without a rule never stops, and is never restored.
    """

    def __init__(self, rules: Sequence[StoppingRule | None], parameters: FloatArray) -> None:
        self.rules = list(rules)
        members = len(self.rules)
        self.best = np.full(members, np.inf)
        self.best_epoch = np.zeros(members, np.int64)
        self.waited = np.zeros(members, np.int64)
        self.restores = np.array([rule is not None and rule.restore_best for rule in self.rules])
        self.parameters = parameters.copy() if self.restores.any() else parameters[:, :0]
        self._any_rule = any(self.rules)
        self._patience = np.array([rule.patience if rule else _NEVER for rule in self.rules])
        self._tolerance = np.array([rule.tolerance if rule else 0.0 for rule in self.rules])

    def update(self, epoch: int, record: Record, parameters: FloatArray) -> BoolArray:
        """Take note of an epoch; return which members have run out of patience, (K,)."""
        if not self._any_rule:
            return self._patience < 0
        values = self._monitored(record)
        improved = values < self.best - self._tolerance
        self.best = np.where(improved, values, self.best)
        self.best_epoch[improved] = epoch
        self.waited = np.where(improved, 0, self.waited + 1)
        if (kept := improved & self.restores).any():
            self.parameters[kept] = parameters[kept]
        return self.waited >= self._patience

    def final_parameters(self, parameters: FloatArray) -> FloatArray:
        """The parameters that each member ends with, (K, P): its best where it keeps those."""
        final = parameters.copy()
        kept = self.restores & (self.best_epoch > 0)
        if kept.any():
            final[kept] = self.parameters[kept]
        return final

    def select(self, members: IntArray) -> EarlyStopping:
        """The same memory for some of the members."""
        chosen = EarlyStopping([self.rules[k] for k in members], self.parameters[members])
        chosen.best, chosen.best_epoch = self.best[members], self.best_epoch[members]
        chosen.waited = self.waited[members]
        return chosen

    def _monitored(self, record: Record) -> FloatArray:
        """The watched values, turned so that smaller is better; without a rule, the last epoch is best."""
        values = np.full(len(self.rules), -np.inf)
        for k, rule in enumerate(self.rules):
            if rule is not None:
                value = record[rule.monitor][k]
                values[k] = value if falls(rule.monitor) else -value
        return values
