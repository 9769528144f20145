"""What an executor is, and what the work that it runs sees of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, Protocol, TypeAlias, TypeVar

from fnnctl.errors import MachineError

T = TypeVar("T")
R = TypeVar("R")

Poll: TypeAlias = Callable[[int], bool]
"""Is told how much is done in all, and answers whether the work should stop."""

Note: TypeAlias = Callable[[str], None]
"""Shows the user a sentence."""


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
    """A handle of a value that every worker has."""

    index: int


class Executor(Protocol):
    """Runs work items."""

    workers: int
    """How many items it runs at the same time."""

    def share(self, value: T) -> Shared[T]:
        """Place a value once per worker; the handle stands for it among the arguments of `submit`.

        Raises `RuntimeError` after the first `submit`.
        """

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """Run `work(progress, *args)`, with handles replaced by their values.

        The first call starts the workers; it raises `WorkersRefusedError` if the system does not let it. The
        future raises `WorkerKilledError` if the worker died.
        """

    def poll(self) -> bool:
        """Report progress to the caller's `Poll`; True once that has answered that the work should stop."""

    def shutdown(self) -> None:
        """Cancel what is queued, stop what runs, and wait for it."""


class WorkersRefusedError(MachineError):
    """The system starts no worker: it has no shared memory, or a limit of processes or files is reached."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the system starts no more workers: {reason}")


class WorkerKilledError(MachineError):
    """A worker process died, most often because the system's memory ran out."""

    def __init__(self, *, times: str = "") -> None:
        super().__init__(f"a worker process was killed{times}: is there enough memory?")
