"""A search against the default settings, in one sentence: what `fnnctl train` gives, on the test part.

Without a comparison on the test part it is the winner against the default trial, by their objectives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.messages import Message
from fnnctl.metrics.registry import label_of
from fnnctl.records.default_trial import is_doubtful
from fnnctl.records.trials import Result
from fnnctl.report.sections import SUMMARY, Formats, Notes, Section, Warnings
from fnnctl.report.summary import Summary
from fnnctl.report.topics.outcome import WARNING_PRIORITY, WARNINGS
from fnnctl.report.topics.scores import ABOUT
from fnnctl.report.topics.topic import Topic
from fnnctl.report.words import estimate_text, number
from fnnctl.store import names
from fnnctl.store.manifest import ComparedMetric, DefaultComparison, DefaultTrialFacts
from fnnctl.text import capitalized, counted, p_text

CONFIRM: Final = "search.confirm: {top: 5, seeds: 10}"
RAISE_TOP: Final = "raise search.confirm.top, to confirm those too"


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


@dataclass(frozen=True, slots=True)
class DefaultVerdict:
    """What is said of a search and the default settings."""

    message: Message
    is_warning: bool
    """Whether the search is not better where it should be."""


def default_verdict(
    comparison: DefaultComparison | None,
    by_objective: DefaultTrialFacts | None,
    *,
    has_default: bool,
    metric: str,
    on_bags: bool,
    members: int,
) -> DefaultVerdict | None:
    """The comparison on the test part or, if there is none, that by the objectives of trials; else None.

    For the other arguments see `default_comparison_sentence` and `comparison_sentence`.
    """
    if comparison is not None:
        sentence = default_comparison_sentence(comparison, has_default=has_default)
        return DefaultVerdict(Message("against_default", sentence), comparison.is_worse)
    if by_objective is not None:
        sentence = comparison_sentence(by_objective, metric, on_bags=on_bags, members=members)
        return DefaultVerdict(Message("against_default_trial", sentence), is_doubtful(by_objective))
    return None


def default_comparison_sentence(comparison: DefaultComparison, *, has_default: bool) -> str:
    """Whether a search is better than `fnnctl train` by more than chance, or why that is unknown.

    `has_default` says whether the search has the run of the default settings.
    """
    default = f"the default settings (trial {comparison.trial})"
    unknown = "it is unknown whether the search is better than `fnnctl train`"
    match comparison.outcome:
        case "only_default":
            seconds = comparison.seconds_planned
            plan = "" if seconds is None else f"; the whole plan takes {estimate_text(seconds)}"
            return f"only {default} were completed, so there is nothing to compare them with{plan}"
        case "same":
            return f"the search chose {default} alone, so it gives what `fnnctl train` gives"
        case "no_time":
            advice = "continue with --resume, or compare it with a run of `fnnctl train`"
            return f"{unknown}: the default settings were not trained to their end; {advice}"
        case "diverged":
            return "`fnnctl train` diverges with the default settings, so there is no score to compare with"
    if not comparison.metrics:
        return f"{unknown}: no metric of the search can be compared on the test part"
    first, *others = comparison.metrics
    verdict = {
        "better": "the search is better than `fnnctl train`",
        "worse": "the search is worse than `fnnctl train`",
        "tie": "the search is not better than `fnnctl train` by more than chance",
    }[first.verdict]
    rows = f"on the {counted(comparison.rows, 'test row')} ({p_text(first.p)})"
    values = [_values(first) + f" {rows}", *map(_values, others)]
    location = f"; the network of `fnnctl train` is in {names.DEFAULT}/"
    advice = location if comparison.is_worse and has_default else ""
    return f"{verdict}: {'; '.join(values)}{advice}"


def _values(metric: ComparedMetric) -> str:
    return f"{label_of(metric.metric)} {number(metric.search)} against {number(metric.default)}"


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
        return f"{default} have no result after as many epochs as trial {winner}, so they cannot be compared"
    best, behind = map(number, comparison.objectives)
    scores = f"{label_of(metric)} {best} against {behind} after {counted(comparison.budget, 'epoch')}"
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
    """A warning if the search is not better where it should be, else a sentence."""
    verdict = _verdict(summary)
    on_test_part = search_comparison(summary) is not None
    if verdict is None or (summary.has_former_winner and not on_test_part):
        return
    priority, formats = (50, Formats.ALL) if on_test_part else (57, Formats.PAGE)
    if verdict.is_warning:
        rows = (str(verdict.message),)
        yield Warnings(WARNINGS, rows, heading=WARNINGS, priority=WARNING_PRIORITY - 1, formats=formats)
    else:
        yield Notes(ABOUT, _sentences(verdict), heading=SUMMARY, priority=priority, formats=formats)


def _verdict(summary: Summary) -> DefaultVerdict | None:
    search = summary.search_history
    return default_verdict(
        search_comparison(summary),
        winners_comparison(summary),
        has_default=names.DEFAULT in summary.files,
        metric=search.metric,
        on_bags=search.on_bags,
        members=search.members,
    )


def _sentences(verdict: DefaultVerdict) -> tuple[str, ...]:
    return (f"{capitalized(str(verdict.message))}.",)


def _details(summary: Summary) -> Iterator[Section]:
    if verdict := _verdict(summary):
        yield Notes("Against the default settings", _sentences(verdict))


def _json(summary: Summary) -> Mapping[str, Any]:
    facts, comparison = summary.manifest.search, search_comparison(summary)
    by_objective = facts.default_trial if facts else None
    return {
        "default_trial": by_objective and by_objective.model_dump(mode="json"),
        "compared_with_default": comparison and comparison.model_dump(mode="json"),
    }


TOPIC: Final = Topic("The winner", highlights=_highlights, details=_details, json=_json)
