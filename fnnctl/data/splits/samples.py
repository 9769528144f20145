"""Samples of training rows: a limited number per network, so that very large tables are tried quickly."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.splits.groups import are_labels, divide_groups
from fnnctl.data.splits.parts import VALIDATION, stratified_parts


def sample_rows(
    rows: IntArray,
    most: int,
    *,
    strata: IntArray,
    order: FloatArray | None,
    rng: np.random.Generator,
) -> IntArray:
    """`most` of the sorted rows (n,) of N, in order; all of them if there are not more.

    They keep the proportions of the `strata` (N,), with at least one row of each if `most` allows it, or of
    labels (N, L). If the rows are in an `order` (N,), they are the last ones, which are nearest to the rows
    that are predicted.
    """
    if len(rows) <= most:
        return rows
    if order is not None:
        return np.sort(rows[np.argsort(order[rows], kind="stable")[-most:]])
    row_strata = strata[rows]
    if are_labels(strata):
        is_drawn = divide_groups(None, row_strata, np.array([len(rows) - most, most]), rng=rng) == 1
        return np.asarray(rows[is_drawn])
    counts = np.bincount(row_strata)
    if np.count_nonzero(counts) > most:
        return np.sort(rng.permutation(rows)[:most])
    # what is left out counts as held out, because each stratum keeps a row that is not
    parts = stratified_parts(row_strata, counts, len(rows) - most, 0, rng)
    sample: IntArray = rows[parts != VALIDATION]
    return sample
