"""The confirmation of a search's winner: whether it is better than the other trials with new seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fnnctl.config.schema.validation_schemes import ValidationScheme
from fnnctl.metrics.registry import label_of
from fnnctl.records.confirmation import CONFIRM, Confirmation, Leader
from fnnctl.report.blocks import Block, Notes, Table
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import ABOUT
from fnnctl.report.verdicts import (
    against_leaders,
    left_out_sentence,
    optimism_text,
    trials_text,
    verdict_sentence,
)
from fnnctl.report.words import NOTHING, number
from fnnctl.text import counted, p_number

TITLE: Final = "Is the winner better than the others?"


def verdict(summary: Summary) -> Iterator[Block]:
    """Whether the refitted winner is better than the other trials."""
    confirmation = summary.search_history.confirmation
    if confirmation and confirmation.chosen and not summary.has_former_winner:
        yield Notes(ABOUT, (verdict_sentence(against_leaders(confirmation)),))


def confirmation(summary: Summary) -> Iterator[Block]:
    """Nothing for a search that confirms nothing, or that has not come that far."""
    search = summary.search_history
    if (confirmation := search.confirmation) is None:
        if search.settings.get(CONFIRM) and search.end and search.winner:
            trial = search.winner.trial
            yield Notes(
                TITLE,
                (f"Trial {trial} is the only one with a result: there is nothing to compare it with.",),
            )
    elif confirmation.is_complete:
        yield _leaders_table(confirmation)
        sentences = [
            verdict_sentence(against_leaders(confirmation)),
            left_out_sentence(confirmation) or "",
            *interval_sentences(confirmation),
            *search_sentences(confirmation, len(search.standings.latest), search.scheme),
        ]
        yield Notes(TITLE, tuple(filter(None, sentences)))
    elif confirmation.networks:
        planned = counted(len(confirmation.leaders) * confirmation.seeds, "network")
        yield Notes(TITLE, (f"{confirmation.networks:,} of {planned} are trained so far.",))


def _leaders_table(confirmation: Confirmation) -> Table:
    trials, seeds = counted(len(confirmation.leaders), "trial"), counted(confirmation.seeds, "seed")
    return Table(
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


def search_sentences(confirmation: Confirmation, trials: int, scheme: ValidationScheme) -> list[str]:
    """How the best of the search's `trials` did: whether it won, and how optimistic its objective was."""
    best, objective = confirmation.leaders[0], confirmation.leaders[0].result.objective
    sentences = []
    if confirmation.chosen and confirmation.chosen is not best:
        sentences.append(
            f"Trial {best.trial} was the best of the search; here it {_rank(confirmation, best)}, and trial "
            f"{confirmation.chosen.trial} is refitted."
        )
    if (optimism := optimism_of(confirmation, best)) is not None:
        sentences.append(
            f"The search saw {number(objective)} for trial {best.trial}, the best of "
            f"{counted(trials, 'trial')}, and its mean over the seeds is {number(best.mean)}: the search was "
            f"{optimism_text(optimism)}."
        )
    if scheme.has_folds:
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
            "The intervals are without Holm's correction, p is with it: so "
            f"{trials_text(corrected)} can be tied although the interval of the difference leaves out 0."
        )
    if equal:
        sentences.append(
            f"With every seed, {trials_text(equal)} scored the same as trial {confirmation.winner.trial}: "
            "p is 1, and the difference has no interval."
        )
    if shifted:
        sentences.append(
            f"The difference of {trials_text(shifted)} is the same with every seed: it has no spread and so "
            f"no interval, and p is that of the sign test with {confirmation.compared_seeds:,} seeds."
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


def _rank(confirmation: Confirmation, leader: Leader) -> str:
    if leader.mean is None:
        return "has no mean"
    return f"is number {confirmation.ranked.index(leader) + 1} of {len(confirmation.leaders)}"


def json_entries(summary: Summary) -> Mapping[str, Any]:
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
        "sentence": verdict_sentence(against_leaders(confirmation)) if confirmation.is_complete else None,
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
