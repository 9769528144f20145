"""The winner of a search against the default settings, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fnnctl.metrics.registry import label_of
from fnnctl.records.default_trial import is_doubtful
from fnnctl.records.history import SearchHistory
from fnnctl.records.trials import Result
from fnnctl.report.sections import SUMMARY, Formats, Notes, Section, Warnings
from fnnctl.report.summary import Summary
from fnnctl.report.topics.outcome import WARNING_PRIORITY, WARNINGS
from fnnctl.report.topics.scores import ABOUT
from fnnctl.report.topics.topic import Topic
from fnnctl.report.words import number
from fnnctl.store.manifest import DefaultTrialFacts
from fnnctl.text import capitalized, counted, p_text

CONFIRM: Final = "search.confirm: {top: 5, seeds: 10}"
RAISE_TOP: Final = "raise search.confirm.top, to confirm those too"


def winners_comparison(summary: Summary) -> DefaultTrialFacts | None:
    """What the manifest says of the best trial and the default settings, unless it is about another trial."""
    facts, best = summary.manifest.search, summary.search_history.winner
    recorded = facts.own_settings if facts else None
    return recorded if recorded and best and recorded.winner == best.trial else None


def default_trial_result(summary: Summary) -> Result | None:
    """The last result of the trial with the default settings; None if that is the winner or no trial."""
    search, facts = summary.search_history, summary.manifest.search
    if search.winner is None or facts is None or facts.own_settings is None:
        return None
    trial = facts.own_settings.trial
    return None if trial is None or trial == search.winner.trial else search.standings.latest.get(trial)


def comparison_sentence(
    comparison: DefaultTrialFacts, metric: str, *, on_bags: bool = False, members: int = 1
) -> str:
    """Whether the winner is better than them by more than chance, or why that is unknown.

    A search `on_bags` measures on all rows outside the test part, so that there is nothing to confirm. In
    other searches a trial has one network per split, even if `fnnctl train` trains several `members`.
    """
    winner, trial = comparison.winner, comparison.trial
    if trial is None:
        return (
            "the default settings were not tried, so the winner cannot be compared with them: write "
            "search.start_from: defaults"
        )
    is_one_of_several = members > 1 and not on_bags
    default = f"the default settings{' with one network' if is_one_of_several else ''} (trial {trial})"
    if trial == winner:
        return f"no trial is better than {default}"
    if comparison.objectives is None or comparison.budget is None:
        return f"trial {winner} and {default} have no result after the same number of epochs"
    best, other = map(number, comparison.objectives)
    scores = f"{label_of(metric)} {best} against {other} after {counted(comparison.budget, 'epoch')}"
    if comparison.p is None and on_bags:
        return f"trial {winner} has {scores} for {default}"
    if comparison.p is None:
        return (
            f"trial {winner} has {scores} for {default}; one validation part does not say how much of that "
            f"is chance: {RAISE_TOP if comparison.unconfirmed else f'write {CONFIRM}'}"
        )
    chance = p_text(comparison.p)
    if comparison.compared > 1:
        chance += f", corrected for choosing the best of {comparison.compared + 1:,} trials"
    if is_doubtful(comparison):
        confirm = RAISE_TOP if comparison.unconfirmed else f"compare the best trials with {CONFIRM}"
        advice = f"keep those, or {confirm}" if comparison.compared and not on_bags else "keep those"
        return f"trial {winner} cannot be told from {default}: {scores} ({chance}); {advice}"
    return f"trial {winner} is better than {default} by more than chance: {scores} ({chance})"


def ties_text(comparison: DefaultTrialFacts) -> str | None:
    """How many trials cannot be told from the winner; None if that is none, or unknown."""
    if not comparison.ties:
        return None
    trials = counted(comparison.ties, "other trial")
    return f"{trials} cannot be told from it: which is first is partly chance"


def _highlights(summary: Summary) -> Iterator[Section]:
    """A warning if the winner cannot be told from the default settings, else a sentence."""
    comparison = winners_comparison(summary)
    if comparison is None or summary.has_former_winner:
        return
    search = summary.search_history
    text = _sentence(search, comparison)
    if is_doubtful(comparison):
        priority = WARNING_PRIORITY - 1
        yield Warnings(WARNINGS, (text,), heading=WARNINGS, priority=priority, formats=Formats.PAGE)
    else:
        sentence = f"{capitalized(text)}."
        yield Notes(ABOUT, (sentence,), heading=SUMMARY, priority=57, formats=Formats.PAGE)


def _sentence(search: SearchHistory, comparison: DefaultTrialFacts) -> str:
    return comparison_sentence(comparison, search.metric, on_bags=search.on_bags, members=search.members)


def _details(summary: Summary) -> Iterator[Section]:
    if comparison := winners_comparison(summary):
        search = summary.search_history
        sentence = _sentence(search, comparison)
        yield Notes("Against the default settings", (f"{capitalized(sentence)}.",))


def _json(summary: Summary) -> Mapping[str, Any]:
    facts = summary.manifest.search
    return {"own_settings": facts and facts.own_settings and facts.own_settings.model_dump(mode="json")}


TOPIC: Final = Topic("The winner", highlights=_highlights, details=_details, json=_json)
