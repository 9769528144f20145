"""Declares the commands that train: `train`, `evaluate`, `plan` and `search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fnnctl.cli.commands import Heading
from fnnctl.cli.completion import resolve_or_run
from fnnctl.cli.options import (
    DEFAULT_CONFIG,
    NO_CHANGES,
    RUNS_DIR,
    AllowPlugin,
    Changes,
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
    Unset,
    Workers,
    given_options,
    number_option,
    refuse_with_resume,
    run_option,
)
from fnnctl.cli.parsing import seconds
from fnnctl.console.output import Output
from fnnctl.console.terminal import terminal_context
from fnnctl.errors import UsageError

if TYPE_CHECKING:
    from fnnctl.store.folder import RunFolder

HEADING = Heading("Train and search")


@HEADING.command(
    examples=(
        "fnnctl train flowers.yaml --set training.epochs=50 --name longer",
        "fnnctl train flowers.yaml --set data.test_source=new.csv",
        "cat flowers.yaml | fnnctl train - --name flowers",
        "fnnctl train flowers.yaml --warm-start latest --set data.source=new.csv",
        "fnnctl train --resume latest",
    ),
    topics=("training", "network", "recipes"),
)
def train(
    config: Config = None,
    changes: Changes = NO_CHANGES,
    warm_start: Annotated[
        str | None,
        run_option("--warm-start", "Train the networks of a run on, instead of random weights."),
    ] = None,
    resume: Annotated[
        str | None,
        run_option("--resume", "Continue an interrupted training; `latest` is the newest."),
    ] = None,
    workers: Workers = None,
    no_figures: NoFigures = False,
    allow_plugin: AllowPlugin = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Train a network, or an ensemble on all processors, and write its run folder."""
    if resume is not None:
        refuse_with_resume({"CONFIG": config, "--warm-start": warm_start, **changes.options})
    from fnnctl.report.figures.drawer import figure_drawer

    with figure_drawer(enabled=not no_figures) as figures:
        from fnnctl.commands.train import resume_training, run_to_train_on, train

        with terminal_context(output, runs_dir, figures=figures, resumable=True) as context:
            if resume is not None:
                run = resume_training(resume, context, workers=workers)
            else:
                run = train(
                    config or DEFAULT_CONFIG,
                    [*changes.overrides(), *run_to_train_on(warm_start)],
                    context,
                    workers=workers,
                )
    _show_end(run, output)


def _show_end(run: RunFolder, output: Output) -> None:
    from fnnctl.commands.report import show_end

    show_end(run, output)


