"""`fnnctl search --resume`: on to the end that the search would have had, or to a later one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from fnnctl.blas import set_blas_threads
from fnnctl.commands.preparation import load_source
from fnnctl.commands.recording import going_on, machine_differences, warn
from fnnctl.commands.search import SearchOptions, complete_search, versions
from fnnctl.commands.search_extension import (
    asks_for_more,
    extended,
    kept_horizon,
    plan_words,
    refuse_other_settings,
)
from fnnctl.commands.search_setup import PreparedSearch, search_of
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.signals import Interruption
from fnnctl.errors import UsageError
from fnnctl.records.journal import COMPLETE, End, Journal, encode
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import RESOLVED
from fnnctl.store.run import take_over_run


def resume_search(
    text: str,
    overrides: Sequence[str],
    options: SearchOptions,
    *,
    runs_dir: Path,
    output: Output,
    signals: Interruption,
) -> RunFolder:
    """Go on with a search that was interrupted, killed or ended by a limit, or that is to get longer.

    `overrides` and `options` may ask for more trials or a larger budget. A search that is complete, and of
    which nothing more is asked, stays as it is. Raises `UsageError` for an unknown run, for one that is no
    search, and for one that still goes on, and `InputError` where config, data or versions are no longer what
    they were, or another search is asked for; the run is then as it was.
    """
    started = time.monotonic()
    refuse_other_settings(overrides)
    folder = find_run(text, runs_dir)
    if (kind := folder.read_manifest().kind) != "search":
        raise UsageError(f"{folder.path} cannot be resumed by `fnnctl search`: it is a run of kind '{kind}'")
    extends = bool(overrides) or options.max_trials is not None
    if not extends and _is_over(folder):
        return _left_as_it_is(folder, output)
    run = take_over_run(folder)
    signals.run, signals.resumed_by = str(run.path), "search"
    with ExitStack() as undo:
        undo.callback(run.let_go)
        file = run.open_journal()
        undo.callback(file.close)
        journal = Journal(file)
        begun = _as_recorded(run, journal)
        words = [*plan_words(journal.settings), *overrides]
        search = extended(begun, words, options.max_trials) if extends else begun
        if _is_over(run) and not asks_for_more(begun, search):
            return _left_as_it_is(folder, output, asked=search if extends else None)
        if search.plan.trials < min(len(journal.trials), begun.plan.trials):
            raise UsageError(
                f"--max-trials {options.max_trials} leaves {search.plan.trials:,} trials, and "
                f"{len(journal.trials):,} have begun: give more, or end the search with --time-limit"
            )
        with signals.graceful():
            journal.begin(search.header(versions()), options.machine)
            run.write_resolved(resolved_yaml(search.experiment, command="search"))
            output.note(f"going on with {run.path}")
            if file.torn:
                output.note(
                    f"the journal's last {file.torn} bytes were no whole record; they are kept beside it"
                )
            run.log("resumed")
            manifest = run.read_manifest()
            run.record(going_on(manifest))
            threads = 1 if set_blas_threads(1) else None
            warn(run, [*machine_differences(manifest, blas_threads=threads), *kept_horizon(search)], output)
        undo.pop_all()
    complete_search(run, search, journal, options, started=started, output=output, signals=signals)
    return run


def _is_over(run: RunFolder) -> bool:
    """Whether the search has come to the end of its plan, and its winner is refitted."""
    last = (run.read_journal() or [{}])[-1]
    return run.read_manifest().status == "completed" and last == encode(End(COMPLETE))


def _left_as_it_is(run: RunFolder, output: Output, asked: PreparedSearch | None = None) -> RunFolder:
    """Say that nothing is done; `asked` is what was asked for, where that is no more than there is."""
    has = ""
    if asked is not None:
        most, limit = asked.budget.max_epochs, asked.budget.max_trials
        bound = "" if limit is None else f" with --max-trials {limit}"
        has = f" and has all that is asked for, {asked.plan.trials:,} trials up to {most:,} epochs{bound}"
    output.note(f"{run.path} is complete{has}: there is nothing to go on with")
    return run


def _as_recorded(run: RunFolder, journal: Journal) -> PreparedSearch:
    """The search with the plan that its journal has, which may be a longer one than it began with."""
    settings = journal.settings
    source = load_source(run.path / RESOLVED, plan_words(settings), name=None, seed=None)
    return search_of(source, max_trials=settings.get("max_trials"), horizon=settings.get("horizon"))
