"""What the steps of one search share: its run, its journal, its workers, and the best trial so far."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from fnnctl.config.reading.overrides import OptionChange
from fnnctl.context import Context, NoStop
from fnnctl.errors import LostClusterError, UsageError
from fnnctl.executors.protocols import ClusterLostError, ClusterOptions, Executor, Poll
from fnnctl.executors.registry import EXECUTORS, OFFERED, Execution, make_executor
from fnnctl.messages import Message
from fnnctl.metrics.registry import label_of
from fnnctl.modelling.fit import Fit
from fnnctl.processors import usable_processors
from fnnctl.records.confirmation import Confirmation, confirmation
from fnnctl.records.journal import INTERRUPTED, TIME_IS_OVER, Journal
from fnnctl.records.standings import Standings, finite_objective
from fnnctl.records.timeline import started_event
from fnnctl.records.trials import Result
from fnnctl.runs.ending_time import EndingTime
from fnnctl.runs.recorder import record_warnings
from fnnctl.search.protocols import Sampler
from fnnctl.search.setup import SearchSetup
from fnnctl.stacks.planning import plan_search_workers
from fnnctl.store.manifest import DefaultComparison
from fnnctl.store.run import OpenRun
from fnnctl.tasks.post_training import PostTraining
from fnnctl.text import did_you_mean, joined_words
from fnnctl.trials.preparation import PreparedSearch
from fnnctl.trials.schemes.base import TrialScheme

PAST_LIMIT: Final = 0.1
"""The training of the default settings may pass the time limit by this share of it. The end has at most half
of the limit, so it may take a fifth longer than estimated, as on a machine whose load changes.
"""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """The command-line options of `search`; none of them changes the numbers of a trial."""

    method: str | None = None
    workers: int | None = None
    executor: str | None = None
    max_trials: int | None = None
    time_limit: float | None = None
    dask_address: str | None = None

    def __post_init__(self) -> None:
        if self.executor is not None and self.executor not in OFFERED:
            choices = joined_words([*OFFERED], "or")
            hint = did_you_mean(self.executor, OFFERED)
            raise UsageError(f"there is no executor '{self.executor}'; choose {choices}{hint}")
        if self.dask_address is not None and not (self._execution and self._execution.check_cluster):
            raise UsageError("--dask-address needs --executor dask")

    @property
    def _execution(self) -> Execution | None:
        """The chosen executor; None if there is none."""
        return EXECUTORS[OFFERED[self.executor]] if self.executor else None

    def check_cluster(self) -> None:
        """Raise `UsageError` if there is no Dask, or no worker at its address, before anything is written."""
        if self._execution and self._execution.check_cluster:
            self._execution.check_cluster(self.dask_address)

    @property
    def most_workers(self) -> int:
        """How many workers may be used: by default all processors of this machine, or of the cluster."""
        return self.workers or (sys.maxsize if self.dask_address else usable_processors())

    @property
    def overrides(self) -> list[OptionChange]:
        """The changes that the options make to the config."""
        return OptionChange.if_given("--method", "search.method", self.method)

    @property
    def machine(self) -> dict[str, Any]:
        """The given options that a resume records."""
        options = {"workers": self.workers, "executor": self.executor, "time_limit": self.time_limit}
        return {name: value for name, value in options.items() if value is not None}


class SearchSession:
    """A search that has a run folder and a journal."""

    def __init__(
        self,
        run: OpenRun,
        search: PreparedSearch,
        journal: Journal,
        options: SearchOptions,
        context: Context,
        *,
        started: float,
    ) -> None:
        """`started` is when the command began, on the monotonic clock."""
        self.run, self.search, self.journal, self.options = run, search, journal, options
        self.context, self.started = context, started
        self.setup: SearchSetup = search.setup
        self.scheme: TrialScheme = search.scheme
        self.final_context: Context = replace(context, stop=NoStop()) if self.keeps_trials else context
        """The context of what follows the trials. Trials that are kept are written even after a signal, which
        takes seconds; a second one ends it at once: see `graceful`."""
        self.standings = Standings(self.setup.direction, journal.results.values())
        self.compared_with_default: DefaultComparison | None = None
        """None until the comparison is made, and if there is none."""
        self.sampler: Sampler = self.setup.sampler(journal.before_extension)
        held = map(finite_objective, journal.held.values())
        self._has_objective = self.standings.incumbent is not None or any(value is not None for value in held)
        """Whether some trial, recorded or not, has an objective: the search can end with it."""
        self._followed_epochs = 0.0
        """The epochs that the progress has counted, over all folds."""
        self._ending = self._ending_time(options.time_limit) if options.time_limit is not None else None

    def _ending_time(self, limit: float) -> EndingTime:
        return EndingTime(
            self.search,
            self.journal,
            self.standings,
            limit=limit,
            workers=self.options.most_workers,
            default=self.search.default_fit() if self.run.default() is None else None,
        )

    @property
    def keeps_trials(self) -> bool:
        """Whether trials are ensembles, which become runs as they are; otherwise the best is refitted."""
        return self.scheme.facts.trains_ensembles

    @cached_property
    def base_fit(self) -> Fit:
        """The fit of the config itself, as an example of the trials' fits."""
        return self.search.base_fit()

    @cached_property
    def default_trial(self) -> int | None:
        """The trial with the default settings. It is looked for once, after the last trial has begun."""
        return self.setup.default_trial(self.journal.trials)

    @property
    def post_training(self) -> PostTraining:
        """What is fitted to an ensemble of trials, by the config's settings."""
        return PostTraining.of(self.setup.experiment.model)

    @property
    def confirmation(self) -> Confirmation | None:
        """How far the leaders are confirmed; None without `search.confirm`, or with a single leader."""
        return confirmation(self.journal.settings, self.standings, self.journal.confirmed)

    def best_so_far(self) -> str:
        """The best objective so far, in words; empty before the first result."""
        best = self.standings.incumbent
        if best is None or best.objective is None:
            return ""
        label = label_of(self.setup.settings.objective.metric)
        epochs = min(best.budget, self.standings.epochs[best.trial])
        return f"best {label} {best.objective:.4g} (trial {best.trial}, epoch {epochs})"

    @property
    def epochs_without_result(self) -> int:
        """The epochs that were trained in jobs under way when the search ended."""
        if self.journal.end is not None and self.journal.end.is_complete:
            return 0
        followed = int(self._followed_epochs / len(self.search.fits.rows))
        return max(0, followed - sum(self.standings.epochs.values()))

    @property
    def seconds_left(self) -> float | None:
        """How long until the time limit; None without one."""
        limit = self.options.time_limit
        return None if limit is None else max(0.0, self.started + limit - time.monotonic())

    def stop(self) -> Message | None:
        """Why the trials should end now; None if they should continue.

        They leave the time that the search then takes to its end, once it has a result. A trial that is an
        ensemble is a predictor. So there is a first result, even beyond the time limit: with a limit that is
        too short for a single trial, a search still gives one.
        """
        if self.context.stop.requested():
            return Message(INTERRUPTED, "interrupted")
        left = self.seconds_left
        if left is None or self._ending is None:
            return None
        is_over = left <= (self._ending.seconds() if self._has_objective else 0.0)
        may_end = self._has_objective or not self.keeps_trials
        return TIME_IS_OVER if is_over and may_end else None

    def must_end(self, *, expected: float = 0.0) -> bool:
        """Whether what follows the trials and may be left out should end now, or not begin.

        That is so after a signal, and if it would take `expected` more seconds and so pass the time limit by
        more than `PAST_LIMIT`.
        """
        if self.context.stop.requested():
            return True
        limit = self.options.time_limit
        return limit is not None and time.monotonic() + expected > self.started + (1 + PAST_LIMIT) * limit

    def default_seconds(self) -> float:
        """About how long the training of the default settings takes; 0 if that is unknown."""
        return self._ending.default_seconds() if self._ending else 0.0

    def graceful(self) -> AbstractContextManager[None]:
        """A context in which a first signal does not keep a search from writing trials that it keeps.

        A second one ends it at once, as ever.
        """
        return self.context.stop.graceful() if self.keeps_trials else nullcontext()

    def note_epochs(self, epochs: float) -> None:
        """Note how many epochs the progress has counted, over all folds."""
        self._followed_epochs = epochs

    def note_times(self, event: Mapping[str, Any]) -> None:
        """Append an event, such as the end of a stack, to the timeline."""
        if self._ending and "trials" in event:
            self._ending.note(event)
        self.run.note_times([event])

    def note_result(self, result: Result) -> None:
        """Note the result of a job, before its turn to be recorded."""
        self._has_objective |= finite_objective(result) is not None

    @contextmanager
    def workers(self, *, epochs: int, poll: Poll) -> Iterator[Executor]:
        """The executor that the options ask for, or that suits `epochs` epochs of networks like the config's.

        Raises `LostClusterError` if the cluster of the options is gone, also within the block.
        """
        fits, options, typical = self.search.fits, self.options, self.base_fit
        plan = plan_search_workers(
            typical.settings,
            rows=len(fits.data),
            train_rows=min(fits.most_train_rows, typical.trained_rows),
            epochs=epochs,
            workers=options.most_workers,
            executor=OFFERED[options.executor] if options.executor else None,
        )

        def warn(message: Message) -> None:
            record_warnings(self.run, [message], self.context.listener)

        cluster = ClusterOptions(options.dask_address, warn, self.note_times)
        opening = make_executor(plan.kind, workers=plan.workers, poll=poll, warn=warn, cluster=cluster)
        with ExitStack() as undo:
            try:
                executor = undo.enter_context(opening)
            except UsageError as error:  # there was a cluster when the command began
                raise LostClusterError(error.message, run=str(self.run.path)) from error
            self.context.listener.detail(f"{plan.kind}, {executor.workers} at once")
            self.note_times(started_event(plan.kind, executor.workers))
            try:
                yield executor
            except ClusterLostError as error:
                raise LostClusterError(error.message, run=str(self.run.path)) from error
