"""A metric of groups of rows, with intervals, against that of all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from fnnctl.plots.axes import padded
from fnnctl.plots.comparison import PlottedScore, draw_scores
from fnnctl.plots.style import COLOURS, MUTED, drawable_text, new_figure
from fnnctl.text import counted

MAX_ROWS: Final = 60
"""More rows make a figure that is too high for a page. A column has 22 groups at most."""
WIDTH: Final = 6.0
"""Inches: the page shows the figure on a phone too."""
ROW_HEIGHT: Final = 0.27
LONGEST_NAME: Final = 30
MOST_WIDTHS: Final = 4.0
"""Intervals longer than so many median ones run out of the axis."""


def groups_figure(
    columns: Mapping[str, Sequence[PlottedScore]], *, metric: str, overall: float | None, title: str
) -> Figure:
    """Draw a panel per column with a row per group, each a dot with its interval; a line is that of all rows.

    A dot is filled if the group differs from all other rows by more than chance, else hollow. Columns that
    have no room are not drawn, and the title says how many they are.
    """
    panels: dict[str, Sequence[PlottedScore]] = {}
    for name, groups in columns.items():
        if sum(map(len, panels.values())) + len(groups) <= MAX_ROWS:
            panels[name] = groups
    if undrawn := len(columns) - len(panels):
        title += f"; {counted(undrawn, 'column')} more in the table"
    heights = [len(groups) + 1.6 for groups in panels.values()]
    texts = [metric, *panels, *(group.name for groups in panels.values() for group in groups)]
    with new_figure(WIDTH, 0.9 + ROW_HEIGHT * sum(heights), title, texts) as figure:
        all_axes = figure.subplots(len(panels), 1, height_ratios=heights, sharex=True, squeeze=False)
        for axes, (name, groups) in zip(all_axes[:, 0], panels.items(), strict=True):
            if overall is not None:
                axes.axvline(overall, color=MUTED, linewidth=1.0, zorder=1)
            draw_scores(axes, groups, COLOURS[0], longest_name=LONGEST_NAME)
            axes.set_title(drawable_text(name, LONGEST_NAME))
        ends = _ends([group for groups in panels.values() for group in groups])
        ends += [] if overall is None else [overall]
        all_axes[-1, 0].set_xlim(padded(float(np.min(ends)), float(np.max(ends))))
        all_axes[-1, 0].set_xlabel(drawable_text(f"{metric} (line: all rows; hollow: may be chance)", 60))
    return figure


def _ends(groups: Sequence[PlottedScore]) -> list[float]:
    """What the axis has room for: all values, and the intervals that are not far longer than others.

    R² of five rows may have an interval from −60, beside which all others are dots.
    """
    intervals = [group.interval for group in groups if group.interval]
    longest = MOST_WIDTHS * float(np.median([high - low for low, high in intervals])) if intervals else 0.0
    usual = [end for low, high in intervals if high - low <= longest for end in (low, high)]
    return [*(group.value for group in groups), *usual]
