from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from fnnctl.store.labels import change_labels
from fnnctl.store.lock import hold_lock, release
from fnnctl.store.promotions import promote
from tests.messages import Messages
from tests.program import Program


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs: `old` and `new` are completed, `failed` is not."""
    for name, day, status in (("old", 1, "completed"), ("failed", 2, "failed"), ("new", 3, "completed")):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        facts = {
            "status": status,
            "kind": "train",
            "name": "a",
            "started": f"2020-01-0{day}T00:00:00.000000Z",
        }
        (folder / "manifest.json").write_text(json.dumps(facts))
        (folder / "metrics.json").write_text(json.dumps({"test": {"accuracy": day / 10}}))
    return tmp_path / "runs"


def left(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir() if not path.name.startswith("."))


def test_first_it_only_says_what_it_would_remove(program: Program, runs: Path) -> None:
    done = program("runs", "prune", "--older-than", "30d", "--keep", "1")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == ["run", "old", "failed"]
    assert "nothing is removed yet: --yes removes 2 folders (" in done.err
    assert left(runs) == ["failed", "new", "old"]
    done = program("runs", "prune", "--older-than", "30d", "--keep", "1", "--yes")
    assert "removed 2 folders (" in done.err
    assert left(runs) == ["new"]
    done = program("runs", "prune", "--keep", "1", "--yes")
    assert (done.code, done.out) == (0, "")
    assert "nothing to remove in runs/" in done.err


@pytest.mark.parametrize(
    ("options", "removed"),
    [
        (["--status", "failed"], ["failed"]),
        (["--where", "accuracy<0.3", "--where", "status=completed"], ["old"]),
        (["--older-than", "9000w"], []),
        (["--older-than", "999999w"], []),
    ],
)
def test_what_is_removed(program: Program, runs: Path, options: list[str], removed: list[str]) -> None:
    told = program("runs", "prune", *options, "--yes", "--json").json
    assert [Path(run["run"]).name for run in told["runs"]] == removed
    assert all(run["removed"] for run in told["runs"])
    assert (told["bytes"] > 0) == bool(removed)
    assert sorted({"failed", "new", "old"} - {*removed}) == left(runs)


def test_a_run_that_another_process_works_on_stays(
    program: Program, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it was complete before, and even if the process starts after the list was made."""
    lock = hold_lock(runs / "old" / ".lock")
    assert program("runs", "prune", "--keep", "0").out.count("old") == 0
    monkeypatch.setattr("fnnctl.commands.prune.is_in_progress", lambda path: False)
    told = program("runs", "prune", "--keep", "0", "--yes", "--json")
    assert told.code == 2
    assert [run["removed"] for run in told.json["runs"]] == [False, True, True]
    assert "is still running" in told.json["errors"][0]
    assert left(runs) == ["old"]
    release(lock)


def test_wrong_options_of_prune(program: Program, runs: Path, messages: Messages) -> None:
    for line in ("", "--status faild", "--status running", "--older-than 30", "--where acuracy<1"):
        done = program("runs", "prune", "--yes", *line.split())
        assert (done.code, done.out) == (2, "")
        messages.check(done.err)
    assert left(runs) == ["failed", "new", "old"]


def test_options_stand_after_the_subcommand(program: Program, runs: Path) -> None:
    done = program("runs", "--runs-dir", "elsewhere", "prune", "--keep", "0", "--yes")
    assert done.code == 2
    assert "write --runs-dir after `prune`" in done.err
    assert left(runs) == ["failed", "new", "old"]


def test_runs_inside_a_search_are_not_removed(program: Program, runs: Path) -> None:
    inside = runs / "old" / "best"
    inside.mkdir()
    (inside / "manifest.json").write_text((runs / "old" / "manifest.json").read_text())
    done = program("runs", "prune", "--runs-dir", str(runs / "old"), "--keep", "0", "--yes")
    assert (done.code, "is a run itself: name the folder that contains it" in done.err) == (2, True)
    assert inside.exists()


