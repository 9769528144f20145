"""A search beside the default settings: is it better?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fnnctl.records.trials import Result
from fnnctl.report.blocks import Block, Notes, Warnings
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import ABOUT, WARNINGS
from fnnctl.report.verdicts import Verdict, default_verdict, verdict_sentence
from fnnctl.store import names
from fnnctl.store.manifest import DefaultComparison, DefaultTrialFacts
from fnnctl.text import counted


def winners_comparison(summary: Summary) -> DefaultTrialFacts | None:
    """What the manifest says of the best trial and the default settings, unless it is about another trial."""
    facts, best = summary.manifest.search, summary.search_history.winner
    recorded = facts.default_trial if facts else None
    return recorded if recorded and best and recorded.winner == best.trial else None


def default_trial_result(summary: Summary) -> Result | None:
    """The last result of the trial with the default settings; None if that is the winner or no trial."""
    search, facts = summary.search_history, summary.manifest.search
    if search.winner is None or facts is None or facts.default_trial is None:
        return None
    trial = facts.default_trial.trial
    return None if trial is None or trial == search.winner.trial else search.standings.latest.get(trial)


def search_comparison(summary: Summary) -> DefaultComparison | None:
    """What the manifest says of the search and `fnnctl train`; None while there is no comparison.

    Searches of before 0.7 have it in the manifest of their ensemble.
    """
    facts, ensemble = summary.manifest.search, summary.ensemble
    if facts and facts.compared_with_default:
        return facts.compared_with_default
    return ensemble.selection.compared_with_default if ensemble else None


def ties_text(comparison: DefaultTrialFacts) -> str | None:
    """How many trials cannot be told from the winner; None if that is none, or unknown."""
    if not comparison.ties:
        return None
    trials = counted(comparison.ties, "other trial")
    return f"{trials} cannot be told from it: which is first is partly chance"


def verdict(summary: Summary) -> Iterator[Block]:
    """Whether the search is better than the default settings, unless a warning says so."""
    verdict = _default_verdict(summary)
    if verdict and not verdict.is_warning:
        yield Notes(ABOUT, (verdict_sentence(verdict),))


def warning(summary: Summary) -> Iterator[Block]:
    """That the search is not better than the default settings where it should be."""
    verdict = _default_verdict(summary)
    if verdict and verdict.is_warning:
        yield Warnings(WARNINGS, (str(verdict.message),))


def _default_verdict(summary: Summary) -> Verdict | None:
    search, comparison = summary.search_history, search_comparison(summary)
    if summary.has_former_winner and comparison is None:
        return None
    return default_verdict(
        comparison,
        winners_comparison(summary),
        has_default=names.DEFAULT in summary.files,
        metric=search.metric,
        scheme=search.scheme,
        members=search.members,
    )


def json_entries(summary: Summary) -> Mapping[str, Any]:
    """What the manifest says of both comparisons."""
    facts, comparison = summary.manifest.search, search_comparison(summary)
    by_objective = facts.default_trial if facts else None
    return {
        "default_trial": by_objective and by_objective.model_dump(mode="json"),
        "compared_with_default": comparison and comparison.model_dump(mode="json"),
    }
