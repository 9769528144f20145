"""The run of a search: from its first trial to the refitted winner, which is tested once."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.context import Context
from fnnctl.errors import DivergedError, NoFinishedTrialError
from fnnctl.messages import Message
from fnnctl.modelling.data_checks import DataCheck
from fnnctl.records.default_trial import Measurement, compare_with_default_trial
from fnnctl.records.journal import COMPLETE, INTERRUPTED, Header, encode
from fnnctl.records.standings import leaderboard_table
from fnnctl.records.trials import Result
from fnnctl.report.verdicts import default_verdict
from fnnctl.runs.compare_with_default import compare_with_default
from fnnctl.runs.confirmation import confirm_leaders
from fnnctl.runs.ensemble import build_ensemble
from fnnctl.runs.facts import files_of_bases, known_facts
from fnnctl.runs.position import followed_amount
from fnnctl.runs.recorder import RunRecorder, log_warnings, record_notes
from fnnctl.runs.search_resuming import budget_exhausted_message
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.trained_trials import TrainedTrials
from fnnctl.runs.winner import Winner, weights_of_training_alone, winner_of, write_winner
from fnnctl.search.loop import run_search
from fnnctl.stacks.work import PARTS_OF_EPOCH
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import DefaultTrialFacts
from fnnctl.store.run import OpenRun, create_run
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.text import counted, epoch_noun
from fnnctl.trials.preparation import PreparedSearch
from fnnctl.trials.source import TrialSettings, TrialSource


def create_search_run(search: PreparedSearch, check: DataCheck, context: Context) -> OpenRun:
    """Create the run folder, which contains the journal's header from the start."""
    setup, experiment = search.setup, search.setup.experiment
    settings, default = search.base_fit().settings, search.default_fit()
    facts = known_facts(
        experiment,
        search.loaded.data,
        settings,
        check,
        command=context.command,
        blas_threads=set_blas_threads(1),
    )
    return create_run(
        context.runs_dir,
        name=experiment.name or "",
        kind="search",
        config=search.loaded.config.text,
        bases=files_of_bases(search.loaded.config),
        resolved=resolved_yaml(experiment, command="search", trials=setup.configs),
        default=resolved_yaml(default.experiment) if default else None,
        manifest={
            **facts,
            "search": {
                "method": setup.settings.method.name,
                "trials_planned": search.plan.trials,
                "epochs": search.plan.epochs_with_reuse,
                "epochs_bound": search.plan.bound,
            },
        },
        journal=[encode(journal_header(search))],
    )


def journal_header(search: PreparedSearch) -> Header:
    """The journal's first record; a resume needs the same versions of the libraries that compute."""
    return search.setup.header(search.loaded.data.dataset.sha256, {"numpy": np.__version__})


def complete_search(session: SearchSession, *, extended: bool = False) -> None:
    """Search to the end, build the ensemble, write the winner's run, and the contents of the search's folder.

    If a search that was `extended` had nothing to train, a note says why. Raises `NoFinishedTrialError` or
    `InterruptedRunError` after the completed work is written.
    """
    run, context, standings = session.run, session.context, session.standings
    trained = TrainedTrials(session)
    earlier = run.read_manifest().seconds  # nothing recorded is computed again, so all sessions count
    with (
        RunRecorder(
            run, started=session.started, trained_before=earlier.training or 0.0, before=earlier.total
        ) as recorder,
        session.graceful(),
    ):
        set_blas_threads(1)
        try:
            with recorder.time_training():
                known = len(session.journal.results)
                reason = _search(session, trained)
                if extended and reason.kind == COMPLETE and len(session.journal.results) == known:
                    words = budget_exhausted_message(session.setup, session.journal)
                    record_notes(run, [words], context.listener)
        finally:
            space = list(session.setup.settings.domains)
            columns, rows = leaderboard_table(session.journal.trials, standings, space)
            run.write_table(names.LEADERBOARD, columns, rows)
            _record(session)  # an interrupted search is reported too
        session.final_context.stop.raise_if_requested()
        if standings.incumbent is None:
            context.stop.raise_if_requested()
            context.figures.draw(run)
            raise _no_finished_trial(session, reason)
        if context.stop.requested():
            context.note("writing the results of the trials so far")
        _complete(session, trained, standings.incumbent, recorder, reason)
        context.stop.raise_if_requested()


def _complete(
    session: SearchSession,
    trained: TrainedTrials,
    incumbent: Result,
    recorder: RunRecorder,
    reason: Message,
) -> None:
    """Write what a search that has ended for this reason makes of its trials."""
    run, context = session.run, session.final_context
    if failures := session.standings.failures:
        context.note(failures.in_words(len(session.journal.trials)))
    stopped = [stop.reason for stop in session.journal.stops.values() if stop.trial is None]
    if reason.kind != COMPLETE or stopped:
        context.note(f"the search ended before it completed its plan: {[str(reason), *stopped][-1]}")
    with recorder.time_training():
        confirm_leaders(session)
    _record(session)  # the confirmation may have another winner
    context.stop.raise_if_requested()
    winner = winner_of(session, incumbent)
    context.note(f"best trial: {winner.trial}")
    # The refit can diverge, and then ends the search; the ensemble does not depend on it.
    build_ensemble(session, trained)
    if reason.kind == INTERRUPTED:  # `report` draws the figures
        write_winner(session, winner, trained)
        _compare(session, trained, winner)
        return
    context.figures.begin(run)  # it has all that its figures show
    try:
        write_winner(session, winner, trained)
    except DivergedError:
        context.figures.draw(*_folders(run))
        raise
    _compare(session, trained, winner)
    # A resume of a search that is not complete goes on from the checkpoints.
    if reason.kind == COMPLETE and not session.setup.settings.keep_checkpoints:
        TrialCheckpoints(run.path).clear()
    context.figures.draw(*_folders(run))


