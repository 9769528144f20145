"""What a report says, before it is put into a form: titles, tables, facts and files of one run.

Terminal and Markdown show the same sections, so that neither knows something the other does not. Text is
as it was found: each form makes it safe in its own way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len

from fnnctl.report.gates import GateResult
from fnnctl.report.search_sections import search_sections
from fnnctl.report.sections import FactList, FileList, Notes, Section, TableSection, number, seconds_text
from fnnctl.report.summary import PARTS, Summary
from fnnctl.store import names
from fnnctl.store.manifest import DataFacts, Manifest

MOST_CLASSES, WORST_CLASSES = 50, 20
"""Of more classes than so many only the worst are shown."""
SHOWN_MATRIX_CLASSES = 12
MATRIX_WIDTH = 76
"""Columns of text that a confusion matrix may take before its classes are numbered."""

METRICS = (
    ("accuracy", "accuracy"),
    ("  95 % interval", "accuracy_ci95"),
    ("balanced accuracy", "balanced_accuracy"),
    ("macro precision", "precision_macro"),
    ("macro recall", "recall_macro"),
    ("macro F1", "f1_macro"),
    ("macro ROC AUC", "roc_auc_macro"),
    ("  95 % interval", "roc_auc_macro_ci95"),
    ("macro average precision", "average_precision_macro"),
    ("log loss", "log_loss"),
    ("loss, unclipped", "loss"),
    ("  before calibration", "loss_uncalibrated"),
    ("Brier score", "brier_score"),
    ("calibration error", "expected_calibration_error"),
    ("  before calibration", "expected_calibration_error_uncalibrated"),
    ("rows", "support"),
)
CLASS_METRICS = (
    ("precision", "precision"),
    ("recall", "recall"),
    ("F1", "f1"),
    ("ROC AUC", "roc_auc"),
    ("rows", "support"),
)
WORTH_OPENING = (
    (names.METRICS, "every metric"),
    (names.CROSS_VALIDATION, "every score of every fold"),
    (names.LEADERBOARD, "every trial"),
    (names.SEARCH_HISTORY_FIGURE, "the objective over the epochs spent"),
    (names.RUNGS_FIGURE, "learning curves, up to where trials were dropped"),
    (names.PARALLEL_FIGURE, "every trial's settings"),
    (names.IMPORTANCE_FIGURE, "what the objective depends on"),
    (names.BEST, "the refitted winner, a run of its own"),
    (names.HISTORY, "losses and metrics of every epoch"),
    (names.CONFUSION_MATRIX_FIGURE, "confusion matrix"),
    (names.ROC_CURVE_FIGURE, "ROC curves"),
    (names.PR_CURVE_FIGURE, "precision-recall curves"),
    (names.CALIBRATION_FIGURE, "reliability diagram"),
    (names.LEARNING_CURVE_FIGURE, "learning curves"),
    (names.PREDICTIONS, "a prediction for each row that was held out"),
    (names.RESOLVED, "the complete config, which repeats the run"),
    (names.MODEL, f"the network; its weights are in {names.WEIGHTS}"),
    (names.LOG, "what was said"),
)


def headline(summary: Summary) -> str:
    """When the run was started, and how long it took if it has ended."""
    manifest = summary.manifest
    started = manifest.started[:19].replace("T", " ") + " UTC"
    if manifest.seconds.total is None:
        return f"started {started}"
    return f"started {started}, took {seconds_text(manifest.seconds.total)}"


def sections(summary: Summary) -> list[Section]:
    """Everything that there is to say of the run; a section about nothing is left out."""
    manifest = summary.manifest
    candidates: list[Section | None] = [
        Notes("Failure", (manifest.error,) if manifest.error else ()),
        *(search_sections(summary.search, manifest.search) if summary.search else ()),
        _folds_table(summary.cross_validation) if summary.cross_validation else _metrics_table(summary),
        _class_table(summary),
        _matrix_table(summary),
        FactList("Network" if manifest.evaluated else "Training", tuple(_training_facts(summary))),
        FactList("Data", tuple(_data_facts(manifest.data)) if manifest.data else ()),
        FactList("Origin", tuple(_origin_facts(manifest))),
        Notes("Warnings", tuple(manifest.warnings)),
        FileList("Files", tuple(file for file in WORTH_OPENING if file[0] in summary.files)),
    ]
    return [section for section in candidates if section and section.rows]


def gate_table(results: Sequence[GateResult]) -> TableSection:
    """What the gates found, a row a gate and run; the run is named where there are several."""
    has_several_runs = len({result.run for result in results}) > 1
    rows = (
        (
            f"{result.gate.metric} of {result.run}" if has_several_runs else result.gate.metric,
            number(result.value),
            result.gate.wanted,
            "passed" if result.passed else "missed",
        )
        for result in results
    )
    return TableSection("Gates", ("metric", "value", "wanted", "result"), tuple(rows))


def scored_rows(summary: Summary) -> str:
    """Which rows' predictions the scores, the confusion matrix and the curves are about."""
    folds = summary.manifest.cross_validation
    if folds is None:
        return "of the test part"
    return "out of fold" if folds.repeats == 1 else f"out of fold, {folds.repeats:,} repeats"


