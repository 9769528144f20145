"""The brackets and rungs of a search: how many trials came how far, and which were stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from fnnctl.metrics.registry import label_of
from fnnctl.records.history import SearchHistory
from fnnctl.records.standings import ranked
from fnnctl.report.sections import Section, TableSection
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import Topic
from fnnctl.report.words import NOTHING, number
from fnnctl.store import names

MAX_RUNGS: Final = 40
MAX_STOPS: Final = 10


def _details(summary: Summary) -> Iterator[Section]:
    yield rungs_table(summary.search_history)
    yield stops_table(summary.search_history)


def rungs_table(search: SearchHistory) -> TableSection:
    """A summary of the results at each rung; empty if there is only one rung.

    Brackets are numbered if there are several.
    """
    rungs = rung_entries(search)
    several = len({rung["bracket"] for rung in rungs}) > 1
    counts = ("rung", "epochs", "trials", "diverged", "promoted")
    rows = (
        (
            *((str(rung["bracket"]),) if several else ()),
            *(NOTHING if rung[name] is None else f"{rung[name]:,}" for name in counts),
            number(rung["best"]),
        )
        for rung in rungs[:MAX_RUNGS]
    )
    title = "Brackets and rungs" if several else "Rungs"
    if len(rungs) > MAX_RUNGS:
        title += f"; {len(rungs) - MAX_RUNGS:,} more in {names.JOURNAL}"
    header = (*(("bracket",) if several else ()), *counts, f"best {label_of(search.metric)}")
    return TableSection(title, header, tuple(rows) if len(rungs) > 1 else (), texts=())


def rung_entries(search: SearchHistory) -> list[dict[str, Any]]:
    """Each rung that has results, by bracket; `promoted` is null for the last one of a bracket.

    A trial is promoted if it has a result at the next rung.
    """
    rungs = search.rungs
    entries = []
    for rung, following in zip(rungs, [*rungs[1:], None], strict=False):
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


def stops_table(search: SearchHistory) -> TableSection:
    """Why trials were stopped by their curves; empty if none was."""
    stops = [stop for stop in search.stops if stop.trial is not None]
    rows = (
        (str(stop.trial), f"{stop.budget:,}", f"{stop.saved:,}", stop.reason) for stop in stops[:MAX_STOPS]
    )
    title = "Stopped by their learning curves"
    if len(stops) > MAX_STOPS:
        title += f"; {len(stops) - MAX_STOPS:,} more in {names.JOURNAL}"
    return TableSection(title, ("trial", "epochs", "saved", "reason"), tuple(rows))


def _json(summary: Summary) -> Mapping[str, Any]:
    search = summary.search_history
    return {"rungs": rung_entries(search), "stops": [asdict(stop) for stop in search.stops]}


TOPIC: Final = Topic("Brackets and rungs", details=_details, json=_json)
