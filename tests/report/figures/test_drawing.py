from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fnnctl.metrics.curves import pr_curves, roc_curves
from fnnctl.metrics.decisions import trade_offs
from fnnctl.metrics.ranking import rank_part
from fnnctl.report.figures.drawing import draw_figures
from fnnctl.store import names
from fnnctl.store.run import OpenRun
from fnnctl.tasks.classification import tables
from tests.figures import CLASSIFICATION_FIGURES, figures_by_records
from tests.report.figures.conftest import Calls, taken

MeasuredRun = Callable[..., OpenRun]
CallsOf = Callable[[str], Calls]
NAME = "[/] $$x$$"


@pytest.mark.parametrize("is_ensemble", [True, False])
def test_titles_tell_the_ensemble_of_a_search_from_its_winner(
    measured_run: MeasuredRun, calls_of: CallsOf, is_ensemble: bool
) -> None:
    run = measured_run()
    if is_ensemble:
        selection = {"metric": "accuracy", "rounds": 2, "kept": 1, "candidates": 1, "trials": []}
        run.record({"selection": selection})
    functions = ("confusion.confusion_matrix_figure", "curves.roc_figure", "curves.pr_figure")
    calls = [calls_of(name) for name in (*functions, "calibration.reliability_figure")]
    draw_figures(run)
    titles = [options["title"] for ((_, options),) in calls]
    assert [title.endswith(" of the ensemble on the test part") for title in titles] == [is_ensemble] * 4


def test_figures_can_be_deleted_and_drawn_again(measured_run: MeasuredRun) -> None:
    """`test_drawer` draws classes with hostile names."""
    run = measured_run()
    figures = draw_figures(run)
    assert list(figures) == figures_by_records(run.path)
    assert {*figures} >= CLASSIFICATION_FIGURES
    first = taken(run)
    assert all(content.startswith(b"\x89PNG\r\n") for content in first.values())
    draw_figures(run)
    assert taken(run) == first


def test_areas_and_the_calibration_error_are_those_of_the_metrics(
    measured_run: MeasuredRun, calls_of: CallsOf
) -> None:
    run, roc, pr = measured_run(), calls_of("curves.roc_figure"), calls_of("curves.pr_figure")
    calibration = calls_of("calibration.reliability_figure")
    draw_figures(run)
    scores = (run.read_metrics() or {})["test"]
    for (((curves,), _),), metric in ((roc, "roc_auc"), (pr, "average_precision")):
        of_classes = [of_class[metric] for of_class in scores["per_class"].values()]
        averages = [scores[f"{metric}_micro"], scores[f"{metric}_macro"]]
        assert [curve.area for curve in curves] == [*of_classes, *averages]
    ((_, options),) = calibration
    assert options["error"] == scores["expected_calibration_error"]
    assert options["positive"] is None, "there are more than two classes"


@pytest.mark.parametrize(("positive", "name"), [(None, "yes"), (1, "yes"), (0, "no")])
def test_of_two_classes_the_positive_one_is_drawn(
    measured_run: MeasuredRun, calls_of: CallsOf, positive: int | None, name: str
) -> None:
    run, roc, pr = measured_run(("no", "yes")), calls_of("curves.roc_figure"), calls_of("curves.pr_figure")
    run.record({"model": {"layers": [3, 2], "parameters": 8, "positive": positive}})
    draw_figures(run)
    of_class = (run.read_metrics() or {})["test"]["per_class"][name]
    ((((curve,),), options),) = roc
    assert (curve.label, curve.area) == (name, of_class["roc_auc"])
    assert options["title"] == f"{NAME}: ROC curve on the test part"
    ((((curve,),), options),) = pr
    assert (curve.label, curve.area) == (name, of_class["average_precision"])
    assert options["prevalence"] == of_class["support"] / 80


def test_of_two_classes_one_of_which_has_no_rows_there_is_what_can_be_drawn(
    start_run: Callable[..., OpenRun],
) -> None:
    run, classes = start_run(classes=("no", "yes")), ("no", "yes")
    ranked = rank_part(np.zeros(9, np.intp), np.full((9, 2), 0.5))
    run.write_artifacts(tables.curves(roc_curves(ranked, classes), pr_curves(ranked, classes)))
    assert draw_figures(run) == ("roc_curve.png", "pr_curve.png")


@pytest.mark.parametrize(("positive", "name", "chosen"), [(0, "no", 0.25), (1, "yes", None)])
def test_the_rates_at_each_threshold_are_those_of_the_positive_class(
    measured_run: MeasuredRun, calls_of: CallsOf, positive: int, name: str, chosen: float | None
) -> None:
    run, calls = measured_run(("no", "yes"), few=True), calls_of("thresholds.trade_offs_figure")
    run.record({"model": {"layers": [3, 2], "parameters": 8, "positive": positive}})
    scores = (run.read_metrics() or {})["test"]
    run.write_metrics({"test": scores if chosen is None else {**scores, "threshold": chosen}})
    rates = trade_offs(np.array([True, False]), np.array([0.9, 0.3]), np.array([0.25, 0.5]))
    run.write_artifacts([tables.trade_offs(rates)])
    assert "threshold.png" in draw_figures(run)
    (((columns,), options),) = calls
    assert columns["threshold"] == [0.25, 0.5]
    title = f"{NAME}: rates at each threshold on the test part"
    assert options == {"positive": name, "chosen": chosen, "title": title, "how": "used here"}


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
