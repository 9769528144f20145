"""The confirmation as sections, and as JSON."""

from __future__ import annotations

from typing import Any

from fnnctl.records.confirmation import CONFIRM, Confirmation, Leader
from fnnctl.records.history import SearchHistory
from fnnctl.report.confirmation.sentences import (
    interval_sentences,
    left_out_sentence,
    optimism_of,
    search_sentences,
    verdict_sentence,
)
from fnnctl.report.sections import NOTHING, Notes, Section, TableSection, number
from fnnctl.text import counted

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
        _p_text(comparison.p_holm) if comparison else NOTHING,
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


def _p_text(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"