Target = Annotated[
    str | None,
    typer.Argument(
        metavar="CONFIG|RUN",
        help="An experiment to cross-validate (a YAML file; - reads standard input), or a run whose network "
        "is scored (default: the newest with a network).",
        autocompletion=resolve_or_run,
    ),
]
Folds = Annotated[
    int | None,
    number_option("--folds", "CONFIG: number of folds (default: from the config)."),
]
Repeats = Annotated[
    int | None,
    number_option(
        "--repeats", "CONFIG: number of repeats, each with different folds (default: from the config)."
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
    number_option(
        "--workers", "CONFIG: number of parallel workers (default: the number of processors).", least=1
    ),
]
ResumedFolds = Annotated[
    str | None,
    run_option("--resume", "Continue an interrupted cross-validation."),
]
LabelledData = Annotated[
    str | None,
    typer.Option("--data", metavar="FILE", help="RUN: labelled rows (default: the run's test part)."),
]


@HEADING.command(
    examples=(
        "fnnctl evaluate flowers.yaml --folds 5 --repeats 2 --name folds",
        "fnnctl evaluate flowers --data new.csv",
    ),
    topics=("cross-validation", "predictions"),
)
def evaluate(
    target: Target = None,
    folds: Folds = None,
    repeats: Repeats = None,
    sizes: Sizes = None,
    workers: FoldWorkers = None,
    overrides: Set = None,
    removed: Unset = None,
    seed: Seed = None,
    data: LabelledData = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    threshold: DecisionThreshold = None,
    name: Name = None,
    resume: ResumedFolds = None,
    no_figures: NoFigures = False,
    allow_plugin: AllowPlugin = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Cross-validate an experiment, or score a trained network."""
    for_config = {
        "--folds": folds, "--repeats": repeats, "--sizes": sizes, "--workers": workers, "--seed": seed,
        "--set": overrides, "--unset": removed,
    }  # fmt: skip
    for_run = {"--data": data, "--delimiter": delimiter, "--encoding": encoding, "--threshold": threshold}
    if resume is not None:
        refuse_with_resume({"CONFIG": target, **for_config, "--workers": None, **for_run, "--name": name})
    elif _names_config(target) if target else given_options(for_config):
        if names := given_options(for_run):
            raise UsageError(f"{names}: only for a run; an experiment has settings of its own")
    elif names := given_options(for_config):
        raise UsageError(f"{names}: only for an experiment; give its YAML file")
    else:
        options = {"delimiter": delimiter, "encoding": encoding, "threshold": threshold, "name": name}
        _score_run(target, runs_dir, output, data=data, no_figures=no_figures, **options)
        return
    from fnnctl.report.figures.drawer import figure_drawer

    with figure_drawer(enabled=not no_figures) as figures:
        from fnnctl.commands.cross_validate import cross_validate, resume_cross_validation
        from fnnctl.config.reading.overrides import OptionChange

        with terminal_context(output, runs_dir, figures=figures, resumable=True) as context:
            if resume is not None:
                run = resume_cross_validation(resume, context, workers=workers)
            else:
                shares = None if sizes is None else f"[{sizes}]"
                changes = Changes(overrides or (), name, seed, removed or ()).overrides(
                    *OptionChange.if_given("--folds", "evaluation.cross_validation.folds", folds),
                    *OptionChange.if_given("--repeats", "evaluation.cross_validation.repeats", repeats),
                    *OptionChange.if_given("--sizes", "evaluation.sizes", shares),
                )
                config = Path(target) if target else DEFAULT_CONFIG
                run = cross_validate(config, changes, context, workers=workers)
    _show_end(run, output)


def _score_run(
    run: str | None, runs_dir: Path, output: Output, *, data: str | None, no_figures: bool, **options: Any
) -> None:
    from fnnctl.report.figures.drawer import figure_drawer

    with figure_drawer(enabled=not no_figures and data is not None) as figures:
        from fnnctl.commands.evaluate_run import evaluate_run, show_evaluation

        with terminal_context(output, runs_dir, figures=figures) as context:
            scores = evaluate_run(run, context, data=data, **options)
            show_evaluation(scores, output, threshold=options["threshold"])


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


@HEADING.command(
    examples=(
        "fnnctl plan --method hyperband",
        "fnnctl plan --method asha --max-trials 100 --simulate-workers 8",
    ),
    topics=("search-methods",),
)
def plan(
    config: Config = None,
    method: Method = None,
    changes: Changes = NO_CHANGES,
    workers: Workers = None,
    max_trials: MaxTrials = None,
    simulate_workers: Annotated[
        int | None,
        number_option(
            "--simulate-workers",
            "Also simulate the search on N workers: how long it takes and how busy they are.",
            least=1,
        ),
    ] = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Show what a search would do and estimate how long it would take."""
    from fnnctl.commands.plan import plan, show_plan
    from fnnctl.config.reading.overrides import OptionChange

    with terminal_context(output, runs_dir) as context:
        overrides = [*OptionChange.if_given("--method", "search.method", method), *changes.overrides()]
        show_plan(
            plan(
                config or DEFAULT_CONFIG,
                overrides,
                context,
                workers=workers,
                max_trials=max_trials,
                simulate_workers=simulate_workers,
            ),
            output,
        )


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
        metavar="TIME",
        parser=seconds("--time-limit"),
        help="Stop the search after this time: 90 or 90s, 5m, 1h.",
    ),
]


@HEADING.command(
    examples=(
        "fnnctl search --time-limit 1m",
        "fnnctl search --method random --max-trials 3",
        "fnnctl search --resume latest --max-trials 6",
    ),
    topics=("searches", "search-methods", "search-spaces"),
)
def search(
    config: Config = None,
    method: Method = None,
    changes: Changes = NO_CHANGES,
    workers: Workers = None,
    executor: ExecutorName = None,
    dask_address: DaskAddress = None,
    max_trials: MaxTrials = None,
    time_limit: TimeLimit = None,
    import_optuna: Annotated[
        Path | None,
        typer.Option(
            "--import-optuna",
            metavar="FILE",
            help="First try the complete and enqueued trials of an Optuna journal file, as far as they fit.",
        ),
    ] = None,
    resume: Annotated[
        str | None,
        run_option("--resume", "Continue a search, or extend it with --max-trials or --set."),
    ] = None,
    no_figures: NoFigures = False,
    allow_plugin: AllowPlugin = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Search for the best settings.

    They are those of `search.space` or, without it, those that the config does not set and that suit the
    data: the result is then an ensemble of the best trials.
    """
    if resume is not None:
        arguments = {"CONFIG": config, "--method": method, "--import-optuna": import_optuna}
        refuse_with_resume({**arguments, **changes.options, "--set": None})
    from fnnctl.report.figures.drawer import figure_drawer

    with figure_drawer(enabled=not no_figures, search=True) as figures:
        from fnnctl.commands.search import resume_search, search
        from fnnctl.runs.search_session import SearchOptions

        with terminal_context(output, runs_dir, figures=figures, resumable=True) as context:
            options = SearchOptions(method, workers, executor, max_trials, time_limit, dask_address)
            if resume is not None:
                run = resume_search(resume, changes.settings, options, context)
            else:
                run = search(
                    config or DEFAULT_CONFIG, changes.overrides(), options, context, optuna_file=import_optuna
                )
    _show_end(run, output)
