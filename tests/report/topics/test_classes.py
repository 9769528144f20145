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
from tests.messages import Messages
from tests.report.topics.said import shown, tables

Measure = Callable[..., Summary]


def of_class(f1: float | None) -> dict[str, Any]:
    return {"precision": 0.5, "recall": 0.25, "f1": f1, "roc_auc": None, "support": 10}


@pytest.mark.parametrize(("is_narrow", "most", "worst"), [(False, 50, 20), (True, 12, 10)])
def test_of_many_classes_the_worst_are_shown(
    measured: Measure, is_narrow: bool, most: int, worst: int
) -> None:
    """All are shown in their order if they are not too many; no row of class c3 is found."""

    def shown_classes(count: int) -> tuple[str, list[str]]:
        of_classes = {f"c{k}": of_class(None if k == 3 else k / 100) for k in reversed(range(count))}
        table = tables(measured({"per_class": of_classes}), all_classes)[0]
        form = table.narrow if is_narrow else table
        assert form is not None
        return form.title, [row[0] for row in form.rows]

    title = "Classes on the test part"
    assert shown_classes(most) == (title, [f"c{k}" for k in reversed(range(most))])
    assert shown_classes(most + 1) == (
        f"{title}: the {worst} lowest F1 of {most + 1}; metrics.json has all",
        [f"c{k}" for k in range(worst + 1) if k != 3],
    )


def test_the_lowest_f1_come_first_and_perfect_or_unknown_ones_never(measured: Measure) -> None:
    classes = {"good": 1.0, "fair": 0.9, "poor": 0.2, "absent": None, "bad": 0.5, "tied": 0.5}
    groups = worst_groups(
        measured({"per_class": {name: of_class(f1) for name, f1 in classes.items()}}), "test", 3
    )
    assert [group.name for group in groups] == ["poor", "bad", "tied"]
    metrics = (("F1", 0.2), ("precision", 0.5), ("recall", 0.25), ("ROC AUC", None), ("rows", 10))
    assert groups[0] == WorstGroup("poor", metrics)


def test_confused_classes_are_those_of_the_matrix(summary: Summary) -> None:
    """The matrix, [[0, 1], [2, 3]], is of the test part."""
    setosa, versicolor = worst_groups(summary, "test", 3)
    assert setosa.predicted_as == versicolor.predicted_for == ConfusedPair("setosa", "versicolor", 1, 1.0)
    assert setosa.predicted_for == versicolor.predicted_as == ConfusedPair("versicolor", "setosa", 2, 0.4)
    assert worst_groups(summary, "train", 3)[0].predicted_as is None


def test_a_regression_has_no_groups(measured: Measure) -> None:
    assert worst_groups(measured({"r2": 0.5}, data={"task": "regression"}), "test", 3) == []


def with_counts(summary: Summary, counts: IntArray) -> Summary:
    return replace(summary, confusion=(tuple(f"c{k}" for k in range(len(counts))), counts))


def matrix_or_pairs(summary: Summary) -> Table:
    return tables(summary, all_classes)[-1]


@pytest.mark.parametrize(("classes", "title"), [(12, "Confusion matrix"), (13, "Confused classes")])
def test_a_large_matrix_is_left_to_its_figure(summary: Summary, classes: int, title: str) -> None:
    table = matrix_or_pairs(with_counts(summary, np.ones((classes, classes), int)))
    assert table.title.startswith(f"{title} on the test part")


def test_pairs_by_hand(summary: Summary, messages: Messages) -> None:
    """Of equal counts, those of the first true class come first."""
    counts = 5 * np.eye(13, dtype=int)
    counts[7, 2], counts[1, 0], counts[0, 12] = 1234, 3, 3
    messages.check(shown([matrix_or_pairs(with_counts(summary, counts))]))


def test_the_largest_counts_are_shown(summary: Summary) -> None:
    counts = np.random.default_rng(0).integers(0, 9, (30, 30))
    table = matrix_or_pairs(with_counts(summary, counts))
    beside = counts[~np.eye(30, dtype=bool)]
    assert [int(row[2]) for row in table.rows] == sorted(beside.tolist(), reverse=True)[:MAX_PAIRS]
    for true, predicted, rows, share in table.rows:
        row = counts[int(true[1:])]
        assert row[int(predicted[1:])] == int(rows)
        assert share == f"{100 * int(rows) / row.sum():.1f}%"
    assert table.title == (
        f"Confused classes on the test part: the 10 most frequent pairs of {np.count_nonzero(beside)}; "
        "all are in confusion_matrix.csv and confusion_matrix.png"
    )


def test_only_files_that_exist_are_named(summary: Summary) -> None:
    many = with_counts(summary, np.ones((13, 13), int))
    for files, end in (((), "of 156"), (("best/confusion_matrix.csv",), "in best/confusion_matrix.csv")):
        assert matrix_or_pairs(replace(many, matrix_files=files)).title.endswith(end)


def test_without_confused_rows_there_is_nothing_to_show(summary: Summary) -> None:
    unconfused = np.diag([3, 2, 1])
    assert confused_pairs(("a", "b", "c"), unconfused, 5) == ([], 0)
    for changed in (with_counts(summary, np.eye(13, dtype=int)), replace(summary, confusion=None)):
        assert matrix_or_pairs(changed).title == "Classes on the test part"


def test_a_class_as_the_true_one_and_as_the_predicted_one() -> None:
    classes, counts = ("a", "b", "c"), np.array([[5, 3, 0], [1, 8, 1], [0, 0, 4]])
    pairs = (ConfusedPair("b", "a", 1, 0.1), ConfusedPair("a", "b", 3, 3 / 8))
    assert most_confused(classes, counts, "b") == pairs
    assert most_confused(classes, counts, "c") == (None, ConfusedPair("b", "c", 1, 0.1))
    assert most_confused(classes, counts, "unknown") == (None, None)


def test_what_goes_wrong_in_a_finished_run(summary: Summary, messages: Messages) -> None:
    messages.check(shown([*worst_classes(summary), *first_pairs(summary)]))
    messages.check(shown(all_classes(summary)))


def test_without_a_confusion_matrix_there_are_no_columns_for_it(summary: Summary, messages: Messages) -> None:
    (table,) = tables(replace(summary, confusion=None), worst_classes, first_pairs)
    messages.check(shown([table]))


def test_a_cross_validation_counts_every_repeat(summary: Summary) -> None:
    folds = CrossValidationFacts(folds=5, repeats=3, stratify=True)
    repeated = replace(summary, manifest=summary.manifest.model_copy(update={"cross_validation": folds}))
    pairs = matrix_or_pairs(with_counts(repeated, np.ones((13, 13), int)))
    assert pairs.title.startswith("Confused classes out of fold, 3 repeats: the 10 most")
    worst, pairs = tables(repeated, worst_classes, first_pairs)
    assert worst.title.endswith("in parentheses, rows of 3 repeats")
    assert pairs.header[2] == "rows of 3 repeats"


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
    matrix = matrix_or_pairs(summarize(finished_run(classes=classes)))
    assert matrix.header == ("true \\ predicted", "#1", "#2", "#3")
    assert [row[0] for row in matrix.rows] == [f"#1  {'a' * 30}", f"#2  {'b' * 30}", f"#3  {'c' * 30}"]
