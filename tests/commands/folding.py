"""Helpers for tests of cross-validations: few folds, their tables, and the plan of their stacks."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from fnnctl.executors.registry import ExecutorKind
from fnnctl.stacks.planning import WorkerPlan

SMALL = ("--folds", "3", "--repeats", "2")


def table(run: Path, name: str) -> list[dict[str, str]]:
    with (run / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def plan_with(
    kind: ExecutorKind, stacks: list[list[int]]
) -> Callable[..., tuple[WorkerPlan, list[list[int]]]]:
    return lambda fits, rows, workers: (WorkerPlan(kind, workers), stacks)
