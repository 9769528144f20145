"""Searches to the end, refits the best configuration, tests it once, and writes the folder's contents."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property

from fnnctl.blas import set_blas_threads
from fnnctl.commands.preparation import PreparedSearch
from fnnctl.commands.search.confirm import confirm_leaders
from fnnctl.commands.search.ensemble import build_ensemble, weight_library
from fnnctl.commands.search.options import SearchOptions
from fnnctl.commands.search.winner import Winner, refit_winner, weights_kept_alone, winner_of
from fnnctl.commands.search.workers import open_workers
from fnnctl.console.output import Output
from fnnctl.console.progress import amount_progress
from fnnctl.console.signals import Interruption
from fnnctl.errors import DivergedError, NoFinishedTrialError
from fnnctl.records.confirmation import confirmation
from fnnctl.records.default_trial import DefaultTrialComparison, Measurement, compare_with_default_trial
from fnnctl.records.journal import COMPLETE, INTERRUPTED, Journal
from fnnctl.records.standings import Standings, leaderboard_table
from fnnctl.report.figures.drawer import FigureDrawer
from fnnctl.report.topics.default_trial import own_settings_sentence
from fnnctl.runs.recorder import RunRecorder, tell
from fnnctl.search.loop import run_search
from fnnctl.search.protocols import Sampler
from fnnctl.stacks.trial_feed import TrialFeed, TrialSettings
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.text import counted

TIME_IS_OVER = "the time limit"


@dataclass(frozen=True)
class _Session:
    """The state that the steps of one search share."""

    run: OpenRun
    search: PreparedSearch
    journal: Journal
    options: SearchOptions
    started: float
    output: Output
    signals: Interruption
    sampler: Sampler
    standings: Standings

    @cached_property
    def default_trial(self) -> int | None:
        """The trial with the default settings. It is looked for once, after the last trial has begun."""
        return self.search.setup.default_trial(self.journal.trials)

    def best_so_far(self) -> str:
        """The best objective so far, in words; empty before the first result."""
        best = self.standings.incumbent
        if best is None or best.objective is None:
            return ""
        metric = self.search.setup.settings.objective.metric
        return f"best {metric} {best.objective:.4g} (trial {best.trial}, epoch {best.budget})"

    def stop(self) -> str | None:
        """Why the search should end now; None if it should continue."""
        limit = self.options.time_limit
        if self.signals.requested():
            return INTERRUPTED
        return TIME_IS_OVER if limit is not None and time.monotonic() - self.started >= limit else None


def complete_search(
    run: OpenRun,
    search: PreparedSearch,
    journal: Journal,
    options: SearchOptions,
    *,
    started: float,
    output: Output,
    signals: Interruption,
    figures: FigureDrawer,
) -> None:
    """Search to the end, build the ensemble, refit the winner, and write the contents of the search's folder.

    Raises `NoFinishedTrialError` or `InterruptedRunError` after the completed work is written.
    """
    setup = search.setup
    standings = Standings(setup.direction, journal.results.values())
    sampler = setup.sampler(journal.before_extension)
    session = _Session(run, search, journal, options, started, output, signals, sampler, standings)
    with RunRecorder(run, started=started) as recorder:
        set_blas_threads(1)
        try:
            with recorder.training():
                reason = _search(session)
        finally:
            columns, rows = leaderboard_table(journal.trials, standings, list(setup.settings.space))
            run.write_table(names.LEADERBOARD, columns, rows)
            _record(session)
        signals.raise_if_requested()
        if standings.incumbent is None:
            counts = Counter(result.reason or "" for result in standings.latest.values())
            most_common = [text for text, _ in counts.most_common()]
            figures.draw(run)
            ended = None if reason == COMPLETE else reason
            raise NoFinishedTrialError(
                trials=len(journal.trials), reasons=most_common, run=str(run.path), ended=ended
            )
        stopped = [each.reason for each in journal.stops if each.trial is None]
        if reason != COMPLETE or stopped:
            output.note(f"the search ended before it completed its plan: {[reason, *stopped][-1]}")
        with recorder.training():
            confirm_leaders(run, search, journal, standings, options, output=output, signals=signals)
        _record(session)
        signals.raise_if_requested()
        winner = winner_of(journal, standings, standings.incumbent)
        output.note(f"best trial: {winner.trial}")
        _tell_of_own_settings(session, winner)
        # The refit can diverge, and then ends the search; the ensemble does not depend on it.
        build_ensemble(run, search, journal, standings, output=output, signals=signals)
        try:
            refit_winner(run, search, winner, output=output, signals=signals)
        except DivergedError:
            figures.draw(*_folders(run))
            raise
        if not setup.settings.keep_checkpoints:
            TrialCheckpoints(run.path).clear()
        figures.draw(*_folders(run))  # all at once, so that no processor waits for another
        signals.raise_if_requested()


def _folders(run: OpenRun) -> list[RunFolder]:
    """The search, and the runs inside it."""
    inside = (RunFolder(run.path / name) for name in (names.BEST, names.ENSEMBLE))
    return [run, *(folder for folder in inside if folder.path.is_dir())]


def _search(session: _Session) -> str:
    """Run the search until it is complete or asked to stop, and return why it ended."""
    setup, fits = session.search.setup, session.search.fits
    objective = setup.settings.objective
    epochs = setup.plan.epochs_with_reuse * len(fits.rows)
    before = sum(result.epochs for result in session.journal.results.values()) * len(fits.rows)
    progress = amount_progress(session.output, epochs, bound=setup.plan.bound, note=session.run.note_position)
    with session.signals.graceful(), progress as show:

        def poll(done: int) -> bool:
            show(before + done, session.best_so_far)
            return session.stop() is not None

        with open_workers(
            session.run, session.search, session.options, epochs=epochs, poll=poll, output=session.output
        ) as executor:
            runner = TrialFeed(
                TrialSettings(
                    metric=objective.metric,
                    on_folds=objective.on == "cross_validation",
                    max_epochs=setup.budget.max_epochs,
                    keep_checkpoints=setup.settings.keep_checkpoints,
                ),
                fits,
                TrialCheckpoints(session.run.path),
                session.journal,
                executor,
                on_stack=lambda event: session.run.note_times([event]),
                library=weight_library(session.run, setup, session.journal),
            )
            return run_search(
                setup.scheduler(session.sampler),
                runner,
                session.journal,
                concurrency=setup.concurrency,
                stop=session.stop,
                on_result=session.standings.tell,
                on_stops=session.standings.stop,
            )


def _own_settings(session: _Session, winner: Winner) -> DefaultTrialComparison:
    """The winner against the default settings."""
    setup, journal, standings = session.search.setup, session.journal, session.standings
    objective, rows = setup.settings.objective, session.search.split
    on_folds = objective.on == "cross_validation"
    return compare_with_default_trial(
        journal.results,
        standings,
        Measurement(
            objective.metric,
            setup.direction,
            test_share=session.search.fits.test_share if on_folds else None,
            rows=len(rows.known if on_folds else rows.validation),
        ),
        winner=winner.trial,
        own=session.default_trial,
        confirmed=confirmation(journal.settings, standings, journal.confirmed),
    )


def _tell_of_own_settings(session: _Session, winner: Winner) -> None:
    """Say whether the winner is better than the default settings; a warning if that cannot be told.

    It is not among the manifest's warnings, as an extended search may have another winner: reports have a
    section on what was found last.
    """
    found = _own_settings(session, winner)
    sentence = own_settings_sentence(found, session.search.setup.settings.objective.metric)
    tell(session.run, [f"{'warning: ' if found.is_doubtful else ''}{sentence}"], session.output.note)


def _record(session: _Session) -> None:
    """Record the facts about the search in the manifest."""
    run, setup, journal, standings = session.run, session.search.setup, session.journal, session.standings
    best, end = standings.incumbent, journal.end.reason if journal.end else None
    trained = sum(standings.epochs.values())
    winner = best and winner_of(journal, standings, best)
    kept = winner and weights_kept_alone(session.search, journal, winner)
    facts = {
        "method": setup.settings.method.name,
        "trials": len(journal.trials),
        "only_configurations": setup.too_few,
        "epochs": setup.plan.epochs_with_reuse,
        "epochs_bound": setup.plan.bound,
        "epochs_trained": trained,
        "saved": getattr(session.sampler, "saved", 0),
        "end": end,
        "confirmed": len(journal.confirmed),
        "best": winner and asdict(winner),
        "kept_alone": kept and asdict(kept),
        "own_settings": winner and asdict(_own_settings(session, winner)),
    }
    run.record({"search": facts})
    run.log(f"{counted(len(journal.trials), 'trial')}, {counted(trained, 'epoch')}: {end}")
