"""A search as a whole: its method, objective, trials, epochs and workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fnnctl.metrics.registry import label_of
from fnnctl.records.history import SearchHistory
from fnnctl.records.journal import INTERRUPTED
from fnnctl.records.timeline import Timeline
from fnnctl.records.trials import Status
from fnnctl.report.blocks import Block, Facts, Table
from fnnctl.report.summary import Summary
from fnnctl.report.topics.architecture import reward_definitions
from fnnctl.report.topics.topic import SUMMARY
from fnnctl.report.words import seconds_text, workers_text
from fnnctl.store import names
from fnnctl.store.manifest import SearchFacts
from fnnctl.text import amount_done, bound_prefix, counted

MAX_WORKERS: Final = 20
UNFINISHED: Final = {Status.COMPLETED.value: "with a result so far"}
"""Nobody knows which trials of an unfinished search would be trained further, so none is called completed."""


def epochs_done(search: SearchHistory, facts: SearchFacts | None) -> str:
    """The epochs trained so far, and how many are planned while the search is not complete.

    Of a search on folds they are those of each fold.
    """
    planned = facts.epochs if facts and not search.is_complete else None
    per_fold = " per fold" if search.scheme.has_folds else ""
    bound = facts.epochs_bound if facts else "at most"
    return amount_done(search.trained, planned, "epoch", bound=bound) + per_fold


def trials_done(search: SearchHistory, facts: SearchFacts | None) -> str:
    """The trials with results so far, and how many are planned while the search is not complete."""
    with_results, begun = len(search.standings.latest), len(search.trials)
    planned = facts.trials_planned if facts and not search.is_complete else None
    total = max(begun, planned or 0)
    if with_results == total:
        return counted(total, "trial")
    is_estimate = facts is not None and facts.epochs_bound == "about" and total != begun
    return f"{with_results:,} of {'about ' if is_estimate else ''}{counted(total, 'trial')}"


def why_ended(search: SearchHistory, facts: SearchFacts | None) -> str | None:
    """Why a search has ended; None if the run's status says it, or if that is what was to be expected."""
    if search.end_kind in {None, INTERRUPTED}:
        return None
    if not search.is_complete:
        return f"ended by {search.end}"
    if search.stopped_because:
        return f"stopped: {search.stopped_because}"
    if facts is None or facts.time_limit is None:
        return None
    if facts.only_configurations is not None:
        return f"all {counted(facts.only_configurations, 'configuration')} of the space are done"
    if search.is_cost_spent:
        return "the cost of search.budget.cost is spent"
    return f"all {len(search.trials):,} planned trials are done"


def method_text(search: SearchHistory) -> str:
    """The method or, if it does not tell the sampler, both."""
    return search.method + (f" ({search.sampler})" if search.sampler else "")


def progress(summary: Summary) -> Iterator[Block]:
    """What was searched, how far, and why it ended."""
    search, facts = summary.search_history, summary.manifest.search
    text = f"{method_text(search)}, {trials_done(search, facts)}, {epochs_done(search, facts)} trained"
    if facts and facts.epochs_without_result:
        text += f", and {facts.epochs_without_result:,} in trials under way"
    if reason := why_ended(search, facts):
        text += f"; {reason}"
    yield Facts(SUMMARY, (("search", text),))


def failures(summary: Summary) -> Iterator[Block]:
    """How many trials have no result; without any result the run's error says it."""
    if summary.search_history.winner is not None:
        yield Facts(SUMMARY, tuple(_failures(summary.search_history)))


def _failures(search: SearchHistory) -> Iterator[tuple[str, str]]:
    if failures := search.standings.failures:
        yield "failures", failures.in_words(len(search.trials))


def search(summary: Summary) -> Iterator[Block]:
    """Its method, objective, trials and epochs."""
    rows = _definitions(summary.search_history, summary.manifest.search, summary.timeline)
    yield Facts("Search", tuple(rows))


