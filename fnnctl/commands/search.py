"""`fnnctl search`: searches a config's space, then refits the best configuration and tests it once."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.commands.preparation import PreparedSearch, prepare_search
from fnnctl.commands.train import complete_training, create_training_run
from fnnctl.config.reading.overrides import OptionChange
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.progress import amount_progress
from fnnctl.console.signals import Interruption
from fnnctl.errors import NoFinishedTrialError, UsageError, did_you_mean
from fnnctl.executors.cluster import ClusterOptions
from fnnctl.executors.dask import check_dask
from fnnctl.executors.registry import BY_NAME, make_executor
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import load_experiment, split_data
from fnnctl.modelling.refit import left_out_of_refit, refit_experiment
from fnnctl.records.journal import COMPLETE, Header, Journal, encode
from fnnctl.records.leaderboard import leaderboard_table
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Result
from fnnctl.report.figures import draw_figures
from fnnctl.runs.facts import known_facts
from fnnctl.runs.recorder import RunRecorder, warn
from fnnctl.search.loop import run_search
from fnnctl.search.protocols import Sampler
from fnnctl.space.assignments import Assignment
from fnnctl.stacks.planning import plan_search_workers
from fnnctl.stacks.trial_results import KEPT_EPOCH
from fnnctl.stacks.trial_runner import RunnerSettings, TrialRunner
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.provenance import usable_processors
from fnnctl.store.run import OpenRun, create_run
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.text import counted

INTERRUPTED = "interrupted"
TIME_IS_OVER = "the time limit"


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """The command-line options of `search`; none of them changes the numbers of a trial."""

    method: str | None
    workers: int | None
    executor: str | None
    max_trials: int | None
    time_limit: float | None
    dask_address: str | None = None

    def __post_init__(self) -> None:
        if self.executor is not None and self.executor not in BY_NAME:
            *others, last = BY_NAME
            known = f"{', '.join(others)} or {last}"
            hint = did_you_mean(self.executor, BY_NAME)
            raise UsageError(f"there is no executor '{self.executor}'; choose {known}{hint}")
        if self.dask_address is not None and self.executor != "dask":
            raise UsageError("--dask-address needs --executor dask")

    def check_cluster(self) -> None:
        """Raise `UsageError` if there is no Dask, or no worker at its address, before anything is written."""
        if self.executor == "dask":
            check_dask(self.dask_address)

    @property
    def most_workers(self) -> int:
        """How many workers may be used: by default all processors of this machine, or of the cluster."""
        return self.workers or (sys.maxsize if self.dask_address else usable_processors())

    @property
    def changes(self) -> list[OptionChange]:
        """The changes that the options make to the config."""
        return OptionChange.given("--method", "search.method", self.method)

    @property
    def machine(self) -> dict[str, Any]:
        """The given options that a resume records."""
        given = {"workers": self.workers, "executor": self.executor, "time_limit": self.time_limit}
        return {name: value for name, value in given.items() if value is not None}


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
) -> RunFolder:
    """Search, refit the winner, test it once, and write the search's folder.

    Raises `InputError` before the folder exists, and `NoFinishedTrialError` or `InterruptedRunError` after
    the completed work is written.
    """
    started = time.monotonic()
    loaded = load_experiment(config, [*overrides, *options.changes], name=name, seed=seed)
    prepared = prepare_search(loaded, max_trials=options.max_trials, runs_dir=runs_dir)
    options.check_cluster()
    with signals.graceful():
        run = _create(prepared, runs_dir)
        signals.run, signals.resumed_by = str(run.path), "search"
        warn(run, prepared.warnings, output.note)
    with closing(run.open_journal()) as file, closing(run.result_cache()) as cache:
        journal = Journal(file, cache)
        complete_search(run, prepared, journal, options, started=started, output=output, signals=signals)
    return run


def _create(search: PreparedSearch, runs_dir: Path) -> OpenRun:
    """Create the run folder, which contains the journal's header from the start."""
    setup, experiment = search.setup, search.setup.experiment
    threads = 1 if set_blas_threads(1) else None
    settings = search.base_fit().settings
    facts = known_facts(experiment, search.loaded.data, settings, search.warnings, blas_threads=threads)
    return create_run(
        runs_dir,
        name=experiment.name or "",
        kind="search",
        config=search.loaded.config.text,
        resolved=resolved_yaml(experiment, command="search", trials=setup.configs),
        manifest={**facts, "search": {"method": setup.settings.method.name}},
        journal=[encode(journal_header(search))],
    )


def journal_header(search: PreparedSearch) -> Header:
    """The journal's first record; a resume needs the same versions of the libraries that compute."""
    return search.setup.header(search.loaded.data.dataset.sha256, {"numpy": np.__version__})


