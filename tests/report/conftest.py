"""A finished run with every file, small enough to know every number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.metrics.curves import Curve
from fnnctl.report.figures.drawing import possible_figures
from fnnctl.report.summary import Summary, summarize
from fnnctl.store import names
from fnnctl.store.run import OpenRun, create_run
from fnnctl.tasks.classification import tables

HOSTILE_CLASSES = (
    "$$x^2$$",
    "[/]",
    "[bold]loud[/bold]",
    "\x1b[31mred\x1b[0m",
    "<script>alert(1)</script>",
    "=cmd()",
    "a|b\\|c",
    "two\nlines",
    "`code` *bold* _x_ ~~no~~",
    "# &lt; 日本",
)


def part_metrics(classes: Sequence[str], accuracy: float) -> dict[str, Any]:
    return {
        "loss": 0.25,
        "accuracy": accuracy,
        "accuracy_ci95": [accuracy - 0.1, accuracy + 0.05],
        "balanced_accuracy": accuracy - 0.01,
        "f1_macro": accuracy - 0.02,
        "roc_auc_macro": None,
        "roc_auc_macro_ci95": None,
        "average_precision_macro": 0.75,
        "log_loss": 0.00001234,
        "loss_uncalibrated": None,
        "brier_score": 0.125,
        "expected_calibration_error": 0.0625,
        "support": 30,
        "per_class": {
            name: {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "roc_auc": None, "support": 10}
            for name in classes
        },
    }


def write_everything(run: OpenRun, classes: Sequence[str]) -> None:
    """Write all files of a run except the figures; its manifest is not finished yet."""
    train, test = part_metrics(classes, 0.95), part_metrics(classes, 0.9)
    run.write_metrics({"train": train, "validation": None, "test": test})
    run.write_table(
        names.HISTORY, ("epoch", "train_loss", "validation_loss"), [(1, 1.0, 1.5), (2, 0.5, 1.25)]
    )
    matrix = np.arange(len(classes) ** 2).reshape(len(classes), -1)
    run.write_artifacts([tables.confusion(classes, matrix)])
    rows, probabilities = [(7, classes[0], classes[1])], np.full((1, len(classes)), 1 / len(classes))
    run.write_artifacts([tables.predictions(classes, [(rows, probabilities)])])
    line = np.array([0.0, 0.5, 1.0])
    curves = [Curve("class", name, line, line, np.array([np.inf, 0.5, 0.1]), 0.5) for name in classes]
    averages = [
        Curve("micro", "", line, line, line, 0.5),
        Curve("macro", "", line, line, np.full(3, np.nan), 0.5),
    ]
    run.write_artifacts(tables.curves(curves + averages, curves + averages))
    bins = [(0.0, 0.5, 0, None, None, None, None), (0.5, 1.0, 30, 0.75, 0.9, 0.7, 0.95)]
    run.write_artifacts([tables.calibration(bins, positive_only=False)])
    run.write_model({"w": np.zeros(3)}, {"classes": list(classes)})
    run.log("said")


def data_facts(classes: Sequence[str]) -> dict[str, Any]:
    return {
        "name": "flowers",
        "source": "/data/flowers.csv",
        "sha256": "0123456789abcdef" * 4,
        "target": "species",
        "classes": list(classes),
        "rows": 1150,
        "numeric": 4,
        "categorical": 1,
        "parts": {"train": 1090, "validation": 30, "test": 30},
    }


@pytest.fixture
def start_run(tmp_path: Path) -> Callable[..., OpenRun]:
    def start(name: str = "flowers-mlp", classes: Sequence[str] = ("setosa", "versicolor")) -> OpenRun:
        manifest = {
            "seed": 7,
            "command": "fnnctl train flowers.yaml",
            "fnnctl": "0.1.0",
            "git": {"commit": "4f2a", "dirty": True},
            "data": data_facts(classes),
            "model": {"layers": [6, 100, len(classes)], "parameters": 1234},
            "warnings": ["column 'id' looks like a row id"],
        }
        return create_run(
            tmp_path / "my runs", name=name, kind="train", config=b"", resolved="", manifest=manifest
        )

    return start


@pytest.fixture
def finished_run(start_run: Callable[..., OpenRun]) -> Callable[..., OpenRun]:
    def finish(name: str = "flowers-mlp", classes: Sequence[str] = ("setosa", "versicolor")) -> OpenRun:
        run = start_run(name, classes)
        write_everything(run, classes)
        for figure in possible_figures(run, summarize(run)):
            run.write_figure(figure.file, b"\x89PNG")
        training = {"epochs": 2, "best_epoch": 2, "stopped": "all epochs done"}
        run.finish("completed", {"total": 83.2, "training": 0.4567}, {"training": training})
        return run

    return finish


@pytest.fixture
def hostile_classes() -> tuple[str, ...]:
    return HOSTILE_CLASSES


@pytest.fixture
def measured(start_run: Callable[..., OpenRun]) -> Callable[..., Summary]:
    """The summary of a run with these metrics and recorded facts."""

    def measure(
        test: Mapping[str, Any] | None = None,
        *,
        classes: Sequence[str] = ("setosa", "versicolor"),
        facts: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        **metrics: Any,
    ) -> Summary:
        run = start_run(classes=classes)
        run.record({**({"data": {**data_facts(classes), **data}} if data else {}), **(facts or {})})
        run.write_metrics({"train": None, "validation": None, "test": test, **metrics})
        return summarize(run)

    return measure


@pytest.fixture
def summary(finished_run: Callable[..., OpenRun]) -> Summary:
    """The summary of a finished run."""
    return summarize(finished_run())
