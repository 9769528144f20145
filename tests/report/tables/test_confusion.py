from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fnnctl.arrays import IntArray
from fnnctl.report.sections import TableSection
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.tables.confusion import MOST_PAIRS, confusion_table
from fnnctl.store.manifest import CrossValidationFacts
from fnnctl.store.run import OpenRun

WORDS = ("Confusion matrix", "true \\ predicted")


@pytest.fixture
def summary(finished_run: Callable[..., OpenRun]) -> Summary:
    return summarize(finished_run())


def with_counts(summary: Summary, counts: IntArray) -> Summary:
    return replace(summary, confusion=(tuple(f"c{k}" for k in range(len(counts))), counts))


def table(summary: Summary) -> TableSection:
    found = confusion_table(summary, WORDS)
    assert found is not None
    return found


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
    assert [int(row[2]) for row in found.rows] == sorted(beside.tolist(), reverse=True)[:MOST_PAIRS]
    for true, predicted, rows, share in found.rows:
        of_class = counts[int(true[1:])]
        assert of_class[int(predicted[1:])] == int(rows)
        assert share == f"{100 * int(rows) / of_class.sum():.1f}%"
    assert found.title == (
        f"Confused classes on the test part: the 10 most frequent pairs of {np.count_nonzero(beside)}; "
        "all are in confusion_matrix.png and confusion_matrix.csv"
    )


def test_only_files_that_exist_are_named(summary: Summary) -> None:
    counts = np.ones((13, 13), int)
    for files, end in (((), "of 156"), (("best/confusion_matrix.csv",), "in best/confusion_matrix.csv")):
        assert table(replace(with_counts(summary, counts), matrix_files=files)).title.endswith(end)


def test_without_confused_rows_there_is_nothing_to_show(summary: Summary) -> None:
    assert confusion_table(with_counts(summary, np.eye(13, dtype=int)), WORDS) is None
    assert confusion_table(replace(summary, confusion=None), WORDS) is None


def test_a_cross_validation_counts_every_repeat(summary: Summary) -> None:
    folds = CrossValidationFacts(folds=5, repeats=3, stratify=True)
    manifest = summary.manifest.model_copy(update={"cross_validation": folds})
    found = table(replace(with_counts(summary, np.ones((13, 13), int)), manifest=manifest))
    assert found.title.startswith("Confused classes out of fold, 3 repeats: the 10 most")
