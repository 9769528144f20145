"""Metrics of groups and their differences, from numbers that are worked out by hand or by SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.groupings import RowGroups
from fnnctl.metrics.stored import DIFFERENCE, GROUPS
from fnnctl.nn.shape import OutputShape
from fnnctl.store import names
from fnnctl.tasks.classification.scores import ClassScores, class_scores
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.decoder import OutputDecoder, TargetScale
from fnnctl.tasks.group_metrics import GroupedRows, group_metrics, group_table, with_groups
from fnnctl.tasks.regression.scores import EstimateScores, estimate_scores

CLASSES = ("no", "yes")


def classified(hits: IntArray, labels: IntArray | None = None) -> ClassScores:
    """Rows of which those that are hits are predicted with a probability of 0.8, the others with 0.2."""
    labels = np.arange(len(hits)) % 2 if labels is None else labels
    positive = np.where(hits == labels, 0.8, 0.2)
    scores = np.log(np.stack([1 - positive, positive], axis=1))
    decoder = OutputDecoder(OutputShape(2, "softmax"), (0.5, 0.5), decision=Decision(1))
    return class_scores(CLASSES, np.arange(len(hits)), labels, [scores], decoder)


def estimated(errors: FloatArray) -> EstimateScores:
    targets = np.arange(len(errors), dtype=np.float64)
    decoder = OutputDecoder(OutputShape(1, "squared"), (0.0,), TargetScale(0.0, 1.0))
    return estimate_scores(np.arange(len(errors)), targets, [(targets + errors)[:, None]], decoder, seed=0)


def by(sizes: dict[str, int], column: str = "region") -> RowGroups:
    return RowGroups(column, tuple(sizes), np.repeat(np.arange(len(sizes)), [*sizes.values()]))


def measured(
    part: ClassScores | EstimateScores, *columns: RowGroups, dependent: IntArray | None = None
) -> Any:
    return group_metrics([(part, GroupedRows(columns, dependent))])[GROUPS]


def hits_of(*counts: tuple[int, int]) -> IntArray:
    """For each group, so many hits among so many rows."""
    return np.concatenate([np.arange(rows) < hits for hits, rows in counts]).astype(np.intp)


EIGHT = {f"r{number}": 40 for number in range(8)}


def test_a_group_has_the_metrics_of_its_rows_and_fishers_test_with_holms_correction() -> None:
    """Seven groups have 36 hits among 40 rows, one has 20."""
    groups = measured(classified(hits_of(*[(36, 40)] * 7, (20, 40))), by(EIGHT))["region"]
    assert [*groups] == [*EIGHT]
    assert [group["accuracy"] for group in groups.values()] == [0.9] * 7 + [0.5]
    assert {group["support"] for group in groups.values()} == {40}
    bad, good = (groups[name][DIFFERENCE]["accuracy"] for name in ("r7", "r0"))
    p = [stats.fisher_exact([[hits, 40 - hits], [272 - hits, 8 + hits]]).pvalue for hits in (20, 36)]
    assert (bad["value"], good["value"]) == (pytest.approx(0.5 - 252 / 280), pytest.approx(0.9 - 236 / 280))
    assert [bad["p"], good["p"]] == pytest.approx(p, rel=1e-6)
    assert (bad["p_holm"], good["p_holm"]) == (pytest.approx(8 * p[0], rel=1e-6), 1.0)
    assert bad["ci95"][0] < bad["value"] < bad["ci95"][1] < 0


def test_metrics_without_an_interval_get_one() -> None:
    group = measured(classified(hits_of((36, 40), (20, 40))), by({"a": 40, "b": 40}))["region"]["a"]
    assert set(group[DIFFERENCE]) == {"accuracy", "balanced_accuracy", "f1", "log_loss", "roc_auc"}
    for name in group[DIFFERENCE]:
        low, high = group[f"{name}_ci95"]
        assert low <= group[name] <= high
    assert group["loss"] == pytest.approx(-(36 * np.log(0.8) + 4 * np.log(0.2)) / 40)


def test_two_groups_are_one_test_and_a_single_group_is_none() -> None:
    part = classified(hits_of((36, 40), (30, 40)))
    columns = measured(part, by({"a": 40, "b": 40}), by({"all": 80}, "year"))
    a, b = (columns["region"][name][DIFFERENCE] for name in "ab")
    p = stats.fisher_exact([[36, 4], [30, 10]]).pvalue
    assert a["accuracy"]["p_holm"] == b["accuracy"]["p_holm"] == pytest.approx(p, rel=1e-6)
    for metric, difference in a.items():
        assert b[metric]["value"] == -difference["value"]
        assert b[metric]["p"] == difference["p"]
    assert columns["year"]["all"][DIFFERENCE] == {}


def test_all_groups_of_all_columns_count_for_the_correction() -> None:
    part = classified(hits_of((36, 40), (30, 40)))
    other = RowGroups("half", ("even", "odd"), np.arange(80) % 2)
    alone = measured(part, by({"a": 40, "b": 40}))["region"]["a"][DIFFERENCE]["accuracy"]
    both = measured(part, by({"a": 40, "b": 40}), other)["region"]["a"][DIFFERENCE]["accuracy"]
    assert both["p"] == alone["p"]
    assert both["p_holm"] == 2 * alone["p_holm"]


def test_a_metric_that_a_group_lacks_is_not_tested() -> None:
    """A group with a single class has no ROC AUC."""
    labels = np.array([1] * 20 + [0, 1] * 20)
    groups = measured(classified(hits_of((15, 20), (30, 40)), labels), by({"a": 20, "b": 40}))["region"]
    assert groups["a"]["roc_auc"] is None
    assert "roc_auc" not in {**groups["a"][DIFFERENCE], **groups["b"][DIFFERENCE]}


def test_numbers_are_compared_by_bootstraps() -> None:
    """Errors of 1 and 3 in turn, in one group ten times as large."""
    errors = np.tile([1.0, 3.0], 40) * np.repeat([1, 10], 40)
    groups = measured(estimated(errors), by({"small": 40, "large": 40}))["region"]
    assert (groups["small"]["mae"], groups["large"]["mae"]) == (2.0, 20.0)
    assert groups["small"]["loss"] == pytest.approx(0.5 * (1 + 9) / 2)
    difference = groups["large"][DIFFERENCE]["mae"]
    assert difference["value"] == 18.0
    assert difference["ci95"][0] < 18.0 < difference["ci95"][1]
    assert difference["p_holm"] < 0.001
    # R² falls with the error, and its interval is the one of the part's metrics
    assert groups["large"][DIFFERENCE]["r2"]["value"] < 0
    assert groups["large"]["r2_ci95"] is not None


def test_of_repeats_the_means_are_given_and_twice_the_mean_p() -> None:
    first, second = (classified(hits_of((hits, 40), (30, 40))) for hits in (36, 38))
    rows = GroupedRows([by({"a": 40, "b": 40})])
    together = group_metrics([(first, rows), (second, rows)])[GROUPS]["region"]["a"]
    alone = [measured(part, *rows.columns)["region"]["a"] for part in (first, second)]
    assert together["accuracy"] == pytest.approx(0.925)
    assert together["support"] == 40
    expected = [group[DIFFERENCE]["accuracy"] for group in alone]
    assert together[DIFFERENCE]["accuracy"]["value"] == pytest.approx(np.mean([e["value"] for e in expected]))
    assert together[DIFFERENCE]["accuracy"]["p"] == pytest.approx(2 * np.mean([e["p"] for e in expected]))


def test_dependent_rows_are_resampled_together() -> None:
    """Ten rows of a patient are all right or all wrong: that is one observation, not ten."""
    hits = np.repeat(hits_of((7, 8), (4, 8)), 10)
    columns = by({"a": 80, "b": 80})
    alone = measured(classified(hits), columns)["region"]["a"][DIFFERENCE]
    patients = measured(classified(hits), columns, dependent=np.repeat(np.arange(16), 10))
    together = patients["region"]["a"][DIFFERENCE]
    assert alone["accuracy"]["p"] < 0.001
    assert together["accuracy"]["p"] > 0.02
    assert together["accuracy"]["value"] == pytest.approx(alone["accuracy"]["value"])
    assert "roc_auc" not in together


def test_the_table_has_a_row_per_group_and_tested_metric() -> None:
    part = classified(hits_of((36, 40), (20, 40)))
    metrics = with_groups(part, GroupedRows([by({"a": 40, "b": 40})]))
    ((name, lines),) = group_table(metrics)
    header, *rows = "".join(lines).splitlines()
    assert name == names.GROUPS
    assert header.startswith("column,group,rows,metric,value,low,high,difference,")
    assert [row.split(",")[:5] for row in rows[:2]] == [
        ["region", "a", "40", "accuracy", "0.9"],
        ["region", "a", "40", "balanced_accuracy", "0.9"],
    ]
    assert len(rows) == 10
    assert [*group_table(part.metrics())] == []
