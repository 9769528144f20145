"""Declares `search` and `plan`, which need an experiment with a search space."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fnnctl.cli.numbers import seconds, share, whole_number
from fnnctl.cli.options import (
    DEFAULT_CONFIG,
    RUNS_DIR,
    Config,
    MaxTrials,
    Method,
    Name,
    NoFigures,
    RunsDir,
    Seed,
    Set,
    Workers,
    refuse_with_resume,
    with_output,
)
from fnnctl.cli.shell.completion import complete_run
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals, interruption

ExecutorName = Annotated[
    str | None,
    typer.Option(
        "--executor", metavar="KIND", help="serial, processes or dask (default: the faster of the first two)."
    ),
]
DaskAddress = Annotated[
    str | None,
    typer.Option(
        "--dask-address",
        metavar="ADDRESS",
        help="A Dask scheduler, such as tcp://10.0.0.5:8786 (default: workers on this machine).",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        metavar="SECONDS",
        parser=seconds("--time-limit"),
        help="Stop the search after this many seconds.",
    ),
]


@with_output
def search(
    config: Config = None,
    method: Method = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    workers: Workers = None,
    executor: ExecutorName = None,
    dask_address: DaskAddress = None,
    max_trials: MaxTrials = None,
    time_limit: TimeLimit = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Continue a search, or extend it with --max-trials or --set.",
            autocompletion=complete_run,
        ),
    ] = None,
    no_figures: NoFigures = False,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Search for the best settings and refit the best trial."""
    if resume is not None:
        refuse_with_resume({"CONFIG": config, "--method": method, "--name": name, "--seed": seed})
    from fnnctl.report.figures.drawer import figure_drawer

    with figure_drawer(wanted=not no_figures) as figures:  # it imports matplotlib during these imports
        from fnnctl.commands.report import report_end
        from fnnctl.commands.search.options import SearchOptions
        from fnnctl.commands.search.resume import resume_search
        from fnnctl.commands.search.start import search as search_

        with interruption(output) as signals:
            options = SearchOptions(
                method=method,
                workers=workers,
                executor=executor,
                max_trials=max_trials,
                time_limit=time_limit,
                dask_address=dask_address,
            )
            changes = overrides or []
            shared: dict[str, Any] = {
                "runs_dir": runs_dir,
                "output": output,
                "signals": signals,
                "figures": figures,
            }
            if resume is not None:
                run = resume_search(resume, changes, options, **shared)
            else:
                run = search_(config or DEFAULT_CONFIG, changes, options, name=name, seed=seed, **shared)
    report_end(run, output)


@with_output
def plan(
    config: Config = None,
    method: Method = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    workers: Workers = None,
    max_trials: MaxTrials = None,
    simulate_workers: Annotated[
        int | None,
        typer.Option(
            "--simulate-workers",
            metavar="N",
            parser=whole_number("--simulate-workers", least=1),
            help="Also simulate the search on N workers: how long it takes and how busy they are.",
        ),
    ] = None,
    stragglers: Annotated[
        float,
        typer.Option(
            "--stragglers",
            metavar="SHARE",
            parser=share("--stragglers"),
            help="In the simulation, the share of jobs that take ten times as long.",
        ),
    ] = "0",  # type: ignore[assignment]  # the parser converts it
    deaths: Annotated[
        float,
        typer.Option(
            "--deaths",
            metavar="SHARE",
            parser=share("--deaths"),
            help="In the simulation, the share of jobs whose worker dies and that are done again.",
        ),
    ] = "0",  # type: ignore[assignment]
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Show what a search would do and estimate how long it would take."""
    from fnnctl.commands.plan import plan
    from fnnctl.config.reading.overrides import OptionChange

    with ended_by_signals(output):
        plan(
            config or DEFAULT_CONFIG,
            [*OptionChange.given("--method", "search.method", method), *(overrides or [])],
            workers=workers,
            max_trials=max_trials,
            simulated_workers=simulate_workers,
            stragglers=stragglers,
            deaths=deaths,
            name=name,
            seed=seed,
            runs_dir=runs_dir,
            output=output,
        )
