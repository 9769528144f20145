"""New rows are read block by block, with the columns and kinds of the training data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data import stored_arrays
from fnnctl.data.new_rows import kept_columns, open_new_arrays, open_new_rows, output_names
from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature, Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.row_encoder import NewRows
from fnnctl.data.tables import csv_file, records
from fnnctl.data.tables.open_table import CsvFormat
from fnnctl.errors import DataError
from tests.messages import Messages


def test_columns_are_kept_once_in_the_wanted_order(messages: Messages) -> None:
    problems = Problems("new.csv")
    assert kept_columns(("c", "a", "c"), ("a", "b", "c"), problems) == ("c", "a")
    assert kept_columns(None, ("a", "b"), problems) == ("a", "b")
    assert kept_columns((), ("a", "b"), problems) == ()
    assert not problems
    assert kept_columns(("nmae", "id", "\x1b"), ("id", "name"), problems, line=1) == ("id",)
    messages.check(problems.error())


def test_names_that_are_taken_get_a_prefix() -> None:
    kept = ("row", "id", "input_prediction", "prediction")
    names = ["input_row", "id", "input_prediction", "input_input_prediction"]
    assert output_names(kept, ("row", "prediction")) == dict(zip(kept, names, strict=True))


WORDS = st.sampled_from(["a", "b", "input_a", "input_b", "input_input_a"])


@given(st.lists(WORDS, unique=True), st.lists(WORDS, unique=True))
def test_every_column_has_a_name_of_its_own(kept: list[str], others: list[str]) -> None:
    names = output_names(kept, others)
    assert list(names) == kept
    assert len({*names.values(), *others}) == len(kept) + len(others)
    assert all(names[name] == name for name in kept if name not in others)


PREPROCESSOR = Preprocessor(
    (NumberFeature("u", 0.0, 0.0, 1.0, False), NumberFeature("v", 7.0, 1.0, 2.0, True)),
    (CategoryFeatures("c", ("1", "2"), False),),
)
FORM = CsvFormat(None, "utf-8", frozenset({"", "NA"}), "--encoding")
Read = Callable[..., tuple[tuple[str, ...], list[NewRows]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write the text to `new.csv`, and return the names of unused columns, and the blocks."""

    def read_text(text: str, *, labelled: bool = False, form: CsvFormat = FORM) -> Any:
        (tmp_path / "new.csv").write_text(text)
        settings: Any = {"targets": ("y",), "labelled": labelled, "delimiter_setting": "--delimiter"}
        with open_new_rows(tmp_path / "new.csv", form, PREPROCESSOR, **settings) as file:
            return file.unused, list(file.blocks)

    return read_text


def transformed(blocks: Sequence[NewRows]) -> list[list[float]]:
    out = [np.empty((len(block), len(PREPROCESSOR.features))) for block in blocks]
    for block, features in zip(blocks, out, strict=True):
        PREPROCESSOR.transform(block, np.arange(len(block)), features)
    return [row for features in out for row in features.tolist()]


def test_columns_are_found_by_name_and_kept_to_their_kind(read: Read) -> None:
    """`c` holds numbers but is read as categories; 01 and 1 are different texts."""
    table = "c,id,v,y,u\n 1 ,x,3, b ,0.5\n01,x,NA,NA,-2\n,x, 5 ,a,NA\n2,x,1,b,1\n"
    unused, (block,) = read(table)
    assert (unused, block.labels) == (("id",), ())
    # u, v, v missing, c=1, c=2
    rows = [[0.5, 1, 0, 1, 0], [-2, 3, 1, 0, 0], [0, 2, 0, 0, 0], [1, 0, 0, 0, 1]]
    assert transformed([block]) == rows
    _, (block,) = read(table, labelled=True)
    (labels,) = block.labels
    assert (labels.texts, labels.codes.tolist()) == (("b", "a"), [0, -1, 1, 0])
    assert labels.lines == [2, 4]


