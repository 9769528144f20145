from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import IntArray
from fnnctl.report.blocks import Table
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.classes import (
    MAX_PAIRS,
    ConfusedPair,
    WorstGroup,
    all_classes,
    confused_pairs,
    first_pairs,
    most_confused,
    worst_classes,
    worst_groups,
)
from fnnctl.store.manifest import CrossValidationFacts
from fnnctl.store.run import OpenRun
from tests.report.topics.said import tables


@pytest.mark.parametrize(("is_narrow", "most", "worst"), [(False, 50, 20), (True, 12, 10)])
def test_of_many_classes_the_worst_are_shown(
    start_run: Callable[..., OpenRun], is_narrow: bool, most: int, worst: int
) -> None:
    for count in (most, most + 1):
        run = start_run()
        of_classes: dict[str, dict[str, float | None]] = {
            f"c{k}": {"f1": k / 100, "support": 1} for k in reversed(range(count))
        }
        of_classes["c3"] = {"f1": None, "support": 0}  # no row of this class is found
        run.write_metrics({"train": None, "validation": None, "test": {"per_class": of_classes}})
        found = tables(summarize(run), all_classes)
        (classes,) = (table for table in found if table.title.startswith("Classes on the test part"))
        if is_narrow:
            assert classes.narrow is not None
            classes = classes.narrow
        shown = [row[0] for row in classes.rows]
        if count == most:
            assert shown == list(of_classes)
        else:
            assert classes.title.endswith(f": the {worst} lowest F1 of {count}; metrics.json has all")
            assert shown == [f"c{k}" for k in range(worst + 1) if k != 3]


def of_class(f1: float | None) -> dict[str, Any]:
    return {"precision": 0.5, "recall": 0.25, "f1": f1, "roc_auc": None, "support": 10}


def test_the_lowest_f1_come_first_and_perfect_or_unknown_ones_never(
    start_run: Callable[..., OpenRun],
) -> None:
    run = start_run()
    classes = {"good": 1.0, "fair": 0.9, "poor": 0.2, "absent": None, "bad": 0.5, "tied": 0.5}
    per_class = {name: of_class(f1) for name, f1 in classes.items()}
    run.write_metrics({"train": None, "validation": None, "test": {"per_class": per_class}})
    found = worst_groups(summarize(run), "test", 3)
    assert [group.name for group in found] == ["poor", "bad", "tied"]
    assert found[0].metrics == (
        ("F1", 0.2),
        ("precision", 0.5),
        ("recall", 0.25),
        ("ROC AUC", None),
        ("rows", 10),
    )
    assert found[0].predicted_as is None


def test_confused_classes_are_those_of_the_matrix(finished_run: Callable[..., OpenRun]) -> None:
    summary = summarize(finished_run())  # its matrix is [[0, 1], [2, 3]]
    setosa, versicolor = worst_groups(summary, "test", 3)
    assert (setosa.predicted_as, setosa.predicted_for) == (versicolor.predicted_for, versicolor.predicted_as)
    assert setosa.predicted_as is not None
    assert (setosa.predicted_as.predicted, setosa.predicted_as.rows) == ("versicolor", 1)
    assert worst_groups(summary, "train", 3)[0].predicted_as is None  # the matrix is of the test part


