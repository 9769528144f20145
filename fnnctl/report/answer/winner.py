"""What a report says first about a search: what chose its winner, and whether others are as good."""

from __future__ import annotations

from collections.abc import Iterator

from fnnctl.records.history import SearchHistory
from fnnctl.records.journal import COMPLETE, INTERRUPTED
from fnnctl.report.confirmation.own_settings import own_settings_sentence, recorded_own_settings
from fnnctl.report.confirmation.sentences import verdict_sentence
from fnnctl.report.search.settings import brief, paths_by_importance, short_names
from fnnctl.report.sections import number
from fnnctl.report.summary import Summary
from fnnctl.store.manifest import SearchFacts
from fnnctl.text import amount_done, counted


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
        yield f"{sentence[0].upper()}{sentence[1:]}."


def doubts_of_winner(summary: Summary) -> list[str]:
    """A warning if the winner cannot be told from the default settings."""
    search = summary.search
    if search is None or summary.has_former_winner:
        return []
    found = recorded_own_settings(summary.manifest.search, search.winner)
    return [own_settings_sentence(found, search.metric)] if found is not None and found.is_doubtful else []
