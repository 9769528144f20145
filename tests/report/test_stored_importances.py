from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fnnctl.errors import DataError
from fnnctl.metrics.feature_importance import ColumnImportance, Estimate, FeatureImportances
from fnnctl.report.stored_importances import importance_columns, read_importances, write_importances
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun

IMPORTANCES = FeatureImportances(
    "validation",
    30,
    10,
    (
        ColumnImportance(
            "=a,\n\"b'", {"r2": Estimate(0.1 + 0.2, 0.25, [-1e-300, 1e300]), "rmse": None}, ("x", -1 / 3)
        ),
        ColumnImportance("x", {"r2": Estimate(0.0, 0.0, None), "rmse": None}, ("=a", 0.5)),
        ColumnImportance("日本", {"r2": None, "rmse": Estimate(-1 / 3, 1.0, [-1.0, 1.0])}),
    ),
)


def test_what_is_written_is_read_back(finished_run: Callable[..., OpenRun]) -> None:
    run = finished_run()
    assert read_importances(run) is None
    write_importances(run, IMPORTANCES)
    assert read_importances(run) == IMPORTANCES
    write_importances(run, replace(IMPORTANCES, part="test"))
    assert read_importances(run) == replace(IMPORTANCES, part="test")
    header = (run.path / names.FEATURE_IMPORTANCE).read_text().splitlines()[0]
    assert header == (
        "column,r2,r2_std,r2_ci95_low,r2_ci95_high,rmse,rmse_std,rmse_ci95_low,rmse_ci95_high,"
        "correlated_with,correlation,part,rows,repeats"
    )


def of_metric(metric: str, means: dict[str, float]) -> FeatureImportances:
    columns = tuple(
        ColumnImportance(name, {metric: Estimate(mean, 0.5, [0.0, 2.0])}) for name, mean in means.items()
    )
    return FeatureImportances("test", 7, 10, columns)


def test_the_importances_for_a_target_are_in_its_folder(finished_run: Callable[..., OpenRun]) -> None:
    """The folder is made. The loss is read back, too."""
    run, together, price = finished_run(), of_metric("loss", {"a": 1.0}), of_metric("r2", {"a": 0.5})
    of_price = RunFolder(run.path / "targets" / "1-price")
    write_importances(run, together)
    write_importances(of_price, price)
    assert read_importances(run) == together
    assert read_importances(of_price) == price


def test_the_columns_of_targets_are_in_the_order_of_all() -> None:
    of_targets = {"a.b": of_metric("r2", {"y": 4.0, "x": 3.0})}
    columns = importance_columns(replace(of_metric("loss", {"x": 2.0, "y": 1.0}), of_targets=of_targets))
    assert (columns["column"], columns["loss"], columns["targets.a.b.r2"]) == (["x", "y"], [2, 1], [3, 4])
    assert [name for name in columns if name.startswith("targets.")] == [
        f"targets.a.b.r2{end}" for end in ("", "_std", "_ci95_low", "_ci95_high")
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("r2_std", "r2_dev"),
        lambda text: text.splitlines()[0] + "\n",
        lambda text: text.replace("0.25", "much"),
        lambda text: text + "x,1\n",
    ],
)
def test_a_damaged_file_is_named(finished_run: Callable[..., OpenRun], change: Callable[[str], str]) -> None:
    run = finished_run()
    write_importances(run, IMPORTANCES)
    file = run.path / names.FEATURE_IMPORTANCE
    file.write_text(change(file.read_text()))
    with pytest.raises(DataError, match=f"{names.FEATURE_IMPORTANCE}: is damaged"):
        read_importances(run)
