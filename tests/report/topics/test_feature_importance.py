from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fnnctl.metrics.feature_importance import ColumnImportance, Estimate, FeatureImportances
from fnnctl.report.summary import Summary
from fnnctl.report.topics.feature_importance import importance, json_entries
from fnnctl.store.documents import to_json
from fnnctl.store.manifest import DataFacts
from tests.messages import Messages
from tests.report.searches import header
from tests.report.test_stored_importances import IMPORTANCES
from tests.report.topics.said import said, searched, shown


def column(name: str, mean: float, low: float, partner: tuple[str, float] | None = None) -> ColumnImportance:
    estimates = {"log_loss": Estimate(mean, 0.1, [low, 2 * mean - low]), "accuracy": Estimate(0.125, 0, None)}
    return ColumnImportance(name, dict(estimates), partner)


COLUMNS = (
    column("bill", 0.5, 0.25, ("flipper", 0.95)),
    column("flipper", 0.25, 0.125, ("bill", 0.95)),
    column("wing", 0.125, 0.0625, ("bill", -0.91)),
    column("year", 0.0, -0.25),
)
SOME = FeatureImportances("test", 60, 10, COLUMNS)


def measured(importances: FeatureImportances | None) -> Summary:
    return replace(searched([header()]), importances=importances)


@pytest.mark.parametrize(
    "importances",
    [
        pytest.param(SOME, id="each pair of correlated columns is named once"),
        pytest.param(replace(SOME, columns=(column("bill", 0.5, 0.25),)), id="nothing to misread"),
        pytest.param(replace(SOME, part="validation"), id="validation"),
    ],
)
def test_the_section(messages: Messages, importances: FeatureImportances) -> None:
    messages.check(shown(importance(measured(importances))))


def test_the_first_columns_for_each_target(messages: Messages) -> None:
    """Those that can be told from zero."""
    loss = tuple(replace(each, estimates={"loss": each.estimates["log_loss"]}) for each in COLUMNS[:2])
    undecided = replace(SOME, columns=COLUMNS[3:])
    several = replace(SOME, columns=loss, of_targets={"grade": SOME, "the label": undecided})
    facts = {"name": "t", "source": "t.csv", "sha256": "", "target": "", "classes": [], "task": "several"}
    data = DataFacts(**facts, rows=9, numeric=1, categorical=0)
    summary = measured(several)
    manifest = summary.manifest.model_copy(update={"data": data})
    messages.check(shown(importance(replace(summary, manifest=manifest))))
    value = json_entries(measured(several))
    assert value["feature_importance_targets"]["grade"] == json_entries(measured(SOME))


def test_many_columns_are_cut_and_some_seem_important_by_chance(messages: Messages) -> None:
    many = tuple(column(f"c{j}", 0.5, 0.25 if j < 20 else -0.25) for j in range(1020))
    table, notes = said(importance, measured(replace(SOME, columns=many))).values()
    assert len(table.rows) == 20
    messages.check("\n".join([table.title, *notes.rows]))


def test_the_json_object_has_null_for_what_does_not_exist() -> None:
    value = json_entries(measured(IMPORTANCES))
    assert json.loads(to_json(value)) == value
    first, second, third = value["feature_importance"]
    assert first["r2"] == {"mean": 0.1 + 0.2, "std": 0.25, "ci95": [-1e-300, 1e300]}
    assert (first["rmse"], first["correlated_with"], first["correlation"]) == (None, "x", -1 / 3)
    assert second["r2"]["ci95"] is None
    assert (third["column"], third["r2"], third["correlated_with"]) == ("日本", None, None)
    assert value["feature_importance_rows"] == {"part": "validation", "rows": 30, "repeats": 10}


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert ([*importance(measured(None))], json_entries(measured(None))) == ([], {})
