"""The trials of a search as they were trained: what is kept of them, or else they are trained again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property

from fnnctl.errors import DataError, MachineError
from fnnctl.executors.protocols import Poll
from fnnctl.modelling.fit import Fit
from fnnctl.processors import usable_processors
from fnnctl.records.trials import JobKey, Result, Status
from fnnctl.runs.position import followed_amount
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.training import training_workers
from fnnctl.stacks.work import PARTS_OF_EPOCH, Workers
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.text import counted
from fnnctl.training.checkpoint import state_digest
from fnnctl.trials.ensemble import TrainedTrial
from fnnctl.trials.measures import Weights
from fnnctl.trials.results import recorded_digest
from fnnctl.trials.weights import (
    WeightLibrary,
    train_again,
    weights_at_rung,
)


def _open_library(session: SearchSession) -> WeightLibrary:
    """The library of a search; on bags the default trial stays, too, with which the search is compared."""
    setup, journal = session.setup, session.journal
    on_bags = setup.settings.objective.scheme.trains_ensembles
    fit = session.search.fits.typical_fit({}) if on_bags else None
    scores = 0
    if fit is not None:
        scores = fit.sizes[1] * fit.settings.shape.output.size * fit.settings.networks_per_member

    @cache
    def is_default(number: int) -> bool:
        return on_bags and setup.default_trial({number: journal.trials[number]}) is not None

    results = [*journal.results.values(), *journal.held.values()]
    return WeightLibrary(
        session.run.path,
        setup.direction,
        setup.budget.max_epochs,
        results,
        is_kept=is_default,
        scores=scores,
    )


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
        """The library of the search."""
        return _open_library(self._session)

    @property
    def library_for_trials(self) -> WeightLibrary | None:
        """The library that gets the weights of trials at their end; None if nothing is made of them."""
        settings = self._session.setup.settings
        is_needed = settings.ensemble is not None or settings.objective.scheme.trains_ensembles
        return self.library if is_needed else None

    def contenders(self) -> Iterator[TrainedTrial]:
        """The trials that can be selected for an ensemble, the best first.

        If a search on bags must end, they are those whose weights or states are at hand.
        """
        on_bags = self._session.setup.settings.objective.scheme.trains_ensembles
        return self._of_all(
            self._session.standings.contenders()[: self.library.most],
            self._must_end if on_bags else self._session.context.stop.requested,
        )

    def of(self, result: Result, should_stop: Callable[[], bool] | None = None) -> TrainedTrial | None:
        """A trial at this result. If nothing is kept of it, it is trained again; None if that should stop.

        By default, that is if the session's context asks for it.
        """
        return next(self._of_all([result], should_stop or self._session.context.stop.requested), None)

    def _of_all(self, results: Sequence[Result], should_stop: Callable[[], bool]) -> Iterator[TrainedTrial]:
        """The trials at these results; those of which nothing is kept are trained again, unless that should
        stop.
        """
        kept = [self._kept(result) for result in results]
        missing = [result.trial for result, weights in zip(results, kept, strict=True) if weights is None]
        if missing and not should_stop():
            trials = counted(len(missing), "trial") if len(missing) > 1 else f"trial {missing[0]}"
            self._session.context.note(f"training {trials} again, of which no weights are kept")
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
                    metric=session.setup.settings.objective.metric,
                    poll=poll,
                    workers=workers,
                )
        session.context.stop.raise_if_requested()
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
        run, context, data = session.run, session.context, session.search.loaded.data
        left = session.seconds_left if session.setup.settings.objective.scheme.trains_ensembles else None
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
        """What the state of a trial on bags at a rung gives; None without such a state."""
        if recorded_digest(recorded) is None or not fit.settings.bags:
            return None
        try:
            state = self._checkpoints.read([(recorded.trial, 0)], recorded.budget)
        except (DataError, MachineError):
            return None
        if state_digest(state) != recorded_digest(recorded):
            return None
        metric = self._session.setup.settings.objective.metric
        return weights_at_rung(self._session.search.loaded.data, fit, recorded, state, metric=metric)

    @cached_property
    def _checkpoints(self) -> TrialCheckpoints:
        return TrialCheckpoints(self._session.run.path)
