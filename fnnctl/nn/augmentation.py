"""Random changes to a gathered batch in training: Gaussian noise and mixup."""

from __future__ import annotations

from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.arrays.limits import negligible
from fnnctl.nn.member_generators import MemberGenerators
from fnnctl.nn.workspace import Workspace


def add_noise(work: Workspace, deviation: FloatArray, rngs: MemberGenerators) -> None:
    """Add Gaussian noise with each member's standard deviation, (K,), to the inputs (Bishop, 1995)."""
    for inputs in (work.inputs[..., :-1], *work.gathered_statistics):
        noise = np.empty(inputs.shape, inputs.dtype)
        rngs.normals(noise)
        noise *= deviation.astype(noise.dtype)[:, None, None]
        np.add(inputs, noise, out=inputs)


def mix_up(work: Workspace, alpha: FloatArray, rngs: MemberGenerators) -> None:
    """Mix inputs and targets of every example with those of another one in the batch (Zhang et al., 2018).

    Each member draws an order of the batch and one ρ from Beta(α, α); `alpha` (K,) has the members' α:
    x ← ρx + (1 − ρ)x′. Weighted examples keep their weights: the loss is ρwL(y) + (1 − ρ)w′L(y′).
    """
    targets = work.targets
    if targets.partners is None or targets.share is None:
        raise ValueError("the workspace was not made for mixup")
    for k, (rng, member_alpha) in enumerate(zip(rngs.generators, alpha, strict=True)):
        order = rng.permutation(work.batch)
        share = work.inputs.dtype.type(rng.beta(member_alpha, member_alpha))
        if share < negligible(share.dtype):  # usual for a small α
            share = share.dtype.type(0.0)
        targets.partners[k] = targets.y[k, order]
        targets.share[k] = share
        for inputs in (work.inputs, *work.gathered_statistics):
            _mix(inputs[k], order, share)
        if targets.weights is not None:
            weights = targets.weights[k]
            np.multiply(weights, share, out=targets.share[k])
            _mix(weights, order, share)
            targets.share[k] /= np.where(weights > 0.0, weights, 1.0)


def _mix(values: FloatArray, order: IntArray, share: np.floating[Any]) -> None:
    """Mix the rows of an array with those in another order, in place."""
    partners = values[order]
    partners *= 1 - share
    values *= share
    values += partners
