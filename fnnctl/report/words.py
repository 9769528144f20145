"""Numbers and durations as reports write them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from fnnctl.text import counted

if TYPE_CHECKING:
    from fnnctl.records.timeline import Timeline

QUOTED_COMMAND: Final = re.compile(r"`((?:fnnctl |--)[\w ./:=,'-]+)`")
"""A command or an option in a sentence. Its characters mean nothing to Markdown, and none is a backtick."""
NOTHING: Final = "–"
DECIMALS: Final = 4
LARGEST: Final = 1e9
"""Larger numbers are written with an exponent."""
SMALLEST_DECIMAL: Final = 1e-5
"""Smaller numbers are written with an exponent."""
SMALLEST: Final = 1e-12
"""Smaller numbers are rounding errors: they are written as 0."""


def number(value: object) -> str:
    """A metric as text: four decimals, fewer for large values and more for small ones; intervals with a dash,
    counts with commas.
    """
    if isinstance(value, int) and abs(value) < 10**15:
        return f"{value:,}"
    if isinstance(value, float):
        if abs(value) < SMALLEST:
            value = 0.0
        elif not SMALLEST_DECIMAL <= abs(value) < LARGEST:
            return f"{value:.2e}"
        elif abs(value) < 0.001:  # three digits
            return f"{Decimal(f'{value:.2e}'):f}"
        whole_digits = len(str(int(abs(value))))
        return f"{value:,.{max(0, DECIMALS + 1 - whole_digits)}f}"
    if isinstance(value, list) and len(value) == 2:
        low, high = map(number, value)
        return f"{low} – {high}" if "-" in low + high else f"{low}–{high}"  # a minus looks like a dash
    return NOTHING


def seconds_text(seconds: float) -> str:
    """`0.42 s`, `12.3 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def estimate_text(seconds: float) -> str:
    """An estimated duration to about two digits, such as `about 12 minutes`."""
    if seconds < 1:
        return "about a second"
    if seconds < 120:
        return f"about {counted(round(seconds), 'second')}"
    if seconds < 7200:
        return f"about {counted(round(seconds / 60), 'minute')}"
    return f"about {seconds / 3600:.1f} hours"


def share_text(share: float) -> str:
    """A share as a percentage, such as `12.5 %`."""
    return f"{100 * share:.4g} %"


def workers_text(timeline: Timeline) -> str:
    """How many workers there were, and how busy they were."""
    workers, seconds = counted(len(timeline.workers), "worker"), seconds_text(timeline.ends[-1])
    pauses = ", pauses left out" if len(timeline.ends) > 1 else ""
    return f"{workers}, training {timeline.busy:.0%} of {seconds}{pauses}"
