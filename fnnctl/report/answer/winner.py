"""Sentences on the winner of a search: whose scores are shown, what chose it, and whether it is one."""

from __future__ import annotations

from collections.abc import Iterator

from fnnctl.report.confirmation.own_settings import own_settings_sentence, recorded_own_settings
from fnnctl.report.confirmation.sentences import verdict_sentence
from fnnctl.report.summary import Summary
from fnnctl.text import counted


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
    """Whether the winner is better than the other confirmed trials, and than the config's own settings."""
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
    """A warning if the winner cannot be told from the config's own settings."""
    search = summary.search
    if search is None or summary.has_former_winner:
        return []
    found = recorded_own_settings(summary.manifest.search, search.winner)
    return [own_settings_sentence(found, search.metric)] if found is not None and found.is_doubtful else []
