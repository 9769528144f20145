"""The ensemble of a search's trials: how it was selected, and its metrics beside the winner's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fnnctl.report.sections import FactList, Section, TableSection
from fnnctl.report.summary import EnsembleSummary, Summary
from fnnctl.report.words import number
from fnnctl.store.manifest import SelectionFacts
from fnnctl.tasks.reports import without_repetition
from fnnctl.text import counted


def ensemble_sections(summary: Summary) -> list[Section]:
    """The sections for a search, or for the ensemble's own run; empty for other runs."""
    ensemble = summary.ensemble
    selection = ensemble.selection if ensemble else summary.manifest.selection
    if selection is None:
        return []
    sections: list[Section] = [
        FactList("Ensemble of trials", tuple(_facts(selection))),
        TableSection("Selected trials", ("trial", "times", selection.metric), tuple(_trials(selection))),
    ]
    return [*sections, _beside_winner(summary, ensemble)] if ensemble else sections


def _facts(selection: SelectionFacts) -> Iterable[tuple[str, str]]:
    alone = f"; the best trial alone has {number(selection.best_alone)}"
    yield f"validation {selection.metric}", f"{number(selection.objective)}{alone}"
    rounds = f"{selection.kept:,} of {counted(selection.rounds, 'round')}"
    yield "selected in", f"{rounds}, from {counted(selection.candidates, 'trial')}"
    yield "selected on", "the validation part, so its validation scores are optimistic"


def _trials(selection: SelectionFacts) -> Iterable[tuple[str, ...]]:
    for each in selection.trials:
        yield str(each.trial), f"{each.count:,}", number(each.objective)


def _beside_winner(summary: Summary, ensemble: EnsembleSummary) -> TableSection:
    """The metrics of both on the test part, which neither was chosen by.

    If trials have several loss functions, their losses cannot be compared.
    """
    has_one_loss = summary.search is None or summary.search.has_one_loss
    winner, own = summary.part_metrics("test") or {}, (ensemble.metrics or {}).get("test") or {}
    baseline = own.get("baseline") or {}
    rows: dict[str, tuple[str, ...]] = {
        key: (label, number(own.get(key)), number(winner.get(key)), number(baseline.get(key)))
        for label, key in summary.task_report.shown(own)
        if winner.get(key) is not None and (key != "loss" or has_one_loss)
    }
    header = ("", "ensemble", "refitted winner", "baseline")
    return TableSection("On the test part", header, without_repetition(summary.task_report, rows))


def ensemble_json(summary: Summary) -> dict[str, Any] | None:
    """How it was selected, and its metrics; None if there is none."""
    ensemble = summary.ensemble
    if ensemble is None:
        return None
    return {
        **ensemble.selection.model_dump(mode="json"),
        "run": str(ensemble.path),
        "metrics": ensemble.metrics,
    }
