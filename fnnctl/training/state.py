"""The state of training: named arrays whose first axis is the member; they are saved to continue later.

To take members out of a stack, index these arrays; a checkpoint is these arrays in a file. So everything that
training remembers is listed in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import IntArray

State: TypeAlias = Mapping[str, npt.NDArray[Any]]


class MissingArrayError(ValueError):
    """A saved state lacks an array, whose name is the message."""


def select_members(state: State, members: IntArray) -> dict[str, npt.NDArray[Any]]:
    """The state of some of the members, given by their indices."""
    return {name: array[members] for name, array in state.items()}


def concatenate_members(states: Sequence[State]) -> dict[str, npt.NDArray[Any]]:
    """The joint state of the members of several stacks, in order; the stacks have equal shapes and epochs."""
    return {name: np.concatenate([state[name] for state in states]) for name in states[0]}


def merge_parts(parts: Mapping[str, State]) -> dict[str, npt.NDArray[Any]]:
    """The joint state of several parts, with names such as `optimizer.mean` and `stopping.best`."""
    return {f"{part}.{name}": array for part, state in parts.items() for name, array in state.items()}


def extract_part(state: State, part: str) -> dict[str, npt.NDArray[Any]]:
    """The state of one part of a merged state."""
    prefix = f"{part}."
    return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
