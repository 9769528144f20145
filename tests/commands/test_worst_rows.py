"""Every run that predicts held-out rows keeps the values of the worst ones, as they are in its data."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from fnnctl.report.summary import summarize
from fnnctl.report.topics.examples import worst_examples
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from tests.program import Program

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = """\
recipe: classic
data: {source: own.csv, target: y, columns: {ignore: [id]}}
model: {hidden: [4]}
training: {epochs: 3}
evaluation: {cross_validation: {folds: 3, repeats: 2}}
search:
  method: random
  trials: 2
  ensemble: {size: 2}
  space: {training.l2: {log_uniform: [1e-5, 1e-1]}}
"""
COLUMNS = ("x", "colour", "day", "n")


def cells(rows: int, seed: int, *, regression: bool) -> list[dict[str, str]]:
    """Rows whose values are written as they are shown; every tenth has no label."""
    draw = np.random.default_rng(seed)
    table = []
    for row in range(rows):
        x = draw.normal()
        label = f"{x + draw.normal():.4f}" if regression else ("yes" if x + draw.normal() > 0 else "no")
        table.append(
            {
                "id": f"r{row}",
                "x": f"{x:.3f}1" if draw.random() > 0.1 else "",
                "y": "" if row % 10 == 9 else label,
                "colour": str(draw.choice(["red", "<b>", "a,b"])),
                "day": f"20{draw.integers(10, 30)}-0{draw.integers(1, 10)}-1{draw.integers(0, 10)}",
                "n": str(draw.integers(1, 5000)),
            }
        )
    return table


def write(path: Path, table: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)


@pytest.fixture(params=[False, True], ids=["classes", "numbers"])
def regression(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def assert_kept(folder: Path, table: list[dict[str, str]]) -> None:
    """The file's rows are those that the report shows, in its order, with the values of the data."""
    run = RunFolder(folder)
    worst, examples = run.read_table(names.WORST_ROWS), worst_examples(summarize(run))
    assert worst is not None
    assert examples is not None
    assert {*worst.columns} == {"row", *COLUMNS}
    assert [int(row) for row in worst.column(0)] == [example.row for example in examples.rows]
    assert len(worst.rows) == 10
    for row in worst.rows:
        values = dict(zip(worst.columns, row, strict=True))
        expected = table[int(values["row"])]
        assert {name: values[name] for name in COLUMNS} == {name: expected[name] for name in COLUMNS}
    assert all(cell for example in examples.rows for cell in examples.cells[example.row][1:])


TRAIN = ("train", "own.yaml")
COMMANDS: dict[str, tuple[list[tuple[str, ...]], list[str], str]] = {
    "a training": ([TRAIN], ["."], "own.csv"),
    "a training with a test file": ([(*TRAIN, "--set", "data.test_source=new.csv")], ["."], "new.csv"),
    "a cross-validation": ([("evaluate", "own.yaml")], ["."], "own.csv"),
    "a search": ([("search", "own.yaml")], [names.BEST, names.ENSEMBLE], "own.csv"),
    "an evaluation of new rows": ([TRAIN, ("evaluate", "latest", "--data", "new.csv")], ["."], "new.csv"),
}
"""Commands, the folders in the last one's run that have the rows, and the table that these are from."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_run_keeps_the_worst_rows(program: Program, tmp_path: Path, regression: bool, name: str) -> None:
    tables = {
        "own.csv": cells(300, 0, regression=regression),
        "new.csv": cells(200, 1, regression=regression),
    }
    for file, table in tables.items():
        write(tmp_path / file, table)
    (tmp_path / "own.yaml").write_text(CONFIG)
    commands, folders, source = COMMANDS[name]
    *_, run = [Path(program(*words, "--json").json["run"]) for words in commands]
    for folder in folders:
        assert_kept(run / folder, tables[source])


def test_a_page_is_drawn_from_the_run_alone(program: Program, tmp_path: Path, regression: bool) -> None:
    table = cells(300, 0, regression=regression)
    write(tmp_path / "own.csv", table)
    (tmp_path / "own.yaml").write_text(CONFIG)
    run = Path(program("train", "own.yaml", "--json").json["run"])
    (tmp_path / "own.csv").unlink()
    program("report", str(run), "--output", "report.html")
    examples = worst_examples(summarize(RunFolder(run)))
    assert examples is not None
    page = (tmp_path / "report.html").read_text()
    assert f">{table[examples.rows[0].row]['day']}<" in page
    assert "<td><b></td>" not in page
