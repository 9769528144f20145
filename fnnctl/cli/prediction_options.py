"""The options of `predict` that say what is written of each row."""

from __future__ import annotations

from typing import Annotated

import typer

from fnnctl.cli.options import number_option
from fnnctl.cli.parsing import MAX_DECIMALS, share

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
    number_option(
        "--digits",
        "Round estimates and probabilities to N digits after the decimal point (default: all).",
        least=0,
        most=MAX_DECIMALS,
    ),
]
Top = Annotated[
    int | None,
    number_option("--top", "Write the N most probable classes instead of the probabilities of all.", least=1),
]
Coverage = Annotated[
    float | None,
    typer.Option(
        "--coverage",
        metavar="P",
        parser=share("--coverage"),
        help="Also write intervals of numbers, or sets of classes, that hold the truth in this share of "
        "rows, such as 0.9.",
    ),
]
Contributions = Annotated[
    int | None,
    number_option(
        "--contributions",
        "Also write the N columns that move each prediction most from the mean prediction, with their "
        "effects.",
        least=1,
    ),
]
Background = Annotated[
    str | None,
    typer.Option(
        "--background",
        metavar="FILE",
        help="The rows whose mean prediction --contributions begins with (default: training rows).",
    ),
]
