from __future__ import annotations

import json
from dataclasses import replace

from fnnctl.metrics.feature_importance import ColumnImportance, Estimate, FeatureImportances
from fnnctl.report.blocks import Notes, Table
from fnnctl.report.summary import Summary
from fnnctl.report.topics.feature_importance import importance, json_entries
from fnnctl.store.documents import to_json
from tests.report.searches import header
from tests.report.test_stored_importances import IMPORTANCES
from tests.report.topics.said import said, searched


def column(name: str, mean: float, low: float, partner: tuple[str, float] | None = None) -> ColumnImportance:
    estimates = {"log_loss": Estimate(mean, 0.1, [low, 2 * mean - low]), "accuracy": Estimate(0.125, 0, None)}
    return ColumnImportance(name, dict(estimates), partner)


SOME = FeatureImportances(
    "test",
    60,
    10,
    (
        column("bill", 0.5, 0.25, ("flipper", 0.95)),
        column("flipper", 0.25, 0.125, ("bill", 0.95)),
        column("wing", 0.125, 0.0625, ("bill", -0.91)),
        column("year", 0.0, -0.25),
    ),
)


def measured(importances: FeatureImportances | None) -> Summary:
    return replace(searched([header()]), importances=importances)


def rendered(importances: FeatureImportances) -> tuple[Table, str]:
    table, notes = said(importance, measured(importances)).values()
    assert isinstance(table, Table)
    assert isinstance(notes, Notes)
    return table, "\n".join(notes.rows)


def test_a_column_is_a_row() -> None:
    table, _ = rendered(SOME)
    assert table.title == "Importance of the columns on the test part"
    assert table.header == ("column", "log loss +", "95 % interval", "accuracy −")
    assert table.rows[0] == ("bill", "0.5000", "0.2500–0.7500", "0.1250")


def test_the_notes_say_what_users_would_misread() -> None:
    _, notes = rendered(SOME)
    assert "permuted (10 times, among 60 rows); ranked by log loss" in notes
    assert "1 of 4 columns cannot be told from zero: 'year'" in notes
    assert "'bill' with 'flipper' (0.95), 'wing' with 'bill' (-0.91)" in notes
    assert notes.count("'flipper'") == 1  # each pair once
    assert "by chance" not in notes
    assert "validation" not in notes


def test_few_words_if_there_is_nothing_to_misread() -> None:
    sound = replace(SOME, columns=(column("bill", 0.5, 0.25),))
    assert rendered(sound)[1].count("\n") == 0
    assert said(importance, measured(None)) == {}


def test_a_validation_part_is_named() -> None:
    table, notes = rendered(replace(SOME, part="validation"))
    assert table.title.endswith("on the validation part")
    assert "there is no test part" in notes


def test_many_columns_are_cut_and_some_seem_important_by_chance() -> None:
    many = tuple(column(f"c{j}", 0.5, 0.25 if j < 20 else -0.25) for j in range(1020))
    table, notes = rendered(replace(SOME, columns=many))
    assert len(table.rows) == 20
    assert table.title.endswith(": the first 20; feature_importance.csv has 1,000 more")
    assert "1,000 of 1,020 columns cannot be told from zero: 'c20', 'c21'" in notes
    assert "of 1,020 columns without effect, about 26 would seem important by chance" in notes


def test_the_json_object_has_null_for_what_does_not_exist() -> None:
    value = json_entries(measured(IMPORTANCES))
    assert json.loads(to_json(value)) == value
    first, second, third = value["feature_importance"]
    assert first["r2"] == {"mean": 0.1 + 0.2, "std": 0.25, "ci95": [-1e-300, 1e300]}
    assert (first["rmse"], first["correlated_with"], first["correlation"]) == (None, "x", -1 / 3)
    assert second["r2"]["ci95"] is None
    assert (third["column"], third["r2"], third["correlated_with"]) == ("日本", None, None)
    assert value["feature_importance_rows"] == {"part": "validation", "rows": 30, "repeats": 10}
    assert json_entries(measured(None)) == {}
