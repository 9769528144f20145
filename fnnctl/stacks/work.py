"""Trains fits of one shape as a stack. All training goes through here, and this is what workers run."""

from __future__ import annotations

import math
import platform
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.predictor import Predictor, fresh_predictor
from fnnctl.tasks.task import TaskData
from fnnctl.training.checkpoint import Checkpoint, state_digest
from fnnctl.training.history import Record
from fnnctl.training.learners.batches import batch_bounds
from fnnctl.training.learning import Learning, RunEpoch
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Pool, join_pools
from fnnctl.training.stack import Stack
from fnnctl.training.state import State, concatenate_members, select_members
from fnnctl.training.trainer import Outcome, TrainedMember, representative, train_stack

if TYPE_CHECKING:
    from fnnctl.executors.protocols import Progress

PARTS_OF_EPOCH: Final = 1000
"""The amount by which a fit's epoch advances the progress: with a million rows an epoch takes minutes."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class TrainedStack:
    """Fits that were trained together, and what is needed to score them."""

    data: TaskData
    start: int
    """The number of epochs trained before."""
    fits: Sequence[Fit]
    pool: Pool
    """The rows of all fits: those of fit k begin at `offsets[k]`."""
    offsets: Sequence[int]
    members: Sequence[Member]
    """Those of each fit in turn: one, or all members of its ensemble."""
    trained: Sequence[TrainedMember]
    """One per member."""
    last: Stack | None
    """The stack after the last epoch, with the members that reached it; None if none did."""

    def members_of(self, k: int) -> slice:
        """The members of fit k, as a slice of `members` and `trained`."""
        size = self.fits[k].settings.ensemble
        return slice(k * size, (k + 1) * size)

    def trained_fit(self, k: int) -> TrainedMember:
        """How fit k ended: its first member, which shares outcome, epochs and history with the others."""
        return representative(self.trained[self.members_of(k)], self.fits[k].settings.separate_targets)

    def final_weights(self, k: int) -> tuple[FloatArray, FloatArray]:
        """Parameters (N, P) and statistics (N, S) of the N members of fit k at the end of their training."""
        members = self.trained[self.members_of(k)]
        parameters = np.stack([member.parameters for member in members])
        return parameters, np.stack([member.statistics for member in members])

    def predictor(self, k: int, parameters: FloatArray, statistics: FloatArray) -> Predictor:
        """The predictor of fit k, whose N members have parameters (N, P) and statistics (N, S)."""
        members = self.members[self.members_of(k)]
        return fresh_predictor(self.data.task, self.fits[k], members, parameters, statistics)

    def indices(self, k: int) -> IntArray:
        """The indices of the members of fit k in `last`, (N,)."""
        if self.last is None:
            raise ValueError("no member has reached the last epoch")
        index_of = {id(member): index for index, member in enumerate(self.last.members)}
        return np.array([index_of[id(member)] for member in self.members[self.members_of(k)]])


class Measure(Protocol[T_co]):
    """What a worker measures on its trained fits; it is sent to the worker with the item."""

    def __call__(self, stack: TrainedStack) -> Sequence[T_co]:
        """One value per fit."""


@dataclass(frozen=True, slots=True)
class StackItem(Generic[T]):
    """Fits of equal shape and epoch that train together: one work item of an executor."""

    fits: tuple[Fit, ...]
    measure: Measure[T]
    start: int = 0
    """The number of epochs trained before."""
    state: State | None = None
    """The training states of the fits after `start` epochs, along the first axis; None if `start` is 0."""
    stop: int | None = None
    """The epoch at which training pauses; None for each fit's own last epoch."""
    keep: bool = False
    """Whether the states at `stop` are wanted."""
    diagnose: bool = False
    """Whether the histories are complete: see `training.trainer`."""


