"""Run folders with the predictions and fold scores that a test needs; nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.config.yaml_text import block_yaml
from fnnctl.metrics.classification import score
from fnnctl.metrics.regression import score as regression_score
from fnnctl.metrics.resampling import summarize_scores
from fnnctl.metrics.rows import ClassRows, ErrorRows
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import create_run
from fnnctl.store.tables import csv_lines
from fnnctl.tasks.classification import tables

CLASSES = ("no", "yes")
SHA256 = "0123456789abcdef" * 4


def data_facts(**changes: Any) -> dict[str, Any]:
    return {
        "name": "letters", "source": "letters.csv", "sha256": SHA256, "target": "answer",
        "classes": list(CLASSES), "rows": 1000, "numeric": 3, "categorical": 0, **changes,
    }  # fmt: skip


def write_run(
    runs_dir: Path,
    name: str,
    *,
    kind: str,
    metrics: Mapping[str, Any],
    artifacts: Sequence[tuple[str, Any]],
    seed: int = 7,
    settings: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    **facts: Any,
) -> RunFolder:
    """A complete run with these metrics and files."""
    run = create_run(
        runs_dir,
        name=name,
        kind=kind,
        manifest={"seed": seed, "data": data_facts(**(data or {})), **facts},
        resolved=block_yaml({"name": name, "seed": seed, **(settings or {})}),
    )
    run.write_metrics(metrics)
    run.write_artifacts(artifacts)
    run.finish("completed", {"total": 1.0, "training": 0.5})
    return RunFolder(run.path)


def write_part(
    runs_dir: Path,
    name: str,
    hits: Sequence[int],
    *,
    rows: Sequence[int] | None = None,
    classes: Sequence[str] = CLASSES,
    confidence: float = 0.8,
    data: Mapping[str, Any] | None = None,
    **facts: Any,
) -> RunFolder:
    """A run of two classes whose predictions are right where `hits` is 1; every other row is of one class."""
    right = np.array(hits)
    labels = np.arange(len(right)) % 2
    predictions = np.where(right == 1, labels, 1 - labels)
    probabilities = np.full((len(right), 2), 1 - confidence)
    probabilities[np.arange(len(right)), predictions] = confidence
    numbers = list(range(len(right))) if rows is None else list(rows)
    lines = [
        [number, classes[label], classes[prediction]]
        for number, label, prediction in zip(numbers, labels.tolist(), predictions.tolist(), strict=True)
    ]
    is_ordered = bool((data or {}).get("ordered"))
    test = score(ClassRows(labels, predictions, 2, probabilities, is_ordered), classes, loss=0.5)
    return write_run(
        runs_dir,
        name,
        kind="train",
        metrics={"train": None, "validation": None, "test": test},
        artifacts=[tables.predictions(classes, [(lines, probabilities)])],
        data={"classes": list(classes), **(data or {})},
        **facts,
    )


def write_regression(runs_dir: Path, name: str, errors: Sequence[float], **facts: Any) -> RunFolder:
    """A regression of the targets 0, 1, 2, … with these errors."""
    targets = np.arange(len(errors), dtype=np.float64)
    estimates = targets + np.array(errors)
    test = regression_score(ErrorRows(targets, estimates), loss=1.0)
    lines = [[row, *pair] for row, pair in enumerate(zip(targets.tolist(), estimates.tolist(), strict=True))]
    return write_run(
        runs_dir,
        name,
        kind="train",
        metrics={"train": None, "validation": None, "test": test},
        artifacts=[(names.PREDICTIONS, csv_lines(("row", "target", "prediction"), lines))],
        data={"task": "regression", "classes": []},
        **facts,
    )


def write_folds(
    runs_dir: Path,
    name: str,
    scores: Sequence[float | None],
    *,
    folds: int = 5,
    shift: int = 0,
    rows: int = 20,
    **facts: Any,
) -> RunFolder:
    """A cross-validation of these accuracies, fold by fold; `shift` moves the rows to other folds."""
    places = [(1 + number // folds, 1 + number % folds) for number in range(len(scores))]
    table, predictions = [], []
    for (repeat, fold), value in zip(places, scores, strict=True):
        test = [row for row in range(rows) if (row + repeat + shift) // 2 % folds == fold - 1]
        table.append([repeat, fold, rows - len(test), 0, len(test), 3, 3, "completed", None, value, 0.5])
        if value is not None:
            predictions += [[repeat, fold, row, CLASSES[row % 2], CLASSES[0]] for row in test]
    columns = ("repeat", "fold", "train_rows", "validation_rows", "test_rows", "epochs", "best_epoch",
               "stopped", "temperature", "accuracy", "loss")  # fmt: skip
    entries = summarize_scores(
        {"accuracy": list(scores), "loss": [0.5] * len(scores)}, test_share=1 / (folds - 1)
    )
    return write_run(
        runs_dir,
        name,
        kind="cross_validation",
        metrics={"test": {"accuracy": 0.5}, "cross_validation": {"folds": folds, **entries}},
        artifacts=[
            (names.CROSS_VALIDATION, csv_lines(columns, table)),
            (names.PREDICTIONS, csv_lines(("repeat", "fold", "row", "label", "prediction"), predictions)),
        ],
        **facts,
    )
