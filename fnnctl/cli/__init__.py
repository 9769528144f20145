"""The program: it registers the commands of this package and turns errors into exit codes.

Each command imports heavy packages when it runs, so `fnnctl --help` is fast.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, Final

import typer

from fnnctl.cli import first_steps, labels, reference, training
from fnnctl.cli.commands import PlainGroup, add_commands
from fnnctl.cli.completion import bash_values
from fnnctl.cli.usage import refuse_split_setting, usage_error
from fnnctl.console.output import Output
from fnnctl.errors import (
    FnnctlError,
    MachineError,
    OutOfMemoryError,
    UnusablePackageError,
    UnwritableOutputError,
    is_out_of_memory,
)
from fnnctl.text import install_command
from fnnctl.version import __version__

OWN_NAMES: Final = ("", "fnnctl")
"""An ImportError that names one of these, or no module, is a bug in fnnctl."""

app = typer.Typer(
    name="fnnctl",
    help="Run experiments with feedforward neural networks: one YAML file in, a run folder out.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=PlainGroup,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(is_set: bool) -> None:
    if is_set:
        Output().data(f"fnnctl {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Run experiments with feedforward neural networks: one YAML file in, a run folder out."""


add_commands(app, [module.HEADING for module in (first_steps, training, labels, reference)])


def main() -> None:
    """Run the program and exit with its exit code."""
    sys.exit(run(sys.argv[1:]))


@cache
def _command() -> Callable[..., Any]:
    """The commands as typer calls them, which take 10 ms to make: one process may run several commands."""
    return typer.main.get_command(app)


def run(arguments: Sequence[str]) -> int:
    """Run the program with these arguments, report an error if one occurs, and return the exit code.

    Without arguments it shows the help.
    """
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    verbose = any(word == "--verbose" or re.match(r"-q*v", word) for word in options)
    output = Output(json="--json" in options, verbose=verbose)
    try:
        if (values := bash_values(os.environ)) is not None:
            output.lines(f"{value}\n" for value in values)
            return 0
        refuse_split_setting(options)
        command = _command()
        return command(args=list(arguments) or ["--help"], prog_name="fnnctl", standalone_mode=False) or 0
    except FnnctlError as error:
        return _report(error, output)
    except SystemExit:  # raised by typer if its help is piped and the pipe is closed
        return 0
    except typer.TyperException as error:
        return _report(usage_error(error, arguments), output)
    except typer.Abort:
        return 130
    except Exception as error:
        _detail_traceback(output)
        return _report(_unexpected(error, output), output)


def _unexpected(error: Exception, output: Output) -> FnnctlError:
    """The error to report for one that is not fnnctl's own."""
    if is_out_of_memory(error):
        return OutOfMemoryError()
    if isinstance(error, OSError):
        return _failure_of_the_system(error, output)
    if isinstance(error, ImportError) and (package := (error.name or "").partition(".")[0]) not in OWN_NAMES:
        return _unusable_package(package, error)
    return _internal_error(error, output)  # the user gets a sentence, and with --verbose the traceback


def _unusable_package(module: str, error: ImportError) -> UnusablePackageError:
    """The error to report for a missing or broken package; commands say themselves what extras need."""
    from fnnctl.doctor.packages import REQUIRED

    for requirement in REQUIRED:
        if requirement.module.partition(".")[0] == module:
            install = install_command(shlex.quote(requirement.specifier))
            advice = f"run `{install}`; `fnnctl doctor` looks for more"
            return UnusablePackageError(requirement.package, error, advice)
    return UnusablePackageError(module, error, "`fnnctl doctor` says what to install")


def _internal_error(error: Exception, output: Output) -> FnnctlError:
    """The error to report for a bug of fnnctl's."""
    traceback = "the traceback above" if output.verbose else "the traceback, which --verbose shows"
    return FnnctlError(
        f"internal error: {type(error).__name__}: {error}. This is a bug in fnnctl {__version__}. Please "
        f"report it where you got fnnctl, with {traceback}, and with the run's log.txt if there is a run"
    )


def _failure_of_the_system(error: OSError, output: Output) -> MachineError:
    """The error to report if no command handled this one, for example if typer prints help to a full disk."""
    try:
        output.flush()
    except UnwritableOutputError as unwritable:
        return unwritable
    file = f" ({error.filename})" if error.filename else ""
    return MachineError(f"operating system error: {error.strerror or error}{file}")


def _detail_traceback(output: Output) -> None:
    import traceback

    output.detail(traceback.format_exc())


def _report(error: FnnctlError, output: Output) -> int:
    if output.json and not isinstance(error, UnwritableOutputError):
        problems = [problem.to_json() for problem in error.problems]
        shape = {"error": {"kind": error.kind, "message": error.message, "problems": problems}}
        with suppress(UnwritableOutputError):
            output.json_object(shape)
    else:
        output.complain(error.message)
    return error.exit_code
