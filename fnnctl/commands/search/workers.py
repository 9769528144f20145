"""The workers of a search, for its trials and for its confirmation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from fnnctl.commands.preparation import PreparedSearch
from fnnctl.commands.search.options import SearchOptions
from fnnctl.console.output import Output
from fnnctl.errors import LostClusterError, UsageError
from fnnctl.executors.protocols import ClusterLostError, ClusterOptions, Executor, Poll
from fnnctl.executors.registry import BY_NAME, make_executor
from fnnctl.records.timeline import started_event
from fnnctl.runs.recorder import warn
from fnnctl.stacks.planning import plan_search_workers
from fnnctl.store.run import OpenRun


@contextmanager
def open_workers(
    run: OpenRun,
    search: PreparedSearch,
    options: SearchOptions,
    *,
    epochs: int,
    poll: Poll,
    output: Output,
) -> Iterator[Executor]:
    """The executor that the options ask for, or that suits `epochs` epochs of networks like the config's.

    Raises `LostClusterError` if the cluster of the options is gone, also within the block.
    """
    fits = search.fits
    plan = plan_search_workers(
        search.base_fit().settings,
        rows=len(fits.data),
        train_rows=fits.most_train_rows,
        epochs=epochs,
        workers=options.most_workers,
        executor=BY_NAME[options.executor] if options.executor else None,
    )

    def note(text: str) -> None:
        warn(run, [text], output.note)

    def on_event(event: Mapping[str, Any]) -> None:
        run.note_times([event])

    cluster = ClusterOptions(options.dask_address, note, on_event)
    opening = make_executor(plan.kind, workers=plan.workers, poll=poll, note=note, cluster=cluster)
    with ExitStack() as undo:
        try:
            executor = undo.enter_context(opening)
        except UsageError as error:  # there was a cluster when the command began
            raise LostClusterError(error.message, run=str(run.path)) from error
        output.detail(f"{plan.kind}, {executor.workers} at once")
        on_event(started_event(plan.kind, executor.workers))
        try:
            yield executor
        except ClusterLostError as error:
            raise LostClusterError(error.message, run=str(run.path)) from error
