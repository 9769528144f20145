"""What only an interrupted search has: the rest is in tests/contracts/test_resume.py."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fnnctl.cli import run
from fnnctl.records.trials import Result
from fnnctl.runs.ensemble import NO_ENSEMBLE
from fnnctl.store.atomic import read_bytes
from fnnctl.store.journal import ResultCache
from fnnctl.trials.source import TrialSource
from tests.program import Program, contents, read_json
from tests.runs import killing
from tests.runs.bagging import ended_search
from tests.runs.extending import RANDOM, assert_same_outcome, extend, timeline
from tests.runs.killing import dying_after
from tests.runs.searching import (
    OFTEN_NOTED,
    RATE,
    assert_same_search,
    of_kind,
    resume,
    search,
    trained_epochs,
    write_config,
)
from tests.waiting import DEADLINE, await_true

Cut = Callable[..., Path]
IMPATIENT = {"monitor": "validation_loss", "patience": 1}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config that uses every kind of training state, with each fold in its own stack."""
    return write_config(
        tmp_path_factory.mktemp("resume") / "x.yaml",
        model={"dropout": 0.1, "normalization": "batch"},
        training={"averaging": "ema", "early_stopping": IMPATIENT, "mixup": 0.2},
        search={"space": {RATE: {"log_uniform": [0.003, 0.3]}, "model.hidden": {"choice": [[4], [6]]}}},
    )


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Path:
    return search(config, "--executor", "serial")


@pytest.fixture
def cut(config: Path) -> Cut:
    """`cut(2, budget=3)`: a search whose process died before its third record of a result at that budget."""

    def cut_after(results: int, *, budget: int = 1) -> Path:
        with dying_after(results, counted=lambda result: result.budget == budget):
            return search(config, "--executor", "serial", code=3)

    return cut_after


@pytest.mark.parametrize(("results", "budget"), [(4, 1), (1, 3), (0, 9)])
def test_only_what_was_neither_recorded_nor_held_is_done_again(
    cut: Cut, undisturbed: Path, results: int, budget: int
) -> None:
    folder = cut(results, budget=budget)
    before = (folder / "journal.jsonl").read_bytes()
    count = len(known_results(folder))
    noted = len(timeline(folder))
    assert resume(folder, "--executor", "serial") == 0
    assert_same_search(folder, undisturbed)
    assert (folder / "journal.jsonl").read_bytes().startswith(before)
    trained = sum(len(event["trials"]) for event in timeline(folder)[noted:])
    assert trained == len(of_kind(folder, "result")) - count > 0


def trained_in(folder: Path) -> list[tuple[int, int]]:
    """The trials that were trained, with the epochs to which they were."""
    return [(trial, event["to"]) for event in timeline(folder) for trial in event["trials"]]


def known_results(folder: Path) -> set[tuple[int, int]]:
    """The keys of results in the journal or in the cache of those that came before their turn."""
    held = ResultCache(folder).read()
    return {(result["trial"], result["budget"]) for result in (*of_kind(folder, "result"), *held)}


@pytest.mark.parametrize("stacks", [1, 3])
def test_what_came_before_its_turn_is_not_done_again(
    config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch, stacks: int
) -> None:
    """Its process dies while it waits for a stack."""
    collect, left = TrialSource.collect, iter(range(stacks))

    def dies(runner: TrialSource) -> Sequence[Result]:
        if next(left, None) is None:
            raise OSError("the process dies here")
        return collect(runner)

    with monkeypatch.context() as patch:
        patch.setattr(TrialSource, "collect", dies)
        folder = search(config, "--executor", "serial", code=3)
    results, before = known_results(folder), trained_in(folder)
    assert len(timeline(folder)) == stacks
    assert results == {*before}
    assert resume(folder, "--executor", "serial") == 0
    assert_same_search(folder, undisturbed)
    assert results.isdisjoint(trained_in(folder)[len(before) :])
    assert [path.name for path in folder.glob(".*")] == [".lock"]


