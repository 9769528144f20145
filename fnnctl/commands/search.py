"""`fnnctl search`: from a config with a space to the best configuration in it, refitted and tested once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.commands.train import complete_training, create_training_run
from fnnctl.config.reading.loading import load_config
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.progress import amount_progress
from fnnctl.console.signals import Interruption
from fnnctl.data.splits.parts import Split
from fnnctl.errors import NoFinishedTrialError, UsageError, did_you_mean
from fnnctl.executors.registry import ExecutorKind, make_executor
from fnnctl.modelling.fit import Fit, with_data_facts
from fnnctl.modelling.loading import LoadedExperiment, load_experiment, split_data
from fnnctl.modelling.refit import refit_experiment
from fnnctl.records.journal import COMPLETE, End, Journal, encode
from fnnctl.records.leaderboard import leaderboard_table
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Result
from fnnctl.report.figures import draw_figures
from fnnctl.runs.facts import known_facts, machine_differences, resumed_facts
from fnnctl.runs.recorder import RunRecorder, warn
from fnnctl.runs.resuming import find_resumable
from fnnctl.search.extension import (
    asks_for_more,
    kept_horizon,
    plan_words,
    refuse_other_settings,
    refuse_shorter,
)
from fnnctl.search.loop import run_search
from fnnctl.search.protocols import Sampler
from fnnctl.search.setup import SearchSetup, set_up
from fnnctl.space.assignments import Assignment
from fnnctl.stacks.planning import plan_search_workers
from fnnctl.stacks.search_memory import refuse_too_large
from fnnctl.stacks.trial_fits import TrialFits, trial_rows
from fnnctl.stacks.trial_runner import KEPT_EPOCH, RunnerSettings, TrialRunner
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.provenance import usable_processors
from fnnctl.store.run import OpenRun, create_run, take_over_run
from fnnctl.store.trial_checkpoints import TrialCheckpoints

INTERRUPTED = "interrupted"
TIME_IS_OVER = "the time limit"
EXECUTORS: Mapping[str, ExecutorKind] = {"serial": "serial", "processes": "processes"}
"""Those that can be asked for by name."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What the command line says beside the config: none of it changes a trial's numbers."""

    method: str | None = None
    workers: int | None = None
    executor: str | None = None
    max_trials: int | None = None
    time_limit: float | None = None

    @property
    def changes(self) -> list[str]:
        """The config's changes as `--set` has them."""
        return [] if self.method is None else [f"search.method={self.method}"]

    @property
    def kind(self) -> ExecutorKind | None:
        """The executor that was asked for; raises `UsageError` if there is none of that name."""
        if self.executor is not None and self.executor not in EXECUTORS:
            known = " or ".join(EXECUTORS)
            hint = did_you_mean(self.executor, EXECUTORS)
            raise UsageError(f"there is no executor '{self.executor}'; it is {known}{hint}")
        return EXECUTORS[self.executor] if self.executor else None

    @property
    def machine(self) -> dict[str, Any]:
        """What a resume records, if it was given."""
        given = {"workers": self.workers, "executor": self.executor, "time_limit": self.time_limit}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """A search whose config, data and space are sound."""

    loaded: LoadedExperiment
    setup: SearchSetup
    split: Split
    fits: TrialFits

    @property
    def warnings(self) -> list[str]:
        """What was noticed while the data were read."""
        return list(self.loaded.data.warnings)

    def base_fit(self) -> Fit:
        """The fit of the config itself, which stands for the size of the trials' networks."""
        return self.loaded.fit(self.split)


