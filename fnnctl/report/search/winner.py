"""The winner's score wherever it was measured: in the search, with other seeds, and on the test part."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from fnnctl.config.schema.search import METHODS
from fnnctl.records.history import SearchHistory
from fnnctl.records.journal import COMPLETE
from fnnctl.records.own_settings import OwnSettings
from fnnctl.records.trials import Result
from fnnctl.report.sections import NOTHING, Command, TableSection, number
from fnnctl.report.summary import Summary
from fnnctl.text import counted


def winner_scores(summary: Summary) -> TableSection:
    """One row per measurement of the objective's metric, for comparison; empty without a winner."""
    search = summary.search
    rows = tuple(_rows(summary, search)) if search and search.winner else ()
    metric = search.metric if search else ""
    header = ("", metric, "95 % interval", "chosen by it")
    return TableSection(f"{metric} of the winner", header, rows, texts=(0, 3))


def _rows(summary: Summary, search: SearchHistory) -> Iterator[tuple[str, ...]]:
    best, count = search.winner, len(search.standings.latest)
    if best is None:
        return
    place = "mean over the folds" if search.part == "cross_validation" else f"{search.part} part"
    found = search.confirmation
    chosen = found.chosen if found else None
    among = f"yes, the best of {count:,}" if count > 1 else "no"
    yield f"in the search, {place}", number(best.objective), NOTHING, "to be confirmed" if chosen else among
    if found and chosen and found.is_complete:
        half = found.half_width(chosen)
        interval = NOTHING if half is None or chosen.mean is None else number([*_around(chosen.mean, half)])
        seeds = f"mean over {counted(found.compared_seeds, 'other seed')}"
        yield seeds, number(chosen.mean), interval, f"yes, the best of {len(found.leaders):,}"
    if own := _own_settings(summary, search):
        after = "" if own.budget == best.budget else f" after {counted(own.budget, 'epoch')}"
        yield f"the default settings, {place}{after}", _result_text(own), NOTHING, "no"
    test = summary.part_metrics("test") or {}
    if test.get(search.metric) is not None and not summary.has_former_winner:
        interval = number(test.get(f"{search.metric}_ci95"))
        yield "refitted, test part", number(test[search.metric]), interval, "no"
        baseline = summary.baseline or {}
        if baseline.get(search.metric) is not None:
            yield "baseline, test part", number(baseline[search.metric]), NOTHING, "no"


def _around(mean: float, half: float) -> tuple[float, float]:
    return mean - half, mean + half


def _own_settings(summary: Summary, search: SearchHistory) -> Result | None:
    """The last result of the trial with the default settings; None if that is the winner or no trial."""
    facts, best = summary.manifest.search, search.winner
    recorded = OwnSettings.recorded(facts.own_settings) if facts and facts.own_settings else None
    if recorded is None or recorded.trial is None or best is None or recorded.trial == best.trial:
        return None
    return search.standings.latest.get(recorded.trial)


def _result_text(result: Result) -> str:
    return result.status.value if result.objective is None else number(result.objective)


def extension(summary: Summary) -> Command:
    """The command that gives a complete search twice its trials or, with brackets, more epochs.

    Empty if the search is not complete, or cannot grow in one of these ways.
    """
    search = summary.search
    words: list[str] = []
    if search and search.end == COMPLETE and search.winner and not search.settings.get("max_trials"):
        trials, scheduler = search.settings.get("trials"), METHODS.get(search.method, (search.method, ""))[0]
        budget = search.settings.get("budget") or {}
        if isinstance(trials, int) and search.method != "grid":
            words = [f"search.trials={2 * trials}"]
        elif scheduler == "hyperband" and budget.get("max_epochs"):
            factor = budget.get("reduction_factor") or 3
            words = [f"search.budget.max_epochs={round(budget['max_epochs'] * factor)}"]
    path = shlex.quote(str(summary.path))
    rows = (f"fnnctl search --resume {path}", *(f"--set {word}" for word in words)) if words else ()
    return Command("Extend the search", rows)
