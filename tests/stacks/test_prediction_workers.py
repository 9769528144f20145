"""Rows are predicted by several workers, with the lines, notes and errors of one process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.errors import DataError, Problem
from fnnctl.executors import processes, work
from fnnctl.executors.protocols import Executor
from fnnctl.executors.work import run_queue
from fnnctl.modelling.input_file import InputFile, as_notes
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.stacks import prediction_workers as module
from fnnctl.stacks.prediction_workers import PredictedLines, predicted_lines
from fnnctl.store.folder import RunFolder
from tests.program import only_run
from tests.waiting import await_true


@pytest.fixture
def model(trained: Path) -> SavedModel:
    return load_model(RunFolder(only_run(trained)), lambda text: None)


def write(path: Path, trained: Path, rows: int, faulty: dict[int, str] | None = None) -> Path:
    """The penguins repeated, with another value in the column `bill_length_mm` of some rows."""
    header, *lines = (trained / "penguins.csv").read_text().splitlines()
    repeated = (lines * (rows // len(lines) + 1))[:rows]
    column = header.split(",").index("bill_length_mm")
    for row, value in (faulty or {}).items():
        values = repeated[row].split(",")
        values[column] = value
        repeated[row] = ",".join(values)
    path.write_text("\n".join([header, *repeated]) + "\n")
    return path


def lines(path: Path, model: SavedModel, workers: int) -> Iterator[str]:
    file = InputFile.find(str(path), model, setting="DATA", delimiter=None, encoding=None)
    form = PredictedLines(model.predictor, file.name, None, None)
    with file.open(model, pytest.fail, warn=as_notes(pytest.fail), keep=("island",)) as rows:
        yield from predicted_lines(form, rows.blocks, workers=workers, warn=as_notes(pytest.fail))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers start after the first block, and get items of few rows."""
    monkeypatch.setattr("fnnctl.data.tables.csv_file.SMALL_BYTES", 0)
    monkeypatch.setattr("fnnctl.data.tables.csv_file.CHUNK_BYTES", 2000)
    monkeypatch.setattr(module, "WORTH_VALUES", 1)
    monkeypatch.setattr(processes, "can_fork", lambda: True)  # whatever threads the tests have
    monkeypatch.setattr(module, "ITEM_ROWS", 100)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("workers", [2, 4])
def test_lines_do_not_depend_on_the_workers(
    model: SavedModel, trained: Path, tmp_path: Path, workers: int
) -> None:
    path = write(tmp_path / "new.csv", trained, 3000)
    expected = "".join(lines(path, model, 1)).splitlines()
    assert [line.split(",")[0] for line in expected] == [*map(str, range(3000))]
    assert "".join(lines(path, model, workers)).splitlines() == expected


@pytest.mark.usefixtures("small_parts")
def test_a_value_that_cannot_be_read_is_the_same_error(
    model: SavedModel, trained: Path, tmp_path: Path
) -> None:
    path = write(tmp_path / "new.csv", trained, 3000, {2500: "tall", 2900: "wide"})
    written = []
    for workers in (1, 3):
        texts: list[str] = []
        with pytest.raises(DataError, match=r"new\.csv:2502: column 'bill_length_mm': 'tall'"):
            texts.extend(lines(path, model, workers))
        written.append("".join(texts))
    assert written[0] == written[1]
    assert 2300 < written[0].count("\n") <= 2500


@pytest.mark.usefixtures("small_parts")
def test_errors_in_workers_come_in_the_order_of_the_rows(
    model: SavedModel, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, fast, is_refused = 2000, 2300, tmp_path / "refused"

    def refuse(scores: FloatArray, rows: IntArray, file: str) -> None:
        if slow in rows:
            await_true(is_refused.exists)
        for row in (slow, fast):
            if row in rows:
                is_refused.touch()
                raise DataError(Problem(f"row {row}", file=file))

    monkeypatch.setattr("fnnctl.modelling.scored_rows.refuse_overflow", refuse)
    path = write(tmp_path / "new.csv", trained, 3000)
    with pytest.raises(DataError, match=f"row {slow}"):
        "".join(lines(path, model, 3))


@pytest.mark.usefixtures("small_parts")
def test_an_error_in_a_worker_comes_before_that_of_a_later_row(
    model: SavedModel, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(scores: FloatArray, rows: IntArray, file: str) -> None:
        if 2500 in rows:
            raise DataError(Problem("its scores overflow", file=file))

    monkeypatch.setattr("fnnctl.modelling.scored_rows.refuse_overflow", refuse)
    path = write(tmp_path / "new.csv", trained, 3000, {2900: "wide"})
    with pytest.raises(DataError, match="its scores overflow"):
        "".join(lines(path, model, 2))


@pytest.mark.parametrize(("worth", "starts"), [(2**40, False), (1, True)])
def test_workers_start_for_many_rows_only(
    model: SavedModel,
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    worth: int,
    starts: bool,
) -> None:
    monkeypatch.setattr("fnnctl.data.tables.csv_file.SMALL_BYTES", 0)
    monkeypatch.setattr("fnnctl.data.tables.csv_file.CHUNK_BYTES", 2000)
    monkeypatch.setattr(module, "WORTH_VALUES", worth)
    monkeypatch.setattr(processes, "can_fork", lambda: True)
    started = list[int]()

    def counted(executor: Executor, *arguments: Any) -> Any:
        started.append(executor.workers)
        return run_queue(executor, *arguments)

    monkeypatch.setattr(work, "run_queue", counted)
    path = write(tmp_path / "new.csv", trained, 3000)
    assert "".join(lines(path, model, 2)).count("\n") == 3000
    assert started == [2] * starts
