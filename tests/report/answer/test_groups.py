from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fnnctl.report.answer.groups import worst_groups
from fnnctl.report.summary import summarize
from fnnctl.store.run import OpenRun


def of_class(f1: float | None) -> dict[str, Any]:
    return {"precision": 0.5, "recall": 0.25, "f1": f1, "roc_auc": None, "support": 10}


def test_the_lowest_f1_come_first_and_perfect_or_unknown_ones_never(
    start_run: Callable[..., OpenRun],
) -> None:
    run = start_run()
    classes = {"good": 1.0, "fair": 0.9, "poor": 0.2, "absent": None, "bad": 0.5, "tied": 0.5}
    per_class = {name: of_class(f1) for name, f1 in classes.items()}
    run.write_metrics({"train": None, "validation": None, "test": {"per_class": per_class}})
    found = worst_groups(summarize(run), "test", 3)
    assert [group.name for group in found] == ["poor", "bad", "tied"]
    assert found[0].metrics == (
        ("F1", 0.2),
        ("precision", 0.5),
        ("recall", 0.25),
        ("ROC AUC", None),
        ("rows", 10),
    )
    assert found[0].predicted_as is None


def test_confused_classes_are_those_of_the_matrix(finished_run: Callable[..., OpenRun]) -> None:
    summary = summarize(finished_run())  # its matrix is [[0, 1], [2, 3]]
    setosa, versicolor = worst_groups(summary, "test", 3)
    assert (setosa.predicted_as, setosa.predicted_for) == (versicolor.predicted_for, versicolor.predicted_as)
    assert setosa.predicted_as is not None
    assert (setosa.predicted_as.predicted, setosa.predicted_as.rows) == ("versicolor", 1)
    assert worst_groups(summary, "train", 3)[0].predicted_as is None  # the matrix is of the test part


def test_a_regression_has_no_groups(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.record({"data": {**run.read_manifest().model_dump()["data"], "task": "regression"}})
    run.write_metrics({"train": None, "validation": None, "test": {"r2": 0.5}})
    assert worst_groups(summarize(run), "test", 3) == []
