"""Starts a search: whatever can be wrong with its input is wrong before its folder appears."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.commands.loading import read_experiment
from fnnctl.commands.preparation import PreparedSearch, prepare_search
from fnnctl.commands.search.complete import complete_search
from fnnctl.commands.search.options import SearchOptions
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.signals import Interruption
from fnnctl.modelling.data_checks import DataCheck
from fnnctl.records.journal import Header, Journal, encode
from fnnctl.report.figures.drawer import FigureDrawer
from fnnctl.runs.facts import known_facts
from fnnctl.runs.recorder import tell, warn
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun, create_run


def search(
    config: Path,
    overrides: Sequence[str],
    options: SearchOptions,
    *,
    runs_dir: Path,
    name: str | None,
    seed: int | None,
    output: Output,
    signals: Interruption,
    figures: FigureDrawer,
) -> RunFolder:
    """Search, refit the winner, test it once, and write the search's folder.

    Raises `InputError` before the folder exists, and `NoFinishedTrialError` or `InterruptedRunError` after
    the completed work is written.
    """
    started = time.monotonic()
    # --method comes first, so that --set can change a part of it.
    loaded = read_experiment(config, [*options.changes, *overrides], name=name, seed=seed, output=output)
    prepared = prepare_search(loaded, max_trials=options.max_trials, runs_dir=runs_dir)
    options.check_cluster()
    check = loaded.checked(prepared.split)
    with signals.graceful():
        run = _create(prepared, check, runs_dir)
        signals.run, signals.resumed_by = str(run.path), "search"
        tell(run, [*loaded.notes(), *loaded.split_line(prepared.split)], output.note)
        warn(run, check.warnings, output.note)
    with closing(run.open_journal()) as file, closing(run.result_cache()) as cache:
        journal = Journal(file, cache)
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


def _create(search: PreparedSearch, check: DataCheck, runs_dir: Path) -> OpenRun:
    """Create the run folder, which contains the journal's header from the start."""
    setup, experiment = search.setup, search.setup.experiment
    threads = 1 if set_blas_threads(1) else None
    settings = search.base_fit().settings
    facts = known_facts(experiment, search.loaded.data, settings, check, blas_threads=threads)
    return create_run(
        runs_dir,
        name=experiment.name or "",
        kind="search",
        config=search.loaded.config.text,
        resolved=resolved_yaml(experiment, command="search", trials=setup.configs),
        manifest={
            **facts,
            "search": {
                "method": setup.settings.method.name,
                "epochs": setup.plan.epochs_with_reuse,
                "epochs_bound": setup.plan.bound,
            },
        },
        journal=[encode(journal_header(search))],
    )


def journal_header(search: PreparedSearch) -> Header:
    """The journal's first record; a resume needs the same versions of the libraries that compute."""
    return search.setup.header(search.loaded.data.dataset.sha256, {"numpy": np.__version__})
