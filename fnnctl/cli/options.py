"""The arguments and options that several commands have, each declared once, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

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
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every epoch; tracebacks of failures.")]
Delimiter = Annotated[
    str | None,
    typer.Option("--delimiter", metavar="CHARACTER", help="Between the values; default: the run's."),
]
Encoding = Annotated[
    str | None, typer.Option("--encoding", metavar="NAME", help="Of the file; default the run's.")
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")]

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
    int | None, typer.Option("--max-trials", metavar="N", min=1, help="No trial begins after so many.")
]


def output_of(json: bool, quiet: bool, verbose: bool, no_color: bool) -> Output:
    """How a command speaks that was given these options."""
    return Output(json=json, quiet=quiet, verbose=verbose, color=not no_color)


def refuse_with_resume(given: Mapping[str, object]) -> None:
    """Refuse what a resumed run has of its own: `given` are the values by the options' names."""
    if named := [option for option, value in given.items() if value not in (None, [])]:
        raise UsageError(f"with --resume the config is the run's own: leave out {' and '.join(named)}")
