from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fnnctl.errors import DataError
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from fnnctl.store.trained_rows import RowCounts, StoredRows
from fnnctl.store.weights import to_npz

DIGESTS = np.array([3, 70, 2**64 - 1], np.uint64)


def counts(trained: list[list[int]], used: list[int]) -> RowCounts:
    return RowCounts(np.array(trained, np.int64), np.array(used, np.int64))


ROWS = StoredRows(
    b"0123456789abcdef",
    {"numeric": ["a"], "target": "ä"},
    DIGESTS,
    counts([[0, 1, 5], [2, 0, 4]], [2, 1, 2**31 - 1]),
    counts([[0, 0, 5], [0, 0, 1]], [0, 0, 5]),
)


def assert_equal(counts: RowCounts | None, expected: RowCounts | None) -> None:
    assert counts is not None
    assert expected is not None
    np.testing.assert_array_equal(counts.trained, expected.trained)
    np.testing.assert_array_equal(counts.used, expected.used)


def test_what_is_written_is_read_back(start_run: Callable[[str], OpenRun]) -> None:
    run = start_run("a")
    assert run.read_trained_rows() is None
    run.write_trained_rows(ROWS)
    rows = run.read_trained_rows()
    assert rows is not None
    assert (rows.salt, rows.columns) == (ROWS.salt, ROWS.columns)
    np.testing.assert_array_equal(rows.digests, DIGESTS)
    assert_equal(rows.counts, ROWS.counts)
    assert_equal(rows.former, ROWS.former)
    assert names.TRAINED_ROWS in run.files()
    run.write_trained_rows(StoredRows(b"s", {}, DIGESTS[:0], counts([[], []], [])))
    rows = run.read_trained_rows()
    assert rows is not None
    assert (rows.former, rows.digests.size, rows.counts.trained.shape) == (None, 0, (2, 0))


def test_a_row_takes_little_more_than_its_digest() -> None:
    """8 bytes, and a bit for each member and for all of them together."""
    ones = np.ones((8, 100_000), np.int64)
    rows = StoredRows(b"s", {}, np.arange(100_000, dtype=np.uint64), RowCounts(ones, ones[0]))
    assert len(to_npz(rows.arrays())) < 100_000 * (8 + 9 / 8) + 2000


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("digests", DIGESTS[::-1]),
        ("digests", np.zeros(3)),
        ("used", np.zeros((1, 1, 2), np.uint8)),
        ("used", np.zeros((32, 1, 1), np.uint8)),
        ("trained", np.zeros((1, 1, 1))),
        ("columns", np.frombuffer(b"[]", np.uint8)),
        ("columns", np.frombuffer(b"{", np.uint8)),
        ("former_trained", None),
        ("salt", None),
    ],
)
def test_a_damaged_file_is_refused(name: str, array: np.ndarray | None) -> None:
    arrays = {key: value for key, value in {**ROWS.arrays(), name: array}.items() if value is not None}
    with pytest.raises(DataError, match=r"rows\.npz: is damaged"):
        StoredRows.of_arrays(arrays, Path("rows.npz"))