@dataclass(frozen=True, slots=True)
class StackResult(Generic[T]):
    """The result of an item."""

    measured: Sequence[T]
    digests: dict[int, str]
    """The digest of the state of each fit that reached `stop`, by index in the item."""
    state: State | None
    """The states of those fits, in order, if they were wanted."""
    seconds: float
    processor_seconds: float
    """The processor time of the thread; less than `seconds` if others used the processor, too."""
    ended: float
    """When it was done, in seconds since 1970."""
    trained_by: str
    """The host and the system's id of the thread, as `HOST:4711`."""


@dataclass(slots=True)
class WorkerData:
    """Data shared by all workers, and each worker's preprocessed rows."""

    data: TaskData
    reuse: bool
    """Whether many fits share preprocessed rows, so that keeping them pays off; not in a cross-validation."""
    _pools: dict[tuple[str, Hashable], Pool] = field(default_factory=dict)

    def pool(self, fit: Fit) -> Pool:
        """All rows, preprocessed for the fit's network; only those of the latest preprocessing are kept."""
        if not self.reuse:
            return fit.examples(self.data)
        # Targets of counts and amounts are divided by their mean, and rows have factors in the loss.
        kind = f"{fit.preprocessing} {fit.settings.precision} {fit.decoder.power}"
        # The factors of several targets follow from their outputs and weights.
        kind += f" {fit.decoder.output.parts} {fit.experiment.training.target_weights}"
        key = kind, fit.rows.key
        pool = self._pools.get(key)
        if pool is None:
            pool = fit.examples(self.data)
            pools = {other: rows for other, rows in self._pools.items() if other[0] == kind}
            self._pools = {
                **pools,
                key: pool,
            }  # a new dict, because other threads may be reading the old one
        return pool


class Workers(Protocol):
    """Gives what takes the steps of a stack's members, for as long as they train."""

    def __call__(
        self,
        settings: StackSettings,
        members: Sequence[Member],
        pool: Pool,
        /,
        *,
        should_stop: Callable[[], bool],
    ) -> AbstractContextManager[RunEpoch]:
        """`should_stop` is for steps that other processes or threads take: this thread calls it about as
        often as a worker takes a step.
        """


def in_this_process(
    settings: StackSettings, members: Sequence[Member], pool: Pool, /, *, should_stop: Callable[[], bool]
) -> AbstractContextManager[RunEpoch]:
    """Take the steps of all members here, where `Stack` asks whether to stop."""
    return nullcontext(Learning.run_epoch)


def train_item(
    progress: Progress, shared: WorkerData, item: StackItem[T], workers: Workers = in_this_process
) -> StackResult[T]:
    """Train an item's fits and measure them."""
    started, processor_started = time.monotonic(), time.thread_time()
    follower = _StackFollower(progress, item.fits)
    stack = train_fits(
        shared.data,
        item.fits,
        pools=shared.pool,
        epochs=item.stop,
        start=(item.start, item.state),
        diagnose=item.diagnose,
        on_epoch=follower.on_epoch,
        should_stop=follower.after_step,
        workers=workers,
    )
    if item.stop is None:  # fits that ended early are done as well
        size = item.fits[0].settings.ensemble
        pairs = zip(stack.members[::size], stack.trained[::size], strict=True)
        progress.advance(PARTS_OF_EPOCH * sum(member.epochs - trained.epochs for member, trained in pairs))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is a result
        measured = item.measure(stack)
    states = _states(stack) if item.stop is not None else {}
    return StackResult(
        measured=measured,
        digests={k: state_digest(state) for k, state in states.items()},
        state=concatenate_members(list(states.values())) if item.keep and states else None,
        seconds=time.monotonic() - started,
        processor_seconds=time.thread_time() - processor_started,
        ended=time.time(),
        trained_by=f"{platform.node()}:{threading.get_native_id()}",
    )


