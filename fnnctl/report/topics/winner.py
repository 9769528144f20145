"""The winner of a search: its scores wherever they were measured, what chose it, how to train it alone."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from fnnctl.records.default_trial import DefaultTrialComparison
from fnnctl.records.history import SearchHistory
from fnnctl.records.journal import COMPLETE, INTERRUPTED
from fnnctl.records.trials import Result
from fnnctl.report.searched_settings import brief, paths_by_importance, short_names
from fnnctl.report.sections import Command, TableSection
from fnnctl.report.summary import Summary
from fnnctl.report.topics.confirmation import verdict_sentence
from fnnctl.report.topics.default_trial import own_settings_sentence, recorded_own_settings
from fnnctl.report.words import NOTHING, number
from fnnctl.store.manifest import SearchFacts
from fnnctl.text import amount_done, capitalized, counted


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
    recorded = DefaultTrialComparison.recorded(facts.own_settings) if facts and facts.own_settings else None
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
        trials, budget = search.settings.get("trials"), search.settings.get("budget") or {}
        has_grid = search.sampling is not None and search.sampling.lists_grid
        has_brackets = search.scheduling is not None and search.scheduling.has_brackets
        if isinstance(trials, int) and not has_grid:
            words = [f"search.trials={2 * trials}"]
        elif has_brackets and budget.get("max_epochs"):
            factor = budget.get("reduction_factor") or 3
            words = [f"search.budget.max_epochs={round(budget['max_epochs'] * factor)}"]
    path = shlex.quote(str(summary.path))
    rows = (f"fnnctl search --resume {path}", *(f"--set {word}" for word in words)) if words else ()
    return Command("Extend the search", rows)


def epochs_done(search: SearchHistory, facts: SearchFacts | None) -> str:
    """The epochs trained so far, and how many are planned while the search is not complete."""
    planned = facts.epochs if facts and search.end != COMPLETE else None
    return amount_done(search.trained, planned, "epoch", bound=facts.epochs_bound if facts else "at most")


def search_facts(search: SearchHistory, facts: SearchFacts | None) -> Iterator[tuple[str, str]]:
    """Names and texts: the method, the best trial, and its settings, the most important ones first."""
    how = search.method + (f" ({search.sampler})" if search.sampler else "")
    text = f"{how}, {counted(len(search.trials), 'trial')}, {epochs_done(search, facts)} trained"
    if search.end and search.end not in {COMPLETE, INTERRUPTED}:  # the run's status says the latter
        text += f"; ended by {search.end}"
    yield "search", text
    best = search.winner
    if best is None:
        return
    place = "over the folds" if search.part == "cross_validation" else f"on the {search.part} part"
    differ = search.has_rungs or search.end != COMPLETE
    after = f" after {counted(search.epochs_of(best), 'epoch')}" if differ else ""
    yield "best trial", f"{best.trial}, with {search.metric} {number(best.objective)} {place}{after}"
    assignment = search.trials[best.trial].assignment
    paths = [path for path in paths_by_importance(search) if path in assignment]
    settings = (
        f"{name} {brief(assignment[path])}" for path, name in zip(paths, short_names(paths), strict=True)
    )
    yield "its settings", ", ".join(settings)


def winner_sentences(summary: Summary) -> Iterator[str]:
    """Whose scores are shown, and what chose the trial; none for other runs."""
    search = summary.search
    if search is None or search.winner is None:
        return
    winner, found = search.winner.trial, search.confirmation
    if summary.has_former_winner:
        yield (
            f"These are the scores of trial {summary.refitted}: trial {winner}, which is the best now, is "
            "not refitted yet."
        )
    elif found is not None and found.chosen:
        seeds = counted(found.compared_seeds, "seed")
        yield f"Trial {winner} was chosen by its mean over {seeds}, not on the test part."
    elif (count := len(search.standings.latest)) > 1:
        where = "over the folds" if search.part == "cross_validation" else f"on the {search.part} part"
        yield f"Trial {winner} was chosen from {count:,} {where}, not on the test part."


def comparison_sentences(summary: Summary) -> Iterator[str]:
    """Whether the winner is better than the other confirmed trials, and than the default settings."""
    search = summary.search
    if search is None or search.winner is None or summary.has_former_winner:
        return
    if search.confirmation is not None and search.confirmation.chosen:
        yield verdict_sentence(search.confirmation)
    found = recorded_own_settings(summary.manifest.search, search.winner)
    if found is not None and not found.is_doubtful:
        sentence = own_settings_sentence(found, search.metric)
        yield f"{capitalized(sentence)}."


def doubts_of_winner(summary: Summary) -> list[str]:
    """A warning if the winner cannot be told from the default settings."""
    search = summary.search
    if search is None or summary.has_former_winner:
        return []
    found = recorded_own_settings(summary.manifest.search, search.winner)
    return [own_settings_sentence(found, search.metric)] if found is not None and found.is_doubtful else []
