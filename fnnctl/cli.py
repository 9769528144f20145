"""The command line: every declaration, and the way from an error to an exit code.

Whatever is heavy is imported inside the command that needs it, so that `fnnctl --help` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fnnctl import __version__
from fnnctl.commands.output import Output
from fnnctl.errors import FnnctlError, UnwritableOutputError, UsageError
from fnnctl.options import (
    Config,
    Delimiter,
    Encoding,
    Json,
    MaxTrials,
    Method,
    Name,
    NoColor,
    Quiet,
    Runs,
    RunsDir,
    Seed,
    Set,
    Verbose,
    Workers,
)

DEFAULT_CONFIG = Path("fnnctl.yaml")

app = typer.Typer(
    name="fnnctl",
    help="Experiments with feedforward neural networks: one YAML file in, a run folder out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    # For a help option without a default typer loads pydantic, also before `fnnctl train --help`.
    context_settings={"help_option_names": ["--help", "-h"], "default_map": {"help": False}},
)

RUNS_DIR = Path("runs")


def _version(wanted: bool) -> None:
    if wanted:
        Output().data(f"fnnctl {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Experiments with feedforward neural networks: one YAML file in, a run folder out."""


@app.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", show_default="fnnctl.yaml")] = DEFAULT_CONFIG,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Write a commented starter experiment. Never overwrites."""
    from fnnctl.commands.init import init

    init(file, _output(json, quiet, verbose, no_color))


@app.command()
def check(
    configs: Annotated[
        list[Path] | None, typer.Argument(metavar="[CONFIG]...", help="Experiments; default fnnctl.yaml.")
    ] = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> int:
    """Validate experiments and their data, train nothing."""
    from fnnctl.commands.check import check

    output = _output(json, quiet, verbose, no_color)
    return check(configs or [DEFAULT_CONFIG], overrides or [], name=name, seed=seed, output=output)


@app.command()
def train(
    config: Config = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="RUN", help="Go on with an interrupted run; `latest` is the last one."
        ),
    ] = None,
    runs_dir: RunsDir = RUNS_DIR,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Train a network and write its run folder."""
    from fnnctl.commands.interruption import interruption

    output = _output(json, quiet, verbose, no_color)
    with interruption(output) as signals:
        from fnnctl.commands.report import report_training

        if resume is not None:
            from fnnctl.commands.resume import resume as resume_run

            _refuse_with_resume({"CONFIG": config, "--set": overrides, "--name": name, "--seed": seed})
            run = resume_run(resume, runs_dir=runs_dir, output=output, signals=signals)
        else:
            from fnnctl.commands.train import train

            file, changes = config or DEFAULT_CONFIG, overrides or []
            run = train(
                file, changes, runs_dir=runs_dir, name=name, seed=seed, output=output, signals=signals
            )
    report_training(run, output)


@app.command()
def predict(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run whose network predicts; see `report`.")],
    data: Annotated[
        str,
        typer.Argument(metavar="DATA", help="A CSV or NPZ file, or a folder of arrays; - is standard input."),
    ],
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the predictions to a file.")
    ] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    runs_dir: RunsDir = RUNS_DIR,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Labels and probabilities for new rows, as CSV."""
    from fnnctl.commands.interruption import ended_by_signals

    output = _output(json, quiet, verbose, no_color)
    with ended_by_signals(output):
        from fnnctl.commands.predict import predict

        predict(
            run,
            data,
            runs_dir=runs_dir,
            file=file,
            delimiter=delimiter,
            encoding=encoding,
            output=output,
        )


@app.command()
def evaluate(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[CONFIG|RUN]",
            help="An experiment (a YAML file), which is cross-validated; or a run, whose network is scored.",
            show_default="latest",
        ),
    ] = None,
    folds: Annotated[
        int | None, typer.Option("--folds", min=2, help="CONFIG: parts of the rows; default the config's.")
    ] = None,
    repeats: Annotated[
        int | None, typer.Option("--repeats", min=1, help="CONFIG: how many times; default the config's.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="CONFIG: stacks at once; default the processors there are."),
    ] = None,
    overrides: Set = None,
    seed: Seed = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="FILE", help="RUN: labelled rows; default its own test part."),
    ] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    name: Name = None,
    runs_dir: RunsDir = RUNS_DIR,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Cross-validate an experiment, or score a trained network again."""
    from fnnctl.commands.evaluate import ConfigOptions, RunOptions, evaluate

    evaluate(
        target,
        ConfigOptions(folds, repeats, workers, overrides or [], seed),
        RunOptions(data, delimiter, encoding),
        default_config=DEFAULT_CONFIG,
        name=name,
        runs_dir=runs_dir,
        output=_output(json, quiet, verbose, no_color),
    )


@app.command()
def search(
    config: Config = None,
    method: Method = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    workers: Workers = None,
    executor: Annotated[
        str | None,
        typer.Option("--executor", metavar="KIND", help="serial or processes; by default what is faster."),
    ] = None,
    max_trials: MaxTrials = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", metavar="SECONDS", min=0, help="End the search after so long."),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="RUN", help="Go on with a search, or make it longer by --max-trials or --set."
        ),
    ] = None,
    runs_dir: RunsDir = RUNS_DIR,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Search for good settings, refit the best and write the search's folder."""
    from fnnctl.commands.interruption import interruption

    output = _output(json, quiet, verbose, no_color)
    with interruption(output) as signals:
        from fnnctl.commands.report import report_search
        from fnnctl.commands.search import SearchOptions
        from fnnctl.commands.search import search as search_
        from fnnctl.commands.search_resume import resume_search

        options = SearchOptions.of(
            method=method, workers=workers, executor=executor, max_trials=max_trials, time_limit=time_limit
        )
        if resume is not None:
            _refuse_with_resume({"CONFIG": config, "--method": method, "--name": name, "--seed": seed})
            run = resume_search(
                resume, overrides or [], options, runs_dir=runs_dir, output=output, signals=signals
            )
        else:
            run = search_(
                config or DEFAULT_CONFIG,
                overrides or [],
                options,
                runs_dir=runs_dir,
                name=name,
                seed=seed,
                output=output,
                signals=signals,
            )
    report_search(run, output)


