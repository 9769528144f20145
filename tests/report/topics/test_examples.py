from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fnnctl.errors import DataError
from fnnctl.metrics.feature_importance import ColumnImportance, Estimate, FeatureImportances
from fnnctl.report.blocks import Notes
from fnnctl.report.stored_importances import write_importances
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics import examples
from fnnctl.report.topics.examples import WorstExample, worst_examples, worst_rows
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from tests.messages import Messages
from tests.report.topics.said import shown, tables

CLASSES = ("row", "label", "prediction", "p_a", "p_b")
FOLDS = ("repeat", "fold", *CLASSES)
NUMBERS = ("row", "target", "prediction")


@pytest.fixture
def predicted(start_run: Callable[..., OpenRun]) -> Callable[..., Summary]:
    """The summary of a run with these predictions, and these values of its worst rows."""

    def predict(
        columns: Sequence[str], lines: Sequence[Sequence[object]], worst: dict[str, str] | None = None
    ) -> Summary:
        run = start_run()
        run.write_table(names.PREDICTIONS, columns, lines)
        if worst:
            rows = [(7, *["?"] * len(worst)), (8, *worst.values())]
            run.write_table(names.WORST_ROWS, ("row", *worst), rows)
        return summarize(run)

    return predict


Predict = Callable[..., Summary]
WRONG = [(8, "b", "a", 0.9, 0.1)]


def worst(summary: Summary, count: int = 3) -> list[Any]:
    found = worst_examples(summary, count)
    assert found is not None
    assert found.file == summary.path / names.PREDICTIONS
    return [*found.rows]


def test_the_most_confident_errors_come_first(predicted: Predict) -> None:
    lines = [(3, "a", "a", 0.99, 0.01), (4, "a", "b", 0.4, 0.6), *WRONG, (6, "b", "a", 0.9, 0.1)]
    assert worst(predicted(CLASSES, lines)) == [
        WorstExample(6, "b", "a", 0.9, None),
        WorstExample(8, "b", "a", 0.9, None),
        WorstExample(4, "a", "b", 0.6, None),
    ]


def test_each_row_is_shown_once_with_its_worst_repeat(predicted: Predict) -> None:
    lines = [(1, 1, 5, "a", "b", 0.4, 0.6), (2, 1, 5, "a", "b", 0.1, 0.9), (3, 1, 5, "a", "a", 0.9, 0.1)]
    assert worst(predicted(FOLDS, lines)) == [WorstExample(5, "a", "b", 0.9, None)]


def test_the_largest_residuals_of_a_regression(predicted: Predict, messages: Messages) -> None:
    summary = predicted(NUMBERS, [(0, 1.0, 1.5), (1, 200.0, 0.0), (2, 3.0, 3.0)])
    assert [(example.row, example.residual) for example in worst(summary)] == [(1, 200.0), (0, -0.5)]
    messages.check(shown(worst_rows(summary)))


def test_few_candidates_in_memory_give_the_same_examples(
    predicted: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(3)
    lines = [(draw.randrange(60), "a", "b", 0.0, draw.randrange(1, 50) / 50) for _ in range(500)]
    summary = predicted(CLASSES, lines)
    expected = worst(summary, 7)
    monkeypatch.setattr(examples, "KEPT_AT_ONCE", 3)
    assert worst(summary, 7) == expected
    best = {row: max(p for number, _, _, _, p in lines if number == row) for row, *_ in lines}
    assert [example.row for example in expected] == sorted(best, key=lambda row: (-best[row], row))[:7]


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
    predicted: Predict, columns: tuple[str, ...], line: tuple[object, ...], message: str
) -> None:
    summary = predicted(columns, [line])
    with pytest.raises(DataError, match=message) as caught:
        worst_examples(summary)
    (section,) = worst_rows(summary)
    assert section == Notes(section.title, (f"They are not shown: {caught.value}.",))


def test_damaged_values_are_reported(predicted: Predict) -> None:
    summary = predicted(CLASSES, WRONG, {"a": "1"})
    (summary.path / names.WORST_ROWS).write_text("row,a\nx,1\n")
    with pytest.raises(DataError, match=names.WORST_ROWS):
        worst_examples(summary)


def test_a_run_without_predictions_has_no_examples(start_run: Callable[..., OpenRun]) -> None:
    assert worst_examples(summarize(start_run())) is None


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="only what was predicted"),
        pytest.param(
            {"age": "22", "fare": "0.30000001192", "zip": "01234.5", "name": "x" * 50, "deck": ""},
            id="numbers and texts",
        ),
        pytest.param({f"pixel{index}": str(index) for index in range(64)}, id="many columns"),
    ],
)
def test_the_values_of_the_row_stand_beside_it(
    predicted: Predict, messages: Messages, values: dict[str, str]
) -> None:
    messages.check(shown(worst_rows(predicted(CLASSES, WRONG, values))))


def test_wide_columns_are_left_out_on_a_terminal(predicted: Predict) -> None:
    (table,) = tables(predicted(CLASSES, [(8, "b" * 90, "a", 0.9, 0.1)], {"x": "1"}), worst_rows)
    assert table.narrow is not None
    assert table.narrow.header == table.header[:4]
    assert table.narrow.notes == ("1 more column of the data: see worst_rows.csv",)


def test_the_most_important_columns_come_first(predicted: Predict) -> None:
    summary = predicted(CLASSES, WRONG, {name: name for name in "abcdefgh"})
    estimate: dict[str, Estimate | None] = {"log_loss": Estimate(0.1, 0.0, None)}
    columns = tuple(ColumnImportance(name, estimate, None) for name in "gc")
    run = RunFolder(summary.path)
    write_importances(run, FeatureImportances("test", 1, 1, columns))
    (table,) = tables(summarize(run), worst_rows)
    assert table.header[4:] == table.rows[0][4:] == ("g", "c", "a", "b", "d", "e")
