from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from fnnctl.errors import UsageError
from fnnctl.store import listing, names
from fnnctl.store.folder import RunFolder
from fnnctl.store.journal import journal_bytes
from fnnctl.store.listing import STATUSES, Position, list_runs
from fnnctl.store.manifest import RunStatus
from fnnctl.store.run import OpenRun, create_run, open_run
from tests.store.faults import make_run

FINISHED = "2026-01-01T00:00:02.000000Z"
JOURNAL = [{"record": "header"}, {"record": "trial"}, {"record": "end"}]
"""What a list counts in a journal."""


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_statuses_are_those_of_the_manifest() -> None:
    assert get_args(RunStatus) == STATUSES


@pytest.mark.parametrize(
    ("facts", "listed"),
    [
        (
            {
                "seed": 7, "seconds": {"total": 2, "training": None}, "finished": FINISHED,
                "data": {"name": "iris", "task": "classification"}, "search": {"trials": 3},
            },
            (7, 2.0, FINISHED, "iris", "classification", 3),
        ),
        ({"seed": "7", "seconds": [1], "finished": 1, "data": {"name": None}, "search": True}, (None,) * 6),
    ],
    ids=["all", "of another type"],
)  # fmt: skip
def test_the_facts_of_a_list(runs: Path, facts: dict[str, Any], listed: tuple[object, ...]) -> None:
    make_run(runs, "a", **facts)
    read = list_runs(runs)[0].facts
    assert read
    assert (read.seed, read.seconds, read.finished, read.data, read.task, read.trials) == listed


def test_a_folder_of_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "nowhere") == []
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is not a folder of runs"):
        list_runs(tmp_path / "file")
    make_run(tmp_path, "a", layout=2)
    assert "was written by a newer fnnctl (layout 2" in (list_runs(tmp_path)[0].damage or "")


def test_what_a_search_says_of_its_journal(runs: Path) -> None:
    """A journal without its end, with fewer trials than the manifest counts, or with a changed byte."""
    run = make_run(runs, "a", kind="search", search={"trials": 1})
    path = run / "journal.jsonl"
    whole = journal_bytes(JOURNAL)
    lines = whole.splitlines(keepends=True)
    for content, damage in (
        (whole, None),
        (whole + b'{"record":"tri', None),  # the last line is still being written
        (lines[0] + lines[1], "has no end, although the search is complete"),
        (lines[0], "has 0 trials, and manifest.json says 1"),
        (b"", "its first record, which describes the search, is incomplete"),
        (whole.replace(b"trial", b"trail"), "the checksum is wrong"),
    ):
        path.write_bytes(content)
        (entry,) = list_runs(runs)
        assert (entry.damage is None) == (damage is None), entry.damage
        assert (damage or "") in (entry.damage or "")
    path.write_bytes(lines[0])
    make_run(runs, "b", kind="search", status="failed")
    (runs / "b" / "journal.jsonl").write_bytes(lines[0])
    assert list_runs(runs)[1].damage is None, "the manifest counts no trials"
    path.unlink()
    assert "is missing: a search cannot be read without it" in (list_runs(runs)[0].damage or "")