@app.command()
def plan(
    config: Config = None,
    method: Method = None,
    overrides: Set = None,
    name: Name = None,
    seed: Seed = None,
    workers: Workers = None,
    max_trials: MaxTrials = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """What a search would do, and how long it would take."""
    from fnnctl.commands.interruption import ended_by_signals

    output = _output(json, quiet, verbose, no_color)
    with ended_by_signals(output):
        from fnnctl.commands.plan import plan

        plan(
            config or DEFAULT_CONFIG,
            [*(overrides or []), *([] if method is None else [f"search.method={method}"])],
            workers=workers,
            max_trials=max_trials,
            name=name,
            seed=seed,
            output=output,
        )


@app.command()
def report(
    runs: Runs = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="terminal, markdown or json; by default what --output's name says.",
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report to a file.")
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option("--fail-under", metavar="METRIC=VALUE", help="End with 1 where a metric misses this."),
    ] = None,
    runs_dir: RunsDir = RUNS_DIR,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> int:
    """Tell how a run went; a gate for CI."""
    from fnnctl.commands.report import report

    return report(
        runs or [],
        runs_dir=runs_dir,
        format_="json" if json else format_,
        file=file,
        fail_under=fail_under or [],
        output=_output(json, quiet, verbose, no_color),
    )


@app.command(name="runs")
def runs_(
    runs_dir: RunsDir = RUNS_DIR,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """List the runs."""
    from fnnctl.commands.runs import runs

    runs(runs_dir, _output(json, quiet, verbose, no_color))


@app.command()
def datasets(
    json: Json = False, quiet: Quiet = False, verbose: Verbose = False, no_color: NoColor = False
) -> None:
    """List the built-in data sets."""
    from fnnctl.commands.datasets import datasets

    datasets(_output(json, quiet, verbose, no_color))


@app.command()
def schema(
    json: Json = False, quiet: Quiet = False, verbose: Verbose = False, no_color: NoColor = False
) -> None:
    """Print the config's JSON Schema, for editors."""
    from fnnctl.commands.schema import schema

    schema(_output(json, quiet, verbose, no_color))


def _refuse_with_resume(given: Mapping[str, object]) -> None:
    """Refuse what a resumed run has of its own: `given` are the values by the options' names."""
    if named := [option for option, value in given.items() if value not in (None, [])]:
        raise UsageError(f"with --resume the config is the run's own: leave out {' and '.join(named)}")


def _output(json: bool, quiet: bool, verbose: bool, no_color: bool) -> Output:
    return Output(json=json, quiet=quiet, verbose=verbose, color=not no_color)


def main() -> None:
    """Run the program and end the process with the contract's exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the program on these arguments, say its last words, and return its exit code."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    output = Output(json="--json" in options, verbose="--verbose" in options or "-v" in options)
    try:
        return app(args=list(arguments), prog_name="fnnctl", standalone_mode=False) or 0
    except FnnctlError as error:
        return _tell(error, output)
    except SystemExit:  # typer's, where the reader of its help has closed the pipe
        return 0
    except typer.TyperException as error:
        return _tell(UsageError(error.format_message()), output)
    except typer.Abort:
        return 130
    except MemoryError:
        return _tell(FnnctlError("there is not enough memory for this"), output)
    except Exception as error:  # the last line of defence: whatever it is, the user gets a sentence
        import traceback

        output.detail(traceback.format_exc())
        return _tell(FnnctlError(f"an internal failure: {type(error).__name__}: {error}"), output)


def _tell(error: FnnctlError, output: Output) -> int:
    if output.json and not isinstance(error, UnwritableOutputError):
        problems = [asdict(problem) for problem in error.problems]
        shape = {"error": {"kind": error.kind, "message": error.message, "problems": problems}}
        with suppress(UnwritableOutputError):
            output.json_object(shape)
    else:
        output.complain(error.message)
    return error.exit_code
