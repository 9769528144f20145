"""The winner of a search against the default settings, in one sentence."""

from __future__ import annotations

from fnnctl.records.default_trial import DefaultTrialComparison
from fnnctl.records.trials import Result
from fnnctl.report.words import number
from fnnctl.store.manifest import SearchFacts
from fnnctl.text import counted, p_text

CONFIRM = "search.confirm: {top: 5, seeds: 10}"
RAISE_TOP = "raise search.confirm.top, to confirm those too"


def recorded_own_settings(facts: SearchFacts | None, best: Result | None) -> DefaultTrialComparison | None:
    """What the manifest says of the best trial and the default settings, unless it is about another."""
    found = DefaultTrialComparison.recorded(facts.own_settings) if facts and facts.own_settings else None
    return found if found and best and found.winner == best.trial else None


def own_settings_sentence(found: DefaultTrialComparison, metric: str) -> str:
    """Whether the winner is better than them by more than chance, or why that is unknown."""
    if found.trial is None:
        return (
            "the default settings were not tried, so the winner cannot be compared with them: write "
            "search.start_from: defaults"
        )
    own = f"the default settings (trial {found.trial})"
    if found.trial == found.winner:
        return f"no trial is better than {own}"
    if found.objectives is None or found.budget is None:
        return f"trial {found.winner} and {own} have no result after the same number of epochs"
    best, other = map(number, found.objectives)
    scores = f"{metric} {best} against {other} after {counted(found.budget, 'epoch')}"
    if found.p is None:
        return (
            f"trial {found.winner} has {scores} for {own}; one validation part does not say how much of that "
            f"is chance: {RAISE_TOP if found.unconfirmed else f'write {CONFIRM}'}"
        )
    of = f", corrected for choosing the best of {found.compared + 1:,} trials" if found.compared > 1 else ""
    chance = p_text(found.p) + of
    if found.is_doubtful:
        confirm = RAISE_TOP if found.unconfirmed else f"compare the best trials with {CONFIRM}"
        advice = f"keep those, or {confirm}" if found.compared else "keep those"
        return f"trial {found.winner} cannot be told from {own}: {scores} ({chance}); {advice}"
    return f"trial {found.winner} is better than {own} by more than chance: {scores} ({chance})"


def ties_sentence(found: DefaultTrialComparison) -> str | None:
    """How many trials cannot be told from the winner; None if that is none, or unknown."""
    if not found.ties:
        return None
    return f"{counted(found.ties, 'other trial')} cannot be told from it: which is first is partly chance"
