"""The i-epoch baseline: all trials train for i epochs, then only the best few continue, to the full budget.

It is replayed from what the search has recorded, with the search's trials and as many epochs as it trained
(Egele et al., Is one epoch all you need for multi-fidelity hyperparameter optimization?, ESANN 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.records.audit.values import RungValues


@dataclass(frozen=True, slots=True)
class Baseline:
    """The i-epoch baseline on the trials whose value after i epochs is known whatever it is.

    They are the trials that were granted at least i epochs in their first job. With i = `min_epochs` they are
    all trials of the search, with a larger i those of the brackets whose first rung has at least i epochs.
    Without learning curves, as in a cross-validated search, they are only those whose first rung has i
    epochs. The baseline is compared with the same trials: with the epochs that they trained, and the best of
    them.
    """

    epochs: int
    """i."""
    trials: int
    available: int
    """The epochs that the search trained on these trials: the most that the baseline may use."""
    used: int
    """The epochs that the baseline uses."""
    continued: int
    """How many of the best after i epochs can continue to the full budget; 0 if none can."""
    known: int
    """Of how many of these the value at the full budget is known."""
    loss: float | None
    """The best known loss at the full budget of those that continue: the result, or a bound of it."""
    search_loss: float | None
    """The best loss at the full budget of all these trials: what the search found."""

    @property
    def is_exact(self) -> bool:
        """Whether `loss` is the baseline's result. Otherwise the result can only be better."""
        return self.loss is not None and self.known == self.continued

    @property
    def as_good(self) -> bool | None:
        """Whether the baseline finds a trial at least as good as the search; None if that is unknown."""
        if self.loss is None or self.search_loss is None:
            return None
        if self.loss <= self.search_loss:
            return True
        return False if self.is_exact else None


def baseline(values: RungValues, rung: int) -> Baseline | None:
    """The i-epoch baseline with the epochs of this rung as i.

    None if no trial's value after i epochs is known whatever it is. Trials that ended by themselves use no
    epochs after that, and those without a finite value after i epochs do not continue.
    """
    epochs, full = values.epochs[rung], values.epochs[-1]
    chosen = (values.first >= epochs) & ~np.isnan(values.losses[:, rung])
    early, late = values.losses[chosen, rung], values.losses[chosen, -1]
    if not early.size:
        return None
    lengths = np.minimum(values.ends[chosen], full)
    first = int(np.minimum(lengths, epochs).sum())
    available = int(values.spent[chosen].sum())
    order = np.argsort(early, kind="stable")
    order = order[np.isfinite(early[order])]
    further = np.cumsum(np.maximum(lengths - epochs, 0)[order])
    count = int(np.searchsorted(further, available - first, side="right"))
    continued = late[order[:count]]
    return Baseline(
        epochs=epochs,
        trials=early.size,
        available=available,
        used=first + (int(further[count - 1]) if count else 0),
        continued=count,
        known=int(np.count_nonzero(~np.isnan(continued))),
        loss=_least(continued, np.isfinite(continued)),
        search_loss=_least(late, np.isfinite(late)),
    )


def _least(losses: FloatArray, among: BoolArray) -> float | None:
    return float(losses[among].min()) if among.any() else None
