"""`fnnctl evaluate CONFIG` with wrong input, divergence and interruptions.

That an interrupted run is resumed to the bit is in tests/contracts/test_resume.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from fnnctl.errors import MachineError
from fnnctl.executors.protocols import Progress
from fnnctl.modelling.fold_results import FoldResult
from fnnctl.stacks.work import StackItem, StackResult, WorkerData, train_item
from fnnctl.store.run import OpenRun
from fnnctl.training.trainer import Outcome
from tests.messages import Messages
from tests.program import PlanStacks, Program, assert_same_files, only_run, read_json, run_of
from tests.runs.folding import CV_FILES, SMALL, interrupt_folds, table

STEEP = (
    "--set", "training.optimizer={name: sgd, learning_rate: 1e6}", "--set", "training.l2=1e5",
    "--set", "data.scaling=none",
)  # fmt: skip


@pytest.mark.parametrize("words", ["--folds 151", "--folds 1", "--set evaluation.cross_validation.fold=3"])
def test_wrong_input_is_reported_before_there_is_a_folder(
    program: Program, iris: Path, tmp_path: Path, messages: Messages, words: str
) -> None:
    done = program("evaluate", str(iris), *words.split())
    assert done.code == 2
    messages.check(done.err)
    assert not (tmp_path / "runs").exists()


def test_folds_with_a_row_a_class_have_none_to_watch(
    program: Program, tmp_path: Path, messages: Messages
) -> None:
    """Two rows per class in two folds: each fold trains on one row per class and can spare none."""
    (tmp_path / "t.csv").write_text("x,y\n0,p\n1,p\n10,q\n11,q\n20,r\n21,r\n")
    (tmp_path / "c.yaml").write_text(
        "data: {source: t.csv, target: y}\ntraining: {epochs: 2}\nrecipe: classic"
    )
    done = program("evaluate", "c.yaml", "--folds", "2")
    assert done.code == 2
    messages.check(done.err)
    assert not (tmp_path / "runs").exists()
    done = program("evaluate", "c.yaml", "--folds", "2", "--set", "data.split.validation=0", "--quiet")
    assert done.code == 0
    folds = table(only_run(tmp_path), "cross_validation.csv")
    sizes = {(fold["train_rows"], fold["validation_rows"], fold["test_rows"]) for fold in folds}
    assert sizes == {("3", "0", "3")}


def test_divergence_of_all_folds_ends_with_4(program: Program, iris: Path, tmp_path: Path) -> None:
    done = program("evaluate", str(iris), *SMALL, *STEEP)
    assert done.code == 4
    assert "training diverged in all 6 folds" in done.err
    run = only_run(tmp_path)
    assert read_json(run / "manifest.json")["status"] == "failed"
    assert {fold["stopped"] for fold in table(run, "cross_validation.csv")} == {"diverged"}
    assert not (run / "metrics.json").exists()
    assert program("report").code == 0


def test_a_diverged_fold_is_reported_and_has_no_score(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def second_diverges(
        progress: Progress, shared: WorkerData, item: StackItem[FoldResult]
    ) -> StackResult[FoldResult]:
        done = train_item(progress, shared, item)
        measured = [
            replace(result, outcome=Outcome.DIVERGED, scores=None) if fit.rows.key == (0, 1) else result
            for fit, result in zip(item.fits, done.measured, strict=True)
        ]
        return replace(done, measured=measured)

    monkeypatch.setattr("fnnctl.stacks.work.train_item", second_diverges)
    done = program("evaluate", str(iris), *SMALL, "--json")
    assert (done.code, "1 of 6 folds diverged" in done.err) == (0, True)
    run, summary = Path(done.json["run"]), done.json["cross_validation"]
    assert any("diverged" in warning for warning in read_json(run / "manifest.json")["warnings"])
    scores = summary["accuracy"]["scores"]
    assert (summary["diverged"], scores[1], None in scores[:1] + scores[2:]) == (1, None, False)
    assert summary["accuracy"]["mean"] == pytest.approx(np.mean(scores[:1] + scores[2:]))
    assert len(table(run, "predictions.csv")) == 250
    assert table(run, "cross_validation.csv")[1]["accuracy"] == ""
    assert "1 of 6 folds diverged" in program("report").out


def test_an_experiment_or_a_run(program: Program, iris: Path, messages: Messages) -> None:
    trained = program("train", str(iris), "--json").json["run"]
    assert program("evaluate", "--json").json["run"] == trained
    for words in ("latest --folds 3", "iris.yaml --data x.csv", "none.yaml", "--repeats 2"):
        done = program("evaluate", *words.split())
        assert done.code == 2
        messages.check(done.err)


def test_without_shared_memory_one_process_does_the_work_with_a_note(
    program: Program, iris: Path, plan_stacks: PlanStacks, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    refused = PermissionError(13, "Permission denied", "/dev/shm/pym-1")
    monkeypatch.setattr("fnnctl.executors.processes.RawArray", Mock(side_effect=refused))
    command = ("evaluate", str(iris), *SMALL, "--workers", "2")
    plan_stacks("serial", [[0, 1, 2], [3, 4, 5]])
    serial = run_of(program, *command)
    plan_stacks("processes", [[0, 1, 2], [3, 4, 5]])
    processes = run_of(program, *command)
    warnings = read_json(processes / "manifest.json")["warnings"]
    messages.check(next(text for text in warnings if "workers" in text))
    assert_same_files(serial, processes, *CV_FILES)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Which folds have been trained, if the work is done in this process."""
    folds: list[tuple[int, ...]] = []

    def train(progress: Progress, shared: WorkerData, item: StackItem[FoldResult]) -> StackResult[FoldResult]:
        folds.extend(fit.rows.key for fit in item.fits)
        return train_item(progress, shared, item)

    monkeypatch.setattr("fnnctl.stacks.work.train_item", train)
    return folds


