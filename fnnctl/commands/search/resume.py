"""`fnnctl search --resume`: continues a search to its planned end, or extends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from fnnctl.blas import set_blas_threads
from fnnctl.commands.loading import read_experiment
from fnnctl.commands.preparation import PreparedSearch, prepare_search
from fnnctl.commands.search.complete import complete_search
from fnnctl.commands.search.ensemble import NO_ENSEMBLE
from fnnctl.commands.search.options import SearchOptions
from fnnctl.commands.search.start import journal_header
from fnnctl.config.reading.loading import load_config
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.signals import Interruption
from fnnctl.errors import UsageError
from fnnctl.modelling.loading import LoadedExperiment
from fnnctl.records.history import read_search
from fnnctl.records.journal import COMPLETE, CONFIRMED, End, Journal, encode
from fnnctl.report.figures.drawer import FigureDrawer
from fnnctl.runs.facts import machine_differences, resumed_facts
from fnnctl.runs.recorder import warn
from fnnctl.runs.resuming import find_resumable
from fnnctl.search.extension import (
    asks_for_more,
    kept_horizon,
    more_trials,
    other_limit,
    plan_words,
    refuse_other_settings,
    refuse_shorter,
)
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun, take_over_run
from fnnctl.text import counted, joined_words


def resume_search(
    name: str,
    overrides: Sequence[str],
    options: SearchOptions,
    *,
    runs_dir: Path,
    output: Output,
    signals: Interruption,
    figures: FigureDrawer,
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
    folder = find_resumable(name, runs_dir, kind="search", command="search")
    if folder.read_manifest().status == "completed":
        read_search(folder)  # refuses a journal that has lost its end, before anything is written
    extends = bool(overrides) or options.max_trials is not None
    missing = _missing(folder)
    if not extends and not missing and _is_over(folder):
        output.note(f"{folder.path} is complete: nothing to do")
        return folder
    options.check_cluster()
    run = take_over_run(folder)
    signals.run, signals.resumed_by = str(run.path), "search"
    with ExitStack() as undo:
        undo.callback(run.let_go)
        file = run.open_journal()
        undo.callback(file.close)
        cache = run.result_cache()
        journal = Journal(file, cache)
        begun = _as_recorded(run, journal, output)
        prepared = _extended(begun, journal, overrides, options.max_trials) if extends else begun
        if not missing and _is_over(run) and not asks_for_more(begun.setup, prepared.setup):
            output.note(f"{folder.path} is complete{_has_all(begun, prepared, len(journal.trials))}")
            return folder
        _refuse_fewer_trials(begun, prepared, journal, options.max_trials)
        with signals.graceful():
            journal.begin(journal_header(prepared), options.machine)
            _begin_again(run, prepared, missing, file.torn, output)
        undo.pop_all()
    with closing(file), closing(cache):
        complete_search(
            run,
            prepared,
            journal,
            options,
            started=started,
            output=output,
            signals=signals,
            figures=figures,
        )
    return run


def _begin_again(
    run: OpenRun, search: PreparedSearch, missing: Sequence[str], torn: int, output: Output
) -> None:
    """Record that the search goes on, and say it; `torn` bytes at the journal's end were incomplete."""
    setup = search.setup
    run.write_resolved(resolved_yaml(setup.experiment, command="search", trials=setup.configs))
    output.note(f"resuming {run.path}")
    if missing:
        output.note(f"{joined_words(missing)} will be made again: not found in the folder")
    if torn:
        lost = f"an incomplete record of {counted(torn, 'byte')}"
        output.note(f"the journal ended with {lost}, kept in {names.JOURNAL_TORN}")
    run.log("resumed")
    manifest = run.read_manifest()
    run.record(resumed_facts(manifest))
    threads = 1 if set_blas_threads(1) else None
    differences = machine_differences(manifest, blas_threads=threads)
    warn(run, [*differences, *kept_horizon(search.setup)], output.note)


def _is_over(run: RunFolder) -> bool:
    """Whether the search completed its plan and refitted its winner."""
    if run.read_manifest().status != "completed":
        return False
    records = (each for each in reversed(run.read_journal() or ()) if each["record"] != CONFIRMED)
    return next(records, None) == encode(End(COMPLETE))


def _missing(run: RunFolder) -> list[str]:
    """The folders inside a complete search that someone deleted."""
    if not _is_over(run):
        return []
    warnings = run.read_manifest().warnings
    missing = [] if run.winner() else [names.BEST]
    has_none = run.read_resolved() is None or any(each.startswith(NO_ENSEMBLE) for each in warnings)
    if run.ensemble() or has_none:
        return missing
    search = load_config(run.path / names.RESOLVED).experiment.search
    return [*missing, names.ENSEMBLE] if search and search.ensemble else missing


def _as_recorded(run: RunFolder, journal: Journal, output: Output) -> PreparedSearch:
    """The search with its journal's plan, which an earlier resume may have extended."""
    settings = journal.settings
    loaded = read_experiment(run.path / names.RESOLVED, plan_words(settings), run=run, output=output)
    return prepare_search(loaded, max_trials=settings.get("max_trials"), horizon=settings.get("horizon"))


def _extended(
    begun: PreparedSearch, journal: Journal, overrides: Sequence[str], max_trials: int | None
) -> PreparedSearch:
    """The search with the requested plan; its lr_schedules keep their horizon."""
    words = [*plan_words(journal.settings), *overrides]
    config = load_config(begun.loaded.config.file, words)
    most = begun.setup.budget.max_trials if max_trials is None else max_trials
    loaded = LoadedExperiment(config, begun.loaded.data)
    prepared = prepare_search(loaded, max_trials=most, horizon=begun.setup.configs.horizon)
    with config.located():
        refuse_shorter(begun.setup, prepared.setup)
    return prepared


def _refuse_fewer_trials(
    begun: PreparedSearch, search: PreparedSearch, journal: Journal, max_trials: int | None
) -> None:
    planned = search.setup.plan.trials
    if planned < min(len(journal.trials), begun.setup.plan.trials):
        raise UsageError(
            f"--max-trials {max_trials} allows {counted(planned, 'trial')}, but {len(journal.trials):,} have "
            "already started: allow more, or end the search with --time-limit"
        )


def _has_all(begun: PreparedSearch, search: PreparedSearch, trials: int) -> str:
    """Words that say that a search of so many trials has all requested trials and epochs."""
    limit, has = search.setup.budget.max_trials, counted(trials, "trial")
    if limit is not None and limit < trials:
        option = more_trials(begun.setup)
        more = f"; for more, write for example {option}" if option else ""
        return f" and already has {has}, more than --max-trials {limit}: nothing to do{more}"
    bound = "" if limit is None else f" with --max-trials {limit}"
    option = other_limit(search.setup)
    more = f" (for more, add {option})" if option else ""
    epochs = counted(search.setup.budget.max_epochs, "epoch")
    return f" and already has {has} of up to {epochs}{bound}{more}: nothing to do"
