"""One block of every kind, in which every text is hostile."""

from __future__ import annotations

from typing import get_args

from fnnctl.report.blocks import (
    Block,
    Command,
    DrawnNumbers,
    Excerpt,
    Facts,
    Failure,
    Figure,
    Files,
    Notes,
    Score,
    Scores,
    Table,
    Warnings,
)
from fnnctl.text import plain_text

HOSTILE = "<script>x</script> \x1b[31m \"' $$ a|b *c* שלום"
SHOWN = plain_text(HOSTILE)
NUMBERS = DrawnNumbers([HOSTILE], [[HOSTILE]], HOSTILE, 1)


def _drawing() -> object:
    from fnnctl.plots.style import new_figure

    with new_figure(2.0, 2.0, "") as figure:
        figure.subplots()
    return figure


BLOCKS: list[Block] = [
    Table(HOSTILE, (HOSTILE, "value"), ((HOSTILE, "1.0"), ("  indented", HOSTILE)), notes=(HOSTILE,)),
    Facts(HOSTILE, ((HOSTILE, HOSTILE),)),
    Facts(HOSTILE, ((HOSTILE, f"{HOSTILE}\n\n{HOSTILE}"),)),
    Failure(HOSTILE, (HOSTILE,)),
    Warnings(HOSTILE, (HOSTILE,)),
    Scores(HOSTILE, HOSTILE, (Score(HOSTILE, 0.5),)),
    Notes(HOSTILE, (HOSTILE,)),
    Notes(HOSTILE, (HOSTILE, "two")),
    Files(HOSTILE, ((HOSTILE, HOSTILE),)),
    Command(HOSTILE, ("train", HOSTILE)),
    Excerpt(HOSTILE, (HOSTILE, "  b: 1")),
    Figure(HOSTILE, "made.png", _drawing, lambda: HOSTILE, lambda: NUMBERS),
]
assert {type(block) for block in BLOCKS} == {*get_args(Block)}
