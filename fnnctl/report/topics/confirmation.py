"""The confirmation of a search's winner: whether it is better than the other trials with new seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fnnctl.metrics.registry import label_of
from fnnctl.records.confirmation import CONFIRM, Confirmation, Leader, LeaderComparison
from fnnctl.report.sections import SUMMARY, Formats, Notes, Section, TableSection
from fnnctl.report.summary import Summary
from fnnctl.report.topics.scores import ABOUT
from fnnctl.report.topics.topic import Topic
from fnnctl.report.words import NOTHING, number
from fnnctl.text import capitalized, counted, joined_words, p_number

TITLE: Final = "Is the winner better than the others?"


def _highlights(summary: Summary) -> Iterator[Section]:
    search = summary.search_history
    confirmation = search.confirmation
    if search.winner and confirmation and confirmation.chosen and not summary.has_former_winner:
        sentence = verdict_sentence(confirmation)
        yield Notes(ABOUT, (sentence,), heading=SUMMARY, priority=56, formats=Formats.PAGE)


def _details(summary: Summary) -> Iterator[Section]:
    """Nothing for a search that confirms nothing, or that has not come that far."""
    search = summary.search_history
    confirmation = search.confirmation
    if confirmation is None:
        if search.settings.get(CONFIRM) and search.end and search.winner:
            trial = search.winner.trial
            yield Notes(
                TITLE,
                (f"Trial {trial} is the only one with a result: there is nothing to compare it with.",),
            )
    elif confirmation.is_complete:
        yield _leaders_table(confirmation)
        sentences = [
            verdict_sentence(confirmation),
            left_out_sentence(confirmation) or "",
            *interval_sentences(confirmation),
            *search_sentences(confirmation, len(search.standings.latest), search.part),
        ]
        yield Notes(TITLE, tuple(filter(None, sentences)))
    elif confirmation.networks:
        planned = counted(len(confirmation.leaders) * confirmation.seeds, "network")
        yield Notes(TITLE, (f"{confirmation.networks:,} of {planned} are trained so far.",))


def _leaders_table(confirmation: Confirmation) -> TableSection:
    trials, seeds = counted(len(confirmation.leaders), "trial"), counted(confirmation.seeds, "seed")
    return TableSection(
        f"Confirmed {label_of(confirmation.metric)}: {trials}, {seeds} each; intervals of 95 %",
        ("trial", "mean", "±", "difference", "±", "p", "in the search"),
        tuple(_row(confirmation, leader) for leader in confirmation.ranked),
    )


def _row(confirmation: Confirmation, leader: Leader) -> tuple[str, ...]:
    comparison = confirmation.comparisons.get(leader.trial)
    test = comparison and comparison.test
    failed = f"{len(leader.failed):,} of {confirmation.seeds:,} failed" if leader.failed else NOTHING
    return (
        str(leader.trial),
        failed if leader.mean is None else number(leader.mean),
        number(confirmation.half_width(leader)),
        _signed(test.difference) if test else NOTHING,
        number((test.ci95[1] - test.ci95[0]) / 2) if test and test.ci95 else NOTHING,
        p_number(comparison.p_holm) if comparison else NOTHING,
        number(leader.result.objective)
        + ("" if confirmation.same_epochs(leader) else f" after {counted(leader.result.budget, 'epoch')}"),
    )


def _signed(value: float) -> str:
    """The number with its sign, unless it is 0."""
    return f"+{number(value)}" if value > 0 else number(value)


def verdict_sentence(confirmation: Confirmation) -> str:
    """Whether the winner is one, or tied; for a complete confirmation."""
    winner = confirmation.winner
    if confirmation.chosen is None:
        return (
            f"No trial has a result for each of the {confirmation.seeds:,} seeds, so none can be chosen: "
            f"trial {winner.trial}, the best of the search, remains the winner."
        )
    return " ".join([f"Trial {winner.trial} {_against_others(confirmation)}", *_failed(confirmation)])


def left_out_sentence(confirmation: Confirmation) -> str | None:
    """Which seeds do not count; None if all do."""
    if not confirmation.left_out:
        return None
    metric = capitalized(label_of(confirmation.metric))
    if not confirmation.compared_seeds:
        return f"{metric} is undefined on the validation rows of every seed."
    seeds = "seed" if len(confirmation.left_out) == 1 else "seeds"
    which = f"{seeds} {joined_words([*map(str, confirmation.left_out)])}"
    return (
        f"{metric} is undefined on the validation rows of {which}: the trials are compared with the other "
        f"{counted(confirmation.compared_seeds, 'seed')}."
    )


def search_sentences(confirmation: Confirmation, trials: int, part: str) -> list[str]:
    """How the best of the search's `trials` did: whether it won, and how optimistic its objective was.

    `part` is where the search measured its objective.
    """
    best, objective = confirmation.leaders[0], confirmation.leaders[0].result.objective
    sentences = []
    if confirmation.chosen and confirmation.chosen is not best:
        sentences.append(
            f"Trial {best.trial} was the best of the search; here it {_rank(confirmation, best)}, and trial "
            f"{confirmation.chosen.trial} is refitted."
        )
    if (optimism := optimism_of(confirmation, best)) is not None:
        how = f"optimistic by {number(optimism)}" if optimism > 0 else "not optimistic"
        sentences.append(
            f"The search saw {number(objective)} for trial {best.trial}, the best of "
            f"{counted(trials, 'trial')}, and its mean over the seeds is {number(best.mean)}: the search was "
            f"{how}."
        )
    if part == "cross_validation":
        watched = ", which early stopping watches, too" if _stopped_early(confirmation) else ""
        sentences.append(
            "The search measured the mean over the folds; the confirmation measures on the validation rows "
            f"of each seed{watched}."
        )
    return sentences


def interval_sentences(confirmation: Confirmation) -> list[str]:
    """Why a tied trial can have an interval that leaves out 0, and why others have no interval."""
    tests = {trial: comparison.test for trial, comparison in confirmation.comparisons.items()}
    corrected = [
        trial for trial in confirmation.tied if (ends := tests[trial].ci95) and ends[0] * ends[1] > 0
    ]
    fixed = [trial for trial, test in tests.items() if test.ci95 is None]
    equal = [trial for trial in fixed if tests[trial].difference == 0]
    shifted = [trial for trial in fixed if trial not in equal]
    sentences = []
    if corrected:
        sentences.append(
            f"The intervals are without Holm's correction, p is with it: so {_trials(corrected)} can be tied "
            "although the interval of the difference leaves out 0."
        )
    if equal:
        sentences.append(
            f"With every seed, {_trials(equal)} scored the same as trial {confirmation.winner.trial}: "
            "p is 1, and the difference has no interval."
        )
    if shifted:
        sentences.append(
            f"The difference of {_trials(shifted)} is the same with every seed: it has no spread and so no "
            f"interval, and p is that of the sign test with {confirmation.compared_seeds:,} seeds."
        )
    return sentences


def _stopped_early(confirmation: Confirmation) -> bool:
    """Whether early stopping has ended one of the networks, or chosen its weights."""
    return any(
        network.kept_epoch < confirmation.budget
        for leader in confirmation.leaders
        for network in leader.networks
        if network.objective is not None
    )


def optimism_of(confirmation: Confirmation, leader: Leader) -> float | None:
    """By how much the leader's objective in the search was better than its mean; negative if it was worse.

    None without a mean, or if the search had not trained the leader for as many epochs as the confirmation.
    """
    objective, mean = leader.result.objective, leader.mean
    if objective is None or mean is None or not confirmation.same_epochs(leader):
        return None
    return objective - mean if confirmation.direction == "maximize" else mean - objective


def _against_others(confirmation: Confirmation) -> str:
    pairs = list(confirmation.comparisons.items())
    beaten = [trial for trial, comparison in pairs if not comparison.is_tie]
    corrected = "the corrected resampled t-test" + (", after Holm's correction" if len(pairs) > 1 else "")
    if not pairs and confirmation.compared_seeds == 1 and confirmation.ranked[1].mean is not None:
        return "has the best score, but one seed cannot tell whether it is better than the others."
    if not pairs:
        return "is the only one with a result for every seed: there is nothing to compare it with."
    if len(beaten) == len(pairs):
        whom = f"each of the {len(pairs)} others" if len(pairs) > 1 else f"trial {beaten[0]}"
        return f"is better than {whom}: p ≤ {_at_most(_largest(pairs, beaten))} by {corrected}."
    equals = [leader.trial for leader in confirmation.ranked[1:] if leader.mean == confirmation.winner.mean]
    lead = "has the best mean but is"
    if equals:
        lead = f"shares the best mean with {_trials(equals)} and came before in the search; it is"
    sentence = (
        f"{lead} tied with {_trials(confirmation.tied)}: {confirmation.compared_seeds:,} seeds cannot tell "
        f"them apart by {corrected}{_reach(confirmation)}."
    )
    if beaten:
        sentence += f" It is better than {_trials(beaten)} (p ≤ {_at_most(_largest(pairs, beaten))})."
    return sentence


def _reach(confirmation: Confirmation) -> str:
    """Up to where the intervals of the tied trials reach; empty if none of them reaches beyond 0."""
    sign = 1 if confirmation.direction == "maximize" else -1
    ends = {
        trial: end
        for trial in confirmation.tied
        if (interval := confirmation.comparisons[trial].test.ci95)
        and (end := max(sign * e for e in interval)) > 0
    }
    if not ends:
        return ""
    trial = max(ends, key=ends.__getitem__)
    subject = (
        "the interval of the difference reaches" if len(ends) == 1 else "the differences' intervals reach"
    )
    return f"; {subject} to {number(ends[trial])} in favour of trial {trial}"


def _failed(confirmation: Confirmation) -> list[str]:
    return [
        f"Trial {leader.trial} has no result with {len(leader.failed):,} of {confirmation.seeds:,} seeds "
        f"({leader.failed[0].reason or 'its objective is not a number'}), so it cannot win."
        for leader in confirmation.leaders
        if leader.failed
    ]


def _rank(confirmation: Confirmation, leader: Leader) -> str:
    if leader.mean is None:
        return "has no mean"
    return f"is number {confirmation.ranked.index(leader) + 1} of {len(confirmation.leaders)}"


def _trials(numbers: Sequence[int]) -> str:
    return f"{'trial' if len(numbers) == 1 else 'trials'} {joined_words([*map(str, numbers)])}"


def _largest(pairs: Sequence[tuple[int, LeaderComparison]], trials: Sequence[int]) -> float:
    return max(comparison.p_holm for trial, comparison in pairs if trial in trials)


def _at_most(p: float) -> str:
    """p to three decimals, rounded up."""
    return f"{math.ceil(p * 1000 - 1e-9) / 1000:.3f}" if p > 0.001 else "0.001"


def _json(summary: Summary) -> Mapping[str, Any]:
    """`confirmed` is null if nothing is confirmed."""
    confirmation = summary.search_history.confirmation
    return {"confirmed": None if confirmation is None else _confirmation_json(confirmation)}


def _confirmation_json(confirmation: Confirmation) -> Mapping[str, Any]:
    return {
        "seeds": confirmation.seeds,
        "on": "validation",
        "epochs": confirmation.budget,
        "seeds_left_out": confirmation.left_out,
        "networks": confirmation.networks,
        "complete": confirmation.is_complete,
        "winner": confirmation.chosen and confirmation.chosen.trial,
        "refit_epochs": confirmation.chosen and confirmation.chosen.epochs,
        "best_of_search": confirmation.leaders[0].trial,
        "verdict": _verdict(confirmation),
        "tied_with": confirmation.tied,
        "sentence": verdict_sentence(confirmation) if confirmation.is_complete else None,
        "trials": [
            _leader_json(confirmation, leader)
            for leader in (confirmation.ranked if confirmation.is_complete else confirmation.leaders)
        ],
    }


def _verdict(confirmation: Confirmation) -> str | None:
    """`winner` if it is better than all others, `tie` if not; None if there is nothing to tell."""
    if not confirmation.comparisons:
        return None
    return "tie" if confirmation.tied else "winner"


def _leader_json(confirmation: Confirmation, leader: Leader) -> dict[str, Any]:
    comparison = confirmation.comparisons.get(leader.trial)
    test = comparison and comparison.test
    return {
        "trial": leader.trial,
        **confirmation.summary(leader),
        "failed": [{"seed": network.seed, "reason": network.reason} for network in leader.failed],
        "objective": leader.result.objective,
        "optimism": optimism_of(confirmation, leader) if confirmation.is_complete else None,
        "difference": test and test.difference,
        "difference_ci95": test and test.ci95,
        "p": test and test.p,
        "p_holm": comparison and comparison.p_holm,
    }


TOPIC: Final = Topic(TITLE, highlights=_highlights, details=_details, json=_json)
