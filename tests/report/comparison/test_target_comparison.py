from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, hamming_loss

from fnnctl.errors import UsageError
from fnnctl.report.blocks import Table
from fnnctl.report.comparison.compared_run import default_metric
from fnnctl.report.comparison.comparison import RunComparison, compare_runs
from fnnctl.report.comparison.shown import document, to_json, verdicts
from fnnctl.report.comparison.target_comparison import TargetComparison, compare
from fnnctl.report.gates import not_worse_result
from fnnctl.store.documents import to_json as json_text
from fnnctl.store.folder import RunFolder
from tests.report.comparison.written import write_run

ROWS = 60
NOISE = {"price": 0.2, "days": 0.9, "age": 1.3}
TRUTHS = np.random.default_rng(0).normal(size=(3, ROWS))
GRADES = np.random.default_rng(1).integers(0, 2, ROWS)


def write_targets(
    folder: Path, name: str, factors: Sequence[float], hits: float, *, order: Sequence[int] = (0, 1, 2, 3)
) -> RunFolder:
    """A run with three numbers, whose noise has these factors, and a class; every fifth row has no price."""
    rng = np.random.default_rng(len(name))
    targets: list[dict[str, Any]] = []
    metrics: dict[str, Any] = {}
    artifacts = []
    for index, (target, factor) in enumerate(zip(NOISE, factors, strict=True)):
        rows = np.flatnonzero(np.arange(ROWS) % 5 > 0) if target == "price" else np.arange(ROWS)
        truth = TRUTHS[index, rows]
        predicted = truth + factor * NOISE[target] * rng.normal(size=len(rows))
        r2 = float(1 - np.sum((truth - predicted) ** 2) / np.sum((truth - truth.mean()) ** 2))
        lines = [
            f"{row},{true!r},{value!r}"
            for row, true, value in zip(rows, truth.tolist(), predicted.tolist(), strict=True)
        ]
        targets.append({"name": target, "task": "regression"})
        metrics[target] = {"r2": r2}
        artifacts.append("\n".join(["row,target,prediction", *lines, ""]))
    right = rng.random(ROWS) < hits
    predicted_grades = np.where(right, GRADES, 1 - GRADES)
    lines = [
        f"{row},{'ab'[label]},{'ab'[guess]},{1 - guess},{guess}"
        for row, (label, guess) in enumerate(zip(GRADES.tolist(), predicted_grades.tolist(), strict=True))
    ]
    targets.append({"name": "grade", "task": "classification", "classes": ["a", "b"]})
    metrics["grade"] = {"accuracy": float(right.mean())}
    artifacts.append("\n".join(["row,label,prediction,p_a,p_b", *lines, ""]))
    named = [(targets[index], artifacts[index]) for index in order]
    files = [
        (f"targets/{number}-{target['name']}/predictions.csv", iter([text]))
        for number, (target, text) in enumerate(named, start=1)
    ]
    mean = float(np.mean([metrics[target]["r2"] for target in NOISE]))
    test = {"loss": 1.0, "r2": mean, "accuracy": metrics["grade"]["accuracy"], "targets": metrics}
    facts = {"task": "several", "classes": [], "target": "", "targets": [target for target, _ in named]}
    return write_run(folder, name, kind="train", metrics={"test": test}, artifacts=files, data=facts)


@pytest.fixture
def runs(tmp_path: Path) -> list[RunFolder]:
    return [write_targets(tmp_path, "a", (1, 1, 1), 0.9), write_targets(tmp_path, "bb", (2.5, 1.5, 1), 0.6)]


def compared(runs: Sequence[RunFolder]) -> TargetComparison:
    comparison = compare(runs)
    assert isinstance(comparison, TargetComparison)
    return comparison


def test_p_of_all_targets_is_corrected_by_holm(runs: list[RunFolder]) -> None:
    """The i-th smallest of m is multiplied by m − i, from i = 0, and none is below a smaller one's."""
    names = ["targets.price.r2", "targets.days.r2", "targets.age.r2", "targets.grade.accuracy"]
    alone = [compare_runs(runs, name).pairs[0].test.difference.p for name in names]
    wanted, largest = dict.fromkeys(names, 0.0), 0.0
    for step, index in enumerate(sorted(range(4), key=alone.__getitem__)):
        largest = max(largest, min(1.0, (4 - step) * alone[index]))
        wanted[names[index]] = largest
    assert {each.metric: each.pairs[0].p_holm for _, each in compared(runs).targets} == pytest.approx(wanted)
    assert len({*alone}) == 4


def test_pairs_of_three_runs_are_corrected_with_the_targets(tmp_path: Path, runs: list[RunFolder]) -> None:
    comparison = compared([*runs, write_targets(tmp_path, "ccc", (1, 1, 2), 0.8)])
    assert {each.tests for _, each in comparison.targets} == {12}
    assert [each.tests for _, each in comparison.means] == [3]


def test_the_mean_is_that_of_one_kind_on_rows_that_have_any_target(runs: list[RunFolder]) -> None:
    ((count, mean),) = compared(runs).means
    of_targets = [
        each.pairs[0].test.difference.value for name, each in compared(runs).targets if name != "grade"
    ]
    (pair,) = mean.pairs
    assert (count, mean.metric, pair.test.count) == (3, "r2", ROWS)
    assert pair.test.difference.value == pytest.approx(np.mean(of_targets))
    low, high = pair.test.difference.ci95 or (1.0, 0.0)
    assert low < pair.test.difference.value < high
    assert pair.p_holm == pair.test.difference.p


