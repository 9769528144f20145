"""Which columns have shifted, and how that is said."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.metrics.drift import (
    FEW_ROWS,
    PREDICTION,
    USUAL_LIMITS,
    BinnedRows,
    DriftLimits,
    TableDrift,
    table_drift,
)
from tests.messages import Messages

SAME, SLIGHT, FAR = [100, 100, 100, 0], [115, 100, 85, 0], [30, 200, 70, 20]


def column(name: str, new: list[int], kind: str = "numeric", times: int = 1) -> BinnedRows:
    counts = np.array(SAME) * times, np.array(new) * times
    return BinnedRows(name, kind, ("a", "b", "c", "(missing)"), *counts, counts, 1, 0)


def drift(*columns: BinnedRows, limits: DriftLimits = USUAL_LIMITS) -> TableDrift:
    return table_drift(columns, limits)


def test_a_shift_is_far_and_not_chance() -> None:
    """The slight difference has an index of 0.01, and with a hundred times as many rows a tiny p."""
    measured = drift(column("same", SAME), column("slight", SLIGHT, times=100), column("far", FAR))
    assert [found.name for found in measured.shifted] == ["far"]
    assert measured.columns[1].p_holm < 1e-9


def test_both_limits_can_be_set() -> None:
    columns = column("same", SAME), column("slight", SLIGHT, times=100), column("far", FAR)
    assert len(drift(*columns, limits=DriftLimits(psi=0.001)).shifted) == 2
    assert drift(*columns, limits=DriftLimits(p=0.0)).shifted == []


def test_p_is_corrected_for_the_number_of_columns() -> None:
    """The smallest p of four is multiplied by 4 (Holm)."""
    alone, among = drift(column("far", FAR)), drift(column("far", FAR), *[column("same", SAME)] * 3)
    assert among.columns[0].p_holm == pytest.approx(4 * alone.columns[0].p_holm)


def test_missing_and_unseen_values_are_shares_of_the_rows() -> None:
    counts = np.array([90, 0, 0, 10]), np.array([20, 10, 0, 20])
    of_column = BinnedRows("x", "numeric", ("a", "b", "c", "(missing)"), *counts, counts, 1, 10)
    (measured,) = drift(of_column).columns
    assert (measured.trained_missing, measured.new_missing, measured.new_unseen) == (0.1, 0.4, 0.2)
    assert measured.bins == (("a", 90, 20), ("b", 0, 10), ("(missing)", 10, 20))


@pytest.mark.parametrize(("rows", "is_few"), [(FEW_ROWS - 1, True), (FEW_ROWS, False)])
def test_no_shift_in_a_few_rows_says_little(rows: int, is_few: bool) -> None:
    counts = np.array([FEW_ROWS, 0]), np.array([rows, 0])
    of_column = BinnedRows("x", "numeric", ("a", "(missing)"), *counts, counts, 1, 0)
    assert ("only large shifts are found" in drift(of_column).in_words("new.csv")) == is_few


def test_without_columns_there_are_no_rows_to_compare() -> None:
    assert drift().new_rows == 0
    assert "no rows" in drift().in_words("new.csv")


def test_the_sentence_names_what_has_shifted(messages: Messages) -> None:
    same, far = column("height", SAME), column("age", FAR)
    prediction = column("y", FAR, PREDICTION)
    for columns in (
        (same, column("y", SAME, PREDICTION)),
        (same, far),
        (far, column("soil", FAR)),
        (same, prediction),
        (far, same, prediction),
    ):
        messages.check(drift(*columns).in_words("new.csv"))