class _StackFollower:
    """Advances the progress by the steps of fits that train together."""

    def __init__(self, progress: Progress, fits: Sequence[Fit]) -> None:
        self._progress, self._fits = progress, len(fits)
        self._steps = len(batch_bounds(fits[0].trained_rows, fits[0].settings))
        self._step = self._advanced = 0

    def after_step(self) -> bool:
        """Follow a step of the epoch under way; whether the work is to stop."""
        self._step += 1  # a line search may take more steps than one per batch
        self._advance(self._fits * (PARTS_OF_EPOCH * min(self._step, self._steps) // self._steps))
        return self._progress.should_stop()

    def on_epoch(self, stack: Stack, record: Record) -> None:
        """Follow an epoch that has ended, and the fits that trained in it."""
        self._fits = len(stack.members) // stack.settings.ensemble
        self._advance(self._fits * PARTS_OF_EPOCH)
        self._step = self._advanced = 0

    def _advance(self, done: int) -> None:
        if done != self._advanced:
            self._progress.advance(done - self._advanced)
            self._advanced = done


def train_shared_fits(
    progress: Progress, shared: WorkerData, fits: Sequence[Fit], indices: Sequence[int], measure: Measure[T]
) -> StackResult[T]:
    """Train and measure the fits with these indices; `fits` is a value that the workers share.

    Forked workers have it at once; sending fits would take longer than their first epochs.
    """
    return train_item(progress, shared, StackItem(tuple(fits[k] for k in indices), measure))


def train_fits(
    data: TaskData,
    fits: Sequence[Fit],
    *,
    pools: Callable[[Fit], Pool] | None = None,
    epochs: int | None = None,
    start: tuple[int, State | None] = (0, None),
    checkpoint: Checkpoint | None = None,
    diagnose: bool = False,
    on_epoch: Callable[[Stack, Record], None] = lambda stack, record: None,
    should_stop: Callable[[], bool] = lambda: False,
    seconds: float = math.inf,
    workers: Workers = in_this_process,
) -> TrainedStack:
    """Train fits of one shape together; each gets the same bits as if trained alone.

    The members of an ensemble are consecutive members of the stack.

    Args:
        data: The rows of all fits.
        fits: Fits with equal settings and equally many rows.
        pools: Returns the preprocessed rows of a fit.
        epochs: The epoch at which training pauses; by default each fit's own number of epochs.
        start: The number of epochs trained before, and the resulting state.
        checkpoint: For a single fit: the checkpoint from which training resumes.
        diagnose, on_epoch, should_stop, seconds: See `training.trainer`.
        workers: Who takes the steps of the members.
    """
    pool_of_fit = [pools(fit) if pools else fit.examples(data) for fit in fits]
    distinct = list({id(pool): pool for pool in pool_of_fit}.values())
    index_of = {id(pool): index for index, pool in enumerate(distinct)}
    offsets = [index_of[id(pool)] * len(data) for pool in pool_of_fit]
    members = [
        member
        for fit, offset in zip(fits, offsets, strict=True)
        for member in fit.members(data, fit.split(data), offset=offset)
    ]
    if epochs is not None:
        members = [replace(member, epochs=min(epochs, member.epochs)) for member in members]
    pool = join_pools(distinct)
    settings = fits[0].settings
    last: list[Stack] = []

    def after_epoch(stack: Stack, record: Record) -> None:
        if stack.epoch == epochs:
            last.append(stack)
        on_epoch(stack, record)

    with workers(settings, members, pool, should_stop=should_stop) as run_epoch:
        if checkpoint:
            stack = checkpoint.stack(settings, members, pool, run_epoch=run_epoch)
        else:
            stack = Stack(settings, members, pool, epoch=start[0], state=start[1], run_epoch=run_epoch)
        trained = train_stack(
            stack, diagnose=diagnose, on_epoch=after_epoch, should_stop=should_stop, seconds=seconds
        )
    return TrainedStack(data, start[0], fits, pool, offsets, members, trained, last[-1] if last else None)


def _states(stack: TrainedStack) -> dict[int, State]:
    """The state of each fit that reached the last epoch; a fit may have fewer epochs than that."""
    if stack.last is None:
        return {}
    ends = {k: stack.trained_fit(k) for k in range(len(stack.fits))}
    state, last = stack.last.state, stack.last.epoch
    return {
        k: select_members(state, stack.indices(k))
        for k, trained in ends.items()
        if trained.outcome is Outcome.COMPLETED and trained.epochs == last
    }
