"""The most probable classes of each row, for tables in which a column per class would be too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fnnctl.arrays import FloatArray


def top_columns(count: int) -> tuple[str, ...]:
    """The names of the columns of `most_probable`: `top_1`, `p_top_1`, `top_2`, …"""
    return tuple(name for k in range(1, count + 1) for name in (f"top_{k}", f"p_top_{k}"))


def most_probable(
    classes: Sequence[str], probabilities: FloatArray, count: int
) -> Iterator[list[str | float]]:
    """For each of n rows the `count` most probable classes, or all if there are fewer, with probabilities.

    The probabilities are (n, C). Of equally probable classes, the first one comes first.
    """
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    values = np.take_along_axis(probabilities, best, axis=1)
    for numbers, own in zip(best.tolist(), values.tolist(), strict=True):
        yield [field for k, p in zip(numbers, own, strict=True) for field in (classes[k], p)]
