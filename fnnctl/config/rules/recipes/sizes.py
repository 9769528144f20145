"""Sizes that follow from the data: batches and epochs from the rows, layers from the columns."""

from __future__ import annotations

from typing import Final

MANY = 10**9
BATCH_SIZES: Final = ((1_500, 32), (10_000, 64), (50_000, 128), (200_000, 256), (MANY, 512))
"""Up to how many rows each batch size is for."""
EPOCHS: Final = ((20_000, 32), (100_000, 16), (MANY, 8))
"""Up to how many rows each number of epochs is for."""
WIDEST, NARROWEST, WIDTH_STEP = 64, 8, 8
"""The units of a hidden layer, and the step between possible numbers of units."""
MOST_PARAMETERS: Final = 200_000
"""How many parameters a network has at most, if it has more units than the narrowest."""


def by_rows(rows: int, steps: tuple[tuple[int, int], ...]) -> int:
    """The value of the first step that has at least this many rows; beyond all of them, the last value."""
    return next((value for most, value in steps if rows <= most), steps[-1][1])


def units(inputs: int, outputs: int, *, of_inputs: int) -> int:
    """The units of each of two hidden layers between these inputs and outputs.

    `of_inputs` parameters belong to the inputs. A table of many categories gets narrower layers: with the
    widest, its network would have so many parameters that it is slow, large, and memorizes its rows.
    """
    for width in range(WIDEST, NARROWEST, -WIDTH_STEP):
        parameters = of_inputs + (inputs + 1) * width + (width + 1) * width + (width + 1) * outputs
        if parameters <= MOST_PARAMETERS:
            return width
    return NARROWEST
