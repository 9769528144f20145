"""Classes with an order: how the target is encoded, and what the task does with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.loading import load_dataset
from fnnctl.data.splits.parts import Split
from fnnctl.errors import DataError
from fnnctl.tasks.classification.encoding import ClassLabels, encode
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.registry import encode as encode_for_task
from tests.memory import dataset_of
from tests.messages import Messages

ORDER = ("low", "medium", "high")
ORDERED = Classification("size", ORDER, is_ordered=True)


def encoded(folder: Path, texts: list[str], order: tuple[str, ...]) -> ClassLabels:
    rows = [f"{number},{text}" for number, text in enumerate(texts)]
    (folder / "table.csv").write_text("\n".join(["a,y", *rows]) + "\n")
    return encode(load_dataset(DataConfig(source="table.csv", target="y"), folder), order=order)


def experiment_with(output: str) -> Experiment:
    return Experiment.model_validate({"data": {"source": "iris"}, "model": {"output": {"name": output}}})


def test_labels_are_ranks(tmp_path: Path) -> None:
    labels = encoded(tmp_path, ["high", "low", "medium", "low"], ORDER)
    assert labels.classes == ORDER
    assert labels.labels.tolist() == [2, 0, 1, 0]


def test_an_order_comes_before_that_of_a_run() -> None:
    dataset = dataset_of(np.zeros((3, 1)), np.array(["b", "a", "c"]))
    assert encode(dataset, ("c", "b", "a"), ("b", "c", "a")).classes == ("b", "c", "a")


def test_each_class_that_the_order_lacks_has_its_line(tmp_path: Path, messages: Messages) -> None:
    with pytest.raises(DataError) as caught:
        encoded(tmp_path, ["low", "hihg", "high", "other", "hihg"], ORDER)
    for problem in caught.value.problems:
        messages.check(f"{problem.line}: {problem.text}")


def test_a_class_without_rows_is_a_warning(tmp_path: Path, messages: Messages) -> None:
    (warning,) = encoded(tmp_path, ["low", "high", "low"], ORDER).warnings
    messages.check(warning)


def test_an_order_makes_numbers_classes() -> None:
    dataset = dataset_of(np.zeros((30, 1)), np.linspace(0, 1, 30))
    order = dataset.target.texts[::-1]
    task = encode_for_task(dataset, class_order=order).task
    assert task == Classification(dataset.target.name, order, is_ordered=True)


def test_an_ordinal_output_needs_an_order(messages: Messages) -> None:
    for classes in (("bad", "fair", "good, new"), tuple(f"c{number}" for number in range(11))):
        (problem,) = Classification("size", classes).check(experiment_with("ordinal"))
        messages.check(problem)
    assert [*ORDERED.check(experiment_with("ordinal")), *ORDERED.check(experiment_with("softmax"))] == []


def test_metrics_of_ranks_need_an_order(messages: Messages) -> None:
    assert ORDERED.check_metric("rank_error") is None
    messages.check(Classification("size", ORDER).check_metric("rank_error"))


def test_another_order_is_another_task(messages: Messages) -> None:
    assert ORDERED.difference(ORDERED) is None
    messages.check(ORDERED.difference(Classification("size", ORDER[::-1], is_ordered=True)))
    assert Classification("size", ORDER) != ORDERED


def test_a_class_that_no_row_has_is_not_missed_in_a_part() -> None:
    targets = np.array([0, 2, 0, 2, 0, 2])
    split = Split(np.array([0, 1]), np.array([2, 3]), np.array([4, 5]))
    assert ORDERED.split_warnings(targets, split) == []
