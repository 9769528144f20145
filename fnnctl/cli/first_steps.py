"""Declares `init` and `describe`, which look at a table before there is an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fnnctl.cli.completion import complete_target
from fnnctl.cli.options import DEFAULT_CONFIG, ReportFile, ReportFormat, given, with_output
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals
from fnnctl.errors import UsageError

if TYPE_CHECKING:
    from fnnctl.data.profile.source import SourceOptions


Target = Annotated[
    str | None,
    typer.Option("--target", metavar="COLUMN", help="The column to predict.", autocompletion=complete_target),
]
Delimiter = Annotated[
    str | None, typer.Option("--delimiter", metavar="CHARACTER", help="CSV delimiter (default: detected).")
]
Encoding = Annotated[
    str | None, typer.Option("--encoding", metavar="NAME", help="CSV encoding (default: utf-8).")
]


@with_output
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
    target: Target = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    *,
    output: Output,
) -> None:
    """Write a first experiment, with comments. An existing file is never overwritten."""
    from fnnctl.commands.init import init, init_table

    if data is None and (
        names := given({"--target": target, "--delimiter": delimiter, "--encoding": encoding})
    ):
        raise UsageError(f"{names}: only with --data TABLE")
    with ended_by_signals(output):
        if data is None:
            init(file, output)
        else:
            init_table(_options(data, target, delimiter, encoding), file, output)


@with_output
def describe(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="A CSV, Parquet or NPZ file, a folder of arrays, or a built-in data set.",
        ),
    ],
    target: Target = None,
    format_: ReportFormat = None,
    file: ReportFile = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    *,
    output: Output,
) -> None:
    """Describe a table before you train on it.

    Shows its columns, missing values and classes, and what looks suspicious.
    """
    from fnnctl.commands.describe import describe

    with ended_by_signals(output):
        describe(_options(table, target, delimiter, encoding), format_=format_, file=file, output=output)


def _options(table: str, target: str | None, delimiter: str | None, encoding: str | None) -> SourceOptions:
    from fnnctl.data.profile.source import DEFAULT_ENCODING, SourceOptions

    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise UsageError("--delimiter: must be one character, and no quote")
    return SourceOptions(
        source=table,
        folder=Path(),
        target=target,
        delimiter=delimiter,
        encoding=encoding or DEFAULT_ENCODING,
    )
