"""Rows in which some columns have the values of other rows, as features.

The features of all rows are computed once; those of a column are copied together: its number, one-hot
features, indicator of missing values and coordinate among bins, and those of all columns that were made from
it, such as the parts of a date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.training.scoring import SCORING_BATCH


@dataclass(frozen=True, slots=True)
class Donation:
    """Some columns of the preprocessor, and the rows whose values they get."""

    columns: Sequence[str]
    donors: IntArray
    """(m,)"""


@dataclass(frozen=True, slots=True)
class DonatedValues:
    """The features of n rows, whose values they can give to one another."""

    features: Sequence[FloatArray]
    """(n, features) for each part of a predictor that has its own: see `Predictor.distinct`."""
    feature_indices: Sequence[Mapping[str, IntArray]]
    """The indices of each column's features, for each such part."""

    def indices(self, part: int, columns: Sequence[str]) -> IntArray:
        """The indices of the features of some columns in a part; none for a column without a value in the
        training rows.
        """
        by_column = self.feature_indices[part]
        return np.concatenate([np.empty(0, np.intp), *(by_column[name] for name in columns)])

    def batches(self, rows: IntArray, donations: Sequence[Donation]) -> Iterator[list[FloatArray]]:
        """The features of the rows (m,) with what they are given, in batches for a predictor."""
        indices = [
            [self.indices(part, donation.columns) for donation in donations]
            for part in range(len(self.features))
        ]
        for start in range(0, len(rows), SCORING_BATCH):
            batch = slice(start, start + SCORING_BATCH)
            blocks = [features[rows[batch]] for features in self.features]
            for block, features, chosen in zip(blocks, self.features, indices, strict=True):
                for own, donation in zip(chosen, donations, strict=True):
                    block[:, own] = features[donation.donors[batch, None], own]
            yield blocks
