"""What training goes on from after an interruption: a stack's state after an epoch, as named arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Pool
from fnnctl.training.stack import Stack
from fnnctl.training.state import State, joined, part_of


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A stack after an epoch."""

    epoch: int
    seconds: float
    """How long training has taken until then."""
    seeds: tuple[int, ...]
    """The members': a checkpoint of another configuration is of no use."""
    state: State

    @classmethod
    def of(cls, stack: Stack, *, seconds: float) -> Checkpoint:
        """The stack as it is now; its arrays are the stack's own until they are written."""
        return cls(stack.epoch, seconds, tuple(member.seed for member in stack.members), stack.state)

    def arrays(self) -> State:
        """All of it, as a file of arrays holds it."""
        facts = {
            "epoch": np.array(self.epoch),
            "seconds": np.array(self.seconds),
            "seeds": np.array(self.seeds, np.uint64),
        }
        return joined({"checkpoint": facts, "stack": self.state})

    @classmethod
    def from_arrays(cls, arrays: State) -> Checkpoint:
        """The checkpoint again; raises KeyError or TypeError where the arrays are not those of one."""
        facts = part_of(arrays, "checkpoint")
        seeds = tuple(int(seed) for seed in facts["seeds"])
        return cls(int(facts["epoch"]), float(facts["seconds"]), seeds, part_of(arrays, "stack"))

    def belongs_to(self, members: Sequence[Member]) -> bool:
        """Whether these are the members that it was made of."""
        return self.seeds == tuple(member.seed for member in members)

    def stack(self, settings: StackSettings, members: Sequence[Member], pool: Pool) -> Stack:
        """The stack again, as it was; the checkpoint stays as it is."""
        state = {name: array.copy() for name, array in self.state.items()}
        return Stack(settings, members, pool, epoch=self.epoch, state=state)
