from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from fnnctl.errors import DataError
from fnnctl.metrics.feature_importance import ColumnImportance, Estimate, FeatureImportances
from fnnctl.report.blocks import Notes
from fnnctl.report.stored_importances import write_importances
from fnnctl.report.summary import summarize
from fnnctl.report.topics import examples
from fnnctl.report.topics.examples import WorstExample, worst_examples, worst_rows
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
    (section,) = worst_rows(summarize(run))
    assert isinstance(section, Notes)
    assert section.rows[0].startswith("They are not shown: ")
    assert message in section.rows[0]


def test_a_run_without_predictions_has_no_examples(start_run: Callable[..., OpenRun]) -> None:
    assert worst_examples(summarize(start_run())) is None


def test_examples_say_where_their_rows_are(finished_run: Callable[..., OpenRun]) -> None:
    (table,) = tables(summarize(finished_run()), worst_rows)
    assert table.title == "Most confidently wrong; row numbers as in predictions.csv, from 0"
    assert table.rows == (("7", "setosa", "versicolor", "0.5000"),)


def test_residuals_have_a_table_of_their_own(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.write_table(names.PREDICTIONS, ("row", "target", "prediction"), [(0, 100.0, 50.0)])
    (table,) = tables(summarize(run), worst_rows)
    assert table.rows == (("0", "100.00", "50.000", "50.000"),)


def write_worst(run: OpenRun, columns: dict[str, str]) -> None:
    """One example, whose row has these values in the columns."""
    run.write_table(names.PREDICTIONS, CLASSES, [(8, "b", "a", 0.9, 0.1)])
    run.write_table(names.WORST_ROWS, ("row", *columns), [(7, *["?"] * len(columns)), (8, *columns.values())])


def test_the_values_of_the_row_stand_beside_it(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    write_worst(run, {"age": "22", "fare": "0.30000001192", "zip": "01234.5", "name": "x" * 50, "deck": ""})
    (table,) = tables(summarize(run), worst_rows)
    assert table.header == (
        "row",
        "true",
        "predicted",
        "its probability",
        "age",
        "fare",
        "zip",
        "name",
        "deck",
    )
    assert table.rows == (("8", "b", "a", "0.9000", "22", "0.3000", "01234.5", "x" * 29 + "…", "–"),)
    assert table.texts == (1, 2, 7)
    assert table.notes == ()


def test_many_columns_do_not_flood_the_page(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    write_worst(run, {f"pixel{index}": str(index) for index in range(64)})
    (table,) = tables(summarize(run), worst_rows)
    assert table.header[4:] == tuple(f"pixel{index}" for index in range(6))
    assert table.notes == ("58 more columns of the data: see worst_rows.csv",)
    assert table.narrow is not None
    assert table.narrow.header[4:] == ("pixel0", "pixel1", "pixel2", "pixel3")
    assert table.narrow.notes == ("60 more columns of the data: see worst_rows.csv",)


def test_wide_columns_are_left_out_on_a_terminal(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.write_table(names.PREDICTIONS, CLASSES, [(8, "b" * 90, "a", 0.9, 0.1)])
    run.write_table(names.WORST_ROWS, ("row", "x"), [(8, 1)])
    (table,) = tables(summarize(run), worst_rows)
    assert table.narrow is not None
    assert table.narrow.header == table.header[:4]
    assert table.narrow.notes == ("1 more column of the data: see worst_rows.csv",)


def test_the_most_important_columns_come_first(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    write_worst(run, {name: name for name in "abcdefgh"})
    estimate: dict[str, Estimate | None] = {"log_loss": Estimate(0.1, 0.0, None)}
    columns = tuple(ColumnImportance(name, estimate, None) for name in "gc")
    write_importances(run, FeatureImportances("test", 1, 1, columns))
    (table,) = tables(summarize(run), worst_rows)
    assert table.header[4:] == ("g", "c", "a", "b", "d", "e")
    assert table.rows[0][4:] == ("g", "c", "a", "b", "d", "e")


def test_damaged_values_are_reported(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    write_worst(run, {"a": "1"})
    (run.path / names.WORST_ROWS).write_text("row,a\nx,1\n")
    with pytest.raises(DataError, match=names.WORST_ROWS):
        worst_examples(summarize(run))
