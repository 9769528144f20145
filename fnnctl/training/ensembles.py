"""Ensembles in a stack: so many consecutive members have one record and end together.

The record's validation columns are those of the averaged prediction, and its other columns are means over the
members. With bags, each validation row is predicted by the one member that is not trained on it. Each member
has a copy of the record, so that stopping rules and schedules decide the same for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fnnctl.arrays import BoolArray, FloatArray

T = TypeVar("T", bound=np.generic)


def for_each_member(record: Mapping[str, FloatArray], size: int) -> dict[str, FloatArray]:
    """The columns (K,) for the members, from those of the ensembles, (K / size,)."""
    return {name: values.repeat(size) for name, values in record.items()}


def means_over_members(record: Mapping[str, FloatArray], size: int) -> dict[str, FloatArray]:
    """The means of columns (K,) over the members of each ensemble, for each member.

    A value that is the same for all of them, such as the learning rate, is kept as it is.
    """
    if not record:
        return {}
    columns = np.stack(list(record.values()))
    of_ensembles = columns.reshape(len(columns), -1, size)
    first = of_ensembles[:, :, 0]
    means = first + (of_ensembles - first[:, :, None]).sum(axis=2) / size
    return for_each_member(dict(zip(record, means, strict=True)), size)


def joined_rows(of_members: NDArray[T], size: int) -> NDArray[T]:
    """Values (K, n) of the members' own rows as those of their ensembles, (K / size, size·n)."""
    return of_members.reshape(-1, size * of_members.shape[1])


def all_of_each(flags: BoolArray, size: int) -> BoolArray:
    """Whether the flags (K,) of all members of an ensemble are set, for each member."""
    together: BoolArray = flags.reshape(-1, size).all(axis=1).repeat(size)
    return together
