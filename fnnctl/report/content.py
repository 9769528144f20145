"""The sections of a run's report: titles, tables, facts and files.

Every format shows the same sections. Their text is unescaped; each format escapes it in its own way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from fnnctl.config.schema.metric_names import BINARY_METRICS
from fnnctl.metrics.stored import PARTS
from fnnctl.report.gates import GateResult
from fnnctl.report.sections import FactList, FileList, Notes, Section, TableSection
from fnnctl.report.summary import Summary, has_bags
from fnnctl.report.topics.classes import confusion_table, group_table
from fnnctl.report.topics.ensemble import ensemble_sections
from fnnctl.report.topics.feature_importance import importance_sections
from fnnctl.report.topics.sizes import size_sections
from fnnctl.report.topics.thresholds import threshold_table
from fnnctl.report.words import number, seconds_text
from fnnctl.store import names
from fnnctl.store.manifest import DataFacts, Manifest
from fnnctl.tasks.reports import without_repetition
from fnnctl.text import counted, shown

OUT_OF_BAG = "out-of-bag"
BEFORE = "_uncalibrated"
"""The end of the keys of metrics before calibration."""

FIRST_FILES = (
    (names.METRICS, "all metrics"),
    (names.CROSS_VALIDATION, "the scores of each fold"),
    (names.DATA_SIZE, "the scores of each fold, for each data size"),
    (names.DATA_SIZE_FIGURE, "the scores over the number of training rows"),
    (names.LEADERBOARD, "all trials"),
    (names.SEARCH_HISTORY_FIGURE, "the objective over the epochs trained"),
    (names.RUNGS_FIGURE, "the learning curve of each trial"),
    (names.PARALLEL_FIGURE, "the settings and objective of each trial"),
    (names.IMPORTANCE_FIGURE, "the importance of each setting"),
    (names.CONFIRMED_FIGURE, "the scores of the confirmed trials for each seed"),
    (names.TIMELINE_FIGURE, "what each worker did when"),
    (names.REWARDS_FIGURE, "the controller's rewards over time"),
    (names.ARCHITECTURE_FIGURE, "the best architecture"),
    (names.BEST, "the run folder of the refitted winner"),
    (names.ENSEMBLE, "the run folder of the ensemble of trials"),
    (names.HISTORY, "losses and metrics per epoch"),
)
LAST_FILES = (
    (names.LEARNING_CURVE_FIGURE, "learning curves"),
    *(
        (f"{folder}{name}", what)
        for folder in ("", f"{names.BEST}/")
        for name, what in (
            (names.FEATURE_IMPORTANCE_FIGURE, "the importance of the columns"),
            (names.FEATURE_IMPORTANCE, "the numbers of this figure, for all columns"),
        )
    ),
    (names.PREDICTIONS, "predictions for the held-out rows"),
    (names.RESOLVED, "the complete config, to repeat the run"),
    (names.MODEL, f"the model; its weights are in {names.WEIGHTS}"),
    (names.LOG, "the log"),
)
"""The files listed before and after the figures of the run's task."""
OF_SELECTION = {names.RESOLVED: "the search's complete config; `fnnctl search` with it repeats the search"}
"""Descriptions in the report of a search's ensemble instead: no training repeats an ensemble of trials."""


def headline(summary: Summary) -> str:
    """When the run was started and, if it has ended, how long it took."""
    manifest = summary.manifest
    started = manifest.started[:19].replace("T", " ") + " UTC"
    if manifest.seconds.total is None:
        return f"started {started}"
    return f"started {started}, took {seconds_text(manifest.seconds.total)}"


@dataclass(frozen=True, slots=True)
class Contents:
    """The non-empty sections of a run, by what they are about, in the order in which they are listed."""

    failure: tuple[Section, ...]
    search: tuple[Section, ...]
    scores: tuple[Section, ...]
    importance: tuple[Section, ...]
    training: tuple[Section, ...]
    data: tuple[Section, ...]
    provenance: tuple[Section, ...]
    warnings: tuple[Section, ...]
    files: tuple[Section, ...]


def sections(summary: Summary, *, brief: bool = False) -> list[Section]:
    """All non-empty sections of the run; if they are to be `brief`, long tables have fewer rows."""
    found = contents(summary, brief=brief)
    return [section for group in fields(found) for section in getattr(found, group.name)]


