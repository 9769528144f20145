from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from fnnctl.metrics.calibration import confidences, diagram_bins
from fnnctl.metrics.classification import score
from fnnctl.metrics.confusion import confusion_matrix
from fnnctl.metrics.curves import pr_curves, roc_curves
from fnnctl.metrics.decisions import trade_offs
from fnnctl.metrics.ranking import rank_part
from fnnctl.metrics.rows import ClassRows
from fnnctl.plots.curves import PlottedCurve
from fnnctl.report.figures.drawing import draw_figures
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from fnnctl.tasks.classification import tables
from tests.figures import CLASSIFICATION_FIGURES, figures_by_records


@pytest.fixture
def measured_run(start_run: Callable[..., OpenRun]) -> OpenRun:
    return measured(start_run, ("a", "b", "c"))


def measured(start_run: Callable[..., OpenRun], classes: tuple[str, ...]) -> OpenRun:
    """A run whose files were computed as in a real run."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, len(classes), 80)
    probabilities = rng.dirichlet(np.ones(len(classes)), 80)
    probabilities[np.arange(80), labels] += 0.2
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    run = start_run("[/] $$x$$", classes)
    rows = ClassRows(labels, probabilities.argmax(axis=1), len(classes), probabilities)
    scores, ranked = score(rows, classes, loss=0.5), rows.ranked
    run.write_metrics({"train": scores, "validation": None, "test": scores})
    run.write_table(names.HISTORY, ("epoch", "train_loss", "train_accuracy"), [(1, 1.5, 0.25), (2, 1.0, 0.5)])
    matrix = confusion_matrix(labels, probabilities.argmax(axis=1), len(classes))
    run.write_artifacts([tables.confusion(classes, matrix)])
    curves = tables.curves(roc_curves(ranked, classes), pr_curves(ranked, classes))
    run.write_artifacts(curves)
    run.write_artifacts(
        [tables.calibration(diagram_bins([confidences(labels, probabilities)]), positive_only=False)]
    )
    return run


def with_two_figures(run: OpenRun) -> OpenRun:
    """The measured run without what the slow figures are drawn from."""
    for name in (names.CONFUSION_MATRIX, names.ROC_CURVE, names.PR_CURVE):
        (run.path / name).unlink()
    return run


@pytest.mark.parametrize("is_ensemble", [True, False])
def test_titles_tell_the_ensemble_of_a_search_from_its_winner(
    measured_run: OpenRun, monkeypatch: pytest.MonkeyPatch, is_ensemble: bool
) -> None:
    if is_ensemble:
        selection = {"metric": "accuracy", "rounds": 2, "kept": 1, "candidates": 1, "trials": []}
        measured_run.record({"selection": selection})
    titles = []

    def record(*arguments: Any, title: str, **options: Any) -> Figure:
        titles.append(title)
        return Figure()

    for name in (
        "confusion.confusion_matrix_figure", "curves.roc_figure", "curves.pr_figure",
        "calibration.reliability_figure",
    ):  # fmt: skip
        monkeypatch.setattr(f"fnnctl.plots.{name}", record)
    draw_figures(measured_run)
    assert [title.endswith(" of the ensemble on the test part") for title in titles] == [is_ensemble] * 4


def test_figures_can_be_deleted_and_drawn_again(
    start_run: Callable[..., OpenRun], hostile_classes: tuple[str, ...]
) -> None:
    run = RunFolder(measured(start_run, hostile_classes).path)
    figures = draw_figures(run)
    assert list(figures) == figures_by_records(run.path)
    assert {*figures} >= CLASSIFICATION_FIGURES
    first = [(run.path / name).read_bytes() for name in figures]
    assert all(content.startswith(b"\x89PNG\r\n") for content in first)
    for name in figures:
        (run.path / name).unlink()
    draw_figures(run)
    assert [(run.path / name).read_bytes() for name in figures] == first


def test_areas_are_those_of_the_metrics(measured_run: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[PlottedCurve] = []

    def recorded(*arguments: Any) -> PlottedCurve:
        drawn.append(PlottedCurve(*arguments))
        return drawn[-1]

    monkeypatch.setattr("fnnctl.plots.curves.PlottedCurve", recorded)
    draw_figures(measured_run)
    scores = (measured_run.read_metrics() or {})["test"]
    assert [curve.area for curve in drawn] == [
        area
        for metric in ("roc_auc", "average_precision")
        for area in (
            *(of_class[metric] for of_class in scores["per_class"].values()),
            scores[f"{metric}_micro"],
            scores[f"{metric}_macro"],
        )
    ]


@pytest.mark.parametrize(("positive", "name"), [(None, "yes"), (1, "yes"), (0, "no")])
def test_of_two_classes_the_positive_one_is_drawn(
    start_run: Callable[..., OpenRun], monkeypatch: pytest.MonkeyPatch, positive: int | None, name: str
) -> None:
    run = measured(start_run, ("no", "yes"))
    run.record({"model": {"layers": [3, 2], "parameters": 8, "positive": positive}})
    drawn: dict[str, Any] = {}

    def roc(curves: list[PlottedCurve], *, title: str) -> Figure:
        drawn["roc"] = (curves, title)
        return Figure()

    def pr(curves: list[PlottedCurve], *, title: str, prevalence: float) -> Figure:
        drawn["pr"] = (curves, prevalence)
        return Figure()

    monkeypatch.setattr("fnnctl.plots.curves.roc_figure", roc)
    monkeypatch.setattr("fnnctl.plots.curves.pr_figure", pr)
    draw_figures(run)
    scores = (run.read_metrics() or {})["test"]
    of_class = scores["per_class"][name]
    (roc_curve,), title = drawn["roc"]
    assert (roc_curve.label, roc_curve.area) == (name, of_class["roc_auc"])
    assert title == "[/] $$x$$: ROC curve on the test part"
    (pr_curve,), prevalence = drawn["pr"]
    assert (pr_curve.label, pr_curve.area) == (name, of_class["average_precision"])
    assert prevalence == of_class["support"] / 80


def test_of_two_classes_one_of_which_has_no_rows_there_is_what_can_be_drawn(
    start_run: Callable[..., OpenRun],
) -> None:
    run = start_run(classes=("no", "yes"))
    labels, probabilities = np.zeros(9, np.intp), np.full((9, 2), 0.5)
    ranked = rank_part(labels, probabilities)
    run.write_artifacts(tables.curves(roc_curves(ranked, ("no", "yes")), pr_curves(ranked, ("no", "yes"))))
    assert draw_figures(run) == ("roc_curve.png", "pr_curve.png")


def test_the_calibration_error_is_that_of_the_metrics(
    measured_run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[float] = []

    def recorded(bins: object, *, error: float, positive: str | None, title: str) -> Figure:
        assert positive is None  # there are more than two classes
        drawn.append(error)
        return Figure()

    monkeypatch.setattr("fnnctl.plots.calibration.reliability_figure", recorded)
    draw_figures(measured_run)
    scores = (measured_run.read_metrics() or {})["test"]
    assert drawn == [scores["expected_calibration_error"]]


@pytest.mark.parametrize(("positive", "name", "chosen"), [(0, "no", 0.25), (1, "yes", None)])
def test_the_rates_at_each_threshold_are_those_of_the_positive_class(
    start_run: Callable[..., OpenRun],
    monkeypatch: pytest.MonkeyPatch,
    positive: int,
    name: str,
    chosen: float | None,
) -> None:
    run, drawn = measured(start_run, ("no", "yes")), []
    run.record({"model": {"layers": [3, 2], "parameters": 8, "positive": positive}})
    scores = (run.read_metrics() or {})["test"]
    run.write_metrics({"test": scores if chosen is None else {**scores, "threshold": chosen}})
    thresholds = np.array([0.25, 0.5])
    rates = trade_offs(np.array([True, False]), np.array([0.9, 0.3]), thresholds)
    run.write_artifacts([tables.trade_offs(rates)])

    def recorded(columns: dict[str, list[float]], **details: object) -> Figure:
        drawn.append((columns["threshold"], details))
        return Figure()

    monkeypatch.setattr("fnnctl.plots.thresholds.trade_offs_figure", recorded)
    assert "threshold.png" in draw_figures(run)
    title = "[/] $$x$$: rates at each threshold on the test part"
    assert drawn == [([0.25, 0.5], {"positive": name, "chosen": chosen, "title": title, "how": "used here"})]


def test_only_what_was_measured_is_drawn(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    assert draw_figures(run) == ()
    run.write_table(names.HISTORY, ("epoch", "train_loss"), [])
    assert draw_figures(run) == ()
    run.write_table(names.HISTORY, ("epoch", "train_loss"), [(1, 0.5)])
    assert draw_figures(run) == ("learning_curve.png",)


def test_reading_a_report_does_not_import_matplotlib() -> None:
    modules = "fnnctl.report.formats.terminal, fnnctl.report.figures.drawing"
    code = f"import sys, {modules}; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
