from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from fnnctl.errors import DataError
from fnnctl.report.sections import Notes
from fnnctl.report.summary import summarize
from fnnctl.report.topics import examples
from fnnctl.report.topics.examples import TOPIC, WorstExample, worst_examples
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from tests.report.topics.said import tables

CLASSES = ("row", "label", "prediction", "p_a", "p_b")


def test_the_most_confident_errors_come_first(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    lines = [
        (3, "a", "a", 0.99, 0.01),
        (4, "a", "b", 0.4, 0.6),
        (8, "b", "a", 0.9, 0.1),
        (6, "b", "a", 0.9, 0.1),
    ]
    run.write_table(names.PREDICTIONS, CLASSES, lines)
    found = worst_examples(summarize(run))
    assert found is not None
    assert found.rows == (
        WorstExample(6, "b", "a", 0.9, None),
        WorstExample(8, "b", "a", 0.9, None),
        WorstExample(4, "a", "b", 0.6, None),
    )
    assert found.file == run.path / names.PREDICTIONS


def test_each_row_is_shown_once_with_its_worst_repeat(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    lines = [(1, 1, 5, "a", "b", 0.4, 0.6), (2, 1, 5, "a", "b", 0.1, 0.9), (3, 1, 5, "a", "a", 0.9, 0.1)]
    run.write_table(names.PREDICTIONS, ("repeat", "fold", *CLASSES), lines)
    found = worst_examples(summarize(run))
    assert found is not None
    assert found.rows == (WorstExample(5, "a", "b", 0.9, None),)


def test_the_largest_residuals_of_a_regression(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.write_table(
        names.PREDICTIONS, ("row", "target", "prediction"), [(0, 1.0, 1.5), (1, 2.0, 0.0), (2, 3.0, 3.0)]
    )
    found = worst_examples(summarize(run))
    assert found is not None
    assert [(each.row, each.residual) for each in found.rows] == [(1, 2.0), (0, -0.5)]


def test_few_candidates_in_memory_give_the_same_examples(
    start_run: Callable[..., OpenRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, draw = start_run(), random.Random(3)
    lines = [(draw.randrange(60), "a", "b", 0.0, draw.randrange(1, 50) / 50) for _ in range(500)]
    run.write_table(names.PREDICTIONS, CLASSES, lines)
    expected = worst_examples(summarize(run), 7)
    monkeypatch.setattr(examples, "KEPT_AT_ONCE", 3)
    assert worst_examples(summarize(run), 7) == expected
    best = {row: max(p for other, _, _, _, p in lines if other == row) for row, *_ in lines}
    assert expected is not None
    assert [each.row for each in expected.rows] == sorted(best, key=lambda row: (-best[row], row))[:7]


@pytest.mark.parametrize(
    ("columns", "line", "message"),
    [
        (("row", "label"), (0, "a"), "no column 'prediction'"),
        (CLASSES, (0, "a", "c", 0.5, 0.5), "no column 'p_c'"),
        (CLASSES, (0, "a", "b", 0.5, "nan"), "'nan' is not a finite number"),
        (CLASSES, ("x", "a", "b", 0.5, 0.5), "is damaged"),
    ],
)
def test_a_damaged_file_is_reported(
    start_run: Callable[..., OpenRun], columns: tuple[str, ...], line: tuple[object, ...], message: str
) -> None:
    run = start_run()
    run.write_table(names.PREDICTIONS, columns, [line])
    with pytest.raises(DataError, match=message):
        worst_examples(summarize(run))
    (section,) = TOPIC.details(summarize(run))
    assert isinstance(section, Notes)
    assert section.rows[0].startswith("They are not shown: ")
    assert message in section.rows[0]


def test_a_run_without_predictions_has_no_examples(start_run: Callable[..., OpenRun]) -> None:
    assert worst_examples(summarize(start_run())) is None


def test_examples_say_where_their_rows_are(finished_run: Callable[..., OpenRun]) -> None:
    (table,) = tables(TOPIC, summarize(finished_run()))
    assert table.title == "Most confidently wrong; row numbers as in predictions.csv, from 0"
    assert table.rows == (("7", "setosa", "versicolor", "0.5000"),)


def test_residuals_have_a_table_of_their_own(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.write_table(names.PREDICTIONS, ("row", "target", "prediction"), [(0, 100.0, 50.0)])
    (table,) = tables(TOPIC, summarize(run))
    assert table.rows == (("0", "100.00", "50.000", "50.000"),)