def contents(summary: Summary, *, brief: bool = False) -> Contents:
    """The sections of the run; if they are to be `brief`, long tables have fewer rows."""
    manifest, task = summary.manifest, summary.task_report
    figures = ((figure.name, figure.what) for figure in task.figures)
    own = OF_SELECTION if manifest.selection else {}
    files = (
        (name, own.get(name, what))
        for name, what in (*FIRST_FILES, *figures, *LAST_FILES)
        if name in summary.files
    )
    return Contents(
        failure=_filled(_failure(summary)),
        search=_filled(*_search_sections(summary), *ensemble_sections(summary)),
        scores=_filled(
            _folds_table(summary, summary.cross_validation)
            if summary.cross_validation
            else _metrics_table(summary),
            *size_sections(summary),
            group_table(summary, task.groups, brief=brief) if task.groups else None,
            confusion_table(summary, task.matrix) if task.matrix else None,
            threshold_table(summary),
        ),
        importance=_filled(*importance_sections(summary.importances, task)),
        training=_filled(
            FactList("Network" if manifest.evaluated else "Training", tuple(_training_facts(summary)))
        ),
        data=_filled(FactList("Data", tuple(_data_facts(summary, manifest.data)) if manifest.data else ())),
        provenance=_filled(FactList("Provenance", tuple(_origin_facts(manifest)))),
        warnings=_filled(Notes("Warnings", tuple(manifest.warnings))),
        files=_filled(FileList("Files", tuple(files))),
    )


def _failure(summary: Summary) -> Notes:
    title = "Interruption" if summary.shown_status == "interrupted" else "Failure"
    return Notes(title, (summary.manifest.error,) if summary.manifest.error else ())


def _filled(*candidates: Section | None) -> tuple[Section, ...]:
    return tuple(section for section in candidates if section and section.rows)


def _search_sections(summary: Summary) -> list[Section]:
    if summary.search is None:
        return []
    from fnnctl.report.topics.search import search_sections  # most runs are no searches

    return search_sections(summary)


def gate_table(results: Sequence[GateResult]) -> TableSection:
    """One row per gate and run; the run is named if there are several."""
    has_several_runs = len({result.run for result in results}) > 1
    names = [f"{each.metric} of {each.run}" if has_several_runs else each.metric for each in results]
    rows = (
        (name, result.value_text, result.wanted, result.result)
        for name, result in zip(names, results, strict=True)
    )
    notes = (f"{name}: {result.note}." for name, result in zip(names, results, strict=True) if result.note)
    header = ("metric", "value", "wanted", "result")
    return TableSection("Gates", header, tuple(rows), notes=tuple(notes))


def validation_name(summary: Summary) -> str:
    """What reports call the validation part; with bags, each row is scored by one member of the ensemble."""
    return f"validation ({OUT_OF_BAG})" if has_bags(summary.manifest) else "validation"


def _metrics_table(summary: Summary) -> TableSection:
    parts = {part: metrics for part in PARTS if (metrics := summary.part_metrics(part))}
    if baseline := summary.baseline:
        parts["baseline"] = baseline
    columns = [OUT_OF_BAG if part == "validation" and summary.out_of_bag else part for part in parts]
    known = {key: value for metrics in parts.values() for key, value in metrics.items() if value is not None}
    for key in _unchanged(parts.values()):
        known.pop(key)
    rows = {
        key: (label, *(number(metrics.get(key)) for metrics in parts.values()))
        for label, key in summary.task_report.shown(known)
    }
    title = "Metrics of the refitted winner" if summary.search else "Metrics"
    title += _of_positive(summary, known)
    return TableSection(title, ("", *columns), without_repetition(summary.task_report, rows))


def _unchanged(parts: Iterable[Mapping[str, Any]]) -> set[str]:
    """The metrics before calibration that show the same numbers after it in all parts."""
    numbers: dict[str, list[bool]] = {}
    for metrics in parts:
        for key, value in metrics.items():
            if key.endswith(BEFORE) and value is not None:
                is_equal = number(value) == number(metrics.get(key.removesuffix(BEFORE)))
                numbers.setdefault(key, []).append(is_equal)
    return {key for key, are_equal in numbers.items() if all(are_equal)}


def _of_positive(summary: Summary, metrics: Mapping[str, Any]) -> str:
    """For the title of a table: which class its binary metrics are of; empty without any."""
    is_binary = any(metrics.get(key) is not None for key in BINARY_METRICS)
    if not is_binary or summary.positive_class is None:
        return ""
    return f" (positive class: {shown(summary.positive_class)})"