def test_blocks_follow_one_another(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "SMALL_BYTES", 0)
    monkeypatch.setattr(csv_file, "CHUNK_BYTES", 2000)
    _, blocks = read("u,v,c\n" + "".join(f"{k},1,{k % 5}\n" for k in range(1000)))
    assert len(blocks) > 2
    assert [block.first for block in blocks] == [0, *np.cumsum([len(block) for block in blocks])[:-1]]
    rows = transformed(blocks)
    assert [row[0] for row in rows] == [*range(1000)]
    assert [row[3:] for row in rows] == 200 * [[0, 0], [1, 0], [0, 1], [0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("text", "labelled"),
    [
        ("u,w\n1,2\n", False),
        ("u,V,c\n1,2,1\n", False),
        ("u;v;c|\n1\n", False),
        ("u,v,c,c\n1,1,1,1\n", False),
        ("u,v,c\n1,a,1\n2,b,1\n", False),
        ("u,v,c\n1,1,1\n2,b\n", False),
        ("u,v,c,Y\n1,2,1,a\n", True),
    ],
)
def test_wrong_files(read: Read, messages: Messages, text: str, labelled: bool) -> None:
    with pytest.raises(DataError) as error:
        read(text, labelled=labelled, form=CsvFormat(",", "utf-8", frozenset({""})))
    messages.check(error.value)


def test_a_fault_is_raised_when_its_block_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MIN_BLOCK_ROWS", 2)
    monkeypatch.setattr(records, "BLOCK_VALUES", 1)
    path = tmp_path / "new.csv"
    path.write_text("u,v,c\n1,1,1\n2,1,1\n3,x,1\n")
    with open_new_rows(
        path, FORM, PREPROCESSOR, targets=("y",), labelled=False, delimiter_setting=""
    ) as file:
        assert len(next(file.blocks)) == 2
        with pytest.raises(DataError, match=r"new\.csv:4: column 'v': 'x' is not a number"):
            next(file.blocks)


X = np.array([[1.0, 10.0, 5.0], [2.0, np.nan, 6.0], [3.0, 30.0, 7.0]])
NAMES = np.array(["u", "id", "v"])


def knowing(*names: str) -> Preprocessor:
    return Preprocessor(tuple(NumberFeature(name, 0.0, 0.0, 1.0, False) for name in names), ())


@pytest.mark.parametrize("step", [1, 2, 3])
def test_columns_by_name_and_labels_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    np.savez(tmp_path / "a.npz", X=X, y=["b", "a", "b"], feature_names=NAMES)
    monkeypatch.setattr(stored_arrays, "BLOCK_BYTES", step * X[0].nbytes)
    file = open_new_arrays(tmp_path / "a.npz", knowing("v", "u"), labelled=True)
    blocks = list(file.blocks)
    assert (file.unused, [block.first for block in blocks]) == (("id",), list(range(0, 3, step)))
    np.testing.assert_array_equal(np.concatenate([block.numeric for block in blocks]), X[:, [2, 0]])
    labels = [labels.texts[code] for block in blocks for labels in block.labels for code in labels.codes]
    assert labels == ["b", "a", "b"]


def test_an_array_alone_has_no_labels(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    file = open_new_arrays(tmp_path / "X.npy", knowing("x0", "x1", "x2"), labelled=False)
    (block,) = file.blocks
    assert (file.unused, block.labels) == ((), ())
    np.testing.assert_array_equal(block.numeric, X)


@pytest.mark.parametrize(
    ("arrays", "preprocessor", "labelled"),
    [
        ({"X": X}, knowing("x0", "x3"), False),
        ({"X": X}, knowing(*"abcdef"), False),
        ({"X": X, "columns": NAMES}, knowing("u", "V"), False),
        ({"X": X, "columns": NAMES}, knowing(*"abcdefu"), False),
        ({"X": X}, Preprocessor((), (CategoryFeatures("sex", ("f", "m"), False),)), False),
        ({"X": X[:, 0]}, knowing("x0"), False),
        ({"X": X}, knowing("x0"), True),
        ({"X": X, "y": [1, 2]}, knowing("x0"), True),
    ],
)
def test_wrong_arrays_are_named(
    tmp_path: Path, messages: Messages, arrays: dict[str, Any], preprocessor: Preprocessor, labelled: bool
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError) as error:
        open_new_arrays(tmp_path / "a.npz", preprocessor, labelled=labelled)
    messages.check(error.value)
