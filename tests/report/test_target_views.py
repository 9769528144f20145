from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fnnctl.metrics.feature_importance import FeatureImportances
from fnnctl.report.figures.errors_figure import correlations
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.target_views import target_views
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun

PRICES = "row,target,prediction\n0,2,1\n1,4,2\n2,6,3\n3,1,1\n"  # errors 1, 2, 3, 0
GRADES = "row,label,prediction,p_a,p_b\n0,a,a,0.75,0.25\n1,b,a,0.5,0.5\n2,a,b,0.25,0.75\n"  # 0.25, 0.5, 0.75


@pytest.fixture
def several(start_run: Callable[..., OpenRun]) -> Summary:
    run = start_run()
    of_targets = {"price": {"r2": 0.5, "support": 4}, "grade": {"accuracy": 0.25, "support": 3}}
    run.write_metrics({"train": {"loss": 1.0}, "test": {"r2": 0.5, "targets": of_targets}})
    for folder, text in (("1-price", PRICES), ("2-grade", GRADES)):
        (run.path / "targets" / folder).mkdir(parents=True)
        (run.path / "targets" / folder / "predictions.csv").write_text(text, encoding="utf-8")
    summary = summarize(RunFolder(run.path))
    data = summary.manifest.data
    assert data is not None
    targets = [
        {"name": "price", "task": "regression"},
        {"name": "grade", "task": "classification", "classes": ["a", "b"]},
    ]
    facts = {**data.model_dump(), "task": "several", "classes": [], "targets": targets}
    manifest = summary.manifest.with_facts({"data": facts})
    return type(summary)(
        summary.path, manifest, alive=False, metrics=summary.metrics, confusion=None, epochs=None, files=()
    )


def test_a_target_is_seen_as_a_run_of_its_own(several: Summary) -> None:
    price, grade = target_views(RunFolder(several.path), several)
    assert (price.name, price.folder) == ("price", "targets/1-price")
    assert price.summary.part_metrics("test") == {"r2": 0.5, "support": 4}
    assert grade.summary.task_report.tasks == ("classification",)
    assert grade.summary.positive_class == "b"


def test_a_view_has_the_importances_for_its_target(several: Summary) -> None:
    one = FeatureImportances("test", 7, 10, ())
    views = target_views(
        RunFolder(several.path), replace(several, importances=replace(one, of_targets={"grade": one}))
    )
    assert [view.summary.importances for view in views] == [None, one]


def test_errors_are_compared_in_the_rows_that_have_both_targets(several: Summary) -> None:
    targets, matrix = correlations(RunFolder(several.path), several)
    assert targets == ["price", "grade"]
    assert matrix[0][1] == pytest.approx(1.0)  # errors 1, 2, 3 and 0.25, 0.5, 0.75