def prepare_search(
    loaded: LoadedExperiment, *, max_trials: int | None, horizon: int | None = None
) -> PreparedSearch:
    """Divide the rows, plan, and see to it that every network fits into the memory; raises `InputError`."""
    data = loaded.data
    experiment = with_data_facts(loaded.experiment, data.dataset)
    with loaded.config.located():
        setup = set_up(loaded.config, experiment, data, max_trials=max_trials, horizon=horizon)
        split = split_data(data, loaded.experiment)
        refuse_too_large(TrialFits(data, setup.configs, (split,)), setup.space)
        fits = TrialFits(data, setup.configs, trial_rows(data, loaded.experiment, split))
    return PreparedSearch(loaded, setup, split, fits)


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

    Raises `InputError` before there is a folder, and `NoFinishedTrialError` or `InterruptedRunError` when
    what was done stands in it.
    """
    started = time.monotonic()
    kind = options.kind
    loaded = load_experiment(config, [*overrides, *options.changes], name=name, seed=seed)
    prepared = prepare_search(loaded, max_trials=options.max_trials)
    with signals.graceful():
        run = _create(prepared, runs_dir)
        signals.run, signals.resumed_by = str(run.path), "search"
        warn(run, prepared.warnings, output.note)
    with closing(run.open_journal()) as file:
        journal = Journal(file)
        _complete(run, prepared, journal, options, kind, started=started, output=output, signals=signals)
    return run


def resume_search(
    name: str,
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
    search, and for one that still goes on, and `InputError` if config, data or versions are no longer what
    they were, or another search is asked for; the run is then as it was.
    """
    started = time.monotonic()
    kind = options.kind
    refuse_other_settings(overrides)
    folder = find_resumable(name, runs_dir, kind="search", command="search")
    extends = bool(overrides) or options.max_trials is not None
    if not extends and _is_over(folder):
        output.note(f"{folder.path} is complete: there is nothing to go on with")
        return folder
    run = take_over_run(folder)
    signals.run, signals.resumed_by = str(run.path), "search"
    with ExitStack() as undo:
        undo.callback(run.let_go)
        file = run.open_journal()
        undo.callback(file.close)
        journal = Journal(file)
        begun = _as_recorded(run, journal)
        prepared = _extended(begun, journal, overrides, options.max_trials) if extends else begun
        if _is_over(run) and not asks_for_more(begun.setup, prepared.setup):
            output.note(f"{folder.path} is complete{_has_all(prepared)}: there is nothing to go on with")
            return folder
        _refuse_fewer_trials(begun, prepared, journal, options.max_trials)
        with signals.graceful():
            journal.begin(_header(prepared), options.machine)
            run.write_resolved(resolved_yaml(prepared.setup.experiment, command="search"))
            output.note(f"going on with {run.path}")
            if file.torn:
                output.note(
                    f"the journal's last {file.torn} bytes were no whole record; they are kept beside it"
                )
            run.log("resumed")
            manifest = run.read_manifest()
            run.record(resumed_facts(manifest))
            threads = 1 if set_blas_threads(1) else None
            differences = machine_differences(manifest, blas_threads=threads)
            warn(run, [*differences, *kept_horizon(prepared.setup)], output.note)
        undo.pop_all()
    with closing(file):
        _complete(run, prepared, journal, options, kind, started=started, output=output, signals=signals)
    return run


def _create(search: PreparedSearch, runs_dir: Path) -> OpenRun:
    """The run's folder; it appears with the journal's header in it."""
    setup, experiment = search.setup, search.setup.experiment
    threads = 1 if set_blas_threads(1) else None
    settings = search.base_fit().settings
    facts = known_facts(experiment, search.loaded.data, settings, search.warnings, blas_threads=threads)
    return create_run(
        runs_dir,
        name=experiment.name or "",
        kind="search",
        config=search.loaded.config.text,
        resolved=resolved_yaml(experiment, command="search"),
        manifest={**facts, "search": {"method": setup.settings.method.name}},
        journal=[encode(_header(search))],
    )


def _header(search: PreparedSearch) -> Any:
    """The journal's first record; only the versions of what computes keep a search from going on."""
    return search.setup.header(search.loaded.data.dataset.sha256, {"numpy": np.__version__})


def _complete(
    run: OpenRun,
    search: PreparedSearch,
    journal: Journal,
    options: SearchOptions,
    kind: ExecutorKind | None,
    *,
    started: float,
    output: Output,
    signals: Interruption,
) -> None:
    """Search to the end, refit the winner, and write all that a search's folder holds.

    Raises `NoFinishedTrialError` or `InterruptedRunError` when what was done stands in the folder.
    """
    setup = search.setup
    with RunRecorder(run, started=started) as recorder:
        set_blas_threads(1)
        sampler = setup.sampler()
        standings = Standings(setup.direction, journal.results.values())
        try:
            with recorder.training():
                reason = _search(
                    run, search, sampler, journal, standings, options, kind, started, output, signals
                )
        finally:
            paths = list(setup.settings.space)
            run.write_table(names.LEADERBOARD, *leaderboard_table(journal.trials, standings, paths))
            _record(run, setup, sampler, journal, standings)
        signals.raise_if_requested()
        best = standings.incumbent
        if best is None:
            reasons = Counter(result.reason or "" for result in standings.latest.values())
            told = [why for why, _ in reasons.most_common()]
            draw_figures(run)
            ended = None if reason == COMPLETE else reason
            raise NoFinishedTrialError(
                trials=len(journal.trials), reasons=told, run=str(run.path), ended=ended
            )
        if reason != COMPLETE:
            output.note(f"the search has ended before its plan: {reason}")
        output.note(f"trial {best.trial} is best")
        _refit(run, search, journal.trials[best.trial].assignment, best, output, signals)
        if not setup.settings.keep_checkpoints:
            TrialCheckpoints(run.path).keep_only(())
        draw_figures(run)
        signals.raise_if_requested()


