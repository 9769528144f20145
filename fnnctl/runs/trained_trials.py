"""The trials of a search as they were trained: what is kept of them, or else they are trained again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property

from fnnctl.errors import DataError, MachineError
from fnnctl.modelling.fit import Fit
from fnnctl.records.trials import Result
from fnnctl.runs.search_session import SearchSession
from fnnctl.stacks.measures import Weights
from fnnctl.stacks.trial_ensemble import (
    TrainedTrial,
    WeightLibrary,
    train_again,
    weights_at_rung,
)
from fnnctl.stacks.trial_results import WEIGHTS, recorded_digest
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.training.checkpoint import state_digest


def weight_library(session: SearchSession) -> WeightLibrary | None:
    """The library for the weights of the session's trials; None if nothing is made of them."""
    settings = session.setup.settings
    is_needed = settings.ensemble is not None or settings.objective.on_bags
    return open_library(session) if is_needed else None


def open_library(session: SearchSession) -> WeightLibrary:
    """The library of a search; on bags the default trial stays, too, with which the ensemble is compared."""
    setup, journal = session.setup, session.journal
    on_bags = setup.settings.objective.on_bags
    fit = session.search.fits.typical_fit({}) if on_bags else None
    scores = 0
    if fit is not None:
        scores = fit.sizes[1] * fit.settings.shape.outputs * fit.settings.networks_per_member

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
    """The trials of a session as they were trained."""

    def __init__(self, session: SearchSession) -> None:
        self._session = session
        self._library = open_library(session)

    def contenders(self) -> Iterator[TrainedTrial]:
        """The trials that can be selected for an ensemble, the best first.

        Of a search on bags that ended before any trial did, they are those whose states are at hand.
        """
        on_bags = self._session.setup.settings.objective.on_bags
        for result in self._session.standings.contenders()[: self._library.most]:
            has_ended = WEIGHTS in (result.facts or {})
            if trained := self.of(result, again=has_ended or not on_bags):
                yield trained

    def of(self, result: Result, *, again: bool = True) -> TrainedTrial | None:
        """A trial at this result. If its weights are lost it is trained `again`; None without that."""
        session = self._session
        context, journal = session.context, session.journal
        trial, recorded = journal.trials[result.trial], journal.results[result.key]
        (fit,) = session.search.fits.fits(trial.assignment)
        weights = self._library.read(recorded) or self._at_rung(fit, recorded)
        if weights is None and again:
            context.note(f"training trial {result.trial} again, because its weights were lost or not kept")
            with context.stop.graceful():
                weights = train_again(
                    session.search.loaded.data,
                    trial,
                    fit,
                    recorded,
                    metric=session.setup.settings.objective.metric,
                    should_stop=context.stop.requested,
                )
            context.stop.raise_if_requested()
            if weights is not None:
                self._library.add(recorded, weights)
        return None if weights is None else TrainedTrial(result, fit, weights)

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
