"""Arguments and options that several commands share, each declared once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from fnnctl.console.output import Output
from fnnctl.errors import UsageError

DEFAULT_CONFIG = Path("fnnctl.yaml")
RUNS_DIR = Path("runs")

Config = Annotated[
    Path | None, typer.Argument(metavar="[CONFIG]", help="The experiment.", show_default="fnnctl.yaml")
]
Runs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN]...", help="A path, a folder's name, the start of one, or `latest` (default)."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a setting, as training.epochs=50. Repeatable."),
]
RunsDir = Annotated[
    Path, typer.Option("--runs-dir", envvar="FNNCTL_RUNS_DIR", metavar="DIR", help="Where run folders are.")
]
Name = Annotated[str | None, typer.Option("--name", help="The experiment's name.")]
Seed = Annotated[int | None, typer.Option("--seed", help="The experiment's seed.")]
Delimiter = Annotated[
    str | None,
    typer.Option("--delimiter", metavar="CHARACTER", help="Between the values; default: the run's."),
]
Encoding = Annotated[
    str | None, typer.Option("--encoding", metavar="NAME", help="Of the file; default the run's.")
]

Method = Annotated[
    str | None,
    typer.Option(
        "--method", metavar="METHOD", help="grid, random, halving or hyperband; default the config's."
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Stacks at once; default the processors there are.")
]
MaxTrials = Annotated[
    int | None, typer.Option("--max-trials", metavar="N", min=1, help="No new trial starts after N.")
]

R = TypeVar("R")


def _output(
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Every epoch; tracebacks of failures.")
    ] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")] = False,
) -> Output:
    return Output(json=json, quiet=quiet, verbose=verbose, color=not no_color)


def with_output(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of `_output`, and pass what they make as its parameter `output`.

    Typer reads a command's options from its signature, so the options replace `output` there.
    """
    own = inspect.signature(command, eval_str=True).parameters
    shared = inspect.signature(_output, eval_str=True).parameters

    @functools.wraps(command)
    def with_shared_options(**values: Any) -> R:
        output = _output(**{name: values.pop(name) for name in shared})
        return command(**values, output=output)

    options = {name: option for name, option in {**own, **shared}.items() if name != "output"}
    for option in options.values():
        for declared in getattr(option.annotation, "__metadata__", ()):
            declared.readable = False  # typer would call an unreadable file wrong usage
    keyword_only = [option.replace(kind=option.KEYWORD_ONLY) for option in options.values()]
    with_shared_options.__signature__ = inspect.Signature(keyword_only)  # type: ignore[attr-defined]
    with_shared_options.__annotations__ = {name: option.annotation for name, option in options.items()}
    return with_shared_options


def given(options: Mapping[str, object]) -> str:
    """The names of the options that have a value, as in `--seed and --set`."""
    return " and ".join(name for name, value in options.items() if value not in (None, []))


def refuse_with_resume(options: Mapping[str, object]) -> None:
    """Raise `UsageError` if an option was given that a resumed run takes from its own config."""
    if names := given(options):
        raise UsageError(f"with --resume the config is the run's own: leave out {names}")
