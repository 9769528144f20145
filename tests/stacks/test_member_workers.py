"""The members of an ensemble get the same bits on any number of workers, of any kind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.executors import processes
from fnnctl.executors.registry import ExecutorKind
from fnnctl.messages import Message
from fnnctl.stacks.member_workers import member_workers, plan_members
from fnnctl.stacks.planning import WorkerPlan
from fnnctl.stacks.work import TrainedStack, train_fits
from fnnctl.training.checkpoint import Checkpoint
from fnnctl.training.history import Record
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome
from tests.modelling.prepared import Prepared, prepare

CASES = {
    "twins": ["model.ensemble.members=4", "model.ensemble.plain_twins=true", "model.ensemble.bags=true"],
    "averaged weights": ["recipe=classic", "model.ensemble=3", "training.averaging=ema", "model.dropout=0.2"],
    "normalized": ["recipe=classic", "model.ensemble=3", "model.normalization=batch", "training.mixup=0.2"],
    "stopping early": [
        "recipe=classic",
        "model.ensemble=5",
        "training.early_stopping={patience: 1, tolerance: 5}",
    ],
    "out of reach": [
        "model.ensemble.members=4",
        "training.epochs=12",
        "training.optimizer.learning_rate=0.3",
    ],
    "an adaptive rate": ["recipe=classic", "model.ensemble=2", "training.lr_schedule=adaptive"],
    "diverging": [
        "recipe=classic",
        "data.source=diabetes",
        "model.ensemble=2",
        "training.optimizer={name: sgd, learning_rate: 1e6}",
    ],
}
ENDS = {
    "out of reach": Outcome.STOPPED_EARLY,
    "stopping early": Outcome.STOPPED_EARLY,
    "diverging": Outcome.DIVERGED,
}


def prepared(tmp_path: Path, case: str) -> Prepared:
    config = tmp_path / "iris.yaml"
    config.write_text("data: {source: iris}\nmodel: {hidden: [8]}\ntraining: {epochs: 6}\n")
    return prepare(config, CASES[case])


def train(
    ready: Prepared, plan: WorkerPlan, *, is_overdue: Callable[[], bool] = lambda: False, **options: Any
) -> TrainedStack:
    taken: list[Message] = []
    workers = partial(member_workers, plan, is_overdue=is_overdue, warn=taken.append)
    stack = train_fits(ready.data, [ready.fit], diagnose=True, workers=workers, **options)
    assert taken == []
    return stack


def assert_equal(stack: TrainedStack, expected: TrainedStack) -> None:
    for arrays in zip(stack.final_weights(0), expected.final_weights(0), strict=True):
        np.testing.assert_array_equal(*arrays)
    ended, wanted = stack.trained_fit(0), expected.trained_fit(0)
    assert (ended.outcome, ended.best_epoch) == (wanted.outcome, wanted.best_epoch)
    assert list(ended.history) == list(wanted.history)
    for column, values in wanted.history.items():
        np.testing.assert_array_equal(ended.history[column], values, err_msg=column)


@pytest.mark.parametrize(
    ("case", "kind", "workers"),
    [
        *((case, "processes", 2) for case in CASES),
        ("twins", "processes", 3),
        ("stopping early", "threads", 2),
        ("averaged weights", "serial", 2),
    ],
)
def test_any_number_of_workers_gives_the_same_bits(
    tmp_path: Path, case: str, kind: ExecutorKind, workers: int
) -> None:
    ready = prepared(tmp_path, case)
    expected = train(ready, WorkerPlan("serial", 1))
    assert {member.outcome for member in expected.trained} == {ENDS.get(case, Outcome.COMPLETED)}
    assert len({member.epochs for member in expected.trained}) == 1
    assert_equal(train(ready, WorkerPlan(kind, workers)), expected)


def test_a_checkpoint_continues_on_other_workers(tmp_path: Path) -> None:
    ready = prepared(tmp_path, "twins")
    checkpoints: list[Checkpoint] = []

    def keep(stack: Stack, record: Record) -> None:
        arrays = Checkpoint.of(stack, seconds=1.0).arrays()
        copies = {name: np.array(array) for name, array in arrays.items()}
        checkpoints.append(Checkpoint.from_arrays(copies, stack.members))

    expected = train(ready, WorkerPlan("processes", 2), on_epoch=keep)
    assert [checkpoint.epoch for checkpoint in checkpoints] == [1, 2, 3, 4, 5, 6]
    for checkpoint, plan in zip(
        checkpoints, [WorkerPlan("serial", 1), WorkerPlan("threads", 3)], strict=False
    ):
        assert_equal(train(ready, plan, checkpoint=checkpoint), expected)


def test_a_stop_is_noticed_within_an_epoch(tmp_path: Path) -> None:
    """The epoch under way is dropped: the members are as they were before it."""
    ready = prepared(tmp_path, "twins")
    epochs: list[int] = []
    stopped = train(
        ready,
        WorkerPlan("processes", 2),
        on_epoch=lambda stack, record: epochs.append(stack.epoch),
        should_stop=lambda: len(epochs) == 3,
    )
    assert stopped.trained_fit(0).outcome is Outcome.INTERRUPTED
    assert stopped.trained_fit(0).epochs == 3


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")
def test_a_stop_needs_no_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker takes one any more if they are suspended; then they are killed."""
    monkeypatch.setattr(processes, "SECONDS_TO_STOP", 0.2)
    begun: list[int] = []
    before = {process.pid for process in multiprocessing.active_children()}  # such as those of joblib

    def suspend_workers(stack: Stack, record: Record) -> None:
        begun.append(stack.epoch)
        for worker in multiprocessing.active_children():
            if worker.pid and worker.pid not in before:
                os.kill(worker.pid, signal.SIGSTOP)

    stopped = train(
        prepared(tmp_path, "twins"),
        WorkerPlan("processes", 2),
        on_epoch=suspend_workers,
        is_overdue=lambda: bool(begun),
    )
    assert stopped.trained_fit(0).outcome is Outcome.INTERRUPTED
    assert begun == [1]


def test_counts_decide_whether_workers_are_worth_their_start(tmp_path: Path) -> None:
    ready = prepared(tmp_path, "twins")
    assert plan_members(ready.fit, rows=150, workers=2).workers == 1
    config = tmp_path / "large.yaml"
    config.write_text(
        "data: {source: digits}\nmodel: {hidden: [256, 256], ensemble: 4}\ntraining: {batch_size: 16}\n"
    )
    large, alone, threads = (
        prepare(config, words).fit for words in ([], ["model.ensemble=1"], ["training.threads=2"])
    )
    plans = [(large, 2), (large, 9), (large, 1), (alone, 2), (threads, 2)]
    counts = [plan_members(fit, rows=1797, workers=workers).workers for fit, workers in plans]
    assert counts == [2, large.settings.ensemble, 1, 1, 1]