def _definitions(
    search: SearchHistory, facts: SearchFacts | None, timeline: Timeline | None
) -> Iterator[tuple[str, str]]:
    if search.method:
        yield "method", method_text(search)
    yield "objective", f"{label_of(search.metric)} {search.scheme.words.where}, {search.direction}d"
    words = {} if search.is_complete else UNFINISHED
    counts = ", ".join(f"{count:,} {words.get(status, status)}" for status, count in _statuses(search))
    yield "trials", f"{len(search.trials):,}" + (f": {counts}" if counts else "")
    yield from _failures(search)
    if facts and facts.only_configurations is not None:
        only = counted(facts.only_configurations, "configuration")
        yield "space", f"only {only}, so there are no more trials"
    if facts and facts.saved:
        yield "skipped", f"{counted(facts.saved, 'configuration')} equal to an earlier one"
    planned = ""
    if facts and facts.epochs is not None:
        planned = f"{bound_prefix(facts.epochs_bound)}{facts.epochs:,} planned, "
    unit = "fold-epoch" if search.scheme.has_folds else "epoch"
    again = f", {counted(search.repeated, unit)} again" if search.repeated else ""
    yield "epochs", f"{planned}{search.granted:,} granted, {search.trained:,} trained{again}"
    if saved := [stop.saved for stop in search.stops if stop.saved is not None]:
        trials = counted(len(saved), "trial")
        yield "stopped by curve", f"{trials}, which saved {counted(sum(saved), 'epoch')}"
    yield from reward_definitions(search)
    if timeline:
        yield "workers", workers_text(timeline)
    if search.end:
        reason = search.stopped_because if search.is_complete else None
        yield "ended", reason or search.end


def _statuses(search: SearchHistory) -> Iterator[tuple[str, int]]:
    """The number of trials per status; those with all epochs of their configurations are completed.

    To the schedulers these have stopped early, because no larger budget changes them.
    """
    counts = Counter(search.statuses)
    early = (result for result in search.standings.latest.values() if result.status is Status.STOPPED_EARLY)
    count = sum(search.epochs_of(result) == search.epochs_of_config(result.trial) for result in early)
    counts[Status.COMPLETED.value] += count
    counts[Status.STOPPED_EARLY.value] -= count
    return ((status, count) for status, count in counts.items() if count)


def json_entries(summary: Summary) -> Mapping[str, Any]:
    """`epochs` is the number planned, as the manifest says, or the number granted so far if it is larger."""
    search, facts = summary.search_history, summary.manifest.search
    return {
        "method": search.method,
        "sampler": search.sampler,
        "objective": {"metric": search.metric, "on": search.part, "direction": search.direction},
        "end": search.end,
        "end_kind": search.end_kind,
        "trials": len(search.trials),
        "trials_by_status": search.statuses,
        "epochs": max((facts.epochs if facts else None) or 0, search.granted),
        "epochs_trained": search.trained,
        "epochs_repeated": search.repeated,
        "epochs_saved": sum(stop.saved or 0 for stop in search.stops),
        "stopped_because": search.stopped_because,
    }


def workers_table(timeline: Timeline) -> Table:
    """One row per worker; empty with a single one, of which `workers_text` says everything."""
    rows = (
        (
            worker.name,
            f"{len(worker.stacks):,}",
            f"{worker.networks:,}",
            seconds_text(worker.busy),
            f"{worker.share:.0%}",
        )
        for worker in timeline.workers[:MAX_WORKERS]
    )
    title = "Workers"
    if (left := len(timeline.workers) - MAX_WORKERS) > 0:
        title += f"; {left:,} more in {names.TIMELINE}"
    header = ("worker", "stacks", "networks", "training", "share of its time")
    return Table(title, header, tuple(rows) if len(timeline.workers) > 1 else ())


def workers(summary: Summary) -> Iterator[Block]:
    """What each worker has done, if that is known."""
    if summary.timeline:
        yield workers_table(summary.timeline)
