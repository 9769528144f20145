"""The trials of a search as they were trained: what is kept of them, or else they are trained again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from fnnctl.records.journal import Journal
from fnnctl.records.trials import Result
from fnnctl.runs.search_session import SearchSession
from fnnctl.search.setup import SearchSetup
from fnnctl.stacks.trial_ensemble import MAX_KEPT, TrainedTrial, WeightLibrary, train_again
from fnnctl.store.run import OpenRun


def weight_library(run: OpenRun, setup: SearchSetup, journal: Journal) -> WeightLibrary | None:
    """The library for the weights of the search's trials; None if nothing is made of them."""
    is_needed = setup.settings.ensemble is not None or setup.settings.objective.on_bags
    return open_library(run, setup, journal) if is_needed else None


def open_library(run: OpenRun, setup: SearchSetup, journal: Journal) -> WeightLibrary:
    """The library of a search; on bags the default trial stays, too, with which the ensemble is compared."""
    on_bags = setup.settings.objective.on_bags

    @cache
    def is_default(number: int) -> bool:
        return on_bags and setup.default_trial({number: journal.trials[number]}) is not None

    results = [*journal.results.values(), *journal.held.values()]
    return WeightLibrary(run.path, setup.direction, setup.budget.max_epochs, results, is_kept=is_default)


def trained_trials(session: SearchSession, library: WeightLibrary) -> Iterator[TrainedTrial]:
    """The trials that can be selected, the best first."""
    for result in session.standings.contenders()[:MAX_KEPT]:
        if trained := trained_trial(session, library, result):
            yield trained


def trained_trial(session: SearchSession, library: WeightLibrary, result: Result) -> TrainedTrial | None:
    """A trial at its end; if its weights are lost, it is trained again. None if it has none even so."""
    context, journal = session.context, session.journal
    trial = journal.trials[result.trial]
    (fit,) = session.search.fits.fits(trial.assignment)
    weights = library.read(result)
    if weights is None:
        context.note(f"training trial {result.trial} again, because its weights were lost or not kept")
        recorded = journal.results[result.key]
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
        if weights is None:
            return None
        library.add(recorded, weights)
    return TrainedTrial(result, fit, weights)
