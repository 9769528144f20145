"""Is a search better than what `fnnctl train` gives for its config, without the search?

The rows that choose a winner or an ensemble flatter it. So the two are compared on the test part, by which
nothing is chosen, with the paired test of `fnnctl compare`. Each is what a user would have: the winner of
single networks is refitted on training and validation rows, and `fnnctl train` stops by its validation rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fnnctl.context import Listener, NoFigures, NoStop, ShowEpochs, SilentListener
from fnnctl.errors import DivergedError, UsageError
from fnnctl.modelling.fit import Fit
from fnnctl.progress import TrainingPosition
from fnnctl.records.standings import finite_objective
from fnnctl.records.trials import Status
from fnnctl.report.comparison.compared_run import read_compared_run
from fnnctl.report.comparison.pairs import suitable_test, verdict
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.trained_trials import TrainedTrials, complete_trial
from fnnctl.runs.training import complete_training, create_training_run
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import ComparedMetric, DefaultComparison
from fnnctl.trials.forecast import estimated_seconds


def compare_with_default(session: SearchSession, trials: TrainedTrials) -> DefaultComparison | None:
    """Compare what stands for the search with what `fnnctl train` gives, which is trained for this once.

    None without a test part, or if the search asks for no comparison, unless no other trial was completed.
    """
    trial, end = session.default_trial, session.journal.end
    latest = session.standings.latest.values()
    if {result.trial for result in latest if finite_objective(result) is not None} == {trial}:
        ended_early = end is None or not end.is_complete
        seconds = estimated_seconds(session.search, session.options.workers) if ended_early else None
        return DefaultComparison(outcome="only_default", trial=trial, seconds_planned=seconds)
    fit, result_run = session.search.default_fit(), session.run.result_run()
    if fit is None or result_run is None:
        return None
    is_trained = _trial_is_what_train_gives(session, fit)
    if is_trained and _trials_of(result_run) == {trial}:
        return DefaultComparison(outcome="same", trial=trial)
    default_run = session.run.default() or _trained_default(session, fit, trials if is_trained else None)
    if default_run is None:
        return DefaultComparison(outcome="no_time", trial=trial)
    if default_run.read_manifest().diverged:
        return DefaultComparison(outcome="diverged", trial=trial)
    objective, task = session.setup.settings.objective, session.search.loaded.data.task
    metrics = dict.fromkeys([objective.metric, *(single.default_metric for single in task.tasks)])
    compared = (_compared_metric(metric, result_run, default_run) for metric in metrics)
    return DefaultComparison(
        outcome="compared", trial=trial, rows=fit.sizes[2], metrics=list(filter(None, compared))
    )


def _trial_is_what_train_gives(session: SearchSession, fit: Fit) -> bool:
    """Whether the default trial has ended with the networks of `fit`.

    That is so only if trials are ensembles, and not if the search has other epochs than the config, or if a
    scheduler has left the trial at a lower rung.
    """
    trial = session.default_trial
    result = None if trial is None else session.standings.latest.get(trial)
    if result is None or finite_objective(result) is None or not session.keeps_trials:
        return False
    (trained,) = session.search.fits.fits(session.journal.trials[result.trial].assignment)
    recorded, wanted = trained.experiment.training, fit.experiment.training
    has_ended = result.status is Status.STOPPED_EARLY or result.budget >= recorded.epochs
    return (
        has_ended
        and trained.seed == fit.seed
        and (recorded.epochs, recorded.schedule_epochs) == (wanted.epochs, wanted.schedule_epochs)
    )


def _trials_of(run: RunFolder) -> set[int | None]:
    """The trials of which the networks of an ensemble or of the best trial are."""
    manifest = run.read_manifest()
    return {trial.trial for trial in manifest.selection.trials} if manifest.selection else {manifest.trial}


def _trained_default(session: SearchSession, fit: Fit, trials: TrainedTrials | None) -> RunFolder | None:
    """The run of `fnnctl train` in the search's folder; None if the search must end before it is trained.

    It is written from the `trials`, if its networks are those of the default trial, or else trained, which
    may diverge.
    """
    started, loaded, trial = time.monotonic(), session.search.loaded, session.default_trial
    kept = None
    if trials is not None and trial is not None:
        kept = trials.of(session.standings.latest[trial], session.must_end)
    if kept is None and session.must_end(expected=session.default_seconds()):
        return None
    context = replace(
        session.final_context,
        runs_dir=session.run.path,
        listener=_ProgressOnly(session.final_context.listener),
        stop=_UntilSearchEnds(session) if kept is None else NoStop(),
        figures=NoFigures(),
    )
    check = loaded.checked_data(session.search.split, bags=fit.settings.bags)
    run = create_training_run(context, loaded.data, fit, check=check, folder=names.NEXT_DEFAULT)
    try:
        if kept is not None:
            complete_trial(run, loaded.data, fit, kept, context, started=started)
        else:
            session.final_context.note("training the default settings, to compare with them")
            workers = session.options.workers
            complete_training(run, loaded.data, fit, context, started=started, workers=workers)
    except DivergedError:
        pass  # the run's manifest says it
    except _SearchEndsError:
        session.run.discard_default()
        session.final_context.stop.raise_if_requested()
        return None
    session.run.keep_default()
    return session.run.default()


class _ProgressOnly(SilentListener):
    """Shows the progress of a training, and none of its messages, which are not about the search's result."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    @contextmanager
    def epochs(self, position: TrainingPosition) -> Iterator[ShowEpochs]:
        with self._listener.epochs(position) as show:
            yield show


class _SearchEndsError(Exception):
    """The search must end before a training has."""


class _UntilSearchEnds(NoStop):
    """Ends a training when its search must end."""

    def __init__(self, session: SearchSession) -> None:
        self._session = session
        self._has_ended_training = False

    def requested(self) -> bool:
        self._has_ended_training |= self._session.must_end()
        return self._has_ended_training

    def raise_if_requested(self, epochs: int | None = None) -> None:
        if self._has_ended_training:  # one that has reached its end is kept
            raise _SearchEndsError

    @contextmanager
    def graceful(self) -> Iterator[None]:
        with self._session.final_context.stop.graceful():
            yield


def _compared_metric(metric: str, search: RunFolder, default: RunFolder) -> ComparedMetric | None:
    """Both values of a metric on the test part, and the test of their difference.

    None if the metric has no value here, or does not follow from rows.
    """
    try:
        first, second = (read_compared_run(run, metric) for run in (search, default))
    except UsageError:
        return None
    difference = suitable_test(first, second).difference
    return ComparedMetric(
        metric=metric,
        search=first.value,
        default=second.value,
        difference=difference.value,
        ci95=difference.ci95,
        p=difference.p,
        verdict=verdict(difference.value, difference.p, metric),
    )