def test_after_a_time_limit_nothing_is_trained_again_and_the_seconds_are_those_of_both_sessions(
    config: Path, undisturbed: Path
) -> None:
    folder = ended_search(config, 4, by="time")
    manifest = read_json(folder / "manifest.json")
    assert manifest["search"]["end"] == "the time limit"
    manifest["seconds"] = {"total": 1010.0, "training": 1000.0}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert resume(folder, "--executor", "serial") == 0
    assert_same_search(folder, undisturbed)
    assert len(trained_in(folder)) == len({*trained_in(folder)})
    assert not list((folder / "checkpoints").glob("*.npz"))
    seconds = read_json(folder / "manifest.json")["seconds"]
    assert 1000.0 < seconds["training"] < seconds["total"] - 9.0 < 1060.0


def test_a_resume_cannot_leave_out_what_has_begun(
    cut: Cut, undisturbed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With fewer trials than have started, other trials would have been promoted."""
    folder = cut(1)
    journal = (folder / "journal.jsonl").read_bytes()
    assert resume(folder, "--max-trials", "1") == 2
    assert "--max-trials 1 allows 1 trial, but" in capsys.readouterr().err
    assert (folder / "journal.jsonl").read_bytes() == journal
    assert resume(folder) == 0
    assert_same_search(folder, undisturbed)


def test_max_trials_holds_for_a_resume(config: Path) -> None:
    """Without the option the search keeps its plan; with it the plan changes, which is recorded."""
    arguments = ("--method", "random", "--max-trials", "2", "--executor", "serial")
    folders = []
    for _ in range(2):
        with dying_after(1):
            folders.append(search(config, *arguments, code=3))
    assert resume(folders[0]) == 0
    assert_same_search(folders[0], search(config, *arguments))
    assert of_kind(folders[0], "resume") == []
    assert resume(folders[1], "--max-trials", "3") == 0
    assert len(of_kind(folders[1], "trial")) == 3
    assert [record["changes"] for record in of_kind(folders[1], "resume")] == [{"max_trials": 3}]


def test_a_lost_checkpoint_that_cannot_be_trained_again_stops_the_search(
    cut: Cut, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The machine does reproduce its bits, so the message must not deny it."""
    folder = cut(0, budget=3)
    shutil.rmtree(folder / "checkpoints")
    monkeypatch.setattr("fnnctl.trials.stack_runner.train_item", killing.killed)
    capsys.readouterr()
    assert resume(folder, "--executor", "processes", "--workers", "2") == 3
    message = capsys.readouterr().err
    assert "could not be trained again after its checkpoint or its weights were lost: its worker" in message
    assert "to the bit" not in message


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("seed: 0", "seed: 1"),
        ("batch_size: 32", "batch_size: 16"),
        ("metric: accuracy", "metric: f1_macro"),
        ("members: 1", "members: 2"),
        ("\nsearch:", "\nsearch:\n  confirm: {top: 2, seeds: 3}"),
        ("\nsearch:", "\nsearch:\n  ensemble: {size: 6}"),
    ],
)
def test_another_configuration_is_refused(
    cut: Cut, capsys: pytest.CaptureFixture[str], line: str, changed: str
) -> None:
    """If someone edits the complete config in the run folder."""
    folder = cut(1)
    resolved = (folder / "resolved.yaml").read_text()
    before = (folder / "journal.jsonl").read_bytes()
    assert line in resolved
    (folder / "resolved.yaml").write_text(resolved.replace(line, changed))
    assert resume(folder) == 2
    assert "began with a different configuration" in capsys.readouterr().err
    assert (folder / "journal.jsonl").read_bytes() == before


@pytest.mark.parametrize("what", ["empty", "within the header", "after the header", "missing"])
def test_nothing_of_a_complete_search_is_overwritten_when_its_journal_lost_its_end(
    undisturbed: Path, tmp_path: Path, program: Program, what: str
) -> None:
    folder = shutil.copytree(undisturbed, tmp_path / "cut")
    journal = folder / "journal.jsonl"
    header = journal.read_bytes().index(b"\n") + 1
    if what == "missing":
        journal.unlink()
    else:
        os.truncate(journal, {"empty": 0, "within the header": header - 1, "after the header": header}[what])
    before = contents(folder)
    for arguments in (
        ["search", "--resume", str(folder), "--max-trials", "50"],
        ["report", str(folder), "--fail-under", "accuracy=0"],
    ):
        done = program(*arguments)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"{journal}: is {'missing' if what == 'missing' else 'damaged'}: ")
        assert contents(folder) == before


