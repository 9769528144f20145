from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from fnnctl.report.listing.fields import ListedRun, field_of
from fnnctl.report.listing.table import COLUMNS, LEFT_OUT, one_line_each, table_columns, to_dict
from fnnctl.store.names import PROGRESS
from tests.messages import Messages
from tests.report.listing.entries import DAMAGED, listed

RUN = listed(
    "a\x1b[31m\nb",
    metrics={"test": {"accuracy": 0.95, "accuracy_ci95": [0.9, 1.0]}},
    config={"training": {"l2": 1e-7, "optimizer": {"name": "adam"}}},
    seconds=83.2,
    seed=123456,
)


def test_the_cells_of_a_run(messages: Messages) -> None:
    """Numbers are aligned to the right, unless no run has one."""
    facts = ["name", "metric", "duration", "seed", "started", "status"]
    others = ["accuracy", "accuracy_ci95", "config.training.l2", "config.training.optimizer"]
    columns = table_columns([field_of(name) for name in (*facts, *others)], [RUN, DAMAGED])
    sides = ["right" if column.right else "left" for column in columns]
    names = zip(facts + others, columns, sides, strict=True)
    messages.check("\n".join(f"{name} ({side}): {' | '.join(column.cells)}" for name, column, side in names))
    (column,) = table_columns([field_of("seed")], [DAMAGED])
    assert (column.cells, column.right) == (("–",), False)


def test_a_narrow_terminal_keeps_the_folder() -> None:
    assert {*COLUMNS} - {*LEFT_OUT} == {"run"}


def test_json_has_one_run_per_line() -> None:
    assert "".join(one_line_each("runs", [])) == '{"runs": []}\n'
    text = "".join(one_line_each("runs", [to_dict(RUN, []), to_dict(DAMAGED, [field_of("seed")])]))
    assert len(text.splitlines()) == 4
    first, second = json.loads(text)["runs"]
    assert first["metrics"] == RUN.metrics
    facts = (first["status"], first["seed"], first["duration"], first["data"])
    assert facts == ("completed", 123456, 83.2, "iris")
    damaged = (second["status"], second["name"], second["damage"])
    assert damaged == ("damaged", None, "manifest.json: is damaged")
    assert "columns" not in first
    assert second["columns"] == {"seed": None}


def test_a_running_run_shows_its_epoch_and_the_time_left(tmp_path: Path) -> None:
    (tmp_path / PROGRESS).write_text('{"epoch": 12, "epochs": 200, "seconds_left": 90.0}')
    run = ListedRun(replace(listed("a", status="running").entry, path=tmp_path, alive=True))
    (column,) = table_columns([field_of("status")], [run])
    assert column.cells == ("running (epoch 12 of 200, about 90 s left)",)
    assert to_dict(run, [])["progress"] == {"epoch": 12, "epochs": 200, "seconds_left": 90.0}
    assert field_of("status").read(run) == "running"