def _search(session: SearchSession, trained: TrainedTrials) -> Message:
    """Run the search until it is complete or asked to stop, and return why it ended."""
    setup, fits, journal = session.setup, session.search.fits, session.journal
    context, plan = session.context, session.search.plan
    epochs = plan.epochs_with_reuse * len(fits.rows)
    results = {**journal.results, **journal.held}
    before = sum(result.epochs for result in results.values()) * len(fits.rows)
    progress = followed_amount(
        session.run,
        context.listener,
        epochs,
        noun=epoch_noun(len(fits.rows)),
        bound=plan.bound,
        time_limit=session.seconds_left,
    )
    with context.stop.graceful(), progress as show:

        def poll(done: int) -> bool:
            followed = before + done / PARTS_OF_EPOCH
            session.note_epochs(followed)
            show(followed, session.best_so_far)
            return session.stop() is not None

        with session.workers(epochs=epochs, poll=poll) as executor:
            runner = TrialSource(
                TrialSettings(
                    metric=setup.settings.objective.metric,
                    max_epochs=setup.budget.max_epochs,
                    keep_checkpoints=setup.settings.keep_checkpoints,
                ),
                fits,
                TrialCheckpoints(session.run.path),
                journal,
                executor,
                on_stack=session.note_times,
                on_trained=session.note_result,
                library=trained.library_for_trials,
            )
            return run_search(
                setup.scheduler(session.sampler),
                runner,
                journal,
                concurrency=setup.concurrency,
                cost=setup.budget.cost,
                stop=session.stop,
                on_result=session.standings.add,
                on_stops=session.standings.stop,
            )


def _no_finished_trial(session: SearchSession, reason: Message) -> NoFinishedTrialError:
    failures = session.standings.failures
    return NoFinishedTrialError(
        trials=len(session.journal.trials),
        reason=failures.reason if failures else None,
        diverged=failures is not None and failures.diverged,
        run=session.run.named,
        ended=None if reason.kind == COMPLETE else str(reason),
    )


def _folders(run: OpenRun) -> list[RunFolder]:
    """The search, and the runs inside it."""
    inside = (RunFolder(run.path / name) for name in (names.BEST, names.ENSEMBLE))
    return [run, *(folder for folder in inside if folder.has(names.MANIFEST))]


def _default_trial_facts(session: SearchSession, winner: Winner) -> DefaultTrialFacts | None:
    """The winner against the default trial, by their objectives.

    None if the search makes an ensemble of trials that are ensembles: it stands for the search.
    """
    setup, has_folds = session.setup, session.scheme.facts.has_folds
    if session.keeps_trials and setup.settings.ensemble is not None:
        return None
    _, rows, _ = session.base_fit.sizes
    return compare_with_default_trial(
        session.journal.all_results,
        session.standings,
        Measurement(
            setup.settings.objective.metric,
            setup.direction,
            test_share=session.search.fits.test_share if has_folds else None,
            rows=rows,
        ),
        winner=winner.trial,
        default=session.default_trial,
        confirmed=session.confirmation,
    )


def _compare(session: SearchSession, trained: TrainedTrials, winner: Winner) -> None:
    """Say and record whether the search is better than `fnnctl train` on the test part.

    Without such a comparison, say whether the winner is better than the default trial by their objectives.
    The sentence is not among the manifest's warnings, as an extended search may have another winner: reports
    have a section on what was found last.
    """
    session.compared_with_default = compare_with_default(session, trained)
    _record(session)
    verdict = default_verdict(
        session.compared_with_default,
        _default_trial_facts(session, winner),
        has_default=session.run.default() is not None,
        metric=session.setup.settings.objective.metric,
        scheme=session.scheme.facts,
        members=session.setup.experiment.model.ensemble.members,
    )
    if verdict and verdict.is_warning:
        log_warnings(session.run, [verdict.message], session.context.listener)
    elif verdict:
        record_notes(session.run, [str(verdict.message)], session.context.listener)


def _record(session: SearchSession) -> None:
    """Record the facts about the search in the manifest."""
    run, setup, journal, standings = session.run, session.setup, session.journal, session.standings
    best, end = standings.incumbent, journal.end and journal.end.reason
    trained = sum(standings.epochs.values())
    winner = best and winner_of(session, best)
    weights_alone = winner and weights_of_training_alone(session, winner)
    by_objective = winner and _default_trial_facts(session, winner)
    compared = session.compared_with_default
    facts = {
        "method": setup.settings.method.name,
        "trials": len(journal.trials),
        "trials_planned": session.search.plan.trials,
        "only_configurations": setup.too_few,
        "epochs": session.search.plan.epochs_with_reuse,
        "epochs_bound": session.search.plan.bound,
        "epochs_trained": trained,
        "epochs_without_result": session.epochs_without_result,
        "time_limit": session.options.time_limit,
        "saved": session.sampler.saved,
        "end": end,
        "end_kind": journal.end and journal.end.reason_kind,
        "confirmed": len(journal.confirmed),
        "best": winner and asdict(winner),
        "restored_weights": weights_alone and weights_alone.model_dump(),
        "default_trial": by_objective and by_objective.model_dump(),
        "compared_with_default": compared and compared.model_dump(),
    }
    run.record({"search": facts})
    run.log(f"{counted(len(journal.trials), 'trial')}, {counted(trained, 'epoch')}: {end}")
