"""A drawing process for tests, measured runs, and what is handed to the functions that draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from fnnctl.metrics.calibration import confidences, diagram_bins
from fnnctl.metrics.classification import score
from fnnctl.metrics.confusion import confusion_matrix
from fnnctl.metrics.curves import pr_curves, roc_curves
from fnnctl.metrics.rows import ClassRows
from fnnctl.report.figures import drawer
from fnnctl.report.figures.drawer import DrawingProcess, start_process
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from fnnctl.tasks.classification import tables

START = start_process
"""The function itself; during tests its name stands for one that starts nothing."""

Calls = list[tuple[tuple[Any, ...], dict[str, Any]]]


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> Iterator[DrawingProcess]:
    """A drawing process, also on a machine with a single processor."""
    monkeypatch.setattr(drawer, "usable_processors", lambda: 2)
    started = START(search=False)
    assert started is not None
    yield started
    assert started.poll() is not None  # not even a zombie is left


@pytest.fixture
def calls_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Calls]:
    """The arguments and options of each call of a function of `fnnctl.plots`, which then draws nothing."""

    def record(name: str) -> Calls:
        calls: Calls = []

        def draw(*arguments: Any, **options: Any) -> Figure:
            calls.append((arguments, options))
            return Figure()

        monkeypatch.setattr(f"fnnctl.plots.{name}", draw)
        return calls

    return record


@pytest.fixture
def measured_run(start_run: Callable[..., OpenRun]) -> Callable[..., OpenRun]:
    """A run whose files were computed as in a real run; `few`: without the slow figures."""

    def measure(classes: tuple[str, ...] = ("a", "b", "c"), *, few: bool = False) -> OpenRun:
        rng = np.random.default_rng(3)
        labels = rng.integers(0, len(classes), 80)
        probabilities = rng.dirichlet(np.ones(len(classes)), 80)
        probabilities[np.arange(80), labels] += 0.2
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        run, predictions = start_run("[/] $$x$$", classes), probabilities.argmax(axis=1)
        rows = ClassRows(labels, predictions, len(classes), probabilities)
        scores, ranked = score(rows, classes, loss=0.5), rows.ranked
        run.write_metrics({"train": scores, "validation": None, "test": scores})
        columns = ("epoch", "train_loss", "train_accuracy")
        run.write_table(names.HISTORY, columns, [(1, 1.5, 0.25), (2, 1.0, 0.5)])
        bins = diagram_bins([confidences(labels, probabilities)])
        run.write_artifacts([tables.calibration(bins, positive_only=False)])
        if not few:
            matrix = confusion_matrix(labels, predictions, len(classes))
            run.write_artifacts([tables.confusion(classes, matrix)])
            run.write_artifacts(tables.curves(roc_curves(ranked, classes), pr_curves(ranked, classes)))
        return run

    return measure


def taken(run: OpenRun) -> dict[str, bytes]:
    """The figures of the run, which are deleted."""
    figures = {}
    for path in sorted(run.path.glob("*.png")):
        figures[path.name] = path.read_bytes()
        path.unlink()
    return figures
