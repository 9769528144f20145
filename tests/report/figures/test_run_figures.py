"""What figures of runs show, in words."""

from __future__ import annotations

from collections.abc import Callable

from fnnctl.metrics.feature_importance import ColumnImportance, Estimate, FeatureImportances
from fnnctl.report.figures.run_figures import RUN_FIGURES
from fnnctl.report.stored_importances import write_importances
from fnnctl.report.summary import summarize
from fnnctl.store.run import OpenRun


def words(name: str, run: OpenRun) -> str:
    (figure,) = (figure for figure in RUN_FIGURES if figure.file == name)
    return figure.in_words(summarize(run))


def test_scores_by_data_size(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    sizes = [
        {"rows": rows, "share": rows / 120, "train": {}, "accuracy": {"mean": mean, "ci95": None}}
        for rows, mean in ((12, 0.75), (60, None), (120, 0.9))
    ]
    run.write_metrics({"test": {"accuracy": 0.9}, "sizes": sizes})
    assert words("data_size.png", run) == (
        "Accuracy is 0.7500 with 12 training rows and 0.9000 with 120 training rows."
    )


def test_the_importance_of_columns(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    assert words("feature_importance.png", run) == ""
    columns = [
        ColumnImportance(name, {"log_loss": Estimate(mean, 0.1, None) if mean else None, "accuracy": None})
        for name, mean in (("a", 0.5), ("b", 0.25), ("c", None), ("d", 0.125))
    ]
    write_importances(run, FeatureImportances("test", 30, 10, tuple(columns)))
    assert words("feature_importance.png", run) == (
        "Log loss rises by 0.5000 if a is permuted and 0.2500 if b is permuted."
    )
