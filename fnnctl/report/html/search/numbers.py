"""The numbers behind a search's figures, in tables, and what they show in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from fnnctl.records.history import SearchHistory
from fnnctl.records.timeline import Timeline
from fnnctl.report.html.figures import PageFigure
from fnnctl.report.html.markup import EMPTY, Markup
from fnnctl.report.html.numbers import MOST_ROWS, numbers_table, thinned_table
from fnnctl.report.search.settings import importances
from fnnctl.report.search.workers import workers_words
from fnnctl.report.sections import number
from fnnctl.report.summary import Summary
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.text import counted

MOST_NAMED = 3

T = TypeVar("T")


def with_numbers(figure: PageFigure, summary: Summary) -> PageFigure:
    """The figure of a search with the numbers that are drawn, and with its description."""
    search = summary.search
    if search is None:
        return figure
    match figure.file:
        case names.SEARCH_HISTORY_FIGURE:
            return replace(figure, numbers=_history(search), description=_progress(search))
        case names.PARALLEL_FIGURE:
            numbers = thinned_table(RunFolder(summary.path), names.LEADERBOARD)
            return replace(figure, numbers=numbers, description=_best_of(search))
        case names.RUNGS_FIGURE:
            return replace(figure, description=_reached(search))
        case names.IMPORTANCE_FIGURE:
            return replace(figure, description=_most_important(search))
        case names.TIMELINE_FIGURE if summary.timeline:
            words = f"{workers_words(summary.timeline)}."
            return replace(figure, numbers=_stacks(summary.timeline), description=words)
    return figure


def _history(search: SearchHistory) -> Markup:
    """The results in the order in which they were recorded, with the best so far."""
    rows, spent, best = [], 0, float("inf")
    for result in search.results:
        spent += result.epochs
        best = min(best, search.loss_of(result))
        objective = result.status.value if result.objective is None else number(result.objective)
        known = number(search.from_loss(best) if best < float("inf") else None)
        rows.append([f"{spent}", f"{result.trial}", f"{result.budget}", objective, known])
    header = ("epochs of all trials", "trial", "its epochs", search.metric, "best so far")
    return numbers_table(header, _chosen(rows), source=names.JOURNAL, count=len(rows)) if rows else EMPTY


def _stacks(timeline: Timeline) -> Markup:
    """What was trained when, in the order of time."""
    done = ((stack, worker.name) for worker in timeline.workers for stack in worker.stacks)
    rows = [
        [
            f"{stack.start:.3f}",
            f"{stack.stop:.3f}",
            name,
            "confirmation" if stack.budget is None else f"{stack.budget}",
            f"{stack.networks}",
        ]
        for stack, name in sorted(done, key=lambda each: (each[0].start, each[1]))
    ]
    header = ("start in seconds", "end in seconds", "worker", "up to epoch", "networks")
    return numbers_table(header, _chosen(rows), source=names.TIMELINE, count=len(rows))


def _chosen(rows: Sequence[T]) -> list[T]:
    """At most `MOST_ROWS` of the rows, evenly chosen, with the first and the last."""
    most = min(MOST_ROWS, len(rows))
    places = dict.fromkeys(round(k * (len(rows) - 1) / max(1, most - 1)) for k in range(most))
    return [rows[place] for place in places]


def _progress(search: SearchHistory) -> str:
    finite = [result for result in search.results if result.objective is not None]
    if not finite:
        return ""
    best = min(finite, key=search.loss_of)
    return (
        f"{search.metric} was {number(finite[0].objective)} in the first result and "
        f"{number(best.objective)} in the best of {counted(len(search.results), 'result')}."
    )


def _best_of(search: SearchHistory) -> str:
    best = search.best
    if best is None:
        return ""
    settings = ", ".join(f"{path} {value}" for path, value in best.assignment.items())
    return f"The best of {counted(len(search.standings.latest), 'trial')} has {settings}."


def _reached(search: SearchHistory) -> str:
    found: dict[int, list[str]] = {}
    for rung in search.rungs:
        words = f"{counted(len(rung.results), 'trial')} after {counted(rung.epochs, 'epoch')}"
        found.setdefault(rung.bracket, []).append(words)
    return "; ".join(f"bracket {bracket}: {', '.join(words)}" for bracket, words in found.items())


def _most_important(search: SearchHistory) -> str:
    found = importances(search)
    shares = {name: each.share for name, each in found[1].items() if each} if found else {}
    first = sorted(shares, key=lambda name: -shares[name])[:MOST_NAMED]
    return ", ".join(f"{name}: {shares[name]:.0%}" for name in first)
