from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.schema.data import DataConfig
from fnnctl.data.loading import load_dataset
from fnnctl.errors import DataError
from fnnctl.messages import sentences
from fnnctl.tasks.classification.encoding import (
    ClassLabels,
    encode,
    natural_order,
    same_number_twice,
    same_word_twice,
    target_problem,
)
from tests.memory import dataset_of
from tests.messages import Messages


def test_a_target_without_distinct_classes_is_refused(messages: Messages) -> None:
    messages.check(target_problem("y", ["p"], np.array([2])))
    messages.check(target_problem("y", [f"n{i}" for i in range(21)], np.ones(21, int)))


def test_classes_are_in_natural_order() -> None:
    assert natural_order(["class 10", "class 2"]) == ("class 2", "class 10")
    assert natural_order(["-1", "-2", "0.5", "1e1", "2"]) == ("-2", "-1", "0.5", "2", "1e1")
    assert natural_order(["1", "10", "2", "none"]) == ("1", "2", "10", "none")


def test_a_run_keeps_the_order_that_it_has_recorded() -> None:
    values = np.array(["c10", "c2", "c1", "c2"] * 3)
    dataset = dataset_of(np.zeros((12, 1)), values)
    for recorded in ([], ["c1", "c2"], ["c1", "c2", "c3"], ["c1", "c10", "c2"]):
        encoded = encode(dataset, recorded)
        assert encoded.classes == (("c1", "c10", "c2") if "c10" in recorded else ("c1", "c2", "c10"))
        assert [encoded.classes[label] for label in encoded.labels] == values.tolist()


def test_one_number_written_in_two_ways_is_a_warning(messages: Messages) -> None:
    for classes in (["1.0", "2", "1"], ["1.0", "a", "1"]):
        (warning,) = same_number_twice("y", classes)
        messages.check(warning)
    assert sentences(same_number_twice("y", ["1", "10", "a"])) == []


def encoded(folder: Path, table: str, test: str) -> ClassLabels:
    (folder / "table.csv").write_text(table)
    (folder / "test.csv").write_text(test)
    return encode(load_dataset(DataConfig(source="table.csv", target="y", test_source="test.csv"), folder))


def test_classes_are_the_sorted_texts(tmp_path: Path) -> None:
    labels = encoded(tmp_path, "a,y\n1,10\n2,9\n3,01\n4,10\n", "a,y\n5,9\n")
    assert labels.classes == ("01", "9", "10")
    assert labels.labels.tolist() == [2, 1, 0, 2, 1]
    assert sentences(labels.warnings) == []


@pytest.mark.parametrize(
    ("table", "test"),
    [
        pytest.param("a,y\n1,p\n2,p\n", "a,y\n1,q\n", id="no second class"),
        pytest.param("a,y\n7,q\n1,p\n", "a,y\n7,q\n8,r\n9,s\n8,r\n", id="new classes"),
    ],
)
def test_the_rows_of_a_test_file_make_no_classes(
    tmp_path: Path, messages: Messages, table: str, test: str
) -> None:
    with pytest.raises(DataError) as error:
        encoded(tmp_path, table, test)
    messages.check(error.value)


def test_new_classes_of_arrays_have_no_lines(tmp_path: Path, messages: Messages) -> None:
    for name, labels in (("data.npz", [7, 5, 7]), ("test.npz", [8, 6, 8])):
        np.savez(tmp_path / name, X=np.arange(6.0).reshape(3, 2), y=labels)
    with pytest.raises(DataError) as error:
        encode(load_dataset(DataConfig(source="data.npz", test_source="test.npz"), tmp_path))
    messages.check(error.value)


def test_classes_that_differ_in_case_or_blanks_only(messages: Messages) -> None:
    (warning,) = same_word_twice("y", ["New York", "NEW  YORK", "newyork", "York"])
    messages.check(warning)
    assert sentences(same_word_twice("y", ["a", "b"])) == []
