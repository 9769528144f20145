"""One section of every kind, in which every text is hostile."""

from __future__ import annotations

from typing import get_args

from fnnctl.report.sections import (
    Command,
    DefinitionList,
    Excerpt,
    Failure,
    FileList,
    Notes,
    Score,
    Scores,
    Section,
    TableSection,
    Warnings,
)
from fnnctl.text import plain_text

HOSTILE = "<script>x</script> \x1b[31m \"' $$ =cmd() שלום"
SHOWN = plain_text(HOSTILE)
SECTIONS: list[Section] = [
    TableSection(HOSTILE, (HOSTILE, "value"), ((HOSTILE, "1.0"), ("  indented", HOSTILE)), notes=(HOSTILE,)),
    DefinitionList(HOSTILE, ((HOSTILE, HOSTILE),)),
    DefinitionList(HOSTILE, ((HOSTILE, f"{HOSTILE}\n\n{HOSTILE}"),)),
    Failure(HOSTILE, (HOSTILE,)),
    Warnings(HOSTILE, (HOSTILE,)),
    Scores(HOSTILE, HOSTILE, (Score(HOSTILE, 0.5),)),
    Notes(HOSTILE, (HOSTILE,)),
    Notes(HOSTILE, (HOSTILE, "two")),
    FileList(HOSTILE, ((HOSTILE, HOSTILE),)),
    Command(HOSTILE, ("train", HOSTILE)),
    Excerpt(HOSTILE, (HOSTILE, "  b: 1")),
]
assert {type(section) for section in SECTIONS} == {*get_args(Section)}
