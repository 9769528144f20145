"""The targets of a batch, the weights of its examples, and what makes targets soft: mixup and smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray

TargetArray: TypeAlias = npt.NDArray[Any]
"""Indices of classes, or real values."""


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of K members' batches; an array that the techniques do not need is None."""

    y: TargetArray
    """(K, batch): the target of each example."""
    weights: FloatArray | None = None
    """(K, batch): each example's factor in the loss."""
    partners: TargetArray | None = None
    """(K, batch): the targets of the examples that were mixed in."""
    share: FloatArray | None = None
    """(K, batch): the example's own share of its target; its partner has the rest."""
    smoothing: FloatArray | None = None
    """(K, 1): the share of a target that is spread over all classes (Szegedy et al., 2016, section 7)."""

    @property
    def soft(self) -> bool:
        """Whether a target is more than one class: mixed or smoothed."""
        return self.partners is not None or self.smoothing is not None

    def repeated(self, times: int) -> Targets:
        """The targets of so many copies of the batch, one after the other, (K, times · batch)."""
        others = (self.weights, self.partners, self.share)
        weights, partners, share = (None if each is None else np.tile(each, times) for each in others)
        return Targets(np.tile(self.y, times), weights, partners, share, self.smoothing)

    def probabilities(self, out: FloatArray) -> None:
        """Write the target probabilities, (K, classes, batch): (1 − ε)(ρy + (1 − ρ)y′) + ε/classes."""
        members, classes, batch = out.shape
        kept = 1.0 if self.smoothing is None else 1.0 - self.smoothing
        spread = np.zeros((1, 1)) if self.smoothing is None else self.smoothing / classes
        out[...] = spread[:, :, None]
        at = np.arange(members)[:, None], self.y, np.arange(batch)
        if self.partners is None or self.share is None:
            out[at] = spread + kept  # no two examples share a place, so the sum need not be read back
            return
        out[at] += kept * self.share
        at_partner = at[0], self.partners, at[2]
        out[at_partner] += kept * (1.0 - self.share)
