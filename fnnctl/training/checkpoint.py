"""A checkpoint, from which training continues after an interruption: a stack's state as named arrays."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.nn.optimizers.lbfgs import STATE_NAMES
from fnnctl.training.learning import Learning, RunEpoch
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Pool
from fnnctl.training.stack import Stack
from fnnctl.training.state import MissingArrayError, State, extract_part, merge_parts

FORMAT = 1
"""Incremented whenever the arrays of a state change their names or meaning."""


class ForeignCheckpointError(ValueError):
    """The arrays are not a checkpoint, or they are a checkpoint of other members."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A stack after an epoch."""

    epoch: int
    seconds: float
    """The training time so far."""
    members: State
    """Identifies the members by `seeds`, (K,), and `rows`, (K,), checksums of their rows."""
    state: State

    @classmethod
    def of(cls, stack: Stack, *, seconds: float) -> Checkpoint:
        """The stack as it is now, without copying its arrays."""
        return cls(stack.epoch, seconds, _identities(stack.members), stack.state)

    def arrays(self) -> State:
        """Everything, as named arrays for one file."""
        facts = {name: np.array(value) for name, value in (("epoch", self.epoch), ("seconds", self.seconds))}
        return merge_parts(
            {
                "checkpoint": {"format": np.array(FORMAT), **facts},
                "members": self.members,
                "stack": self.state,
            }
        )

    @classmethod
    def from_arrays(cls, arrays: State, members: Sequence[Member]) -> Checkpoint:
        """Read a checkpoint of these members; raises `ForeignCheckpointError` for any other arrays.

        Raises `MissingArrayError` if the epoch or the time is missing, as `stack` does for its arrays.
        """
        facts, identities = extract_part(arrays, "checkpoint"), extract_part(arrays, "members")
        if not np.array_equal(facts.get("format", ()), FORMAT):
            raise ForeignCheckpointError("it was not written by this version of fnnctl")
        expected = _identities(members)
        if not all(np.array_equal(identities.get(name, ()), expected[name]) for name in expected):
            raise ForeignCheckpointError("it belongs to another configuration or to other rows")
        _refuse_missing("checkpoint", ("epoch", "seconds"), facts)
        return cls(int(facts["epoch"]), float(facts["seconds"]), identities, extract_part(arrays, "stack"))

    def stack(
        self,
        settings: StackSettings,
        members: Sequence[Member],
        pool: Pool,
        *,
        run_epoch: RunEpoch = Learning.run_epoch,
    ) -> Stack:
        """Restore the stack; training it does not change the checkpoint. For `run_epoch` see `Stack`."""
        expected = [*Stack(settings, members, pool).state]
        if settings.optimizer == "lbfgs":  # which has a state after its first iteration
            expected += [f"learner.{name}" for name in STATE_NAMES]
        _refuse_missing("stack", expected, self.state)
        state = {name: array.copy() for name, array in self.state.items()}
        return Stack(settings, members, pool, epoch=self.epoch, state=state, run_epoch=run_epoch)


def _refuse_missing(part: str, names: Iterable[str], state: State) -> None:
    for name in names:
        if name not in state:
            raise MissingArrayError(f"{part}.{name}")


def _identities(members: Sequence[Member]) -> State:
    """The rows are included because folds of one configuration may share a seed, but not their rows."""
    rows = [
        zlib.crc32(member.validation_rows.tobytes(), zlib.crc32(member.train_rows.tobytes()))
        for member in members
    ]
    return {
        "seeds": np.array([member.seed for member in members], np.uint64),
        "rows": np.array(rows, np.uint32),
    }


def state_digest(state: State) -> str:
    """The SHA-256 of a state's arrays: names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name, array in sorted(state.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
