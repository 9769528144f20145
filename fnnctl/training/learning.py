"""What the steps of an epoch change: the networks of K members, and their learner.

The rest of a stack only looks at them after an epoch. So the steps of some of the members can be taken
elsewhere: see `RunEpoch`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.nn.network import Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.category_statistics import CategoryStatistics, category_statistics
from fnnctl.training.diagnostics import Diagnostics
from fnnctl.training.history import Record
from fnnctl.training.learners.batches import Batches
from fnnctl.training.learners.descent import Descent
from fnnctl.training.learners.quasi_newton import QuasiNewton
from fnnctl.training.members import Member, StackSettings, initial_parameters, make_network
from fnnctl.training.pool import Pool
from fnnctl.training.state import State, extract_part, merge_parts
from fnnctl.training.target_edges import target_edges

EpochColumns: TypeAlias = tuple[Record, Record]
"""The training columns of an epoch, and those of its diagnostics, which are empty without any; (K,) each."""


class Learning:
    """K members in training; `state` is all that must be saved to continue."""

    def __init__(
        self, settings: StackSettings, members: Sequence[Member], pool: Pool, state: State | None = None
    ) -> None:
        """With the members' initial weights, or continued from a saved state, which is not copied."""

        def part(name: str) -> dict[str, npt.NDArray[Any]] | None:
            return None if state is None else extract_part(state, name)

        layout = ParameterLayout(settings.shape)
        categories = category_statistics(settings.shape, members, pool, settings.dtype)
        weights = part("network") or {
            "parameters": initial_parameters(layout, members, settings.dtype),
            "statistics": _initial_statistics(layout, members, pool, categories, settings.dtype),
        }
        self.network = make_network(layout, members, **weights)
        learner: type[QuasiNewton | Descent] = QuasiNewton if settings.optimizer == "lbfgs" else Descent
        batches = Batches(settings, members, pool, [of_member.of_rows for of_member in categories])
        self._learner = learner(settings, members, batches, self.network, part("learner"))

    @property
    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays whose first axis is the member."""
        weights = {"parameters": self.network.parameters, "statistics": self.network.statistics}
        return merge_parts({"network": weights, "learner": self._learner.state})

    @property
    def evaluated(self) -> Network:
        """The networks that are validated and kept; with weight averaging, the averaged ones."""
        return self._learner.evaluated

    @property
    def converged(self) -> BoolArray:
        """Which members have converged, (K,)."""
        return self._learner.converged

    def run_epoch(
        self, epoch: int, *, diagnose: bool, should_stop: Callable[[], bool]
    ) -> EpochColumns | None:
        """Take the steps of an epoch; None if it was interrupted."""
        diagnostics = Diagnostics(self.network) if diagnose else None
        trained = self._learner.run_epoch(epoch, diagnostics, should_stop)
        if trained is None:
            return None
        return trained, diagnostics.record() if diagnostics else {}

    def take_over(self, state: State) -> None:
        """Continue from what steps elsewhere have made of this state; the networks stay the same objects."""
        np.copyto(self.network.parameters, state["network.parameters"])
        np.copyto(self.network.statistics, state["network.statistics"])
        self._learner.restore(extract_part(state, "learner"))

    def observe(self, record: Record) -> None:
        """Process the complete record of an epoch."""
        self._learner.observe(record)


def _initial_statistics(
    layout: ParameterLayout,
    members: Sequence[Member],
    pool: Pool,
    categories: Sequence[CategoryStatistics],
    dtype: np.dtype[np.floating],
) -> FloatArray:
    """The statistics of K networks before their training, (K, S), with those that it does not change."""
    statistics, stage = layout.initial_statistics(len(members), dtype), layout.stage
    if all(member.start is not None for member in members):
        statistics[...] = [member.start.statistics for member in members if member.start is not None]
        return statistics
    if stage is not None and stage.edges is not None:
        stage.edges.view(statistics)[...] = target_edges(layout.shape, members, pool, dtype)
    if stage is not None and stage.categories is not None:
        stage.categories.view(statistics)[...] = [of_member.of_codes for of_member in categories]
    return statistics


class RunEpoch(Protocol):
    """Takes the steps of an epoch in place of `Learning.run_epoch`, with the same bits."""

    def __call__(
        self, learning: Learning, epoch: int, /, *, diagnose: bool, should_stop: Callable[[], bool]
    ) -> EpochColumns | None:
        """See `Learning.run_epoch`; an interrupted epoch leaves the members as they were before it."""
