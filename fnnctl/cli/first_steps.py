"""Declares the first commands of a user: `init`, `describe` and `check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fnnctl.cli.commands import Heading
from fnnctl.cli.completion import complete_target, resolve
from fnnctl.cli.options import (
    DEFAULT_CONFIG,
    NO_CHANGES,
    RUNS_DIR,
    AllowPlugin,
    Changes,
    ReportFile,
    ReportFormat,
    RunsDir,
    given_options,
    run_option,
)
from fnnctl.config.table_files import TABLE_LABELS, WHOLE_FILE, TablePart
from fnnctl.console.output import Output
from fnnctl.console.terminal import terminal_context
from fnnctl.errors import UsageError
from fnnctl.text import quoted

if TYPE_CHECKING:
    from fnnctl.data.profile.source import SourceOptions

HEADING = Heading("Get started")
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="COLUMN",
        help="The column to predict. Repeatable: one network for several.",
        autocompletion=complete_target,
    ),
]
Delimiter = Annotated[
    str | None, typer.Option("--delimiter", metavar="CHARACTER", help="CSV delimiter (default: detected).")
]
Encoding = Annotated[
    str | None, typer.Option("--encoding", metavar="NAME", help="CSV encoding (default: utf-8).")
]


@HEADING.command(
    examples=(
        "fnnctl init iris.yaml",
        "fnnctl init flowers.yaml --data flowers.csv --target species",
    ),
    topics=("tables",),
)
def init(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The file to write (default: fnnctl.yaml).", show_default=False),
    ] = DEFAULT_CONFIG,
    data: Annotated[
        str | None,
        typer.Option(
            "--data", metavar="TABLE", help="Write an experiment for this table (default: an example)."
        ),
    ] = None,
    target: Targets = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    part: TablePart = WHOLE_FILE,
    *,
    output: Output,
) -> None:
    """Write a first experiment, with comments. An existing file is never overwritten."""
    from fnnctl.commands.init import init, init_table

    of_table = {"--target": target, "--delimiter": delimiter, "--encoding": encoding, **part.options}
    if data is None and (names := given_options(of_table)):
        raise UsageError(f"{names}: only with --data TABLE")
    with terminal_context(output) as context:
        if data is None:
            init(file, output)
        else:
            init_table(_source(data, target, delimiter, encoding, part), file, context, output)


@HEADING.command(
    examples=(
        "fnnctl describe flowers.csv --target species",
        "fnnctl describe penguins --output penguins.md",
        "fnnctl describe new.csv --against flowers",
    ),
    topics=("tables", "drift"),
)
def describe(
    source: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help=f"A {TABLE_LABELS} or NPZ file, a folder of arrays, or a built-in data set.",
        ),
    ],
    target: Targets = None,
    against: Annotated[
        str | None,
        run_option("--against", "Also compare the table with the rows that this run was trained on."),
    ] = None,
    format_: ReportFormat = None,
    file: ReportFile = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    part: TablePart = WHOLE_FILE,
    allow_plugin: AllowPlugin = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Describe a table before you train on it.

    Shows its columns, missing values and classes, and what looks suspicious.
    """
    from fnnctl.commands.describe import describe, show_description
    from fnnctl.report.formats.form import ReportForm

    with terminal_context(output, runs_dir) as context:
        options = _source(source, target, delimiter, encoding, part)
        form = ReportForm(format_, file).resolve(is_json=output.json)
        show_description(describe(options, context, against=against), form, output)


def _source(
    table: str, targets: list[str] | None, delimiter: str | None, encoding: str | None, part: TablePart
) -> SourceOptions:
    from fnnctl.data.profile.source import DEFAULT_ENCODING, SourceOptions

    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise UsageError("--delimiter: must be one character, and no quote")
    names = targets or []
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"--target: {quoted(repeated)} is named twice; name each column once")
    return SourceOptions(
        source=table,
        folder=Path(),
        targets=tuple(names),
        delimiter=delimiter,
        encoding=encoding or DEFAULT_ENCODING,
        part=part,
    )


@HEADING.command(
    examples=(
        "fnnctl check fnnctl.yaml flowers.yaml",
        "fnnctl check flowers.yaml --explain",
    ),
    topics=("settings", "recipes"),
)
def check(
    configs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="CONFIG",
            help="Experiments (default: fnnctl.yaml); - reads standard input.",
            autocompletion=resolve,
        ),
    ] = None,
    changes: Changes = NO_CHANGES,
    runs_dir: RunsDir = RUNS_DIR,
    explain: Annotated[bool, typer.Option("--explain", help="Say where each setting comes from.")] = False,
    *,
    output: Output,
) -> int:
    """Validate experiments and their data without training."""
    from fnnctl.commands.check import check, show_check

    with terminal_context(output, runs_dir) as context:
        checked = check(configs or [DEFAULT_CONFIG], changes.overrides(), context, explain=explain)
        return show_check(checked, output, explain=explain)
