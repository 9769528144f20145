"""Several targets and labels, as they are read: who has which, and what is dropped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.schema.data import ColumnsConfig, DataConfig
from fnnctl.config.schema.target import LabelsTarget
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.dataset import Dataset
from fnnctl.data.in_memory import memory_data
from fnnctl.data.labels import LabelWords, NewWords
from fnnctl.data.loading import load_dataset
from fnnctl.errors import DataError

Load = Callable[..., Dataset]

TABLE = "a,red,blue,words\n1,0,true,x|y\n2,1,FALSE,\n3,1.0,, y \n4,,NA,x||\n"
WORDS = LabelsTarget(labels="words", separator="|")


def _codes(dataset: Dataset) -> dict[str, list[int]]:
    return {target.name: target.codes.tolist() for target in dataset.targets}


def test_a_row_may_lack_some_targets_and_one_without_any_is_dropped_and_counted(load: Load) -> None:
    dataset = load("a,p,q\n1,5,u\n2,,v\n3,6,\n4,,\n5,NA,?\n", target=("p", "q"))
    assert _codes(dataset) == {"p": [0, -1, 1], "q": [0, 1, -1]}
    assert [target.texts for target in dataset.targets] == [("5", "6"), ("u", "v")]
    assert dataset.file_rows.tolist() == [0, 1, 2]
    assert dataset.numeric_names == ("a",)
    (warning,) = dataset.warnings
    assert "left out 2 rows" in str(warning)
    assert "any of the targets 'p' and 'q'" in str(warning)


def test_columns_of_zeros_and_ones_are_labels_in_any_spelling(load: Load) -> None:
    dataset = load(TABLE, target=LabelsTarget(labels=("blue", "red")), columns=_ignored("words"))
    assert _codes(dataset) == {"blue": [1, 0, -1], "red": [0, 1, 1]}
    assert {target.texts for target in dataset.targets} == {("0", "1")}
    assert dataset.file_rows.tolist() == [0, 1, 2]


def test_each_word_is_a_label_and_a_row_without_words_has_none(load: Load) -> None:
    dataset = load(TABLE, target=WORDS, columns=_ignored("red", "blue"))
    assert _codes(dataset) == {"x": [1, 0, 0, 1], "y": [1, 0, 1, 0]}
    assert (dataset.numeric_names, dataset.categorical_names) == (("a",), ())
    assert [target.lines for target in dataset.targets] == [[4, 2], [5, 2]]


def test_a_separator_that_separates_nothing_is_said(load: Load) -> None:
    (warning,) = load("a,words\n1,x|y\n2,y\n", target=LabelsTarget(labels="words", separator=";")).warnings
    assert warning.kind == "one_word_per_row"
    assert "is data.target.separator ';' right?" in str(warning)


def test_words_of_a_test_file_alone_are_left_out_with_a_warning(load: Load, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("a,words\n7,x|new\n8,\n", encoding="utf-8")
    dataset = load("a,words\n1,x|y\n2,y\n", target=WORDS, test_source="test.csv")
    assert _codes(dataset) == {"x": [1, 0, 1, 0], "y": [1, 1, 0, 0]}
    assert [message.kind for message in dataset.warnings] == ["unknown_labels"]
    assert "'new'" in str(dataset.warnings[0])


def test_a_data_frame_in_memory_may_have_two_targets() -> None:
    columns = {"a": [1.0, 2.0, 3.0], "p": [0.5, None, 2.5], "q": ["u", "v", None]}
    config = DataConfig(source="memory", target=("p", "q"))
    dataset = load_dataset(config, Path(), memory=memory_data(columns))
    assert _codes(dataset) == {"p": [0, -1, 1], "q": [0, 1, -1]}
    np.testing.assert_array_equal(dataset.numeric, [[1.0], [2.0], [3.0]])


@pytest.mark.parametrize(
    ("table", "target", "message"),
    [
        ("a,p,q\n1,0,2\n2,1,1\n", LabelsTarget(labels=("p", "q")), "the label 'q' must be 0 or 1"),
        ("a,p,q\n1,0,yes\n2,1,1\n", LabelsTarget(labels=("p", "q")), "not 'yes'"),
        ("a,words\n1,\n2,|\n", WORDS, "has no word in any row"),
        ("a,words\n1,a\n2,b\n", WORDS, "the label 'a' of the column 'words' has the name of another column"),
    ],
)
def test_what_cannot_be_a_label_is_refused(
    load: Load, table: str, target: LabelsTarget, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load(table, target=target)


def test_more_words_than_labels_are_refused(load: Load) -> None:
    rows = "".join(f"{number},w{number}\n" for number in range(1001))
    with pytest.raises(DataError, match="1,001 different words"):
        load(f"a,words\n{rows}", target=WORDS)


def _ignored(*names: str) -> ColumnsConfig:
    return ColumnsConfig(ignore=names)


def test_new_rows_have_the_labels_of_their_words(tmp_path: Path) -> None:
    """In the order of the network's labels; other words are left out, and a missing cell has none."""
    words = NewWords(LabelWords("words", "|"), ("y", "x"))
    cells = CodedTexts(np.array([0, 1, -1, 0]), ("x| new", "y|x"), [2, 3])
    y, x = words.labels(cells)
    assert (y.texts, y.codes.tolist()) == (("0", "1"), [0, 1, 0, 0])
    assert x.codes.tolist() == [1, 1, 0, 1]
    assert [label.codes.tolist() for label in words.labels(CodedTexts(np.array([-1]), (), []))] == [[0], [0]]
    (warning,) = words.warnings("new.csv")
    assert (warning.kind, "'new'" in str(warning)) == ("unknown_labels", True)
    assert NewWords(LabelWords("words", "|"), ("x",)).warnings("new.csv") == []
