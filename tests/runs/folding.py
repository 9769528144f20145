"""Helpers for tests of cross-validations: few folds, their tables, the plan of their stacks, and signals."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fnnctl.context import ShowAmount
from fnnctl.executors.registry import ExecutorKind
from fnnctl.stacks.planning import WorkerPlan

SMALL = ("--folds", "3", "--repeats", "2")
CV_FILES = ("cross_validation.csv", "history.csv", "predictions.csv", "metrics.json")


def table(run: Path, name: str) -> list[dict[str, str]]:
    with (run / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def plan_with(
    kind: ExecutorKind, stacks: list[list[int]]
) -> Callable[..., tuple[WorkerPlan, list[list[int]]]]:
    return lambda fits, rows, workers: (WorkerPlan(kind, workers), stacks)


def interrupt_folds(
    patch: pytest.MonkeyPatch, folds: int, epochs: int, number: signal.Signals = signal.SIGINT
) -> None:
    """Let folds train one by one, and a signal arrive when all of them have trained so many epochs."""

    @contextmanager
    def amount(listener: object, total: int, **options: object) -> Iterator[ShowAmount]:
        sent: list[float] = []

        def show(done: float, status: object = None, /) -> None:
            if done >= epochs and not sent:
                sent.append(done)
                os.kill(os.getpid(), number)

        yield show

    stacks = [[fold] for fold in range(folds)]
    patch.setattr("fnnctl.runs.cross_validation.plan_folds", plan_with("serial", stacks))
    patch.setattr("fnnctl.console.progress.TerminalListener.amount", amount)
