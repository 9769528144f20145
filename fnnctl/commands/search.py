"""`fnnctl search`: searches for the best settings, from the config to the refitted winner."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from fnnctl.config.reading.loading import ConfigSource
from fnnctl.config.reading.overrides import Override
from fnnctl.context import Context
from fnnctl.data.in_memory import MemoryData
from fnnctl.modelling.loading import read_experiment
from fnnctl.records.history import read_search
from fnnctl.records.journal import Journal
from fnnctl.records.optuna_journal import read_study
from fnnctl.report.words import estimate_text, seconds_text
from fnnctl.runs.recorder import record_notes, record_warnings
from fnnctl.runs.resuming import find_resumable
from fnnctl.runs.search import complete_search, create_search_run, journal_header
from fnnctl.runs.search_resuming import (
    begin_search_again,
    extended_search,
    is_over,
    missing_folders,
    nothing_to_do_words,
    refuse_fewer_trials,
    search_as_recorded,
)
from fnnctl.runs.search_session import SearchOptions, SearchSession
from fnnctl.search.extension import asks_for_more, refuse_other_settings
from fnnctl.store.folder import RunFolder
from fnnctl.store.promotions import notes_on_name
from fnnctl.store.run import take_over_run
from fnnctl.text import counted
from fnnctl.trials.forecast import SHARE_OF_LIMIT, first_jobs
from fnnctl.trials.preparation import PreparedSearch, prepare_search


def search(
    config: ConfigSource,
    overrides: Sequence[Override],
    options: SearchOptions,
    context: Context,
    *,
    memory: MemoryData | None = None,
    optuna_file: Path | None = None,
) -> RunFolder:
    """Search, refit the winner, test it once, and write the search's folder.

    The rows are those of `memory` if the config's source is `memory`. The trials in a journal file of Optuna,
    if there is one, are tried first, as far as they fit. Raises `InputError` before the folder exists, and
    `NoFinishedTrialError` or `InterruptedRunError` after the completed work is written.
    """
    started = time.monotonic()
    # --method comes first, so that --set can change a part of it.
    loaded = read_experiment(config, [*options.overrides, *overrides], context.listener, memory=memory)
    study = None if optuna_file is None else read_study(optuna_file)
    prepared = prepare_search(loaded, max_trials=options.max_trials, runs_dir=context.known_runs, study=study)
    options.check_cluster()
    prepared, limit_notes = _within_time_limit(prepared, options)
    check = loaded.checked(prepared.split)
    with context.stop.graceful():  # a signal here must not leave a folder that does not say how the run ended
        run = create_search_run(prepared, check, context)
        context.stop.resumable(run.path, "search")
        notes = [*loaded.notes(), *loaded.split_line(prepared.split), *prepared.setup.notes, *limit_notes]
        notes += notes_on_name(prepared.setup.experiment.name or "", context.runs_dir)
        if prepared.is_from_recipe and options.time_limit is None:
            notes.append("`fnnctl plan` says how long this takes")
        record_notes(run, notes, context.listener)
        record_warnings(run, check.warnings, context.listener)
    with closing(run.open_journal()) as file, closing(run.result_cache()) as cache:
        journal = Journal(file, cache)
        complete_search(SearchSession(run, prepared, journal, options, context, started=started))
    return run


def _within_time_limit(
    search: PreparedSearch, options: SearchOptions
) -> tuple[PreparedSearch, tuple[str, ...]]:
    """The search, with fewer jobs under way if they take too long for the time limit, and a note about it."""
    limit = options.time_limit
    if limit is None:
        return search, ()
    jobs = first_jobs(search, time_limit=limit, workers=options.most_workers)
    if jobs is None or not jobs.are_too_many:
        return search, ()
    fewer = f"at most {jobs.affordable:,} together" if jobs.affordable > 1 else "one at a time"
    note = (
        f"the first {counted(len(jobs.seconds), 'trial')} together would take "
        f"{estimate_text(jobs.seconds[-1])}, which is more than {100 * SHARE_OF_LIMIT:.0f} % of the time "
        f"limit of {seconds_text(limit)}: they are trained {fewer}"
    )
    return replace(search, setup=replace(search.setup, most_jobs=jobs.affordable)), (note,)


def resume_search(
    name: str,
    overrides: Sequence[str],
    options: SearchOptions,
    context: Context,
    *,
    memory: MemoryData | None = None,
) -> RunFolder:
    """Continue a search that was interrupted, killed or stopped by a limit, or extend a search.

    `overrides` and `options` may ask for more trials or a larger budget. A complete search that is not
    extended stays unchanged; if its winner's folder or its ensemble's is missing, that is made again. Raises
    `UsageError` if the run is unknown, not a search, or still running, and `InputError` if the config, the
    data or the versions have changed, or if the options ask for a different search; the run then stays
    unchanged.
    """
    started = time.monotonic()
    refuse_other_settings(overrides)
    folder = find_resumable(name, context.runs_dir, kind="search", command="search")
    if folder.read_manifest().status == "completed":
        read_search(folder)  # refuses a journal that has lost its end, before anything is written
    extends = bool(overrides) or options.max_trials is not None
    missing = missing_folders(folder)
    if not extends and not missing and is_over(folder):
        context.note(f"{folder.path} is complete: nothing to do")
        return folder
    options.check_cluster()
    run = take_over_run(folder)
    context.stop.resumable(run.path, "search")
    with ExitStack() as undo:
        undo.callback(run.let_go)
        file = run.open_journal()
        undo.callback(file.close)
        cache = run.result_cache()
        journal = Journal(file, cache)
        recorded = search_as_recorded(run, journal, context.listener, memory=memory)
        prepared = extended_search(recorded, journal, overrides, options.max_trials) if extends else recorded
        if not missing and is_over(run) and not asks_for_more(recorded.setup, prepared.setup):
            has_all = nothing_to_do_words(recorded, prepared, len(journal.trials))
            context.note(f"{folder.path} is complete{has_all}")
            return folder
        refuse_fewer_trials(recorded, prepared, journal, options.max_trials)
        with context.stop.graceful():
            journal.begin(journal_header(prepared), options.machine)
            begin_search_again(run, prepared, missing, file.torn, context)
        undo.pop_all()
    with closing(file), closing(cache):
        session = SearchSession(run, prepared, journal, options, context, started=started)
        complete_search(session, extended=extends)
    return run
