"""The strata of rows with labels: splits keep the shares of rare labels, which chance would change most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

LEAST_ROWS: Final = 10
"""Fewer rows with a label are no stratum, because folds cannot keep its share; judgement."""


def label_strata(labels: FloatArray, names: Sequence[str], *, test_rows: int) -> tuple[IntArray, list[str]]:
    """The stratum of each row, (N,), and the names of the strata.

    A row is in the stratum of its rarest label, as iterative stratification begins with the rarest one
    (Sechidis et al., 2011). `labels` (N, L) are 0 or 1, NaN if missing. The rows of a test file, the last
    ones, are not divided, and not counted. No stratum has a single row, unless there is only one row.
    """
    divided, has_label = len(labels) - test_rows, labels == 1.0
    counts = has_label[:divided].sum(axis=0)
    rarest_first = [label for label in np.argsort(counts, kind="stable") if counts[label] >= LEAST_ROWS]
    strata = np.full(len(labels), len(rarest_first))
    for stratum, label in reversed([*enumerate(rarest_first)]):
        strata[has_label[:, label]] = stratum
    sizes = np.bincount(strata[:divided], minlength=len(rarest_first) + 1)
    strata[sizes[strata] < 2] = sizes.argmax()
    return strata, [*(names[label] for label in rarest_first), "none of these labels"]
