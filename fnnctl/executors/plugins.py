"""Gives work the plug-ins of the command that submits it, in whatever thread or process it runs.

They travel as a shared value. Entry points are looked up again by the worker, which must have the same
packages; objects that a Python program has passed are sent.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from fnnctl.executors.protocols import Executor, Progress, R, Shared, T, Work
from fnnctl.plugins import Scope, scope


class PluginExecutor:
    """Runs work with an executor, within a scope of plug-ins."""

    def __init__(self, executor: Executor, plugins: Scope) -> None:
        self._executor = executor
        self._plugins = executor.share(plugins)

    @property
    def workers(self) -> int:
        """How many items run at the same time: see `Executor`."""
        return self._executor.workers

    def share(self, value: T) -> Shared[T]:
        """Send a value to each worker once: see `Executor`."""
        return self._executor.share(value)

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """Run an item of work: see `Executor`."""
        return self._executor.submit(_within_scope, self._plugins, work, *args)

    def poll(self) -> bool:
        """Report progress; True once the work was asked to stop: see `Executor`."""
        return self._executor.poll()

    def shutdown(self) -> None:
        """Cancel queued items, and stop the running ones: see `Executor`."""
        self._executor.shutdown()


def _within_scope(progress: Progress, plugins: Scope, work: Work[R], *args: Any) -> R:
    with scope(plugins):
        return work(progress, *args)
