"""The trials of a search as they were trained: what is kept of them, or else they are trained again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property

from fnnctl.context import Context
from fnnctl.errors import DataError, MachineError
from fnnctl.executors.protocols import Poll
from fnnctl.modelling.fit import Fit
from fnnctl.processors import usable_processors
from fnnctl.records.trials import JobKey, Result, Status
from fnnctl.runs.position import followed_amount
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.training import OnDoubts, complete_trained, training_workers
from fnnctl.stacks.work import PARTS_OF_EPOCH, Workers
from fnnctl.store.run import OpenRun
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.tasks.task import TaskData
from fnnctl.text import counted
from fnnctl.training.checkpoint import state_digest
from fnnctl.trials.bags import SCORES, rebuilt_stack
from fnnctl.trials.ensemble import TrainedTrial
from fnnctl.trials.measures import Weights
from fnnctl.trials.results import recorded_digest
from fnnctl.trials.weights import WeightLibrary, train_again


class TrainedTrials:
    """The trials of a session as they were trained.

    There is one object per session, because to open the library is to read and to tidy up its folder.
    """

    def __init__(self, session: SearchSession) -> None:
        self._session = session
        self._at_rungs: dict[JobKey, Weights] = {}
        """What trials had at a rung, of those that were asked for; the library keeps ended trials."""

    @cached_property
    def library(self) -> WeightLibrary:
        """The library of the search. An ensemble with the default settings stays, to be compared with."""
        session, setup, journal = self._session, self._session.setup, self._session.journal

        @cache
        def is_default(number: int) -> bool:
            return session.keeps_trials and setup.default_trial({number: journal.trials[number]}) is not None

        return WeightLibrary(
            session.run.path,
            setup.direction,
            setup.budget.max_epochs,
            [*journal.results.values(), *journal.held.values()],
            is_kept=is_default,
            scores=session.scheme.scores_of_trial(session.search.fits),
        )

    @property
    def library_for_trials(self) -> WeightLibrary | None:
        """The library that gets the weights of trials at their end; None if nothing is made of them."""
        is_needed = self._session.setup.settings.ensemble is not None or self._session.keeps_trials
        return self.library if is_needed else None

    def contenders(self) -> Iterator[TrainedTrial]:
        """The trials that can be selected for an ensemble, the best first.

        If the search must end and they are ensembles, they are those whose weights or states are at hand.
        """
        return self._of_all(
            self._session.standings.contenders()[: self.library.most],
            self._must_end if self._session.keeps_trials else self._session.final_context.stop.requested,
        )

    def of(self, result: Result, should_stop: Callable[[], bool] | None = None) -> TrainedTrial | None:
        """A trial at this result. If nothing is kept of it, it is trained again; None if that should stop.

        By default, that is if the context of the search's end asks for it.
        """
        return next(self._of_all([result], should_stop or self._session.final_context.stop.requested), None)

    def _of_all(self, results: Sequence[Result], should_stop: Callable[[], bool]) -> Iterator[TrainedTrial]:
        """The trials at these results; those of which nothing is kept are trained again, unless that should
        stop.
        """
        kept = [self._kept(result) for result in results]
        missing = [result.trial for result, weights in zip(results, kept, strict=True) if weights is None]
        if missing and not should_stop():
            trials = counted(len(missing), "trial") if len(missing) > 1 else f"trial {missing[0]}"
            self._session.final_context.note(f"training {trials} again, of which no weights are kept")
        for result, kept_weights in zip(results, kept, strict=True):
            weights = self._trained_again(result, should_stop) if kept_weights is None else kept_weights
            if weights is not None:
                yield TrainedTrial(result, self._fit(result), weights)

    def _kept(self, result: Result) -> Weights | None:
        """What is kept of a trial at this result; None if nothing is."""
        recorded = self._session.journal.all_results[result.key]
        weights = self._at_rungs.get(result.key) or self.library.read(recorded)
        if weights is None and (weights := self._at_rung(self._fit(result), recorded)):
            self._at_rungs[result.key] = weights
        return weights

    def _trained_again(self, result: Result, should_stop: Callable[[], bool]) -> Weights | None:
        """The weights behind a result, from another training; None if that should stop."""
        session, weights = self._session, None
        recorded, fit = session.journal.all_results[result.key], self._fit(result)
        if not should_stop():
            with self._training(fit, recorded.budget, should_stop) as (poll, workers):
                weights = train_again(
                    session.search.loaded.data,
                    session.journal.trials[recorded.trial],
                    fit,
                    recorded,
                    session.scheme,
                    metric=session.setup.settings.objective.metric,
                    poll=poll,
                    workers=workers,
                )
        session.final_context.stop.raise_if_requested()
        if weights is not None and self._has_ended(recorded):
            self.library.add(recorded, weights)
        elif weights is not None:
            self._at_rungs[recorded.key] = weights
        return weights

    @contextmanager
    def _training(
        self, fit: Fit, epochs: int, should_stop: Callable[[], bool]
    ) -> Iterator[tuple[Poll, Workers]]:
        """What shows a training of a single trial and asks it to stop, and who trains its members."""
        session = self._session
        run, context, data = session.run, session.final_context, session.search.loaded.data
        left = session.seconds_left if self._session.keeps_trials else None
        progress = followed_amount(run, context.listener, epochs, time_limit=left)
        with context.stop.graceful(), progress as show:

            def poll(done: int) -> bool:
                show(done / PARTS_OF_EPOCH)
                return should_stop()

            count = session.options.workers or usable_processors()
            yield poll, training_workers(run, data, fit, context, count, is_overdue=should_stop)

    def _fit(self, result: Result) -> Fit:
        (fit,) = self._session.search.fits.fits(self._session.journal.trials[result.trial].assignment)
        return fit

    def _has_ended(self, result: Result) -> bool:
        """Whether the library keeps the trial's weights after this result."""
        most = self._session.setup.budget.max_epochs
        return result.status is Status.STOPPED_EARLY or result.budget == most

    def _must_end(self) -> bool:
        return self._session.stop() is not None

    def _at_rung(self, fit: Fit, recorded: Result) -> Weights | None:
        """What the state of a trial at a rung gives; None without such a state, or if it gives nothing."""
        if recorded_digest(recorded) is None:
            return None
        try:
            state = self._checkpoints.read([(recorded.trial, 0)], recorded.budget)
        except (DataError, MachineError):
            return None
        if state_digest(state) != recorded_digest(recorded):
            return None
        data, metric = self._session.search.loaded.data, self._session.setup.settings.objective.metric
        return self._session.scheme.weights_at_rung(data, fit, recorded, state, metric=metric)

    @cached_property
    def _checkpoints(self) -> TrialCheckpoints:
        return TrialCheckpoints(self._session.run.path)


def complete_trial(
    run: OpenRun,
    data: TaskData,
    fit: Fit,
    trial: TrainedTrial,
    context: Context,
    *,
    started: float,
    stands_for_search: bool = True,
    on_doubts: OnDoubts = lambda warnings: None,
) -> None:
    """`complete_training` for a trial that is an ensemble, from what is kept of it.

    The fit is that of the run.
    """
    complete_trained(
        run,
        data,
        fit,
        rebuilt_stack(data, fit, trial.weights),
        context,
        started=started,
        scores=list(trial.weights[SCORES]),
        stands_for_search=stands_for_search,
        on_doubts=on_doubts,
    )
