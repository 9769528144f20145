"""The metrics of each group of rows, such as a class; only of the worst if there are many."""

from __future__ import annotations

from collections.abc import Mapping

from fnnctl.report.sections import TableSection, number
from fnnctl.report.summary import Summary, scored_rows
from fnnctl.store import names
from fnnctl.tasks.reporting import GroupMetrics

MOST_GROUPS, WORST_GROUPS = 50, 20
"""With more groups, only the worst are shown."""
MOST_BRIEF, WORST_BRIEF = 12, 10
"""The same for a terminal."""


def group_table(summary: Summary, groups: GroupMetrics, *, brief: bool) -> TableSection | None:
    """One row per group; with `brief` for fewer groups than otherwise. None if there are no metrics."""
    found = (summary.part_metrics("test") or {}).get(groups.key)
    if not isinstance(found, Mapping):
        return None
    known = [(name, metrics) for name, metrics in found.items() if isinstance(metrics, Mapping)]
    title = f"{groups.title} {scored_rows(summary)}"
    most, shown = (MOST_BRIEF, WORST_BRIEF) if brief else (MOST_GROUPS, WORST_GROUPS)
    if len(known) > most:
        label, key = groups.worst_by
        scored = [(name, metrics) for name, metrics in known if isinstance(metrics.get(key), float)]
        worst = sorted(scored, key=lambda each: each[1][key])[:shown]
        title += f": the {len(worst)} lowest {label} of {len(known):,}; {names.METRICS} has all"
        known = worst
    rows = ((name, *(number(metrics.get(key)) for _, key in groups.metrics)) for name, metrics in known)
    return TableSection(title, (groups.column, *(label for label, _ in groups.metrics)), tuple(rows))
