"""Declares the commands that train: `check`, `train`, `evaluate`, `search` and `plan`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from fnnctl.cli.completion import complete_config, complete_config_or_run, complete_run
from fnnctl.cli.options import (
    DEFAULT_CONFIG,
    RUNS_DIR,
    Config,
    DecisionThreshold,
    Delimiter,
    Encoding,
    MaxTrials,
    Method,
    Name,
    NoFigures,
    RunsDir,
    Seed,
    Set,
    Workers,
    given,
    refuse_with_resume,
    with_output,
)
from fnnctl.cli.parsing import seconds, share, whole_number
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals, interruption
from fnnctl.errors import UsageError


@with_output
def check(
    configs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="CONFIG",
            help="Experiments (default: fnnctl.yaml); - reads standard input.",
            autocompletion=complete_config,
        ),
    ] = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    runs_dir: RunsDir = RUNS_DIR,
    explain: Annotated[bool, typer.Option("--explain", help="Say where each setting comes from.")] = False,
    *,
    output: Output,
) -> int:
    """Validate experiments and their data without training."""
    from fnnctl.commands.check import check

    with ended_by_signals(output):
        return check(
            configs or [DEFAULT_CONFIG],
            overrides or [],
            name=name,
            seed=seed,
            runs_dir=runs_dir,
            output=output,
            explain=explain,
        )


@with_output
def train(
    config: Config = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Continue an interrupted training; `latest` is the newest.",
            autocompletion=complete_run,
        ),
    ] = None,
    no_figures: NoFigures = False,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Train a network and write its run folder."""
    if resume is not None:
        refuse_with_resume({"CONFIG": config, "--set": overrides, "--name": name, "--seed": seed})
    from fnnctl.report.figures.drawer import figure_drawer

    with figure_drawer(wanted=not no_figures) as figures:  # it imports matplotlib during these imports
        from fnnctl.commands.report import report_end
        from fnnctl.commands.train import resume_training
        from fnnctl.commands.train import train as train_

        with interruption(output) as signals:
            shared: dict[str, Any] = {
                "runs_dir": runs_dir,
                "output": output,
                "signals": signals,
                "figures": figures,
            }
            if resume is not None:
                run = resume_training(resume, **shared)
            else:
                run = train_(config or DEFAULT_CONFIG, overrides or [], name=name, seed=seed, **shared)
    report_end(run, output)


Target = Annotated[
    str | None,
    typer.Argument(
        metavar="CONFIG|RUN",
        help="An experiment to cross-validate (a YAML file; - reads standard input), or a run whose network "
        "is scored (default: the newest with a network).",
        autocompletion=complete_config_or_run,
    ),
]
Folds = Annotated[
    int | None,
    typer.Option(
        "--folds",
        metavar="N",
        parser=whole_number("--folds"),
        help="CONFIG: number of folds (default: from the config).",
    ),
]
Repeats = Annotated[
    int | None,
    typer.Option(
        "--repeats",
        metavar="N",
        parser=whole_number("--repeats"),
        help="CONFIG: number of repeats, each with different folds (default: from the config).",
    ),
]
Sizes = Annotated[
    str | None,
    typer.Option(
        "--sizes",
        metavar="SHARES",
        help="CONFIG: shares of the training rows, e.g. 0.1,0.3,1, to see whether more rows help "
        "(default: from the config, or all rows).",
    ),
]
FoldWorkers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        parser=whole_number("--workers", least=1),
        help="CONFIG: number of parallel workers (default: the number of processors).",
    ),
]
ResumedFolds = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Continue an interrupted cross-validation.",
        autocompletion=complete_run,
    ),
]
LabelledData = Annotated[
    str | None,
    typer.Option("--data", metavar="FILE", help="RUN: labelled rows (default: the run's test part)."),
]


