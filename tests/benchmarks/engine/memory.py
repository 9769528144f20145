"""What 256 networks take of the memory, as NumPy allocates it."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import numpy as np

from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.workspace import Workspace
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.benchmarks.engine import ours
from tests.benchmarks.engine.contest import Settings
from tests.benchmarks.engine.work import Work, cell, cells

MEMBERS = 256
ADAM = 2
"""Rows of P that the optimizer keeps."""
OTHERS = 3
"""Further rows of P that are granted: parameters, gradient, and one more."""


def memory(settings: Settings) -> None:
    """MB at the peak, against what is granted."""
    print(f"\nMemory: {MEMBERS} networks, MB (2^20 bytes) at the peak, without the data set;")
    print(f"granted are {ADAM} + {OTHERS} rows of the members' parameters, and the workspaces of one stack")
    print(f"{'data':14} {'hidden':6} {'cut':>8} {'parameters':>10} {'workspaces':>10} {'granted':>8}", end="")
    print(f" {'as cut':>8} {'share':>6} {'one stack':>9} {'share':>6}")
    for source, network in cells(settings.sources, settings.networks):
        print(_row(cell(source, network, steps=1), network), flush=True)


def _row(work: Work, network: str) -> str:
    stacks = ours.cut(work, MEMBERS)
    most = max(len(stack) for stack in stacks)
    parameters = MEMBERS * ParameterLayout(work.shape).size * 4
    workspaces = workspace_bytes(work, most)
    granted = (ADAM + OTHERS) * parameters + workspaces
    pool, members = ours.pool_of(work), work.members(MEMBERS)
    as_cut = peak_bytes(
        lambda: [train_stack(Stack(work.settings, [members[k] for k in chosen], pool)) for chosen in stacks]
    )
    one = peak_bytes(lambda: train_stack(Stack(work.settings, members, pool)))
    numbers = [
        f"{value / 2**20:{width}.1f}" for value, width in ((parameters, 10), (workspaces, 10), (granted, 8))
    ]
    return (
        f"{work.name:14} {network:6} {f'{len(stacks)} × {most}':>8} {' '.join(numbers)}"
        f" {as_cut / 2**20:8.1f} {as_cut / granted:6.2f} {one / 2**20:9.1f} {one / granted:6.2f}"
    )


def workspace_bytes(work: Work, members: int) -> int:
    """The workspaces of so many members for an epoch's batches."""
    batches = {stop - start for start, stop in work.bounds}
    return peak_bytes(
        lambda: [
            Workspace(work.shape, members, batch, np.dtype(np.float32), training=True) for batch in batches
        ]
    )


def peak_bytes(make: Callable[[], object]) -> int:
    """What is allocated at the peak above what there was before."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        made = make()
        _, peak = tracemalloc.get_traced_memory()
        del made
    finally:
        tracemalloc.stop()
    return peak - before
