"""Declares `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnnctl.cli.columns import column_names
from fnnctl.cli.numbers import MOST_DECIMALS, whole_number
from fnnctl.cli.options import (
    RUNS_DIR,
    DecisionThreshold,
    Delimiter,
    Encoding,
    RunsDir,
    with_output,
)
from fnnctl.cli.shell.completion import complete_run
from fnnctl.console.output import Output
from fnnctl.console.signals import ended_by_signals
from fnnctl.errors import UsageError

KeptColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="COLUMNS",
        help="Columns of DATA to copy before the prediction, with commas between the names; or all. "
        "Repeatable.",
    ),
]
Digits = Annotated[
    int | None,
    typer.Option(
        "--digits",
        metavar="N",
        parser=whole_number("--digits", least=0, most=MOST_DECIMALS),
        help="Round estimates and probabilities to N digits after the decimal point (default: all).",
    ),
]
Top = Annotated[
    int | None,
    typer.Option(
        "--top",
        metavar="N",
        parser=whole_number("--top", least=1),
        help="Write the N most probable classes instead of the probabilities of all.",
    ),
]


@with_output
def predict(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="The run whose network predicts (default: the newest with a network).",
            autocompletion=complete_run,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="The rows to predict (required): a CSV, Parquet or NPZ file or a folder of arrays; - reads "
            "standard input.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the predictions to this file."),
    ] = None,
    keep: KeptColumns = None,
    digits: Digits = None,
    top: Top = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    threshold: DecisionThreshold = None,
    runs_dir: RunsDir = RUNS_DIR,
    *,
    output: Output,
) -> None:
    """Predict new rows and write the predictions as CSV."""
    from fnnctl.commands.predict import PredictionForm, predict

    if data is None:  # a single argument is DATA, not RUN
        run, data = None, run
    if data is None:
        raise UsageError("name the rows to predict: fnnctl predict [RUN] DATA")

    with ended_by_signals(output):
        predict(
            run,
            data,
            form=PredictionForm(keep=column_names("--keep", keep or ()), digits=digits, top=top),
            runs_dir=runs_dir,
            file=file,
            delimiter=delimiter,
            encoding=encoding,
            threshold=threshold,
            output=output,
        )
