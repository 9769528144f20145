from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from fnnctl.config.schema.data import DataConfig
from fnnctl.data.loading import load_dataset
from fnnctl.errors import DataError, Problem
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


def fault(values: list[str]) -> str | None:
    classes, counts = np.unique(values, return_counts=True)
    return target_problem("y", classes.tolist(), counts)


def test_a_target_without_distinct_classes_is_refused() -> None:
    one_class = fault(["p", "p"]) or ""
    assert one_class.startswith("the target 'y' has only one class, 'p': there is nothing to distinguish")
    assert "data.missing_values" in one_class
    assert "a different value in every row" in (fault([f"n{i}" for i in range(21)]) or "")


def test_classes_are_in_natural_order() -> None:
    assert natural_order(["class 10", "class 2"]) == ("class 2", "class 10")
    assert natural_order(["-1", "-2", "0.5", "1e1", "2"]) == ("-2", "-1", "0.5", "2", "1e1")
    assert natural_order(["1", "10", "2", "none"]) == ("1", "2", "10", "none")


def test_labels_are_numbers_of_the_classes_in_natural_order() -> None:
    values = np.array(["c10", "c2", "c1", "c2"] * 3)
    encoded = encode(dataset_of(np.zeros((12, 1)), values))
    assert encoded.classes == ("c1", "c2", "c10")
    assert [encoded.classes[label] for label in encoded.labels] == values.tolist()


def test_a_run_keeps_the_order_that_it_has_recorded() -> None:
    values = np.array(["c10", "c2", "c1", "c2"] * 3)
    dataset = dataset_of(np.zeros((12, 1)), values)
    encoded = encode(dataset, ["c1", "c10", "c2"])
    assert encoded.classes == ("c1", "c10", "c2")
    assert [encoded.classes[label] for label in encoded.labels] == values.tolist()
    for other in ([], ["c1", "c2"], ["c1", "c2", "c3"]):
        assert encode(dataset, other).classes == ("c1", "c2", "c10")


def test_one_number_written_in_two_ways_is_a_warning() -> None:
    words = ["the target 'y' has classes '1' and '1.0', which are the same number"]
    assert sentences(same_number_twice("y", ["1.0", "2", "1"])) == words
    assert sentences(same_number_twice("y", ["1.0", "a", "1"])) == words
    assert sentences(same_number_twice("y", ["1", "10", "a"])) == []


def encoded(folder: Path, table: str, test: str | None = None) -> ClassLabels:
    (folder / "table.csv").write_text(table)
    (folder / "test.csv").write_text(test or "")
    test_source = None if test is None else "test.csv"
    return encode(load_dataset(DataConfig(source="table.csv", target="y", test_source=test_source), folder))


def faults(folder: Path, table: str, test: str | None = None) -> list[Problem]:
    with pytest.raises(DataError) as caught:
        encoded(folder, table, test)
    return list(caught.value.problems)


def test_classes_are_the_sorted_texts(tmp_path: Path) -> None:
    labels = encoded(tmp_path, "a,y\n1,10\n2,9\n3,01\n4,10\n", "a,y\n5,9\n")
    assert labels.classes == ("01", "9", "10")
    assert labels.labels.tolist() == [2, 1, 0, 2, 1]
    assert sentences(labels.warnings) == []


def test_a_table_that_cannot_be_learned_from(tmp_path: Path) -> None:
    (problem,) = faults(tmp_path, "a,y\n1,p\n2,p\n")
    assert "the target 'y' has only one class, 'p'" in problem.message
    assert problem.file == str(tmp_path / "table.csv")


def test_the_rows_of_a_test_file_do_not_make_a_second_class(tmp_path: Path) -> None:
    (problem,) = faults(tmp_path, "a,y\n1,p\n2,p\n", "a,y\n1,q\n")
    assert "has only one class, 'p'" in problem.message


def test_one_number_written_in_two_ways_among_the_labels_is_a_warning(tmp_path: Path) -> None:
    assert "which are the same number" in sentences(encoded(tmp_path, "a,y\n1,1\n2,1.0\n3,2\n").warnings)[0]


def test_a_label_that_training_never_shows_is_reported(tmp_path: Path) -> None:
    table = "a,colour,y\n1,red,p\n,blue,q\n3,,p\n"
    problems = faults(tmp_path, table, "a,colour,y\n7,red,q\n8,red,r\n9,red,s\n8,red,r\n")
    assert [(problem.line, problem.message) for problem in problems] == [
        (3, "the label 'r' does not occur in the training data"),
        (4, "the label 's' does not occur in the training data"),
    ]
    assert problems[0].file == str(tmp_path / "test.csv")


class TestArrays:
    X = np.array([[1.0, 10.0], [2.0, np.nan], [3.0, 30.0]])

    def faults(self, folder: Path, labels: npt.ArrayLike, test: npt.ArrayLike | None = None) -> str:
        np.savez(folder / "data.npz", X=np.resize(self.X, (len(np.atleast_1d(labels)), 2)), y=labels)
        if test is not None:
            np.savez(folder / "test.npz", X=self.X, y=test)
        config = DataConfig(source="data.npz", test_source=None if test is None else "test.npz")
        with pytest.raises(DataError) as caught:
            encode(load_dataset(config, folder))
        (problem,) = caught.value.problems
        return str(problem)

    def test_targets_that_cannot_be_learned(self, tmp_path: Path) -> None:
        message = self.faults(tmp_path, [1, 1, 1])
        assert message.startswith(str(tmp_path / "data.npz"))
        assert "has only one class, '1'" in message

    def test_of_unknown_labels_the_first_is_reported(self, tmp_path: Path) -> None:
        message = self.faults(tmp_path, [7, 5, 7], [8, 6, 8])
        assert message == f"{tmp_path / 'test.npz'}: the label '6' does not occur in the training data"


def test_classes_that_differ_in_case_or_blanks_only() -> None:
    assert sentences(same_word_twice("y", ["New York", "NEW  YORK", "newyork", "York"])) == [
        "the target 'y' has classes 'New York', 'NEW  YORK' and 'newyork': if they are one class, write "
        "them alike"
    ]
    assert sentences(same_word_twice("y", ["a", "b"])) == []