@with_output
def evaluate(
    target: Target = None,
    folds: Folds = None,
    repeats: Repeats = None,
    sizes: Sizes = None,
    workers: FoldWorkers = None,
    overrides: Set = None,
    seed: Seed = None,
    data: LabelledData = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    threshold: DecisionThreshold = None,
    name: Name = None,
    resume: ResumedFolds = None,
    no_figures: NoFigures = False,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Cross-validate an experiment, or score a trained network."""
    for_config = {
        "--folds": folds, "--repeats": repeats, "--sizes": sizes, "--workers": workers, "--seed": seed,
        "--set": overrides,
    }  # fmt: skip
    for_run = {"--data": data, "--delimiter": delimiter, "--encoding": encoding, "--threshold": threshold}
    shared: dict[str, Any] = {"runs_dir": runs_dir, "no_figures": no_figures, "output": output}
    if resume is not None:
        others = {**for_config, **for_run, "--name": name}
        refuse_with_resume({"CONFIG": target, **{key: others[key] for key in others if key != "--workers"}})
        _resume_cross_validation(resume, workers=workers, **shared)
        return
    if _names_config(target) if target else given(for_config):
        if names := given(for_run):
            raise UsageError(f"{names}: only for a run; an experiment has settings of its own")
        _cross_validate(
            Path(target) if target else DEFAULT_CONFIG,
            overrides or [],
            folds=folds,
            repeats=repeats,
            sizes=sizes,
            workers=workers,
            name=name,
            seed=seed,
            **shared,
        )
        return
    if names := given(for_config):
        raise UsageError(f"{names}: only for an experiment; give its YAML file")
    _score_run(
        target,
        data=data,
        delimiter=delimiter,
        encoding=encoding,
        threshold=threshold,
        name=name,
        **shared,
    )


def _cross_validate(
    config: Path,
    overrides: Sequence[str],
    *,
    folds: int | None,
    repeats: int | None,
    sizes: str | None,
    no_figures: bool,
    output: Output,
    **options: Any,
) -> None:
    from fnnctl.report.figures.drawer import figure_drawer

    with figure_drawer(wanted=not no_figures) as figures:
        from fnnctl.commands.cross_validate import cross_validate
        from fnnctl.commands.report import report_end
        from fnnctl.config.reading.overrides import OptionChange, Override

        with interruption(output) as signals:
            changes: list[Override] = [
                *overrides,
                *OptionChange.given("--folds", "evaluation.cross_validation.folds", folds),
                *OptionChange.given("--repeats", "evaluation.cross_validation.repeats", repeats),
                *OptionChange.given("--sizes", "evaluation.sizes", None if sizes is None else f"[{sizes}]"),
            ]
            run = cross_validate(config, changes, output=output, signals=signals, figures=figures, **options)
    report_end(run, output)


def _score_run(
    target: str | None, *, data: str | None, no_figures: bool, output: Output, **options: Any
) -> None:
    from fnnctl.report.figures.drawer import figure_drawer

    with figure_drawer(wanted=not no_figures and data is not None) as figures:
        from fnnctl.commands.evaluate_run import evaluate_run

        with ended_by_signals(output):
            evaluate_run(target, data=data, output=output, figures=figures, **options)


def _resume_cross_validation(name: str, *, no_figures: bool, output: Output, **options: Any) -> None:
    from fnnctl.report.figures.drawer import figure_drawer

    with figure_drawer(wanted=not no_figures) as figures:
        from fnnctl.commands.cross_validate import resume_cross_validation
        from fnnctl.commands.report import report_end

        with interruption(output) as signals:
            run = resume_cross_validation(name, output=output, signals=signals, figures=figures, **options)
    report_end(run, output)


def _names_config(target: str) -> bool:
    """Whether the target is a file, has a YAML file's name or is `-`; anything else is a run."""
    path = Path(target)
    if target == "-":
        return True
    named_so = path.suffix in {".yaml", ".yml"}
    try:
        return path.is_file() or (named_so and not path.is_dir())
    except OSError:  # reading it will report the reason
        return named_so


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
