"""The interface of executors, and what the work that they run sees of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Protocol, TypeAlias, TypeVar

from fnnctl.errors import MachineError
from fnnctl.messages import Message

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
R = TypeVar("R")

Poll: TypeAlias = Callable[[int], bool]
"""Called with the total progress; returns whether the work should stop."""

Warn: TypeAlias = Callable[[Message], None]
"""Shows a message about the workers to the user."""


SECONDS_TO_STOP = 2.0
"""How long items may go on after they were asked to stop; then they are given up, and give no result."""


class Progress(Protocol):
    """How a work function and its executor keep in touch."""

    def should_stop(self) -> bool:
        """Whether the work should end early; cheap enough to ask at every training step."""

    def advance(self, amount: int) -> None:
        """Report that this much more is done."""


Work: TypeAlias = Callable[Concatenate[Progress, ...], R]
"""A work function: its first argument is a `Progress`."""


@dataclass(frozen=True, slots=True)
class Shared(Generic[T]):
    """A handle to a value that every worker has."""

    index: int


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Where the workers are, and who is told about them."""

    address: str | None = None
    """The scheduler's address; None for workers on this machine that are started and ended with the work."""
    warn: Warn = lambda message: None
    on_worker: Callable[[Mapping[str, Any]], None] = lambda event: None
    """Called with the facts about each worker that joins; like `warn` in the thread that polls."""


class Executor(Protocol):
    """Runs work items."""

    @property
    def workers(self) -> int:
        """How many items it runs at the same time; on a cluster this changes."""

    def share(self, value: T) -> Shared[T]:
        """Send a value to each worker once; pass the returned handle to `submit` in its place.

        Raises `RuntimeError` after the first `submit`.
        """

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """Run `work(progress, *args)`, with handles replaced by their values.

        The first call starts the workers; it raises `WorkersRefusedError` if the system refuses to. The
        future raises `WorkerKilledError` if the worker died, or if the item did not stop in time.
        """

    def poll(self) -> bool:
        """Report progress to the caller's `Poll`; True once it has asked for the work to stop.

        To be called until all futures are done: it gives items up that do not stop in time.
        """

    def shutdown(self) -> None:
        """Cancel queued items, stop the running ones, and wait for their end, or give them up."""


class WorkersRefusedError(MachineError):
    """The system refuses to start a worker: no shared memory, or a limit on processes or files is reached."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the system cannot start more workers: {reason}")


class WorkerKilledError(MachineError):
    """A worker process died, most often because the system's memory ran out."""

    def __init__(self, *, times: str = "") -> None:
        super().__init__(f"a worker process was killed{times}: is there enough memory?")


class ClusterLostError(MachineError):
    """The scheduler of a cluster has ended or cannot be reached any more."""

    def __init__(self, address: str) -> None:
        super().__init__(f"the connection to the Dask scheduler at {address} is lost")
