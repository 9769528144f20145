"""`fnnctl search`: from a config with a space to the best configuration in it, refitted and tested once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.commands.preparation import fit
from fnnctl.commands.recording import Recording, known_facts, warn
from fnnctl.commands.refit import refit
from fnnctl.commands.search_setup import PreparedSearch, prepare_search
from fnnctl.commands.trial_plan import choose_crew
from fnnctl.commands.trial_runner import KEPT_EPOCH, TrialRunner
from fnnctl.commands.trial_training import TrialWork
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.progress import amount_progress
from fnnctl.console.signals import Interruption
from fnnctl.errors import NoFinishedTrialError, UsageError, did_you_mean
from fnnctl.executors.registry import ExecutorKind, make_executor
from fnnctl.records.journal import COMPLETE, Journal, encode
from fnnctl.records.leaderboard import leaderboard_table
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Result
from fnnctl.report.figures import draw_figures
from fnnctl.search.loop import run_search
from fnnctl.search.protocols import Sampler
from fnnctl.store.folder import RunFolder
from fnnctl.store.provenance import usable_processors
from fnnctl.store.run import OpenRun, create_run
from fnnctl.store.trial_checkpoints import TrialCheckpoints

INTERRUPTED = "interrupted"
TIME_IS_OVER = "the time limit"
EXECUTORS: Final[Mapping[str, ExecutorKind]] = {"serial": "serial", "processes": "processes"}
"""Those that can be asked for by name."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What the command line says beside the config: none of it changes a trial's numbers."""

    method: str | None = None
    workers: int | None = None
    executor: ExecutorKind | None = None
    max_trials: int | None = None
    time_limit: float | None = None

    @classmethod
    def of(
        cls,
        *,
        method: str | None,
        workers: int | None,
        executor: str | None,
        max_trials: int | None,
        time_limit: float | None,
    ) -> SearchOptions:
        """The options as they were given; raises `UsageError` for an unknown executor."""
        if executor is not None and executor not in EXECUTORS:
            known = " or ".join(EXECUTORS)
            raise UsageError(
                f"there is no executor '{executor}'; it is {known}{did_you_mean(executor, EXECUTORS)}"
            )
        return cls(method, workers, EXECUTORS[executor] if executor else None, max_trials, time_limit)

    @property
    def changes(self) -> list[str]:
        """The config's changes as `--set` has them."""
        return [] if self.method is None else [f"search.method={self.method}"]

    @property
    def machine(self) -> dict[str, Any]:
        """What a resume records, if it was given."""
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

    Raises `InputError` before there is a folder, and `NoFinishedTrialError` or `InterruptedRunError` when
    what was done stands in it.
    """
    started = time.monotonic()
    changes = [*overrides, *options.changes]
    prepared = prepare_search(config, changes, name=name, seed=seed, max_trials=options.max_trials)
    with signals.graceful():
        run = _create(prepared, runs_dir)
        signals.run, signals.resumed_by = str(run.path), "search"
        warn(run, prepared.warnings, output)
    complete_search(run, prepared, None, options, started=started, output=output, signals=signals)
    return run


def _create(search: PreparedSearch, runs_dir: Path) -> OpenRun:
    """The run's folder; it appears with the journal's header in it."""
    experiment = search.experiment
    settings = fit(search.source, search.split.train).settings
    threads = 1 if set_blas_threads(1) else None
    facts = known_facts(experiment, search.source.dataset, settings, search.warnings, blas_threads=threads)
    return create_run(
        runs_dir,
        name=experiment.name or "",
        kind="search",
        config=search.source.loaded.text,
        resolved=resolved_yaml(experiment, command="search"),
        manifest={**facts, "search": {"method": search.settings.method.name}},
        journal=[encode(search.header(versions()))],
    )


def versions() -> dict[str, str]:
    """Of what computes, beside fnnctl: a search is gone on with by these alone."""
    return {"numpy": np.__version__}


def complete_search(
    run: OpenRun,
    search: PreparedSearch,
    journal: Journal | None,
    options: SearchOptions,
    *,
    started: float,
    output: Output,
    signals: Interruption,
) -> None:
    """Search to the end, refit the winner, and write all that a search's folder holds.

    Without a journal that was read already it is the new one, which has its header. Raises
    `NoFinishedTrialError` or `InterruptedRunError` when what was done stands in the folder.
    """
    with Recording(run, started=started) as recording:
        set_blas_threads(1)
        journal = journal or Journal(run.open_journal())
        sampler = search.sampler()
        standings = Standings(search.direction, journal.results.values())
        try:
            with recording.training():
                reason = _search(run, search, sampler, journal, standings, options, started, output, signals)
        finally:
            journal.close()  # nothing is decided any more
            paths = list(search.settings.space)
            run.write_leaderboard(*leaderboard_table(journal.trials, standings, paths))
            _record(run, search, sampler, journal, standings)
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
        assignment = journal.trials[best.trial].assignment
        epochs = _epochs(best)
        metrics = refit(search, run, assignment, epochs=epochs, output=output, signals=signals)
        run.write_metrics(metrics)
        if not search.settings.keep_checkpoints:
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
    started: float,
    output: Output,
    signals: Interruption,
) -> str:
    """Run the search to its end, or until it is asked to stop, and return why it ended."""
    settings = fit(search.source, search.split.train).settings
    workers = options.workers or usable_processors()
    crew = choose_crew(search, settings, workers=workers, executor=options.executor)
    objective = search.settings.objective
    work = TrialWork(search.source.dataset, objective.metric, objective.on == "cross_validation")
    output.detail(f"{crew.kind}, {crew.workers} at once")
    total = search.plan.epochs_with_reuse * len(search.units)
    before = sum(result.epochs for result in journal.results.values()) * len(search.units)

    def poll(done: int) -> bool:
        show(before + done)
        return stop() is not None

    def stop() -> str | None:
        if signals.requested():
            return INTERRUPTED
        late = options.time_limit is not None and time.monotonic() - started >= options.time_limit
        return TIME_IS_OVER if late else None

    with (
        signals.graceful(),
        amount_progress(output, total) as show,
        make_executor(crew.kind, workers=crew.workers, poll=poll) as executor,
    ):
        runner = TrialRunner(search, run, journal, executor, executor.share(work))

        def on_results(results: Sequence[Result]) -> None:
            for result in results:
                standings.tell(result)

        return run_search(search.scheduler(sampler), runner, journal, stop=stop, on_results=on_results)


def _epochs(best: Result) -> int:
    """The winner's own number of epochs: all that it was granted, or those up to the weights that it kept."""
    kept: int | None = (best.facts or {}).get(KEPT_EPOCH)
    return kept or best.budget


def _record(
    run: OpenRun, search: PreparedSearch, sampler: Sampler, journal: Journal, standings: Standings
) -> None:
    """What the manifest says of the search."""
    best = standings.incumbent
    end = journal.end.reason if journal.end else None
    run.record(
        {
            "search": {
                "method": search.settings.method.name,
                "trials": len(journal.trials),
                "epochs": search.plan.epochs_with_reuse,
                "epochs_trained": sum(standings.epochs.values()),
                "saved": getattr(sampler, "saved", 0),
                "end": end,
                "best": None
                if best is None
                else {
                    "trial": best.trial,
                    "objective": best.objective,
                    "configuration": dict(journal.trials[best.trial].assignment),
                    "epochs": _epochs(best),
                },
            }
        }
    )
    run.log(f"{len(journal.trials)} trials, {sum(standings.epochs.values())} epochs: {end}")