def _metrics_table(summary: Summary) -> TableSection | None:
    parts = {part: metrics for part in PARTS if (metrics := summary.part_metrics(part))}
    rows = {
        key: (label, *(number(metrics.get(key)) for metrics in parts.values()))
        for label, key in METRICS
        if any(metrics.get(key) is not None for metrics in parts.values())
    }
    title = "Metrics of the refitted winner" if summary.search else "Metrics"
    return TableSection(title, ("", *parts), _without_repetition(rows))


def _folds_table(of_metrics: Mapping[str, Any]) -> TableSection:
    """Of each metric, what the folds' scores say together."""
    entries = ((label, key, of_metrics.get(key)) for label, key in METRICS)
    rows = {
        key: (label, *(number(entry.get(each)) for each in ("mean", "std", "ci95")))
        for label, key, entry in entries
        if isinstance(entry, Mapping) and entry.get("mean") is not None
    }
    return TableSection(
        "Cross-validation", ("", "mean", "deviation", "95 % interval"), _without_repetition(rows)
    )


def _without_repetition(rows: dict[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The metrics' rows, without the loss where it is the log loss, no probability being as good as 0."""
    same = "loss" in rows and "log_loss" in rows and rows["loss"][1:] == rows["log_loss"][1:]
    return tuple(row for key, row in rows.items() if not (same and key == "loss"))


def _class_table(summary: Summary) -> TableSection | None:
    per_class = (summary.part_metrics("test") or {}).get("per_class")
    if not isinstance(per_class, Mapping):
        return None
    known = [(name, metrics) for name, metrics in per_class.items() if isinstance(metrics, Mapping)]
    title = f"Classes {scored_rows(summary)}"
    if len(known) > MOST_CLASSES:
        scored = [(name, metrics) for name, metrics in known if isinstance(metrics.get("f1"), float)]
        worst = sorted(scored, key=lambda each: each[1]["f1"])[:WORST_CLASSES]
        title += f": the {len(worst)} lowest F1 of {len(known):,}; {names.METRICS} has all"
        known = worst
    rows = ((name, *(number(metrics.get(key)) for _, key in CLASS_METRICS)) for name, metrics in known)
    return TableSection(title, ("class", *(label for label, _ in CLASS_METRICS)), tuple(rows))


def _matrix_table(summary: Summary) -> TableSection | None:
    if summary.confusion is None or len(summary.confusion[0]) > SHOWN_MATRIX_CLASSES:
        return None
    classes, counts = summary.confusion
    columns: tuple[str, ...] = classes
    rows: tuple[str, ...] = classes
    if max(map(cell_len, classes)) + sum(max(cell_len(name), 2) + 3 for name in classes) > MATRIX_WIDTH:
        columns = tuple(f"#{position}" for position, _ in enumerate(classes, start=1))
        rows = tuple(f"{position}  {name}" for position, name in zip(columns, classes, strict=True))
    return TableSection(
        f"Confusion matrix {scored_rows(summary)}",
        ("true \\ predicted", *columns),
        tuple((name, *map(number, of_class)) for name, of_class in zip(rows, counts.tolist(), strict=True)),
    )


def _training_facts(summary: Summary) -> Iterable[tuple[str, str]]:
    manifest = summary.manifest
    if manifest.evaluated:
        yield "of the run", manifest.evaluated.run
        yield "SHA-256", manifest.evaluated.sha256
    if (
        manifest.model and summary.search is None
    ):  # a search's is that of its config, which no trial need have
        yield "network", " → ".join(f"{units:,}" for units in manifest.model.layers)
        yield "parameters", f"{manifest.model.parameters:,}"
    if folds := manifest.cross_validation:
        how = "stratified" if folds.stratify else "at random"
        yield "folds", f"{folds.folds:,}, {how}; {folds.repeats:,} repeats"
    training = manifest.training
    epochs = training.epochs if training else summary.epochs
    if epochs is not None:
        yield "epochs", f"{epochs:,}"
    if training and training.best_epoch is not None:
        yield "best epoch", f"{training.best_epoch:,}"
    if training and training.stopped:
        yield "stopped", training.stopped
    if manifest.calibration:
        yield "temperature", f"{manifest.calibration.temperature:.4g}"
    if manifest.seconds.training is not None:
        yield "training time", seconds_text(manifest.seconds.training)
    if manifest.seed is not None:
        yield "seed", str(manifest.seed)


def _data_facts(data: DataFacts) -> Iterable[tuple[str, str]]:
    yield "name", data.name
    if data.source != data.name:
        yield "file", data.source
    if data.test_source:
        yield "test file", data.test_source
    of_parts = ""
    if (parts := data.parts) and parts.train:
        of_parts = f": {parts.train:,} train, {parts.validation:,} validation, {parts.test:,} test"
    yield "rows", f"{data.rows:,}{of_parts}"
    yield "columns", f"{data.numeric:,} numeric, {data.categorical:,} categorical"
    yield "target", f"{data.target}, {len(data.classes):,} classes"
    yield "SHA-256", data.sha256


def _origin_facts(manifest: Manifest) -> Iterable[tuple[str, str]]:
    if manifest.command:
        yield "command", manifest.command
    versions = {"fnnctl": manifest.fnnctl, "Python": manifest.python, "NumPy": manifest.packages.get("numpy")}
    known = [f"{program} {version}" for program, version in versions.items() if version]
    if known:
        yield "versions", ", ".join(known)
    if manifest.git:
        yield "git commit", manifest.git.commit + (" with changes" if manifest.git.dirty else "")
    if manifest.processor.model:
        yield "processor", manifest.processor.model
