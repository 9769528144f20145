"""What only an interrupted cross-validation has: the rest is in tests/contracts/test_resume.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.cli import run as run_program
from fnnctl.errors import MachineError
from fnnctl.executors.protocols import Progress
from fnnctl.modelling.fold_results import FoldResult
from fnnctl.stacks.work import StackItem, StackResult, WorkerData, train_item
from fnnctl.store.run import OpenRun
from tests.messages import Messages
from tests.program import PlanStacks, Program, assert_same_files, only_run, read_json
from tests.runs.ensembles import CV_FILES
from tests.runs.folding import interrupt_folds, table
from tests.runs.resuming import resumed_from

FOLDED = """\
recipe: classic
data: {source: iris}
model: {hidden: [8, 8], dropout: 0.1, calibration: temperature}
training:
  epochs: 30
  batch_size: 32
  optimizer: {name: adam, learning_rate: 0.1}
  early_stopping: {monitor: validation_loss, patience: 6}
evaluation: {cross_validation: {folds: 3, repeats: 2}}
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "x.yaml").write_text(FOLDED)
    arguments = ["--quiet", "--no-figures", "--runs-dir", str(folder / "runs")]
    assert run_program(["evaluate", str(folder / "x.yaml"), *arguments]) == 0
    (run,) = (folder / "runs").iterdir()
    folds = table(run, "cross_validation.csv")
    assert {fold["stopped"] for fold in folds} == {"completed", "stopped early"}
    assert {bool(fold["temperature"]) for fold in folds} == {True, False}
    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text(FOLDED)
    return path


def assert_same_folds(run: Path, undisturbed: Path) -> None:
    assert_same_files(run, undisturbed, *CV_FILES)
    assert read_json(run / "manifest.json")["status"] == "completed"


class Trained:
    """Records which folds were trained, if the work is done in this process."""

    def __init__(self) -> None:
        self.folds: list[tuple[int, ...]] = []

    def __call__(
        self, progress: Progress, shared: WorkerData, item: StackItem[FoldResult]
    ) -> StackResult[FoldResult]:
        self.folds += [fit.rows.key for fit in item.fits]
        return train_item(progress, shared, item)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Trained:
    found = Trained()
    monkeypatch.setattr("fnnctl.stacks.work.train_item", found)
    return found


Interrupt = Callable[..., Path]


@pytest.fixture
def interrupt(
    program: Program, config: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> Interrupt:
    """`interrupt(65)`: a run, one fold at a time, that a signal ends after 65 epochs, in the third fold."""

    def start(epochs: int, *arguments: str) -> Path:
        with monkeypatch.context() as patch:
            interrupt_folds(patch, 6, epochs)
            done = program("evaluate", str(config), *arguments)
        assert done.code == 130
        run = only_run(config.parent).relative_to(config.parent)
        messages.check("\n".join(done.err.splitlines()[-2:]).replace(run.name, "RUN"))
        return run

    return start


def test_kept_folds_are_not_trained_again(
    program: Program, interrupt: Interrupt, undisturbed: Path, trained: Trained
) -> None:
    run = interrupt(65)
    assert trained.folds == [(0, 0), (0, 1), (0, 2)]
    folds = table(run, "cross_validation.csv")
    assert [fold["stopped"] for fold in folds[2:]] == ["interrupted", "", "", ""]
    assert [bool(fold["accuracy"]) for fold in folds] == [True] * 2 + [False] * 4
    assert not (run / "metrics.json").exists()
    assert program("report").code == 0
    trained.folds.clear()
    done = program("evaluate", "--resume", "latest", "--workers", "1", "--json")
    assert done.code == 0
    assert f"resuming from 2 of 6 folds of {run}" in done.err
    assert resumed_from(run) == ["2 of 6 folds"]
    assert sorted(filter(None, trained.folds)) == [(0, 2), (1, 0), (1, 1), (1, 2)]
    assert_same_folds(run, undisturbed)
    assert done.json["cross_validation"] == read_json(undisturbed / "metrics.json")["cross_validation"]
    manifest, whole = read_json(run / "manifest.json"), read_json(undisturbed / "manifest.json")
    assert (manifest["training"], manifest["error"]) == (whole["training"], None)
    assert len(manifest["resumed"]) == 1


def test_worker_processes_can_train_the_other_folds(
    program: Program, interrupt: Interrupt, undisturbed: Path, plan_stacks: PlanStacks
) -> None:
    run = interrupt(65)
    plan_stacks("processes", [[1, 3], [2, 0]])
    assert program("evaluate", "--resume", str(run), "--workers", "2").code == 0
    assert_same_folds(run, undisturbed)


def test_interrupted_before_the_first_fold_was_done(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(3)
    assert not (run / ".folds").exists()
    assert f"resuming from the start of {run}\n" in program("evaluate", "--resume", str(run)).err


def test_diverged_folds_are_kept_as_well(
    program: Program, interrupt: Interrupt, trained: Trained, config: Path
) -> None:
    steep = ["training.optimizer={name: sgd, learning_rate: 1e6}", "training.l2=1e5", "data.scaling=none"]
    words = [word for change in steep for word in ("--set", change)]
    run = interrupt(65, *words)
    before = {fold["stopped"] for fold in table(run, "cross_validation.csv")[:2]}
    assert before == {"diverged"}
    trained.folds.clear()
    done = program("evaluate", "--resume", str(run))
    assert done.code == 4
    assert "diverged in all 6 folds" in done.err
    assert len(trained.folds) < 6


def test_a_full_disk_keeps_no_fold_and_ends_nothing(
    program: Program, config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(run: OpenRun, first: int, arrays: Any) -> None:
        raise MachineError(".folds cannot be written: No space left on device")

    monkeypatch.setattr(OpenRun, "write_fold_file", full_disk)
    done = program("evaluate", str(config), "--json")
    assert done.code == 0
    run = Path(done.json["run"])
    assert "cannot be saved: .folds cannot be written" in (run / "log.txt").read_text()
    assert_same_folds(run, undisturbed)