def test_targets_may_be_in_another_order(tmp_path: Path, runs: list[RunFolder]) -> None:
    turned = write_targets(tmp_path, "bb", (2.5, 1.5, 1), 0.6, order=(3, 1, 0, 2))
    wanted, found = compared(runs), compared([runs[0], turned])
    for (name, each), (_, other) in zip(wanted.targets, found.targets, strict=True):
        assert each.pairs[0].test == other.pairs[0].test, name
    assert found.means[0][1].pairs == wanted.means[0][1].pairs


def test_other_targets_are_named(tmp_path: Path, runs: list[RunFolder]) -> None:
    other = write_targets(tmp_path, "x", (1, 1, 1), 0.9, order=(0, 1, 3))
    with pytest.raises(UsageError, match=r"only one of them has the target 'age'$"):
        compare([runs[0], other])
    shared = compare([runs[0], other], "targets.price.r2")
    assert shared.runs[0].value == compare(runs, "targets.price.r2").runs[0].value


@pytest.mark.parametrize("metric", ["subset_accuracy", "hamming_loss", "f1_micro", "f1_macro"])
def test_a_metric_of_labels_is_that_of_scikit_learn(tmp_path: Path, metric: str) -> None:
    rng = np.random.default_rng(3)
    truths, guesses = rng.integers(0, 2, (2, 40, 3))
    value = {
        "subset_accuracy": accuracy_score(truths, guesses),
        "hamming_loss": hamming_loss(truths, guesses),
        "f1_micro": f1_score(truths, guesses, average="micro"),
        "f1_macro": f1_score(truths, guesses, average="macro"),
    }[metric]
    written = []
    for name in ("a", "b"):
        files = []
        for label in range(3):
            lines = [
                f"{row},{truth},{guess},{1 - guess},{guess}"
                for row, (truth, guess) in enumerate(zip(truths[:, label], guesses[:, label], strict=True))
            ]
            text = "\n".join(["row,label,prediction,p_0,p_1", *lines, ""])
            files.append((f"targets/{label + 1}-l{label}/predictions.csv", iter([text])))
        targets = [{"name": f"l{k}", "task": "classification", "classes": ["0", "1"]} for k in range(3)]
        facts = {"task": "several", "classes": [], "target": "", "targets": targets}
        test = {"test": {metric: float(value)}}
        written.append(write_run(tmp_path, name, kind="train", metrics=test, artifacts=files, data=facts))
    comparison = compare(written, metric)
    assert isinstance(comparison, RunComparison)
    assert comparison.runs[0].value == pytest.approx(value)
    assert comparison.pairs[0].verdict == "tie"
    with pytest.raises(UsageError, match=r"accuracy, subset_accuracy, hamming_loss, f1_micro, targets\.l0"):
        compare(written, "zzz")


def test_the_sum_of_losses_is_not_compared(runs: list[RunFolder]) -> None:
    with pytest.raises(UsageError, match=r"'loss' cannot be compared.*r2, accuracy, targets\.price\.r2"):
        compare(runs, "loss")


def test_the_verdict_names_the_targets(runs: list[RunFolder]) -> None:
    first, mean = verdicts(compared(runs))
    assert first == (
        "A is better than B on 3 of 4 targets ('price', 'days' and 'grade'); they are tied on 1 ('age')."
    )
    assert mean.startswith("Mean R² of 3 targets: A is better than B by ")


def test_the_document_has_a_row_for_each_target_and_mean(runs: list[RunFolder]) -> None:
    blocks = document(compared(runs)).blocks
    tables = {block.title: block for block in blocks if isinstance(block, Table)}
    assert [row[0] for row in tables["Targets"].rows] == ["price", "days", "age", "grade", "mean R²"]
    assert [row[0] for row in tables["Differences, A − B"].rows] == [
        "price", "days", "age", "grade", "mean R²",
    ]  # fmt: skip
    assert tables["Differences, A − B"].rows[-1][-1] == "–"  # a question of its own, without a correction


def test_json_has_the_target_in_each_entry(runs: list[RunFolder]) -> None:
    content = json.loads(json_text(to_json(compared(runs))))
    assert [entry["target"] for entry in content["comparisons"]] == ["price", "days", "age", "grade"]
    assert content["comparisons"][3]["metric"] == "targets.grade.accuracy"
    assert [(mean["targets"], mean["metric"], len(mean["comparisons"])) for mean in content["means"]] == [
        (3, "r2", 1)
    ]
    assert [entry["run"] for entry in content["scores"][:2]] == [str(run.path) for run in runs]


def test_a_gate_takes_a_target_or_a_mean(runs: list[RunFolder]) -> None:
    best, worse = runs
    assert not not_worse_result(worse, best, "targets.price.r2").passed
    assert not_worse_result(best, worse, "r2").passed
    with pytest.raises(UsageError, match=r"--metric is missing: .* choose one of r2, accuracy, targets\."):
        default_metric(best)
