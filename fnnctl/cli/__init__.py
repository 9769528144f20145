"""The command line: the program, made of the commands beside it, and the way from an error to an exit code.

Whatever is heavy is imported inside the command that needs it, so that `fnnctl --help` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated

import typer

from fnnctl import __version__
from fnnctl.cli.experiments import check, evaluate, init, predict, train
from fnnctl.cli.reports import datasets, report, runs, schema
from fnnctl.cli.searches import plan, search
from fnnctl.console.output import Output
from fnnctl.errors import FnnctlError, UnwritableOutputError, UsageError

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


for command in (init, check, train, predict, evaluate, search, plan, report, runs, datasets, schema):
    app.command()(command)


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
