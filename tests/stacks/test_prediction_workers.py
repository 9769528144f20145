"""Rows are predicted by several workers, with the lines, notes and errors of one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.errors import DataError, Problem
from fnnctl.executors import processes, work
from fnnctl.executors.protocols import Executor
from fnnctl.executors.work import run_queue
from fnnctl.modelling.explanations.background import background_of_model
from fnnctl.modelling.explanations.contributions import Explainer, Explanation
from fnnctl.modelling.input_file import InputFile, as_notes
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.stacks import prediction_workers as module
from fnnctl.stacks.prediction_workers import PredictedLines, predicted_lines
from fnnctl.store.folder import RunFolder
from tests.program import only_run
from tests.waiting import await_true

ROWS = 3000
Write = Callable[[dict[int, str]], Path]


@pytest.fixture
def model(trained: Path) -> SavedModel:
    return load_model(RunFolder(only_run(trained)), lambda text: None)


@pytest.fixture
def write(trained: Path, tmp_path: Path) -> Write:
    """Write the penguins repeatedly, with other values in the column `bill_length_mm` of some rows."""
    header, *lines = (trained / "penguins.csv").read_text().splitlines()
    column = header.split(",").index("bill_length_mm")

    def write_file(faulty: dict[int, str]) -> Path:
        rows = [line.split(",") for line in (lines * (ROWS // len(lines) + 1))[:ROWS]]
        for row, value in faulty.items():
            rows[row][column] = value
        (tmp_path / "new.csv").write_text("\n".join([header, *map(",".join, rows)]) + "\n")
        return tmp_path / "new.csv"

    return write_file


def lines(
    path: Path, model: SavedModel, workers: int, explanation: Explanation | None = None
) -> Iterator[str]:
    file = InputFile.find(str(path), model, setting="DATA", delimiter=None, encoding=None)
    form = PredictedLines(model.predictor, file.name, None, None, explanation)
    with file.open(model, pytest.fail, warn=as_notes(pytest.fail), keep=("island",)) as rows:
        yield from predicted_lines(form, rows.blocks, workers=workers, warn=as_notes(pytest.fail))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers start after the first block, and get items of few rows."""
    monkeypatch.setattr("fnnctl.data.tables.csv_file.SMALL_BYTES", 0)
    monkeypatch.setattr("fnnctl.data.tables.csv_file.CHUNK_BYTES", 2000)
    monkeypatch.setattr(module, "WORTH_VALUES", 1)
    monkeypatch.setattr(processes, "can_fork", lambda: True)  # whatever threads the tests have
    monkeypatch.setattr(module, "ITEM_ROWS", 100)


@pytest.mark.parametrize("workers", [2, 4])
def test_lines_do_not_depend_on_the_workers(model: SavedModel, write: Write, workers: int) -> None:
    path = write({})
    expected = "".join(lines(path, model, 1)).splitlines()
    assert [line.split(",")[0] for line in expected] == [*map(str, range(ROWS))]
    assert "".join(lines(path, model, workers)).splitlines() == expected


def test_contributions_do_not_depend_on_the_workers(
    model: SavedModel, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    background = background_of_model(model, instead="")
    explanation = Explanation(Explainer.of(model.predictor, background, 7), 2)
    path = tmp_path / "few.csv"
    path.write_text("".join((trained / "penguins.csv").read_text().splitlines(keepends=True)[:60]))
    expected = [*lines(path, model, 1, explanation)]
    assert [text.count("\n") for text in expected] == [16, 16, 16, 11]  # they appear early
    assert "".join(lines(path, model, 3, explanation)) == "".join(expected)


def test_a_value_that_cannot_be_read_is_the_same_error(model: SavedModel, write: Write) -> None:
    path, written = write({2500: "tall", 2900: "wide"}), []
    for workers in (1, 3):
        texts: list[str] = []
        with pytest.raises(DataError, match=r"new\.csv:2502: column 'bill_length_mm': 'tall'"):
            texts.extend(lines(path, model, workers))
        written.append("".join(texts))
    assert written[0] == written[1]
    assert 2300 < written[0].count("\n") <= 2500


@pytest.mark.parametrize(
    ("refused", "faulty"), [((2000, 2300), {}), ((2000,), {2900: "wide"})], ids=["workers", "reader"]
)
def test_errors_come_in_the_order_of_the_rows(
    model: SavedModel,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: tuple[int, ...],
    faulty: dict[int, str],
) -> None:
    """A worker with a later row is the first to fail, or values of later rows cannot be read."""
    is_refused = tmp_path / "refused"

    def refuse(scores: FloatArray, rows: IntArray, file: str) -> None:
        if 2000 in rows and len(refused) > 1:
            await_true(is_refused.exists)
        for row in refused:
            if row in rows:
                is_refused.touch()
                raise DataError(Problem(f"row {row}", file=file))

    monkeypatch.setattr("fnnctl.modelling.scored_rows.refuse_overflow", refuse)
    with pytest.raises(DataError, match="row 2000"):
        "".join(lines(write(faulty), model, 3))


@pytest.mark.parametrize(("worth", "started"), [(2**40, []), (1, [2])])
def test_workers_start_for_many_rows_only(
    model: SavedModel, write: Write, monkeypatch: pytest.MonkeyPatch, worth: int, started: list[int]
) -> None:
    monkeypatch.setattr(module, "WORTH_VALUES", worth)
    used = list[int]()

    def counted(executor: Executor, *arguments: Any) -> Any:
        used.append(executor.workers)
        return run_queue(executor, *arguments)

    monkeypatch.setattr(work, "run_queue", counted)
    assert "".join(lines(write({}), model, 2)).count("\n") == ROWS
    assert used == started
