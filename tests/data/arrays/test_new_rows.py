"""Arrays of new rows: columns by name, labels if they are requested, and error messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.data.arrays import stored_array
from fnnctl.data.arrays.new_rows import open_new_arrays
from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature, Preprocessor
from fnnctl.errors import DataError

X = np.array([[1.0, 10.0, 5.0], [2.0, np.nan, 6.0], [3.0, 30.0, 7.0]])
NAMES = np.array(["u", "id", "v"])


def knowing(*names: str) -> Preprocessor:
    return Preprocessor(tuple(NumberFeature(name, 0.0, 0.0, 1.0, False) for name in names), ())


@pytest.mark.parametrize("step", [1, 2, 3])
def test_columns_by_name_and_labels_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    np.savez(tmp_path / "a.npz", X=X, y=["b", "a", "b"], feature_names=NAMES)
    monkeypatch.setattr(stored_array, "BLOCK_BYTES", step * X[0].nbytes)
    file = open_new_arrays(tmp_path / "a.npz", knowing("v", "u"), labelled=True)
    assert file.unused == ("id",)
    blocks = list(file.blocks)
    assert [block.first for block in blocks] == list(range(0, 3, step))
    np.testing.assert_array_equal(np.concatenate([block.numeric for block in blocks]), X[:, [2, 0]])
    labels = [block.labels.texts[code] for block in blocks if block.labels for code in block.labels.codes]
    assert labels == ["b", "a", "b"]


@pytest.mark.parametrize("source", ["a.npz", "folder", "X.npy"])
def test_labels_may_be_missing_where_none_are_wanted(tmp_path: Path, source: str) -> None:
    (tmp_path / "folder").mkdir()
    np.savez(tmp_path / "a.npz", X=X)
    np.save(tmp_path / "folder" / "X.npy", X)
    np.save(tmp_path / "X.npy", X)
    file = open_new_arrays(tmp_path / source, knowing("x0", "x1", "x2"), labelled=False)
    (block,) = file.blocks
    assert file.unused == ()
    assert block.labels is None
    np.testing.assert_array_equal(block.numeric, X)


KNOWING_SEX = Preprocessor((), (CategoryFeatures("sex", ("f", "m"), False),))
UNNAMED = "X: has 3 columns, x0 to x2, and no feature_names, but the network needs"


@pytest.mark.parametrize(
    ("arrays", "preprocessor", "message"),
    [
        ({"X": X}, knowing("x0", "x3"), f"{UNNAMED} 'x3'"),
        ({"X": X}, knowing(*"abcdef"), f"{UNNAMED} 'a', 'b', 'c'"),
        ({"X": X, "columns": NAMES}, knowing("u", "V"), "X: the column 'V' is missing (did you mean 'v'?)"),
        (
            {"X": X, "columns": NAMES},
            knowing(*"abcdefu"),
            "X: 6 of the 7 columns that the network needs are missing: 'a', 'b', 'c', 'd', 'e', 'f'",
        ),
        ({"X": X}, KNOWING_SEX, "X: the network needs categorical columns ('sex'), which only a CSV file"),
        ({"X": X[:, 0]}, knowing("x0"), "X: has the shape (3,), but one row per example is needed"),
    ],
)
def test_wrong_input_is_named(
    tmp_path: Path, arrays: dict[str, Any], preprocessor: Preprocessor, message: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError) as caught:
        open_new_arrays(tmp_path / "a.npz", preprocessor, labelled=False)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{tmp_path}/a.npz: {message}")


def test_labels_must_be_there_one_a_row(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=X)
    np.savez(tmp_path / "b.npz", X=X, y=[1, 2])
    with pytest.raises(DataError, match=r"a\.npz: there is no array y; its arrays are 'X'"):
        open_new_arrays(tmp_path / "a.npz", knowing("x0"), labelled=True)
    with pytest.raises(DataError, match=r"b\.npz: X: has 3 rows, but y has 2 labels: one per row is needed"):
        open_new_arrays(tmp_path / "b.npz", knowing("x0"), labelled=True)