def test_what_is_damaged_is_told_before_it_is_removed(program: Program, runs: Path) -> None:
    """It may only be too new: another fnnctl reads it."""
    facts = json.loads((runs / "old" / "manifest.json").read_text())
    (runs / "old" / "manifest.json").write_text(json.dumps({**facts, "layout": 99}))
    done = program("runs", "prune", "--status", "damaged")
    assert [line.split()[0] for line in done.out.splitlines()] == ["run", "old"]
    assert "old: " in done.err
    assert "was written by a newer fnnctl (layout 99" in done.err
    (told,) = program("runs", "prune", "--status", "damaged", "--json").json["runs"]
    assert "newer fnnctl" in told["damage"]


def test_without_locks_the_status_says_which_runs_are_running(
    program: Program, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems have none; each run still has the file that is locked elsewhere."""

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    for name in ("old", "failed", "new"):
        (runs / name / ".lock").write_text("4711\n")
    facts = json.loads((runs / "old" / "manifest.json").read_text())
    (runs / "old" / "manifest.json").write_text(json.dumps({**facts, "status": "running"}))
    pytest.importorskip("fcntl")
    monkeypatch.setattr("fcntl.flock", refuse)
    assert program("runs", "prune", "--keep", "0", "--yes").code == 0
    assert left(runs) == ["old"]


def test_promoted_and_tagged_runs_are_spared(program: Program, runs: Path, messages: Messages) -> None:
    """Unless a condition asks for them, which only such runs meet."""
    program("runs", "tag", "old", "draft", "paper")
    program("runs", "promote", "new", "--as", "champion")
    done = program("runs", "prune", "--keep", "0")
    assert [line.split()[0] for line in done.out.splitlines()] == ["run", "failed"]
    messages.check(done.err.replace(done.err[done.err.index("(1") :], ""))
    for condition in ("tag!=paper", "tag=null", "promoted=null", "promoted!=champion", "tag!=x"):
        told = program("runs", "prune", "--where", condition, "--json").json
        assert [Path(run["run"]).name for run in told["runs"]] == ["failed"], condition
    told = program("runs", "prune", "--keep", "0", "--json").json
    assert told["spared"] == [
        {"run": "runs/old", "promoted": [], "tags": ["draft", "paper"]},
        {"run": "runs/new", "promoted": ["champion"], "tags": []},
    ]
    for condition, removed in {"tag=draft": ["old"], "tag~pap": ["old"], "promoted!=null": ["new"]}.items():
        told = program("runs", "prune", "--where", condition, "--json").json
        assert [Path(run["run"]).name for run in told["runs"]] == removed, condition
    program("runs", "tag", "new", "draft")
    assert program("runs", "prune", "--where", "tag=draft", "--yes").code == 0
    assert left(runs) == ["failed", "new", "promoted.json"], "a condition on tags says nothing of names"
    program("runs", "prune", "--where", "tag=draft", "--where", "promoted=champion", "--yes")
    assert left(runs) == ["failed", "promoted.json"]


def test_a_run_that_is_promoted_while_others_are_removed_stays(
    program: Program, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def promote_first(folders: Path) -> list[Path]:
        promote(runs / "old", "champion", runs)
        change_labels(runs / "new", lambda labels: labels.with_tags(["x"]))
        return []

    monkeypatch.setattr("fnnctl.commands.prune.leftovers", promote_first)
    told = program("runs", "prune", "--keep", "0", "--yes", "--json").json
    assert [run["removed"] for run in told["runs"]] == [False, True, False]
    assert [Path(run["run"]).name for run in told["spared"]] == ["old", "new"]
    assert left(runs) == ["new", "old", "promoted.json"]


def test_a_damaged_run_with_a_tag_is_spared(program: Program, runs: Path) -> None:
    program("runs", "tag", "old", "paper")
    (runs / "old" / "manifest.json").write_text("{")
    assert "spared 1 run: old (tagged paper)" in program("runs", "prune", "--status", "damaged", "--yes").err
    assert left(runs) == ["failed", "new", "old"]