Interrupt = Callable[..., Path]


@pytest.fixture
def interrupt(program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages) -> Interrupt:
    """`interrupt(30)`: a run, one fold at a time, that a signal ends after 30 epochs, in the third fold."""

    def start(epochs: int, *arguments: str) -> Path:
        with monkeypatch.context() as patch:
            interrupt_folds(patch, 6, epochs)
            done = program("evaluate", str(iris), *SMALL, *arguments)
        assert done.code == 130
        run = only_run(Path())
        messages.check("\n".join(done.err.splitlines()[-2:]).replace(run.name, "RUN"))
        return run

    return start


def test_kept_folds_are_not_trained_again(
    program: Program, interrupt: Interrupt, trained: list[tuple[int, ...]]
) -> None:
    run = interrupt(30)
    assert trained == [(0, 0), (0, 1), (0, 2)]
    folds = table(run, "cross_validation.csv")
    assert [fold["stopped"] for fold in folds] == ["completed", "completed", "interrupted", "", "", ""]
    assert [bool(fold["accuracy"]) for fold in folds] == [True] * 2 + [False] * 4
    assert not (run / "metrics.json").exists()
    assert program("report").code == 0
    trained.clear()
    done = program("evaluate", "--resume", "latest", "--workers", "1", "--json")
    assert done.code == 0
    assert f"resuming from 2 of 6 folds of {run}" in done.err
    assert sorted(filter(None, trained)) == [(0, 2), (1, 0), (1, 1), (1, 2)]
    assert done.json["cross_validation"] == read_json(run / "metrics.json")["cross_validation"]
    assert read_json(run / "manifest.json")["training"]["epochs"] == 72


def test_worker_processes_can_train_the_other_folds(
    program: Program, iris: Path, interrupt: Interrupt, plan_stacks: PlanStacks
) -> None:
    run = interrupt(30)
    undisturbed = run_of(program, "evaluate", str(iris), *SMALL)
    plan_stacks("processes", [[1, 3], [2, 0]])
    assert program("evaluate", "--resume", str(run), "--workers", "2").code == 0
    assert_same_files(run, undisturbed, *CV_FILES)


def test_interrupted_before_the_first_fold_was_done(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(3)
    assert not (run / ".folds").exists()
    assert f"resuming from the start of {run}\n" in program("evaluate", "--resume", str(run)).err


def test_diverged_folds_are_kept_as_well(
    program: Program, interrupt: Interrupt, trained: list[tuple[int, ...]]
) -> None:
    run = interrupt(30, *STEEP)
    assert {fold["stopped"] for fold in table(run, "cross_validation.csv")[:2]} == {"diverged"}
    trained.clear()
    done = program("evaluate", "--resume", str(run))
    assert (done.code, "diverged in all 6 folds" in done.err) == (4, True)
    assert len(trained) < 6


def test_a_full_disk_keeps_no_fold_and_ends_nothing(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk = MachineError(".folds cannot be written: No space left on device")
    monkeypatch.setattr(OpenRun, "write_fold_file", Mock(side_effect=full_disk))
    run = run_of(program, "evaluate", str(iris), *SMALL)
    assert "cannot be saved: .folds cannot be written" in (run / "log.txt").read_text()
    assert read_json(run / "manifest.json")["status"] == "completed"
