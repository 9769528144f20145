"""Which runs `fnnctl runs prune` removes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from fnnctl.report.listing.fields import ListedRun
from fnnctl.store.listing.entries import RunEntry


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is removed of the runs that meet all conditions; None or empty: whatever it is."""

    statuses: Collection[str] = ()
    """The shown statuses."""
    before: str | None = None
    """Only runs started before this time: UTC, ISO 8601."""
    keep: int | None = None
    """How many runs of each experiment and kind stay: the newest ones, and the newest completed ones."""


def prunable(
    runs: Sequence[ListedRun], entries: Sequence[RunEntry], choice: Pruning, *, has_conditions: bool
) -> list[RunEntry]:
    """The entries of the `runs` that are removed; `entries` are those of all runs, the newest last.

    A run whose process is alive is never removed. One with a damaged manifest, of which nothing is known, is
    removed only if `has_conditions`, which it has met, or if its status is asked for.
    """
    kept = _kept(entries, choice.keep)
    return [
        entry
        for entry in (run.entry for run in runs)
        if not entry.alive
        and entry.path not in kept
        and (not choice.statuses or entry.shown_status in choice.statuses)
        and (choice.before is None or _is_older(entry, choice.before))
        and (entry.facts is not None or has_conditions or bool(choice.statuses))
    ]


def _is_older(entry: RunEntry, before: str) -> bool:
    """Whether the run was started before a time; False if it is not known when."""
    if entry.facts is None or not re.match(r"\d{4}-\d\d-\d\dT", entry.facts.started):
        return False
    return entry.facts.started < before


def _kept(entries: Sequence[RunEntry], keep: int | None) -> set[Path]:
    if keep is None:
        return set()
    groups: dict[tuple[str, str], list[RunEntry]] = defaultdict(list)
    for entry in entries:
        if entry.facts:
            groups[entry.facts.kind, entry.facts.name].append(entry)
    kept: set[Path] = set()
    for group in groups.values():
        completed = [entry for entry in group if entry.shown_status == "completed"]
        for newest in (group, completed):
            kept.update(entry.path for entry in newest[len(newest) - min(keep, len(newest)) :])
    return kept
