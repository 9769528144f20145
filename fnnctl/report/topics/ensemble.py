"""The ensemble of a search's trials: how it was selected, and its metrics beside the winner's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fnnctl.metrics.registry import label_of
from fnnctl.report.blocks import Block, Facts, Notes, Table
from fnnctl.report.summary import TEST, EnsembleSummary, Summary
from fnnctl.report.topics.topic import ABOUT
from fnnctl.report.verdicts import optimism_text
from fnnctl.report.words import number
from fnnctl.store.manifest import NestedScore, SelectionFacts
from fnnctl.tasks.reports import without_repetition
from fnnctl.text import counted


def test_score(summary: Summary) -> Iterator[Block]:
    """The first metric of a search's ensemble on the test part, beside the winner's."""
    if summary.ensemble is None:
        return
    label, key = summary.task_report.metrics[0]
    selection = summary.ensemble.selection
    value = ((summary.ensemble.metrics or {}).get(TEST) or {}).get(key)
    if isinstance(value, float) and not summary.has_ensemble_result:  # or it is among the search's scores
        trials = counted(len(selection.trials), "trial")
        sentence = f"The ensemble of {trials} has {label} {number(value)} on the test part."
        yield Notes(ABOUT, (sentence,))


def ensemble(summary: Summary) -> Iterator[Block]:
    """The sections of a search, or of the ensemble's own run."""
    beside = summary.ensemble
    selection = beside.selection if beside else summary.manifest.selection
    if selection is None:
        return
    yield Facts("Ensemble of trials", tuple(definitions(selection)))
    header = ["trial", "times", label_of(selection.metric), "rise of the loss without it"]
    rows = [
        [str(trial.trial), f"{trial.count:,}", number(trial.objective), number(trial.gain)]
        for trial in selection.trials
    ]
    columns = 4 if any(trial.gain is not None for trial in selection.trials) else 3
    yield Table("Selected trials", tuple(header[:columns]), tuple(tuple(row[:columns]) for row in rows))
    if beside:
        yield _beside_winner(summary, beside)


def definitions(selection: SelectionFacts) -> Iterator[tuple[str, str]]:
    """What the ensemble is, and what its score is worth."""
    best = f"; the best trial alone has {number(selection.best_alone)}"
    label, on_bags = label_of(selection.metric), _is_on_bags(selection)
    yield f"{'out-of-bag' if on_bags else 'validation'} {label}", f"{number(selection.objective)}{best}"
    for score in selection.nested:
        yield f"honest {label_of(score.metric)}", _honest(score)
    rounds = f"{selection.kept:,} of {counted(selection.rounds, 'round')}"
    yield "selected in", f"{rounds}, from {counted(selection.candidates, 'trial')}"
    if not on_bags:
        yield "selected on", "the validation part, so its validation scores are optimistic"


def _is_on_bags(selection: SelectionFacts) -> bool:
    """Whether the trials are ensembles, which were selected out of bag."""
    return bool(selection.nested)


def _honest(score: NestedScore) -> str:
    """What ensembles are worth on rows that did not select them; the other value is too good."""
    text = f"{number(score.nested)}, of ensembles that are selected by the other bags"
    if score.optimism is None:
        return text
    return f"{text}: {number(score.selected)} is {optimism_text(score.optimism)}"


def _beside_winner(summary: Summary, ensemble: EnsembleSummary) -> Table:
    """The metrics of both on the test part, which neither was chosen by.

    If trials have several loss functions, their losses cannot be compared.
    """
    has_one_loss = summary.search is None or summary.search.has_one_loss
    winner, metrics = summary.winner_part(TEST), (ensemble.metrics or {}).get(TEST) or {}
    baseline = metrics.get("baseline") or {}
    rows: dict[str, tuple[str, ...]] = {
        key: (label, number(metrics.get(key)), number(winner.get(key)), number(baseline.get(key)))
        for label, key in summary.task_report.reported_metrics(metrics)
        if winner.get(key) is not None and (key != "loss" or has_one_loss)
    }
    header = (
        "",
        "ensemble",
        "best trial" if _is_on_bags(ensemble.selection) else "refitted winner",
        "baseline",
    )
    return Table("On the test part", header, without_repetition(summary.task_report, rows))


def json_entries(summary: Summary) -> dict[str, Any]:
    """How it was selected, and its metrics; null for a search without one."""
    if (found := summary.ensemble) is None:
        return {"ensemble": None}
    selection = found.selection.model_dump(mode="json")
    return {"ensemble": {**selection, "run": str(found.path), "metrics": found.metrics}}
