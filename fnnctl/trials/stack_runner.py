"""Trains waiting fits as stacks: one runner for the two sources, a search's trials and its confirmation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from fnnctl.errors import is_out_of_memory
from fnnctl.executors.protocols import Executor, WorkerKilledError
from fnnctl.executors.work import run_queue
from fnnctl.messages import Message
from fnnctl.stacks.planning import stack_size
from fnnctl.stacks.work import StackItem, StackResult, WorkerData, train_item
from fnnctl.tasks.task import TaskData
from fnnctl.training.trainer import Outcome
from fnnctl.trials.fit_queue import FitQueue, PlannedStack
from fnnctl.trials.measures import FitObjective

Event: TypeAlias = Mapping[str, Any]
ObjectiveResult: TypeAlias = StackResult[FitObjective]


class StackSource(Protocol):
    """Makes the items of stacks, and receives their results."""

    def item(self, stack: PlannedStack) -> StackItem[FitObjective]:
        """The stack with its fits, which are made when a worker is free and released afterwards."""

    def labels(self, stack: PlannedStack) -> Event:
        """What the timeline says of the stack beside its time."""

    def receive(self, stack: PlannedStack, result: ObjectiveResult) -> None:
        """Receive the measurements of the stack's fits."""

    def fail(self, stack: PlannedStack, reason: Message) -> None:
        """Let the stack's only trial fail."""


class StackRunner:
    """Trains the fits in `queue`: those of equal shape and epoch that wait for a worker train as a stack."""

    def __init__(
        self, source: StackSource, data: TaskData, executor: Executor, *, on_stack: Callable[[Event], None]
    ) -> None:
        """`on_stack` is called after each trained stack, for the timeline."""
        self._source, self._executor, self._on_stack = source, executor, on_stack
        self._shared = executor.share(WorkerData(data, reuse=True))
        self.queue = FitQueue(
            lambda settings, count: stack_size(settings, count, rows=len(data), workers=executor.workers)
        )
        self._trained: Iterator[tuple[PlannedStack, ObjectiveResult | WorkerKilledError]] = iter(())

    def train_next(self) -> bool:
        """Train until a stack is done; False if nothing waits, or if the executor was asked to stop."""
        done = next(self._trained, None)
        if done is None:
            self._trained = run_queue(
                self._executor, train_item, self._next_item, on_killed=lambda stack, error: error
            )
            done = next(self._trained, None)
        if done is not None:
            self._receive(*done)
        return done is not None

    def _next_item(self) -> tuple[PlannedStack, tuple[Any, ...]] | None:
        stack = self.queue.next_stack()
        return (stack, (self._shared, self._source.item(stack))) if stack else None

    def _receive(self, stack: PlannedStack, result: ObjectiveResult | WorkerKilledError) -> None:
        """Pass a result on to the source.

        There is none if the stack's worker was killed, twice. Its trials are then trained one by one: they
        may have exhausted the memory together but fit in it alone.
        """
        if isinstance(result, WorkerKilledError):
            if len(stack.trials) > 1:
                self.queue.add_stacks(stack.by_trial())
            else:
                end = "ran out of memory" if is_out_of_memory(result) else "was killed"
                self._source.fail(stack, Message("lost_worker", f"its worker process {end} twice"))
        elif not any(fit.outcome is Outcome.INTERRUPTED for fit in result.measured):
            self._on_stack(
                {
                    **self._source.labels(stack),
                    "epochs": sum(max(0, fit.epochs - stack.start) for fit in result.measured),
                    "seconds": round(result.seconds, 4),
                    "processor_seconds": round(result.processor_seconds, 4),
                    "ended": round(result.ended, 4),
                    "trained_by": result.trained_by,
                }
            )
            self._source.receive(stack, result)