def _folds_table(summary: Summary, metrics: Mapping[str, Any]) -> TableSection:
    """The statistics of the folds' scores and of the baseline's, one row per metric."""
    task, baseline = summary.task_report, summary.baseline or {}
    entries = {
        key: entry
        for key, entry in metrics.items()
        if isinstance(entry, Mapping) and entry.get("mean") is not None
    }
    rows = {
        key: (
            label,
            *(number(entries[key].get(each)) for each in ("mean", "std", "ci95")),
            number(baseline.get(key)),
        )
        for label, key in task.shown(entries)
    }
    header = ("", "mean", "std", "95 % interval", "baseline")
    title = f"Cross-validation{_of_positive(summary, entries)}"
    return TableSection(title, header, without_repetition(task, rows))


def _training_facts(summary: Summary) -> Iterable[tuple[str, str]]:
    manifest = summary.manifest
    if manifest.evaluated:
        yield "evaluated run", manifest.evaluated.run
        yield "SHA-256", manifest.evaluated.sha256
    # The manifest of a search describes the network of its config, which may differ from every trial's.
    if manifest.model and summary.search is None:
        several, same = manifest.model.networks > 1, manifest.model.same_shape
        layers = " → ".join(f"{units:,}" for units in manifest.model.layers)
        yield "network" if same else "first network", layers
        if several:
            shared = " with shared weights" if manifest.model.shared_weights else ""
            alike = " of this shape" if same else ""
            yield "networks", f"{manifest.model.networks:,}{alike}{shared}, averaged"
        yield "parameters", f"{manifest.model.parameters:,}"
        if manifest.model.class_weights:
            largest = "the class with the largest product of weight and probability is predicted"
            decided = largest if manifest.model.positive is None else "the threshold decides"
            corrected = "a power of the weights corrects the probabilities to the classes' frequencies"
            yield "class weights", f"{corrected}, and {decided}"
    if folds := manifest.cross_validation:
        how = "stratified" if folds.stratify else "not stratified"
        if folds.by is not None:
            how = f"in the order of {shown(folds.by)}"
        yield "folds", f"{folds.folds:,}, {how}; {counted(folds.repeats, 'repeat')}"
    training = manifest.training
    epochs = training.epochs if training else summary.epochs
    if epochs is not None:
        yield "epochs", f"{epochs:,}"
    if training and training.best_epoch is not None:
        yield "best epoch", f"{training.best_epoch:,}"
    if training and training.stopped:
        yield "stopped", training.stopped
    if manifest.calibration:
        temperature = manifest.calibration.temperature
        unchanged = ", so calibration changes nothing" if temperature == 1 else ""
        yield "temperature", f"{temperature:.4g}{unchanged}"
    if manifest.seconds.training is not None:
        yield "training time", seconds_text(manifest.seconds.training)
    if manifest.seed is not None:
        yield "seed", str(manifest.seed)


def _data_facts(summary: Summary, data: DataFacts) -> Iterable[tuple[str, str]]:
    yield "name", data.name
    if data.source != data.name:
        yield "file", data.source
    if data.test_source:
        yield "test file", data.test_source
    of_parts, validated = "", validation_name(summary)
    if (parts := data.parts) and parts.train:
        of_parts = f": {parts.train:,} train, {parts.validation:,} {validated}, {parts.test:,} test"
    yield "rows", f"{data.rows:,}{of_parts}"
    yield "columns", f"{data.numeric:,} numeric, {data.categorical:,} categorical"
    yield "target", data.target + (f", {len(data.classes):,} classes" if data.classes else "")
    if (best := data.best_column) and best.score > best.baseline:
        labels = {name: label for label, name in summary.task_report.metrics}
        metric = labels.get(best.metric, best.metric)
        yield "best single column", f"{best.name}: {metric} {best.score:.3g} on held-out rows"
    yield "SHA-256", data.sha256


def _origin_facts(manifest: Manifest) -> Iterable[tuple[str, str]]:
    if manifest.command:
        yield "command", manifest.command
    versions = {"fnnctl": manifest.fnnctl, "Python": manifest.python, "NumPy": manifest.packages.get("numpy")}
    known = [f"{program} {version}" for program, version in versions.items() if version]
    if known:
        yield "versions", ", ".join(known)
    if manifest.git:
        yield "git commit", manifest.git.commit + (" with uncommitted changes" if manifest.git.dirty else "")
    if manifest.processor.model:
        yield "processor", manifest.processor.model
