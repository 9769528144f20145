"""X block by block: the chosen columns, and the location of an infinite number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.data import stored_arrays
from fnnctl.data.feature_array import FeatureArray
from fnnctl.data.stored_arrays import find_arrays
from fnnctl.errors import DataError

X = np.arange(24.0).reshape(8, 3)


@pytest.fixture
def features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureArray:
    """X with the names a, b, c, to be read two rows at a time."""
    np.savez(tmp_path / "a.npz", X=X, feature_names=np.array(["a", "b", "c"]))
    monkeypatch.setattr(stored_arrays, "BLOCK_BYTES", 2 * 3 * 8)
    return FeatureArray.of(find_arrays(tmp_path / "a.npz", labelled=False))


def test_blocks_of_the_named_columns(features: FeatureArray) -> None:
    assert (features.names, features.named, features.rows) == (("a", "b", "c"), True, 8)
    for names, columns in ((("a", "b", "c"), [0, 1, 2]), (("c", "a"), [2, 0])):
        blocks = list(features.blocks(names))
        assert [len(block) for block in blocks] == [2, 2, 2, 2]
        np.testing.assert_array_equal(np.concatenate(blocks), X[:, columns])


def test_an_infinite_number_is_found_in_its_row_and_column_of_x(tmp_path: Path) -> None:
    wrong = np.where(X[5, 1] == X, np.inf, X)
    np.savez(tmp_path / "a.npz", X=wrong)
    features = FeatureArray.of(find_arrays(tmp_path / "a.npz", labelled=False))
    assert (features.names, features.named) == (("x0", "x1", "x2"), False)
    with pytest.raises(DataError, match=r"X: X\[5, 1\] is inf: a number must be finite"):
        list(features.blocks(["x2", "x1"]))
    np.testing.assert_array_equal(np.concatenate(list(features.blocks(["x2"]))), wrong[:, [2]])
