"""What was trained or searched, in a few lines, and why a run has no scores."""

from __future__ import annotations

from collections.abc import Iterator

from fnnctl.report.summary import Summary
from fnnctl.store.manifest import DataFacts, ModelFacts, TrainingFacts
from fnnctl.text import counted


def failure_words(summary: Summary) -> str | None:
    """Why a run did not end well, in a sentence; None if it is complete."""
    manifest, status = summary.manifest, summary.shown_status
    if status == "completed":
        return None
    if status == "failed" and manifest.error:
        return manifest.error
    after = ""
    if summary.search is not None:
        from fnnctl.report.answer.winner import epochs_done  # most runs are no searches

        after = f" after {epochs_done(summary.search, manifest.search)}"
    elif summary.epochs:
        after = f" after {counted(summary.epochs, 'epoch')}"
    return {
        "running": f"The run is in progress{after and after.replace(' after', ', at')}.",
        "interrupted": f"The run was interrupted{after}.",
        "died": f"The process of the run was killed{after}.",
    }.get(status, "The run failed; its log says more.")


def first_facts(summary: Summary) -> Iterator[tuple[str, str]]:
    """Names and texts: the search or the network, and the data."""
    manifest = summary.manifest
    if summary.search is not None:
        from fnnctl.report.answer.winner import search_facts

        yield from search_facts(summary.search, manifest.search)
    elif manifest.evaluated is not None:
        yield "evaluated run", manifest.evaluated.run
    elif manifest.selection is not None:
        yield "ensemble", f"{counted(len(manifest.selection.trials), 'trial')} of a search"
    elif manifest.model is not None:
        network = _network(manifest.model)
        trained = _training(manifest.training)
        yield "network", f"{network}; {trained}" if trained and not manifest.cross_validation else network
    if manifest.data is not None:
        yield "data", _data(manifest.data)


def _network(model: ModelFacts) -> str:
    layers = " → ".join(f"{units:,}" for units in model.layers)
    parameters = counted(model.parameters, "parameter")
    if model.networks == 1:
        return f"{layers}, {parameters}"
    shared = " with shared weights" if model.shared_weights else ""
    first = "" if model.same_shape else ", the first one"
    return f"{model.networks:,} networks{shared}{first}: {layers}, {parameters} in all"


def _training(training: TrainingFacts | None) -> str:
    if training is None:
        return ""
    best = "" if training.best_epoch is None else f", the best one {training.best_epoch:,}"
    return f"{counted(training.epochs, 'epoch')}{best}"


def _data(data: DataFacts) -> str:
    columns = counted(data.numeric + data.categorical, "column")
    classes = f" ({len(data.classes):,} classes)" if data.classes else ""
    return f"{data.name}: {counted(data.rows, 'row')}, {columns}, target {data.target}{classes}"
