"""The ensemble of a search's trials: how it was selected, and its metrics beside the winner's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fnnctl.metrics.registry import label_of
from fnnctl.report.sections import SUMMARY, DefinitionList, Notes, Section, TableSection
from fnnctl.report.summary import TEST, EnsembleSummary, Summary
from fnnctl.report.topics.scores import ABOUT
from fnnctl.report.topics.topic import Topic
from fnnctl.report.words import number
from fnnctl.store.manifest import SelectionFacts
from fnnctl.tasks.reports import without_repetition
from fnnctl.text import counted


def _highlights(summary: Summary) -> Iterator[Section]:
    """The first metric of a search's ensemble on the test part, beside the winner's."""
    if summary.ensemble is None:
        return
    label, key = summary.task_report.metrics[0]
    value = ((summary.ensemble.metrics or {}).get(TEST) or {}).get(key)
    if isinstance(value, float):
        trials = counted(len(summary.ensemble.selection.trials), "trial")
        sentence = f"The ensemble of {trials} has {label} {number(value)} on the test part."
        yield Notes(ABOUT, (sentence,), heading=SUMMARY, priority=55)


def _details(summary: Summary) -> Iterator[Section]:
    """The sections of a search, or of the ensemble's own run."""
    ensemble = summary.ensemble
    selection = ensemble.selection if ensemble else summary.manifest.selection
    if selection is None:
        return
    yield DefinitionList("Ensemble of trials", tuple(_definitions(selection)))
    trials = ((str(trial.trial), f"{trial.count:,}", number(trial.objective)) for trial in selection.trials)
    yield TableSection("Selected trials", ("trial", "times", label_of(selection.metric)), tuple(trials))
    if ensemble:
        yield _beside_winner(summary, ensemble)


def _definitions(selection: SelectionFacts) -> Iterator[tuple[str, str]]:
    best = f"; the best trial alone has {number(selection.best_alone)}"
    yield f"validation {label_of(selection.metric)}", f"{number(selection.objective)}{best}"
    rounds = f"{selection.kept:,} of {counted(selection.rounds, 'round')}"
    yield "selected in", f"{rounds}, from {counted(selection.candidates, 'trial')}"
    yield "selected on", "the validation part, so its validation scores are optimistic"


def _beside_winner(summary: Summary, ensemble: EnsembleSummary) -> TableSection:
    """The metrics of both on the test part, which neither was chosen by.

    If trials have several loss functions, their losses cannot be compared.
    """
    has_one_loss = summary.search is None or summary.search.has_one_loss
    winner, metrics = summary.part_metrics(TEST) or {}, (ensemble.metrics or {}).get(TEST) or {}
    baseline = metrics.get("baseline") or {}
    rows: dict[str, tuple[str, ...]] = {
        key: (label, number(metrics.get(key)), number(winner.get(key)), number(baseline.get(key)))
        for label, key in summary.task_report.shown(metrics)
        if winner.get(key) is not None and (key != "loss" or has_one_loss)
    }
    header = ("", "ensemble", "refitted winner", "baseline")
    return TableSection("On the test part", header, without_repetition(summary.task_report, rows))


def _json(summary: Summary) -> dict[str, Any]:
    """How it was selected, and its metrics; null for a search without one."""
    ensemble = summary.ensemble
    if summary.search is None:
        return {}
    if ensemble is None:
        return {"ensemble": None}
    selection = ensemble.selection.model_dump(mode="json")
    return {"ensemble": {**selection, "run": str(ensemble.path), "metrics": ensemble.metrics}}


TOPIC: Final = Topic("Ensemble of trials", highlights=_highlights, details=_details, json=_json)
