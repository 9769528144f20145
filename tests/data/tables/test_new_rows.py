"""New rows are read block by block, with the columns and kinds of the training data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.data.new_rows import NewRows
from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature, Preprocessor
from fnnctl.data.tables import records
from fnnctl.data.tables.new_rows import open_new_rows
from fnnctl.data.tables.rows import CsvFormat
from fnnctl.errors import DataError

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
        path = tmp_path / "new.csv"
        path.write_text(text)
        with open_new_rows(
            path, form, PREPROCESSOR, target="y", labelled=labelled, delimiter_setting="--delimiter"
        ) as file:
            return file.unused, list(file.blocks)

    return read_text


def transformed(blocks: Sequence[NewRows]) -> list[list[float]]:
    out = [np.empty((len(block), len(PREPROCESSOR.features))) for block in blocks]
    for block, features in zip(blocks, out, strict=True):
        PREPROCESSOR.transform(block, np.arange(len(block)), features)
    return [row for features in out for row in features.tolist()]


def test_columns_are_found_by_name_and_kept_to_their_kind(read: Read) -> None:
    """`c` holds numbers but is read as categories; 01 and 1 are different texts."""
    unused, (block,) = read("c,id,v,y,u\n 1 ,x,3,b,0.5\n01,x,NA,,-2\n,x, 5 ,a,NA\n")
    assert unused == ("id",)
    assert block.labels is None
    # u, v, v missing, c=1, c=2
    assert transformed([block]) == [[0.5, 1, 0, 1, 0], [-2, 3, 1, 0, 0], [0, 2, 0, 0, 0]]


def test_labels_are_read_where_they_are_wanted(read: Read) -> None:
    _, (block,) = read("u,v,c,y\n1,2,1, b \n1,2,1,NA\n1,2,1,a\n1,2,1,b\n", labelled=True)
    assert block.labels is not None
    assert block.labels.texts == ("b", "a")
    assert block.labels.codes.tolist() == [0, -1, 1, 0]
    assert block.labels.lines == [2, 4]


def test_blocks_follow_one_another(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FEWEST_BLOCK_ROWS", 2)
    monkeypatch.setattr(records, "BLOCK_VALUES", 1)
    _, blocks = read("u,v,c\n" + "".join(f"{k},1,{k}\n" for k in range(5)))
    assert [(block.first, len(block)) for block in blocks] == [(0, 2), (2, 2), (4, 1)]
    assert [row[0] for row in transformed(blocks)] == [0, 1, 2, 3, 4]
    assert [row[3:] for row in transformed(blocks)] == [[0, 0], [1, 0], [0, 1], [0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("u,w\n1,2\n", ["the column 'v' is missing", "the column 'c' is missing"]),
        ("u,V,c\n1,2,1\n", ["the column 'v' is missing (did you mean 'V'?)"]),
        (
            "u;v;c|\n1\n",
            ["the header has only one column, 'u;v;c|', but 3 are needed: is --delimiter right?"],
        ),
        ("u,v,c,c\n1,1,1,1\n", ["columns 3 and 4 have the same name 'c': rename one"]),
        ("u,v,c\n1,a,1\n2,b,1\n", ["column 'v': 'a' is not a number"]),
        ("u,v,c\n1,1,1\n2,b\n", ["the row has 2 values, but the header has 3 names"]),
    ],
)
def test_wrong_files(read: Read, text: str, messages: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        read(text, form=CsvFormat(",", "utf-8", frozenset({""})))
    assert [problem.message for problem in caught.value.problems] == messages


def test_a_missing_label_is_reported_with_a_suggestion(read: Read) -> None:
    with pytest.raises(
        DataError, match=r"new\.csv:1: the target column 'y' is missing \(did you mean 'Y'\?\)"
    ):
        read("u,v,c,Y\n1,2,1,a\n", labelled=True)


def test_a_fault_is_raised_when_its_block_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FEWEST_BLOCK_ROWS", 2)
    monkeypatch.setattr(records, "BLOCK_VALUES", 1)
    (tmp_path / "new.csv").write_text("u,v,c\n1,1,1\n2,1,1\n3,x,1\n")
    with open_new_rows(
        tmp_path / "new.csv", FORM, PREPROCESSOR, target="y", labelled=False, delimiter_setting="-d"
    ) as file:
        assert len(next(file.blocks)) == 2
        with pytest.raises(DataError, match=r"new\.csv:4: column 'v': 'x' is not a number"):
            next(file.blocks)