@pytest.mark.parametrize("at", [0.0, 0.6, 1.0], ids=["header", "record", "last record"])
def test_a_journal_cut_at_a_byte_is_resumed(undisturbed: Path, tmp_path: Path, at: float) -> None:
    content, folder = (undisturbed / "journal.jsonl").read_bytes(), tmp_path / "cut"
    header = content.index(b"\n") + 1
    end = header + round(at * (len(content) - 1 - header))
    ignored = shutil.ignore_patterns("best", "leaderboard.csv", "metrics.json")
    shutil.copytree(undisturbed, folder, ignore=ignored)
    manifest = read_json(folder / "manifest.json")
    (folder / "manifest.json").write_text(json.dumps({**manifest, "status": "interrupted"}))
    (folder / "journal.jsonl").write_bytes(content[:end])
    assert resume(folder, "--executor", "serial") == 0
    assert_same_search(folder, undisturbed)
    torn = content[content.rindex(b"\n", 0, end) + 1 : end]
    assert read_bytes(folder / "journal.torn") == (torn + b"\n" if torn else None)


def test_a_signal_while_worker_processes_train(config: Path) -> None:
    """They train forever, until the signal arrives."""
    runs = config.parent / "signalled"
    command = [*OFTEN_NOTED, "search", str(config), "--runs-dir", str(runs), "--method", "random"]
    command += ["--set", "search.budget={max_epochs: 1000000}", "--set", "training.early_stopping=null"]
    command += ["--executor", "processes", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        await_true(lambda: trained_epochs(runs))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 128 + signal.SIGTERM
    (folder,) = runs.glob("[!.]*")
    assert err.decode().splitlines()[-1] == f"fnnctl search --resume {folder}"
    assert read_json(folder / "manifest.json")["status"] == "interrupted"


def test_what_only_the_former_sessions_result_was_warned_of_is_dropped(tmp_path: Path) -> None:
    """The second trial is better, so that the extended search has another winner."""
    start_from = [{RATE: 1e-6}, {RATE: 0.1}]
    settings = {"method": "random", "space": {RATE: {"uniform": [1e-6, 1.0]}}, "start_from": start_from}
    config = write_config(tmp_path / "x.yaml", search=settings)
    folder = search(config, "--max-trials", "1", "--executor", "serial")
    manifest = read_json(folder / "manifest.json")
    assert manifest["search"]["best"]["trial"] == 0
    kinds = ["best.useless", NO_ENSEMBLE, "lost_worker"]
    facts = {"warnings": [f"said of {kind}" for kind in kinds], "warning_kinds": kinds}
    (folder / "manifest.json").write_text(json.dumps({**manifest, **facts}))
    assert resume(folder, "--max-trials", "2", "--executor", "serial") == 0
    after = read_json(folder / "manifest.json")
    assert after["search"]["best"]["trial"] == 1
    assert {*kinds} & {*after["warning_kinds"]} == {"lost_worker"}
    assert "said of lost_worker" in after["warnings"]
    assert len(after["warnings"]) == len(after["warning_kinds"])


def rename_fails(monkeypatch: pytest.MonkeyPatch, folder: Path, renames: int) -> None:
    """The process is interrupted after so many renames in a search's folder."""
    rename, left = Path.rename, [renames]

    def renamed(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        left[0] -= path.parent == folder
        if not left[0]:
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "rename", renamed)


@pytest.mark.parametrize(("renames", "former_place"), [(1, "best"), (2, ".former-best"), (3, ".former-best")])
def test_a_kill_while_a_new_winner_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int, former_place: str
) -> None:
    """Before and after either of the two renames, readers and resumes find a winner.

    The first rename in the folder gives the new run's folder its hidden name.
    """
    config = write_config(tmp_path / "x.yaml", search=RANDOM)
    folder, at_once = search(config), search(config, "--set", "search.trials=8")
    former = (folder / "best" / "model.npz").read_bytes()
    assert former != (at_once / "best" / "model.npz").read_bytes()
    with monkeypatch.context() as patch:
        rename_fails(patch, folder, renames)
        extend(folder, "trials=8", code=130)
    assert (folder / "best").exists() == (renames != 2)
    assert (folder / former_place / "model.npz").read_bytes() == former
    assert run(["report", str(folder), "--json"]) == 0
    assert resume(folder) == 0
    assert_same_outcome(folder, at_once)
