"""What was trained or searched, in a few lines, and why a run has no scores."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from fnnctl.report.summary import Summary
from fnnctl.report.words import number
from fnnctl.store.manifest import DataFacts, ModelFacts, TrainingFacts
from fnnctl.tasks.decisions import BY_WEIGHTS
from fnnctl.text import counted, shown


def failure_words(summary: Summary) -> str | None:
    """Why a run did not end well, in a sentence; None if it is complete."""
    manifest, status = summary.manifest, summary.shown_status
    if status == "completed":
        return None
    if status == "failed" and manifest.error:
        return manifest.error
    after = ""
    if summary.search is not None:
        from fnnctl.report.topics.winner import epochs_done  # most runs are no searches

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
    of_run, data = _of_run(summary), summary.manifest.data
    yield from islice(of_run, 2)
    yield from _decision(summary)  # before the settings of a search, which may take several lines
    yield from of_run
    if data is not None:
        yield "data", _data(data)


def _of_run(summary: Summary) -> Iterator[tuple[str, str]]:
    """The search, its best trial and the trial's settings, or the network."""
    manifest = summary.manifest
    if summary.search is not None:
        from fnnctl.report.topics.winner import search_facts

        yield from search_facts(summary.search, manifest.search)
    elif manifest.evaluated is not None:
        yield "evaluated run", manifest.evaluated.run
    elif manifest.selection is not None:
        yield "ensemble", f"{counted(len(manifest.selection.trials), 'trial')} of a search"
    elif manifest.model is not None:
        trained = None if manifest.cross_validation else manifest.training
        yield "network", _network(manifest.model, trained)


def _decision(summary: Summary) -> Iterator[tuple[str, str]]:
    """What decides on the predicted class, unless it is the most probable one."""
    model = summary.manifest.model
    if model is not None and model.class_weights and model.positive is None:
        yield "decision", BY_WEIGHTS
    threshold = (summary.part_metrics("test") or {}).get("threshold")
    if not isinstance(threshold, float) or summary.positive_class is None:
        return
    mean = " (mean of the folds)" if summary.cross_validation else ""
    positive = shown(summary.positive_class)
    yield "threshold", f"{positive} from a probability of {number(threshold)} on{mean}"


def _network(model: ModelFacts, training: TrainingFacts | None) -> str:
    """The layers, the epochs and the parameters, the most important first, as the end may be left out."""
    layers = " → ".join(f"{units:,}" for units in model.layers)
    several, parameters = "", counted(model.parameters, "parameter")
    if model.networks > 1:
        shared = " with shared weights" if model.shared_weights else ""
        first = "" if model.same_shape else ", the first one"
        several, parameters = f"{model.networks:,} networks{shared}{first}: ", f"{parameters} in all"
    parts = [f"{several}{layers}"]
    if training is not None:
        best = "" if training.best_epoch is None else f", the best one {training.best_epoch:,}"
        parts.append(f"{counted(training.epochs, 'epoch')}{best}")
    return "; ".join([*parts, parameters])


def _data(data: DataFacts) -> str:
    columns = counted(data.numeric + data.categorical, "column")
    classes = f" ({len(data.classes):,} classes)" if data.classes else ""
    return f"{data.name}: {counted(data.rows, 'row')}, {columns}, target {data.target}{classes}"