@dataclass(frozen=True, slots=True)
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
) -> None:
    """Search to the end, refit the winner, and write the contents of the search's folder.

    Raises `NoFinishedTrialError` or `InterruptedRunError` after the completed work is written.
    """
    setup = search.setup
    standings = Standings(setup.direction, journal.results.values())
    session = _Session(run, search, journal, options, started, output, signals, setup.sampler(), standings)
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
        best = standings.incumbent
        if best is None:
            counts = Counter(result.reason or "" for result in standings.latest.values())
            most_common = [text for text, _ in counts.most_common()]
            draw_figures(run)
            ended = None if reason == COMPLETE else reason
            raise NoFinishedTrialError(
                trials=len(journal.trials), reasons=most_common, run=str(run.path), ended=ended
            )
        stopped = [each.reason for each in journal.stops if each.trial is None]
        if reason != COMPLETE or stopped:
            output.note(f"the search ended before it completed its plan: {[reason, *stopped][-1]}")
        output.note(f"best trial: {best.trial}")
        _refit(session, journal.trials[best.trial].assignment, epochs=_epochs(best))
        if not setup.settings.keep_checkpoints:
            TrialCheckpoints(run.path).clear()
        draw_figures(run)
        signals.raise_if_requested()


def _search(session: _Session) -> str:
    """Run the search until it is complete or asked to stop, and return why it ended."""
    setup, fits, options = session.search.setup, session.search.fits, session.options
    objective = setup.settings.objective
    epochs = setup.plan.epochs_with_reuse * len(fits.rows)
    plan = plan_search_workers(
        session.search.base_fit().settings,
        rows=len(fits.data),
        train_rows=fits.most_train_rows,
        epochs=epochs,
        workers=options.most_workers,
        executor=BY_NAME[options.executor] if options.executor else None,
    )
    before = sum(result.epochs for result in session.journal.results.values()) * len(fits.rows)
    with session.signals.graceful(), amount_progress(session.output, epochs) as show:

        def poll(done: int) -> bool:
            show(before + done)
            return session.stop() is not None

        def note(text: str) -> None:
            warn(session.run, [text], session.output.note)

        def on_event(event: Mapping[str, Any]) -> None:
            session.run.note_times([event])

        cluster = ClusterOptions(options.dask_address, note, on_event)
        with make_executor(
            plan.kind, workers=plan.workers, poll=poll, note=note, cluster=cluster
        ) as executor:
            session.output.detail(f"{plan.kind}, {executor.workers} at once")
            runner = TrialRunner(
                RunnerSettings(
                    metric=objective.metric,
                    on_folds=objective.on == "cross_validation",
                    max_epochs=setup.budget.max_epochs,
                    keep_checkpoints=setup.settings.keep_checkpoints,
                ),
                fits,
                TrialCheckpoints(session.run.path),
                session.journal,
                executor,
                on_stack=on_event,
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


def _refit(session: _Session, assignment: Assignment, *, epochs: int) -> None:
    """Train the winner on training and validation rows for its own number of epochs, and test it once.

    If an earlier process left an incomplete folder, it is replaced. The complete run of a former winner
    stays until the run of this winner can replace it.
    """
    started, run, search, output = time.monotonic(), session.run, session.search, session.output
    folder = RunFolder(run.path / names.BEST)
    complete = folder.path.exists() and folder.read_manifest().status == "completed"
    data = search.loaded.data
    trial = search.setup.configs.experiment_of(assignment)
    experiment = refit_experiment(trial, epochs=epochs)
    with search.loaded.config.located():
        split = split_data(data, experiment)
        fit = Fit.of(data, experiment, split)
    resolved = resolved_yaml(fit.experiment)
    if not complete or folder.read_resolved() != resolved.encode("utf-8"):
        output.note("refitting the best trial on the training and validation rows")
        left_out = left_out_of_refit(trial)
        warn(run, left_out, output.note)
        opened = create_training_run(
            run.path,
            data,
            fit,
            warnings=[*search.loaded.warnings(split), *left_out],
            folder=names.NEXT_BEST if complete else names.BEST,
        )
        complete_training(opened, data, fit, None, started=started, output=output, signals=session.signals)
        if complete:
            run.replace_winner()
    run.write_metrics(folder.read_metrics() or {})


def _epochs(best: Result) -> int:
    """The winner's number of epochs: its budget, or the epoch of its best weights if it kept those."""
    kept: int | None = (best.facts or {}).get(KEPT_EPOCH)
    return kept or best.budget


def _record(session: _Session) -> None:
    """Record the facts about the search in the manifest."""
    run, setup, journal, standings = session.run, session.search.setup, session.journal, session.standings
    best, end = standings.incumbent, journal.end.reason if journal.end else None
    trained = sum(standings.epochs.values())
    winner = best and {
        "trial": best.trial,
        "objective": best.objective,
        "configuration": dict(journal.trials[best.trial].assignment),
        "epochs": _epochs(best),
    }
    facts = {
        "method": setup.settings.method.name,
        "trials": len(journal.trials),
        "epochs": setup.plan.epochs_with_reuse,
        "epochs_trained": trained,
        "saved": getattr(session.sampler, "saved", 0),
        "end": end,
        "best": winner,
    }
    run.record({"search": facts})
    run.log(f"{counted(len(journal.trials), 'trial')}, {counted(trained, 'epoch')}: {end}")
