"""Finds a unit after every number of a column, such as `12.5 kg`: a table should have it in the header.

Units are only found, not removed, for a text of one unit may also be a code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fnnctl.data.tables.formats.finding import MARKS
from fnnctl.data.tables.formats.number import written_number

_WITH_UNIT = re.compile(r"(?P<number>.*\d)\s*(?P<unit>[^\d\s.,:;/+\-][^\d.,:;+\-]{0,11})", re.DOTALL)


def find_unit(texts: Sequence[str]) -> str | None:
    """The unit that follows a number in all of the texts; None if one has none, or another one."""
    found: str | None = None
    for text in texts:
        match = _WITH_UNIT.fullmatch(text)
        if match is None or (found is not None and match["unit"] != found):
            return None
        if not any(written_number(match["number"], mark) for mark in MARKS):
            return None
        found = match["unit"]
    return found
