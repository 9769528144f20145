"""What the warnings have in common that a network is not better than the baseline."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.text import counted

OUT_OF_FOLD = "out of fold"
"""Which rows the warning is about in a cross-validation."""


def worth_trying(rows: int, *, is_ahead: bool) -> str:
    """What to try; `is_ahead` is whether the network was better on these rows, if only by chance."""
    advice = "try more epochs, another learning rate or other columns"
    return f"{advice}; {counted(rows, 'row')} may miss a small advantage" if is_ahead else advice


def of_most(warnings: Sequence[str | None]) -> str | None:
    """The first warning, if most repeats of a cross-validation lead to one."""
    found = [warning for warning in warnings if warning]
    return found[0] if 2 * len(found) > len(warnings) else None