def test_a_regression_has_no_groups(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.record({"data": {**run.read_manifest().model_dump()["data"], "task": "regression"}})
    run.write_metrics({"train": None, "validation": None, "test": {"r2": 0.5}})
    assert worst_groups(summarize(run), "test", 3) == []


@pytest.fixture
def summary(finished_run: Callable[..., OpenRun]) -> Summary:
    return summarize(finished_run())


def with_counts(summary: Summary, counts: IntArray) -> Summary:
    return replace(summary, confusion=(tuple(f"c{k}" for k in range(len(counts))), counts))


def table(summary: Summary) -> Table:
    """The matrix or the most confused pairs."""
    return tables(summary, all_classes)[-1]


@pytest.mark.parametrize(("classes", "title"), [(12, "Confusion matrix"), (13, "Confused classes")])
def test_a_large_matrix_is_left_to_its_figure(summary: Summary, classes: int, title: str) -> None:
    found = table(with_counts(summary, np.ones((classes, classes), int)))
    assert found.title.startswith(f"{title} on the test part")


def test_pairs_by_hand(summary: Summary) -> None:
    """Of equal counts, those of the first true class come first."""
    counts = 5 * np.eye(13, dtype=int)
    counts[7, 2], counts[1, 0], counts[0, 12] = 1234, 3, 3
    found = table(with_counts(summary, counts))
    assert found.title == "Confused classes on the test part"
    assert (found.header, found.texts) == (("true", "predicted", "rows", "share of true"), (0, 1))
    assert found.rows == (
        ("c7", "c2", "1,234", "99.6%"),
        ("c0", "c12", "3", "37.5%"),
        ("c1", "c0", "3", "37.5%"),
    )


def test_the_largest_counts_are_shown(summary: Summary) -> None:
    counts = np.random.default_rng(0).integers(0, 9, (30, 30))
    found = table(with_counts(summary, counts))
    beside = counts[~np.eye(30, dtype=bool)]
    assert [int(row[2]) for row in found.rows] == sorted(beside.tolist(), reverse=True)[:MAX_PAIRS]
    for true, predicted, rows, share in found.rows:
        of_class = counts[int(true[1:])]
        assert of_class[int(predicted[1:])] == int(rows)
        assert share == f"{100 * int(rows) / of_class.sum():.1f}%"
    assert found.title == (
        f"Confused classes on the test part: the 10 most frequent pairs of {np.count_nonzero(beside)}; "
        "all are in confusion_matrix.csv and confusion_matrix.png"
    )


def test_only_files_that_exist_are_named(summary: Summary) -> None:
    counts = np.ones((13, 13), int)
    for files, end in (((), "of 156"), (("best/confusion_matrix.csv",), "in best/confusion_matrix.csv")):
        assert table(replace(with_counts(summary, counts), matrix_files=files)).title.endswith(end)


def test_without_confused_rows_there_is_nothing_to_show(summary: Summary) -> None:
    for unconfused in (with_counts(summary, np.eye(13, dtype=int)), replace(summary, confusion=None)):
        assert table(unconfused).title == "Classes on the test part"


def test_a_cross_validation_counts_every_repeat(summary: Summary) -> None:
    folds = CrossValidationFacts(folds=5, repeats=3, stratify=True)
    manifest = summary.manifest.model_copy(update={"cross_validation": folds})
    found = table(replace(with_counts(summary, np.ones((13, 13), int)), manifest=manifest))
    assert found.title.startswith("Confused classes out of fold, 3 repeats: the 10 most")


CLASSES = ("a", "b", "c")
COUNTS = np.array([[5, 3, 0], [1, 8, 1], [0, 0, 4]])


def test_the_most_frequent_pairs_come_first_and_all_are_counted() -> None:
    found, count = confused_pairs(CLASSES, COUNTS, 2)
    assert found == [ConfusedPair("a", "b", 3, 3 / 8), ConfusedPair("b", "a", 1, 0.1)]
    assert count == 3


def test_a_class_as_the_true_one_and_as_the_predicted_one() -> None:
    assert most_confused(CLASSES, COUNTS, "b") == (
        ConfusedPair("b", "a", 1, 0.1),
        ConfusedPair("a", "b", 3, 3 / 8),
    )
    assert most_confused(CLASSES, COUNTS, "c") == (None, ConfusedPair("b", "c", 1, 0.1))
    assert most_confused(CLASSES, COUNTS, "unknown") == (None, None)


def test_nothing_is_confused() -> None:
    assert confused_pairs(CLASSES, np.diag([3, 2, 1]), 5) == ([], 0)


def test_without_a_confusion_matrix_there_are_no_columns_for_it(summary: Summary) -> None:
    (worst,) = tables(replace(summary, confusion=None), worst_classes, first_pairs)
    rows = tuple((name, "0.3333", "0.5000", "0.2500", "–", "10") for name in ("setosa", "versicolor"))
    assert (worst.title, worst.rows) == ("The lowest F1", rows)
    assert worst.header == ("class", "F1", "precision", "recall", "ROC AUC", "rows")
    assert worst.short is not None
    assert worst.short.header == ("lowest F1", "F1", "precision", "recall", "rows")


def test_confused_classes_are_named_with_their_rows(summary: Summary) -> None:
    worst, pairs = tables(summary, worst_classes, first_pairs)
    assert worst.rows[0] == (
        "setosa", "0.3333", "0.5000", "0.2500", "–", "10", "versicolor (1)", "versicolor (2)"
    )  # fmt: skip
    assert worst.short is not None
    assert worst.short.rows[0][-1] == "40% of versicolor taken for it"
    assert pairs.rows[0] == ("versicolor", "setosa", "2", "40.0%")
    folds = CrossValidationFacts(folds=5, repeats=5, stratify=True)
    manifest = summary.manifest.model_copy(update={"cross_validation": folds})
    worst, pairs = tables(replace(summary, manifest=manifest), worst_classes, first_pairs)
    assert pairs.header[2] == "rows of 5 repeats"
    assert worst.title.endswith("in parentheses, rows of 5 repeats")


def test_the_more_frequent_direction_of_an_error_is_named() -> None:
    group = WorstGroup("a", (("F1", 0.5),))
    more, fewer = ConfusedPair("a", "b", 5, 0.5), ConfusedPair("c", "a", 2, 0.1)
    for missed, added, words in (
        (more, fewer, "50% taken for b"),
        (fewer, more, "50% of a taken for it"),
        (None, fewer, "10% of c taken for it"),
        (None, None, "–"),
        (ConfusedPair("a", "b", 1, 0.001), None, "<1% taken for b"),
    ):
        assert replace(group, predicted_as=missed, predicted_for=added).most_frequent_error == words


def test_long_names_of_classes_are_numbered(finished_run: Callable[..., OpenRun]) -> None:
    classes = ("a" * 30, "b" * 30, "c" * 30)
    matrix = table(summarize(finished_run(classes=classes)))
    assert matrix.header == ("true \\ predicted", "#1", "#2", "#3")
    assert [row[0] for row in matrix.rows] == [f"#1  {'a' * 30}", f"#2  {'b' * 30}", f"#3  {'c' * 30}"]


def test_the_classes_and_the_matrix_of_a_finished_run(summary: Summary) -> None:
    *_, classes, matrix = tables(summary, all_classes)
    assert classes.title == "Classes on the test part"
    assert classes.rows[0] == ("setosa", "0.5000", "0.2500", "0.3333", "–", "10")
    assert matrix.title == "Confusion matrix on the test part"
    assert matrix.rows == (("setosa", "0", "1"), ("versicolor", "2", "3"))