def test_a_run_that_is_removed_meanwhile_is_not_listed(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = make_run(runs, "kept"), make_run(runs, "gone")
    shutil.rmtree(gone)
    monkeypatch.setattr(listing, "run_paths", lambda folder: [gone, kept])
    assert [entry.path for entry in list_runs(runs)] == [kept]


def test_the_list_is_in_order_of_start_and_has_metrics(runs: Path) -> None:
    make_run(runs, "b", started="2026-01-01T00:00:00.000000Z")
    first = make_run(runs, "z", started="2025-01-01T00:00:00.000000Z")
    (first / "metrics.json").write_text('{"test": {"accuracy": 1.0}}')
    entries = list_runs(runs)
    assert [entry.path.name for entry in entries] == ["z", "b"]
    assert entries[0].read_metrics() == {"test": {"accuracy": 1.0}}
    assert entries[1].read_metrics() is None


@pytest.mark.parametrize("content", [
    b"", b"{}", b"[" * 100_000, b'{"status": "odd"}', b"\xff",
    b'{"status": "failed", "kind": "train", "name": "without a start"}',
])  # fmt: skip
def test_a_damaged_manifest_is_listed_as_damaged(runs: Path, content: bytes) -> None:
    make_run(runs, "good")
    (make_run(runs, "bad") / "manifest.json").write_bytes(content)
    bad, good = list_runs(runs)
    assert (bad.displayed_status, good.displayed_status) == ("damaged", "completed")
    assert "manifest.json: is damaged" in (bad.damage or "")
    assert bad.facts is None


def test_damaged_metrics_do_not_hide_the_run(runs: Path) -> None:
    (make_run(runs, "run") / "metrics.json").write_text("{")
    (entry,) = list_runs(runs)
    assert (entry.facts and entry.facts.status, entry.read_metrics()) == ("completed", None)
    assert "metrics.json: is damaged" in (entry.damage or "")


def test_a_run_whose_process_is_gone_has_died(start_run: Callable[[str], OpenRun], runs: Path) -> None:
    alive, dead = start_run("alive"), start_run("dead")
    os.close(dead.lock)
    shown = {entry.path: (entry.displayed_status, entry.alive) for entry in list_runs(runs)}
    assert shown == {alive.path: ("running", True), dead.path: ("died", False)}
    died = list_runs(runs)[1].facts
    assert died
    assert died.status == "running"


def test_a_search_is_listed_as_running_died_or_completed(runs: Path) -> None:
    """It has the scores of its refitted winner, which is not listed separately."""

    def listed() -> tuple[str, bool, str | None]:
        (entry,) = list_runs(runs)
        return entry.displayed_status, entry.alive, entry.facts.status if entry.facts else None

    search = create_run(
        runs, name="rates", kind="search", config=b"", resolved="", manifest={}, journal=JOURNAL
    )
    assert listed() == ("running", True, "running")
    search.let_go()
    assert listed() == ("died", False, "running")
    again = open_run(RunFolder(search.path))
    assert again
    winner = create_run(search.path, name="rates", kind="train", config=b"", resolved="", manifest={})
    metrics = {"train": None, "validation": None, "test": {"accuracy": 0.75}}
    winner.write_metrics(metrics)
    winner.finish("completed", {"total": 1.0, "training": 1.0})
    winner.path.rename(search.path / "best")
    again.finish("completed", {"total": 2.0, "training": 1.0})
    assert listed() == ("completed", False, "completed")
    (entry,) = list_runs(runs)
    assert (entry.read_metrics(), entry.scored) == (metrics, search.path / "best")


def test_a_winner_that_is_damaged_is_reported(runs: Path) -> None:
    search = make_run(runs, "rates", kind="search", status="interrupted")
    (search / "journal.jsonl").write_bytes(journal_bytes(JOURNAL))
    best = make_run(search, "best")
    (best / "metrics.json").write_text("{")
    (entry,) = list_runs(runs)
    assert entry.damage
    assert "best/metrics.json" in entry.damage


def test_a_position_is_read_until_the_run_has_ended(run: OpenRun) -> None:
    run.note_position({"epoch": 12, "epochs": 1_200, "seconds_left": 754.0})
    assert str(Position.read(run.path)) == "epoch 12 of 1,200, about 13 min left"
    run.note_position({"epoch": 0, "epochs": 1_200, "seconds_left": None})
    assert str(Position.read(run.path)) == "epoch 0 of 1,200"
    for content in ("", "[]", "{", '{"epoch": 1}', '{"epoch": "1", "epochs": 2}'):
        (run.path / names.PROGRESS).write_text(content)
        assert Position.read(run.path) is None
    run.note_position({"epoch": 12, "epochs": 1_200, "seconds_left": 754.0})
    run.finish("interrupted", {"total": 1.0, "training": None})
    assert Position.read(run.path) is None
