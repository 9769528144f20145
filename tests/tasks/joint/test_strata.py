"""Splits keep the shares of labels, and no stratum is a single row."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.splits.folds import divide
from fnnctl.tasks.joint.strata import LEAST_ROWS, label_strata

NAMES = ("common", "rare", "once")


def test_a_row_is_in_the_stratum_of_its_rarest_label() -> None:
    labels = np.zeros((40, 3))
    labels[:30, 0] = 1.0
    labels[20:32, 1] = 1.0
    labels[39, 2] = 1.0  # too rare for a stratum
    labels[38] = np.nan
    strata, names = label_strata(labels, NAMES, test_rows=0)
    assert names == ["rare", "common", "none of these labels"]
    assert strata.tolist() == [1] * 20 + [0] * 12 + [2] * 8


def test_rows_of_a_test_file_do_not_count() -> None:
    labels = np.zeros((40, 3))
    labels[20:, 0] = 1.0
    strata, names = label_strata(labels, NAMES, test_rows=15)
    assert names == ["none of these labels"]
    assert not strata.any()


@given(seed=st.integers(0, 10_000), labels=st.integers(1, 8))
def test_no_stratum_has_a_single_row(seed: int, labels: int) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.uniform(0.0, 0.5, labels)
    values = (rng.random((60, labels)) < shares).astype(float)
    strata, _ = label_strata(values, [str(number) for number in range(labels)], test_rows=0)
    assert 1 not in np.bincount(strata)


def test_folds_keep_the_shares_of_rare_labels() -> None:
    """Beside folds of random rows, in which a rare label is in some folds twice as often as in others."""
    rng = np.random.default_rng(0)
    labels = (rng.random((500, 6)) < [0.03, 0.05, 0.1, 0.2, 0.4, 0.6]).astype(float)
    assert labels.sum(axis=0).min() >= LEAST_ROWS
    strata, _ = label_strata(labels, list("abcdef"), test_rows=0)

    def deviation(*, stratify: bool) -> float:
        """The mean deviation of the rows with a rare label in a fold from a fifth of all, relative to it."""
        (folds,) = divide(strata, folds=5, repeats=1, stratify=stratify, seed=1).assignment
        counts = np.array([[labels[folds == fold, label].sum() for fold in range(5)] for label in range(3)])
        expected = counts.sum(axis=1, keepdims=True) / 5
        return float(np.abs(counts / expected - 1.0).mean())

    assert deviation(stratify=True) < 0.5 * deviation(stratify=False)
