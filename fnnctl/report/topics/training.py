"""The network of a run, how it was trained, and what decides between its classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fnnctl.metrics.registry import label_of
from fnnctl.metrics.stored import TARGETS, flat_metrics
from fnnctl.report.blocks import Block, Facts, Table
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import SUMMARY
from fnnctl.report.words import number, seconds_text
from fnnctl.store.facts import AncestorFacts
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import ModelFacts, TrainingFacts
from fnnctl.tasks.decisions import BY_WEIGHTS
from fnnctl.tasks.reports import TASK_REPORTS, without_repetition
from fnnctl.text import counted, networks_words, quoted, twins_words, word_list


def network(summary: Summary) -> Iterator[Block]:
    """What was trained in one line, and what decides on the class."""
    manifest = summary.manifest
    rows: list[tuple[str, str]] = []
    if summary.search is not None:
        pass  # its topics say what was searched
    elif manifest.evaluated is not None:
        rows.append(("evaluated run", manifest.evaluated.run or "in memory"))
    elif manifest.selection is not None:
        rows.append(("ensemble", f"{counted(len(manifest.selection.trials), 'trial')} of a search"))
    elif manifest.model is not None:
        # A cross-validation counts the epochs of all its folds.
        training = None if manifest.cross_validation else manifest.training
        rows.append(("network", network_text(manifest.model, training)))
    rows += _decision(summary)
    yield Facts(SUMMARY, tuple(rows))


def network_text(model: ModelFacts, training: TrainingFacts | None) -> str:
    """The layers, the epochs and the parameters, the most important first, as the end may be left out."""
    layers = " → ".join(f"{units:,}" for units in model.layers)
    several, parameters = "", counted(model.parameters, "parameter")
    if model.networks > 1:
        shared = " with shared weights" if model.shared_weights else ""
        first = "" if model.same_shape else ", the first one"
        networks = networks_words(model.networks, plain_twins=model.plain_twins)
        several, parameters = f"{networks}{shared}{first}: ", f"{parameters} in all"
    parts = [f"{several}{layers}"]
    if training is not None:
        best = "" if training.best_epoch is None else f", the best one {training.best_epoch:,}"
        parts.append(f"{counted(training.epochs, 'epoch')}{best}")
    return "; ".join([*parts, parameters])


def ancestors(summary: Summary) -> Iterator[Block]:
    """The metrics of a network that was trained on, beside those of the runs before, on its test part."""
    line, metrics = summary.manifest.ancestors, summary.part_metrics("test") or {}
    if not line:
        return
    rows = [("trained on from", f"{line[0].name}, {_place(line[0])}")]
    if summary.manifest.generation > 1:
        rows.append(("runs before", f"{summary.manifest.generation:,}"))
    if missing := [_place(ancestor) for ancestor in line if ancestor.is_missing]:
        rows.append(("no longer there", ", ".join(missing)))
    yield Facts("Ancestors", tuple(rows))
    scored = {ancestor.started: ancestor.metrics for ancestor in line if ancestor.metrics is not None}
    if scored:
        header = ("", "this run", *(started[:16].replace("T", " ") for started in scored))
        columns = [flat_metrics(metrics), *scored.values()]
        values = {
            key: (label, *(number(column.get(key)) for column in columns))
            for label, key in (*summary.task_report.reported_metrics(metrics), *_of_targets(summary))
            if any(column.get(key) is not None for column in scored.values())
        }
        note = "The ancestors, named by when they were started, are scored on the same test rows."
        table = without_repetition(summary.task_report, values)
        yield Table("Ancestors on the test part", header, table, notes=(note,))


def _of_targets(summary: Summary) -> Iterator[tuple[str, str]]:
    """The label and the path of the first metric of each of several targets."""
    for target in [] if summary.manifest.data is None else summary.manifest.data.targets:
        for key in TASK_REPORTS[target.task].main[:1]:
            yield f"{target.name}: {label_of(key)}", f"{TARGETS}.{target.name}.{key}"


def _place(ancestor: AncestorFacts) -> str:
    """Where an ancestor was."""
    return RunFolder(Path(ancestor.run)).in_words


def _decision(summary: Summary) -> Iterator[tuple[str, str]]:
    """What decides on the predicted class, unless it is the most probable one."""
    model = summary.manifest.model
    if model is not None and model.class_weights and model.positive is None:
        yield "decision", BY_WEIGHTS
    threshold = (summary.part_metrics("test") or {}).get("threshold")
    if not isinstance(threshold, float) or summary.positive_class is None:
        return
    mean = " (mean of the folds)" if summary.cross_validation else ""
    yield "threshold", f"{quoted(summary.positive_class)} from a probability of {number(threshold)} on{mean}"


def details(summary: Summary) -> Iterator[Block]:
    """The network, its training and its times."""
    title = "Network" if summary.manifest.evaluated else "Training"
    yield Facts(title, tuple(_definitions(summary)))


def _definitions(summary: Summary) -> Iterator[tuple[str, str]]:
    manifest = summary.manifest
    if manifest.evaluated:
        yield "evaluated run", manifest.evaluated.run or "in memory"
        yield "SHA-256", manifest.evaluated.sha256
    # The manifest of a search describes the network of its config, which may differ from every trial's.
    if manifest.model and summary.search is None:
        yield from _network_definitions(manifest.model)
    if folds := manifest.cross_validation:
        how = "stratified" if folds.stratify else "not stratified"
        if folds.by is not None:
            how = f"in the order of {quoted(folds.by)}"
        yield "folds", f"{folds.folds:,}, {how}; {counted(folds.repeats, 'repeat')}"
    training = manifest.training
    epochs = training.epochs if training else summary.epochs
    if epochs is not None:
        yield "epochs", f"{epochs:,}"
    if training and training.best_epoch is not None:
        yield "best epoch", f"{training.best_epoch:,}"
    if training and training.stopped:
        yield "stopped", training.stopped
    if manifest.shares:
        of_targets = [f"{share:.0%} for {quoted(name)}" for name, share in manifest.shares.targets.items()]
        counts = word_list(of_targets) if of_targets else f"for {manifest.shares.plain_twins:.0%}"
        yield "ensemble", f"plain twins count {counts}"
    if manifest.calibration:
        temperature = manifest.calibration.temperature
        unchanged = ", so calibration changes nothing" if temperature == 1 else ""
        yield "temperature", f"{temperature:.4g}{unchanged}"
    if manifest.seconds.training is not None:
        yield "training time", seconds_text(manifest.seconds.training)
    if manifest.seed is not None:
        yield "seed", str(manifest.seed)


def _network_definitions(model: ModelFacts) -> Iterator[tuple[str, str]]:
    yield (
        "network" if model.same_shape else "first network",
        " → ".join(f"{units:,}" for units in model.layers),
    )
    if model.networks > 1:
        shared = " with shared weights" if model.shared_weights else ""
        shape = " of this shape" if model.same_shape else ""
        networks = twins_words(model.networks) if model.plain_twins else f"{model.networks:,}"
        yield "networks", f"{networks}{shape}{shared}, averaged"
    yield "parameters", f"{model.parameters:,}"
    if model.target_transform != "none":
        transform = "auto, decided by the training rows of each fit"
        if model.target_transform != "auto":
            transform = f"{model.target_transform}; losses and the history are of the transformed target"
        yield "target transform", transform
    if model.class_weights:
        largest = "the class with the largest product of weight and probability is predicted"
        decision = largest if model.positive is None else "the threshold decides"
        corrected = "a power of the weights corrects the probabilities to the classes' frequencies"
        yield "class weights", f"{corrected}, and {decision}"
