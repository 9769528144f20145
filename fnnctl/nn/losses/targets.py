"""What a batch should be predicted as: labels, and what makes them soft or weighty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.shape import Techniques


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of K members' batches; an array that the techniques do not need is None."""

    labels: IntArray
    """(K, batch)"""
    weights: FloatArray | None = None
    """(K, batch): each example's factor in the loss."""
    partners: IntArray | None = None
    """(K, batch): the labels of the examples that were mixed in."""
    share: FloatArray | None = None
    """(K, batch): how much of an example is its own; its partner has the rest."""
    smoothing: FloatArray | None = None
    """(K, 1): how much of a target is spread evenly over the classes (Szegedy et al., 2016, section 7)."""

    @property
    def soft(self) -> bool:
        """Whether a target has more than one class."""
        return self.partners is not None or self.smoothing is not None

    def probabilities(self, out: FloatArray) -> None:
        """Write the target probabilities, (K, classes, batch): (1 − ε)(ρy + (1 − ρ)y′) + ε/classes."""
        members, classes, batch = out.shape
        kept = 1.0 if self.smoothing is None else 1.0 - self.smoothing
        out[...] = 0.0 if self.smoothing is None else self.smoothing[:, :, None] / classes
        at = np.arange(members)[:, None], self.labels, np.arange(batch)
        if self.partners is None or self.share is None:
            out[at] += kept
            return
        out[at] += kept * self.share
        at_partner = at[0], self.partners, at[2]
        out[at_partner] += kept * (1.0 - self.share)


def targets_for(
    members: int,
    batch: int,
    techniques: Techniques,
    smoothing: FloatArray | None,
    dtype: np.dtype[np.floating],
) -> Targets:
    """Targets to be filled by a workspace; `smoothing` is each member's, (K,), where they are smoothed."""
    shape = (members, batch)
    return Targets(
        labels=np.empty(shape, np.intp),
        weights=np.empty(shape, dtype) if techniques.weighted else None,
        partners=np.empty(shape, np.intp) if techniques.mixup else None,
        share=np.empty(shape, dtype) if techniques.mixup else None,
        smoothing=None if smoothing is None else smoothing.astype(dtype)[:, None],
    )
