"""The confirmation of a search's winner: whether it is better than the other trials with new seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fnnctl.records.confirmation import CONFIRM, Confirmation, Leader, LeaderComparison
from fnnctl.records.history import SearchHistory
from fnnctl.report.sections import Notes, Section, TableSection
from fnnctl.report.words import NOTHING, number
from fnnctl.text import counted, joined_words, p_number


def verdict_sentence(found: Confirmation) -> str:
    """Whether the winner is one, or tied; for a complete confirmation."""
    winner = found.winner
    if found.chosen is None:
        return (
            f"No trial has a result for each of the {found.seeds:,} seeds, so none can be chosen: trial "
            f"{winner.trial}, the best of the search, remains the winner."
        )
    return " ".join([f"Trial {winner.trial} {_against_others(found)}", *_failed(found)])


def left_out_sentence(found: Confirmation) -> str | None:
    """Which seeds do not count; None if all do."""
    if not found.left_out:
        return None
    if not found.compared_seeds:
        return f"{found.metric} is undefined on the validation rows of every seed."
    seeds = joined_words([*map(str, found.left_out)])
    which = f"seed{'s' if len(found.left_out) > 1 else ''} {seeds}"
    return (
        f"{found.metric} is undefined on the validation rows of {which}: the trials are compared with the "
        f"other {counted(found.compared_seeds, 'seed')}."
    )


def search_sentences(found: Confirmation, trials: int, part: str) -> list[str]:
    """How the best of the search's `trials` did: whether it won, and how optimistic its objective was.

    `part` is where the search measured its objective.
    """
    best, objective = found.leaders[0], found.leaders[0].result.objective
    sentences = []
    if found.chosen and found.chosen is not best:
        sentences.append(
            f"Trial {best.trial} was the best of the search; here it {_place(found, best)}, and trial "
            f"{found.chosen.trial} is refitted."
        )
    if (optimism := optimism_of(found, best)) is not None:
        how = f"optimistic by {number(optimism)}" if optimism > 0 else "not optimistic"
        sentences.append(
            f"The search saw {number(objective)} for trial {best.trial}, the best of "
            f"{counted(trials, 'trial')}, and its mean over the seeds is {number(best.mean)}: the search was "
            f"{how}."
        )
    if part == "cross_validation":
        watched = ", which early stopping watches, too" if _stopped_early(found) else ""
        sentences.append(
            "The search measured the mean over the folds; the confirmation measures on the validation rows "
            f"of each seed{watched}."
        )
    return sentences


def interval_sentences(found: Confirmation) -> list[str]:
    """Why a tied trial can have an interval that leaves out 0, and why others have no interval."""
    tests = {trial: each.test for trial, each in found.comparisons.items()}
    corrected = [trial for trial in found.tied if (ends := tests[trial].ci95) and ends[0] * ends[1] > 0]
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
            f"With every seed, {_trials(equal)} scored the same as trial {found.winner.trial}: p is 1, and "
            "the difference has no interval."
        )
    if shifted:
        sentences.append(
            f"The difference of {_trials(shifted)} is the same with every seed: it has no spread and so no "
            f"interval, and p is that of the sign test with {found.compared_seeds:,} seeds."
        )
    return sentences


def _stopped_early(found: Confirmation) -> bool:
    """Whether early stopping has ended one of the networks, or chosen its weights."""
    networks = [each for leader in found.leaders for each in leader.networks if each.objective is not None]
    return any(each.kept_epoch < found.budget for each in networks)


def optimism_of(found: Confirmation, leader: Leader) -> float | None:
    """By how much the leader's objective in the search was better than its mean; negative if it was worse.

    None without a mean, or if the search had not trained the leader for as many epochs as the confirmation.
    """
    objective, mean = leader.result.objective, leader.mean
    if objective is None or mean is None or not found.same_epochs(leader):
        return None
    return objective - mean if found.direction == "maximize" else mean - objective


def _against_others(found: Confirmation) -> str:
    pairs = list(found.comparisons.items())
    beaten = [trial for trial, each in pairs if not each.is_tie]
    corrected = "the corrected resampled t-test" + (", after Holm's correction" if len(pairs) > 1 else "")
    if not pairs and found.compared_seeds == 1 and found.ranked[1].mean is not None:
        return "has the best score, but one seed cannot tell whether it is better than the others."
    if not pairs:
        return "is the only one with a result for every seed: there is nothing to compare it with."
    if len(beaten) == len(pairs):
        whom = f"each of the {len(pairs)} others" if len(pairs) > 1 else f"trial {beaten[0]}"
        return f"is better than {whom}: p ≤ {_at_most(_largest(pairs, beaten))} by {corrected}."
    equals = [leader.trial for leader in found.ranked[1:] if leader.mean == found.winner.mean]
    place = "has the best mean but is"
    if equals:
        place = f"shares the best mean with {_trials(equals)} and came before in the search; it is"
    sentence = (
        f"{place} tied with {_trials(found.tied)}: {found.compared_seeds:,} seeds cannot tell them "
        f"apart by {corrected}{_reach(found)}."
    )
    if beaten:
        sentence += f" It is better than {_trials(beaten)} (p ≤ {_at_most(_largest(pairs, beaten))})."
    return sentence


def _reach(found: Confirmation) -> str:
    """Up to where the intervals of the tied trials reach; empty if none of them reaches beyond 0."""
    sign = 1 if found.direction == "maximize" else -1
    ends = {
        trial: end
        for trial in found.tied
        if (interval := found.comparisons[trial].test.ci95) and (end := max(sign * e for e in interval)) > 0
    }
    if not ends:
        return ""
    trial = max(ends, key=ends.__getitem__)
    whose = "the interval of the difference reaches" if len(ends) == 1 else "the differences' intervals reach"
    return f"; {whose} to {number(ends[trial])} in favour of trial {trial}"


def _failed(found: Confirmation) -> list[str]:
    return [
        f"Trial {each.trial} has no result with {len(each.failed):,} of {found.seeds:,} seeds "
        f"({each.failed[0].reason or 'its objective is not a number'}), so it cannot win."
        for each in found.leaders
        if each.failed
    ]


def _place(found: Confirmation, leader: Leader) -> str:
    if leader.mean is None:
        return "has no mean"
    return f"is number {found.ranked.index(leader) + 1} of {len(found.leaders)}"


def _trials(numbers: Sequence[int]) -> str:
    return f"trial{'s' if len(numbers) > 1 else ''} {joined_words([*map(str, numbers)])}"


def _largest(pairs: Sequence[tuple[int, LeaderComparison]], trials: Sequence[int]) -> float:
    return max(each.p_holm for trial, each in pairs if trial in trials)


def _at_most(p: float) -> str:
    """p to three decimals, rounded up."""
    return f"{math.ceil(p * 1000 - 1e-9) / 1000:.3f}" if p > 0.001 else "0.001"


TITLE = "Is the winner better than the others?"


def confirmation_sections(search: SearchHistory) -> list[Section]:
    """The sections; empty for a search that confirms nothing, or that has not come that far."""
    found = search.confirmation
    if found is None:
        if search.settings.get(CONFIRM) and search.end and search.winner:
            trial = search.winner.trial
            alone = f"Trial {trial} is the only one with a result: there is nothing to compare it with."
            return [Notes(TITLE, (alone,))]
        return []
    if not found.is_complete:
        wanted = len(found.leaders) * found.seeds
        if not found.networks:
            return []
        return [Notes(TITLE, (f"{found.networks:,} of {counted(wanted, 'network')} are trained so far.",))]
    table = TableSection(
        f"Confirmed {found.metric}: {counted(len(found.leaders), 'trial')}, "
        f"{counted(found.seeds, 'seed')} each; intervals of 95 %",
        ("trial", "mean", "±", "difference", "±", "p", "in the search"),
        tuple(_row(found, leader) for leader in found.ranked),
    )
    left_out = left_out_sentence(found)
    sentences = [
        verdict_sentence(found),
        *([left_out] if left_out else []),
        *interval_sentences(found),
        *search_sentences(found, len(search.standings.latest), search.part),
    ]
    return [table, Notes(TITLE, tuple(sentences))]


def confirmation_json(search: SearchHistory) -> dict[str, Any] | None:
    """`confirmed` in the JSON of a search; None if nothing is confirmed."""
    found = search.confirmation
    if found is None:
        return None
    return {
        "seeds": found.seeds,
        "on": "validation",
        "epochs": found.budget,
        "seeds_left_out": found.left_out,
        "networks": found.networks,
        "complete": found.is_complete,
        "winner": found.chosen and found.chosen.trial,
        "refit_epochs": found.chosen and found.chosen.epochs,
        "best_of_search": found.leaders[0].trial,
        "verdict": _verdict(found),
        "tied_with": found.tied,
        "sentence": verdict_sentence(found) if found.is_complete else None,
        "trials": [
            _leader_json(found, leader) for leader in (found.ranked if found.is_complete else found.leaders)
        ],
    }


def _verdict(found: Confirmation) -> str | None:
    """`winner` if it is better than all others, `tie` if not; None if there is nothing to tell."""
    if not found.comparisons:
        return None
    return "tie" if found.tied else "winner"


def _row(found: Confirmation, leader: Leader) -> tuple[str, ...]:
    comparison = found.comparisons.get(leader.trial)
    test = comparison and comparison.test
    failed = f"{len(leader.failed):,} of {found.seeds:,} failed" if leader.failed else NOTHING
    return (
        str(leader.trial),
        failed if leader.mean is None else number(leader.mean),
        number(found.half_width(leader)),
        _signed(test.difference) if test else NOTHING,
        number((test.ci95[1] - test.ci95[0]) / 2) if test and test.ci95 else NOTHING,
        p_number(comparison.p_holm) if comparison else NOTHING,
        number(leader.result.objective)
        + ("" if found.same_epochs(leader) else f" after {counted(leader.result.budget, 'epoch')}"),
    )


def _leader_json(found: Confirmation, leader: Leader) -> dict[str, Any]:
    comparison = found.comparisons.get(leader.trial)
    test = comparison and comparison.test
    return {
        "trial": leader.trial,
        **found.summary(leader),
        "failed": [{"seed": each.seed, "reason": each.reason} for each in leader.failed],
        "objective": leader.result.objective,
        "optimism": optimism_of(found, leader) if found.is_complete else None,
        "difference": test and test.difference,
        "difference_ci95": test and test.ci95,
        "p": test and test.p,
        "p_holm": comparison and comparison.p_holm,
    }


def _signed(value: float) -> str:
    """The number with its sign, unless it is 0."""
    return f"+{number(value)}" if value > 0 else number(value)
