"""The spaces and searches that a Gaussian process suits.

This is apart from the sampler because every search asks, and few need the sampler.
"""

from __future__ import annotations

from typing import Final

from fnnctl.space.space import Space

MOST_TRIALS: Final = 250
"""A process knows at most so many trials, because its time grows with their cube."""


def gp_problem(space: Space) -> str | None:
    """Why a Gaussian process cannot model the space, with advice; None if it can."""
    for dimension in space.dimensions:
        if not dimension.ordered:
            return f"gp searches numbers only, and {dimension.name} is a choice; use tpe"
        if dimension.conditions:
            return (
                f"gp searches every dimension in every trial, and {dimension.name} has a condition; use tpe"
            )
    return None
