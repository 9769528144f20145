"""Parses names of columns on the command line."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from fnnctl.errors import UsageError
from fnnctl.text import shown

ALL = "all"


def column_names(option: str, words: Sequence[str]) -> tuple[str, ...] | None:
    """The names in the words of a repeatable option, as in a CSV header; None if a word is `all`.

    Raises `UsageError` if a name is blank, or if a quote is not closed.
    """
    if ALL in words:
        return None
    names: list[str] = []
    for word in words:
        try:
            (found,) = csv.reader([word], strict=True, skipinitialspace=True)
        except (csv.Error, ValueError):
            found = []
        found = [name.strip() for name in found]
        if not found or not all(found):
            known = "write names with commas between them, or all"
            raise UsageError(f"{option} {shown(word)}: {known}; quote a name with a comma in it: '\"a, b\"'")
        names += found
    return tuple(names)
