from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fnnctl.report.listing.table import COLUMNS
from tests.messages import Messages
from tests.program import Program
from tests.runs.searching import search, write_config


def test_runs_lists_every_run(program: Program, iris: Path, tmp_path: Path) -> None:
    empty = program("runs")
    assert (empty.code, empty.out) == (0, "")
    assert program("runs", "--json").json == {"runs": []}
    program("train", str(iris), "--name", "First one")
    program("train", str(iris), "--set", "training.epochs=1", "--name", "Zweiter Lauf")
    entries = program("runs", "--json").json["runs"]
    assert [entry["name"] for entry in entries] == ["First one", "Zweiter Lauf"]
    assert {entry["status"] for entry in entries} == {"completed"}
    assert entries[0]["metrics"]["test"]["accuracy"] > 0.5
    listed = program("runs").out
    assert "first-one" in listed
    assert "zweiter-lauf" in listed
    best = program(
        "runs", "--sort", "-accuracy", "--limit", "1", "--columns", "name,accuracy,config.training.epochs"
    )
    assert best.out.splitlines()[0].split() == ["name", "accuracy", "config.training.epochs"]
    assert best.out.splitlines()[1].startswith("First one")
    newest = program("runs", "--limit", "1", "--where", "config.training.epochs<12", "--json").json["runs"]
    assert [entry["name"] for entry in newest] == ["Zweiter Lauf"]
    none = program("runs", "--where", "accuracy>1")
    assert (none.code, none.out) == (0, "")
    assert "none of the 2 runs in runs meets the conditions" in none.err


def test_runs_tells_of_a_search_whose_journal_is_damaged(program: Program, tmp_path: Path) -> None:
    folder = search(write_config(tmp_path / "x.yaml", search={"trials": 3}))
    assert "completed" in program("runs").out
    journal = folder / "journal.jsonl"
    whole = journal.read_bytes()
    first = whole.splitlines(keepends=True)[0]
    for content, words in (
        (b"", "its first record"),
        (first, "has 0 trials"),
        (whole[5:], "the checksum is wrong"),
    ):
        journal.write_bytes(content)
        done = program("runs")
        assert "damaged" in done.out
        assert words in done.err
        (entry,) = program("runs", "--json").json["runs"]
        assert words in entry["damage"]


def make_runs(runs: Path, count: int) -> None:
    for number in range(count):
        folder = runs / f"run-{number}"
        folder.mkdir(parents=True)
        started = f"2026-01-01T00:00:{number:02}.000000Z"
        facts = {"status": "completed", "kind": "train", "name": "a", "started": started, "seed": number}
        (folder / "manifest.json").write_text(json.dumps(facts))
        (folder / "metrics.json").write_text(json.dumps({"test": {"accuracy": number / 10}}))


def test_a_narrow_terminal_shows_fewer_columns(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_runs(tmp_path / "runs", 2)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    headings = {}
    for width in ("200", "60", "20", "1"):
        monkeypatch.setenv("COLUMNS", width)
        headings[width] = program("runs").out.splitlines()[0].split()
    assert headings["200"] == [*COLUMNS]
    assert headings["60"] == ["run", "kind", "data", "status", "metric", "duration"]
    assert headings["20"] == ["run", "status"]
    assert headings["1"] == ["run"]
    monkeypatch.setenv("COLUMNS", "1")
    asked = program("runs", "--columns", "run,seed").out.splitlines()[0]
    assert asked.split() == ["run", "seed"]


def test_all_facts_are_shown_if_asked_for(program: Program, tmp_path: Path) -> None:
    make_runs(tmp_path / "runs", 1)
    heading = program("runs", "--columns", "all").out.splitlines()[0].split()
    assert {*COLUMNS, "task", "finished", "promoted", "tags", "note"} == {*heading}
    none = program("runs", "--where", "accuracy>1")
    assert "the only run in runs does not meet the conditions" in none.err


def test_wrong_options_of_runs(program: Program, tmp_path: Path, messages: Messages) -> None:
    make_runs(tmp_path / "runs", 1)
    for line in ("--sort acuracy", "--where accuracy", "--where name>a", "--columns seed,", "--limit 0"):
        done = program("runs", *line.split())
        assert (done.code, done.out) == (2, "")
        messages.check(done.err)


def test_a_list_loads_nothing_heavy(tmp_path: Path) -> None:
    """The command must answer at once; each of these takes longer to load than a thousand runs to list."""
    make_runs(tmp_path / "runs", 2)
    arguments = ["runs", "--sort", "-accuracy", "--where", "metrics.test.accuracy>0.05"]
    script = (
        "import sys\nfrom fnnctl.cli import run\n"
        f"code = run({arguments!r})\n"
        "heavy = {'numpy', 'matplotlib', 'pydantic', 'rich', 'yaml'} & set(sys.modules)\n"
        "sys.exit(f'{heavy} {code}' if heavy or code else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
