"""The columns of an input that appear beside the predictions, and their names there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from fnnctl.data.problems import Problems
from fnnctl.errors import did_you_mean
from fnnctl.text import printable, shown

Keep: TypeAlias = Sequence[str] | None
"""The names of the columns to keep; None keeps all."""
NONE: Final = ()
PREFIX = "input_"


def kept_columns(
    keep: Keep, names: Sequence[str], problems: Problems, *, line: int | None = None
) -> tuple[str, ...]:
    """Those of a file's columns that are to be kept, each once, in the order in which `keep` names them.

    A column that the file does not have is noted as a problem.
    """
    if keep is None:
        return tuple(names)
    known = set(names)
    for name in dict.fromkeys(keep):
        if name not in known:
            hint = did_you_mean(name, map(printable, names))
            problems.add(f"there is no column {shown(name)} to keep{hint}", line=line)
    return tuple(name for name in dict.fromkeys(keep) if name in known)


def output_names(kept: Iterable[str], others: Iterable[str]) -> dict[str, str]:
    """The name of each kept column in a table with these `others`: its own, with a prefix if it is taken."""
    kept = tuple(kept)
    taken, names = {*others, *kept}, {}
    own = set(others)
    for name in kept:
        new = name
        while new in own or (new != name and new in taken):
            new = PREFIX + new
        taken.add(new)
        names[name] = new
    return names