def _search(
    run: OpenRun,
    search: PreparedSearch,
    sampler: Sampler,
    journal: Journal,
    standings: Standings,
    options: SearchOptions,
    kind: ExecutorKind | None,
    started: float,
    output: Output,
    signals: Interruption,
) -> str:
    """Run the search to its end, or until it is asked to stop, and return why it ended."""
    setup, fits = search.setup, search.fits
    objective = setup.settings.objective
    total = setup.plan.epochs_with_reuse * len(fits.rows)
    plan = plan_search_workers(
        search.base_fit().settings,
        rows=len(fits.data),
        train_rows=fits.most_train_rows,
        epochs=total,
        workers=options.workers or usable_processors(),
        executor=kind,
    )
    output.detail(f"{plan.kind}, {plan.workers} at once")
    before = sum(result.epochs for result in journal.results.values()) * len(fits.rows)

    def stop() -> str | None:
        if signals.requested():
            return INTERRUPTED
        late = options.time_limit is not None and time.monotonic() - started >= options.time_limit
        return TIME_IS_OVER if late else None

    def on_results(results: Sequence[Result]) -> None:
        for result in results:
            standings.tell(result)

    with signals.graceful(), amount_progress(output, total) as show:

        def poll(done: int) -> bool:
            show(before + done)
            return stop() is not None

        with make_executor(plan.kind, workers=plan.workers, poll=poll) as executor:
            runner = TrialRunner(
                RunnerSettings(
                    metric=objective.metric,
                    on_folds=objective.on == "cross_validation",
                    max_epochs=setup.budget.max_epochs,
                    keep_checkpoints=setup.settings.keep_checkpoints,
                ),
                fits,
                TrialCheckpoints(run.path),
                journal,
                executor,
                on_stack=lambda event: run.note_times([event]),
            )
            return run_search(setup.scheduler(sampler), runner, journal, stop=stop, on_results=on_results)


def _refit(
    run: OpenRun,
    search: PreparedSearch,
    assignment: Assignment,
    best: Result,
    output: Output,
    signals: Interruption,
) -> None:
    """Train the winner on training and validation rows for its own number of epochs, and test it, once.

    The folder is written anew if an earlier process has left one that is not complete. The complete run of a
    former winner stays until that of this one can take its place.
    """
    started = time.monotonic()
    folder = RunFolder(run.path / names.BEST)
    complete = folder.path.exists() and folder.read_manifest().status == "completed"
    data = search.loaded.data
    experiment = refit_experiment(search.setup.configs.experiment_of(assignment), epochs=_epochs(best))
    with search.loaded.config.located():
        split = split_data(data, experiment)
        fit = Fit.of(data, experiment, split)
    resolved = resolved_yaml(fit.experiment)
    if not complete or folder.read_resolved() != resolved.encode("utf-8"):
        output.note("the best trial is trained on training and validation part together")
        opened = create_training_run(
            run.path,
            data,
            fit,
            warnings=search.loaded.warnings(split),
            folder=names.NEXT_BEST if complete else names.BEST,
        )
        complete_training(opened, data, fit, None, started=started, output=output, signals=signals)
        if complete:
            run.replace_winner()
    run.write_metrics(folder.read_metrics() or {})


def _epochs(best: Result) -> int:
    """The winner's own number of epochs: all that it was granted, or those up to the weights that it kept."""
    kept: int | None = (best.facts or {}).get(KEPT_EPOCH)
    return kept or best.budget


def _record(
    run: OpenRun, setup: SearchSetup, sampler: Sampler, journal: Journal, standings: Standings
) -> None:
    """What the manifest says of the search."""
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
        "saved": getattr(sampler, "saved", 0),
        "end": end,
        "best": winner,
    }
    run.record({"search": facts})
    run.log(f"{len(journal.trials)} trials, {trained} epochs: {end}")


def _is_over(run: RunFolder) -> bool:
    """Whether the search has come to the end of its plan, and its winner is refitted."""
    last = (run.read_journal() or [{}])[-1]
    return run.read_manifest().status == "completed" and last == encode(End(COMPLETE))


def _as_recorded(run: RunFolder, journal: Journal) -> PreparedSearch:
    """The search with the plan that its journal has, which may be a longer one than it began with."""
    settings = journal.settings
    loaded = load_experiment(run.path / names.RESOLVED, plan_words(settings))
    return prepare_search(loaded, max_trials=settings.get("max_trials"), horizon=settings.get("horizon"))


def _extended(
    begun: PreparedSearch, journal: Journal, overrides: Sequence[str], max_trials: int | None
) -> PreparedSearch:
    """The search with the plan that is asked for; its schedules keep their horizon."""
    words = [*plan_words(journal.settings), *overrides]
    config = load_config(begun.loaded.config.file, words)
    most = begun.setup.budget.max_trials if max_trials is None else max_trials
    loaded = LoadedExperiment(config, begun.loaded.data)
    prepared = prepare_search(loaded, max_trials=most, horizon=begun.setup.configs.epochs)
    with config.located():
        refuse_shorter(begun.setup, prepared.setup)
    return prepared


def _refuse_fewer_trials(
    begun: PreparedSearch, search: PreparedSearch, journal: Journal, max_trials: int | None
) -> None:
    planned = search.setup.plan.trials
    if planned < min(len(journal.trials), begun.setup.plan.trials):
        raise UsageError(
            f"--max-trials {max_trials} leaves {planned:,} trials, and {len(journal.trials):,} have begun: "
            "give more, or end the search with --time-limit"
        )


def _has_all(search: PreparedSearch) -> str:
    """What was asked for, if that is no more than there is."""
    most, limit = search.setup.budget.max_epochs, search.setup.budget.max_trials
    bound = "" if limit is None else f" with --max-trials {limit}"
    return f" and has all that is asked for, {search.setup.plan.trials:,} trials up to {most:,} epochs{bound}"
