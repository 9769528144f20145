"""The brackets and rungs of a search: how many trials came how far, and which were stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from fnnctl.metrics.registry import label_of
from fnnctl.records.history import SearchHistory
from fnnctl.records.standings import ranked
from fnnctl.report.blocks import Block, Table
from fnnctl.report.summary import Summary
from fnnctl.report.words import NOTHING, number
from fnnctl.store import names

MAX_RUNGS: Final = 40
MAX_STOPS: Final = 10


def rungs(summary: Summary) -> Iterator[Block]:
    """How far trials came, and why some were stopped."""
    yield rungs_table(summary.search_history)
    yield stops_table(summary.search_history)


def rungs_table(search: SearchHistory) -> Table:
    """A summary of the results at each rung; empty if there is only one rung.

    Brackets are numbered if there are several.
    """
    entries = rung_entries(search)
    several = len({rung["bracket"] for rung in entries}) > 1
    counts = ("rung", "epochs", "trials", "diverged", "promoted")
    rows = (
        (
            *((str(rung["bracket"]),) if several else ()),
            *(NOTHING if rung[name] is None else f"{rung[name]:,}" for name in counts),
            number(rung["best"]),
        )
        for rung in entries[:MAX_RUNGS]
    )
    title = "Brackets and rungs" if several else "Rungs"
    if len(entries) > MAX_RUNGS:
        title += f"; {len(entries) - MAX_RUNGS:,} more in {names.JOURNAL}"
    header = (*(("bracket",) if several else ()), *counts, f"best {label_of(search.metric)}")
    return Table(title, header, tuple(rows) if len(entries) > 1 else (), texts=())


def rung_entries(search: SearchHistory) -> list[dict[str, Any]]:
    """Each rung that has results, by bracket; `promoted` is null for the last one of a bracket.

    A trial is promoted if it has a result at the next rung.
    """
    entries = []
    for rung, following in zip(search.rungs, [*search.rungs[1:], None], strict=False):
        promoted = None
        if following is not None and following.bracket == rung.bracket:
            went_on = {result.trial for result in following.results}
            promoted = sum(result.trial in went_on for result in rung.results)
        entries.append(
            {
                "bracket": rung.bracket,
                "rung": rung.rung,
                "epochs": rung.epochs,
                "trials": len(rung.results),
                "diverged": sum(result.objective is None for result in rung.results),
                "promoted": promoted,
                "best": ranked(rung.results, search.direction)[0].objective,
            }
        )
    return entries


def stops_table(search: SearchHistory) -> Table:
    """Why trials were stopped by their curves; empty if none was."""
    stops = [stop for stop in search.stops if stop.trial is not None]
    rows = (
        (str(stop.trial), f"{stop.budget:,}", f"{stop.saved:,}", stop.reason) for stop in stops[:MAX_STOPS]
    )
    title = "Stopped by their learning curves"
    if len(stops) > MAX_STOPS:
        title += f"; {len(stops) - MAX_STOPS:,} more in {names.JOURNAL}"
    return Table(title, ("trial", "epochs", "saved", "reason"), tuple(rows))


def json_entries(summary: Summary) -> Mapping[str, Any]:
    """All rungs, and the trials that their curves have stopped."""
    search = summary.search_history
    return {"rungs": rung_entries(search), "stops": [asdict(stop) for stop in search.stops]}
