from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from fnnctl.errors import UsageError
from fnnctl.report.gates import (
    GateResult,
    find_other_run,
    gate_lines,
    gate_results,
    gate_table,
    not_worse_result,
    parse_gates,
)
from fnnctl.report.summary import Summary, summarize
from fnnctl.store.run import OpenRun
from tests.messages import Messages
from tests.report.comparison.written import write_folds, write_part, write_regression
from tests.report.topics.said import shown

MISSED = GateResult(
    run="runs/a", name="accuracy", metric="accuracy", value=0.9, value_text="0.9000", threshold=0.95,
    condition="≥ 0.95", passed=False, message="accuracy is 0.9, wanted ≥ 0.95",
)  # fmt: skip


def test_json_has_what_scripts_read_and_the_details_of_the_kind_of_gate() -> None:
    plain = {"run": "runs/a", "metric": "accuracy", "value": 0.9, "threshold": 0.95, "passed": False}
    assert MISSED.to_dict() == plain
    assert replace(MISSED, details={"p": 0.01}).to_dict() == {**plain, "p": 0.01}


def test_lines_name_the_run_if_there_are_several() -> None:
    passed = replace(MISSED, run="runs/b", passed=True, message="accuracy is 0.96, wanted ≥ 0.95")
    assert (MISSED.result, passed.result) == ("missed", "passed")
    assert gate_lines([MISSED]) == ["missed: accuracy is 0.9, wanted ≥ 0.95"]
    assert gate_lines([MISSED, passed], only=[MISSED]) == ["missed: accuracy is 0.9, wanted ≥ 0.95 (runs/a)"]
    assert gate_lines([MISSED, passed])[1] == "passed: accuracy is 0.96, wanted ≥ 0.95 (runs/b)"


TEST = {
    "accuracy": 0.9,
    "accuracy_ci95": [0.8, 0.95],
    "loss": 0.3,
    "log_loss": 0.25,
    "loss_uncalibrated": 0.35,
    "brier_score": 0.15,
    "expected_calibration_error": 0.05,
    "expected_calibration_error_macro": 0.03,
    "maximum_calibration_error": 0.4,
    "expected_calibration_error_uncalibrated": 0.6,
    "roc_auc_macro": None,
    "support": 30,
    "per_class": {
        "setosa": {"recall": 1.0, "expected_calibration_error": 0.04},
        "a.b=c": {"recall": 0.5, "roc_auc": None},
        "loss": {"recall": 0.75},
    },
}


@pytest.fixture
def summary(start_run: Callable[..., OpenRun]) -> Summary:
    run = start_run()
    run.write_metrics({"train": {"accuracy": 1.0, "loss": 0.01}, "validation": None, "test": TEST})
    run.finish("completed", {"total": 1.0, "training": 0.5})
    return summarize(run)


def passed(summary: Summary, *texts: str) -> list[bool]:
    return [result.passed for result in gate_results(parse_gates(texts), summary)]


@pytest.mark.parametrize(
    ("metric", "passes", "misses"),
    [
        ("accuracy", "0.9", "0.91"),
        (" accuracy ", ".9", ".91"),
        ("accuracy", "9e-1", "+91e-2"),
        ("accuracy", "-1", "1"),
        ("test.accuracy", "0.89", "0.95"),
        ("train.accuracy", "1", "1.01"),
        ("loss", "0.3", "0.29"),
        ("train.loss", "0.02", "0"),
        ("log_loss", "0.25", "0.2"),
        ("loss_uncalibrated", "0.35", "0.34"),
        ("brier_score", "0.16", "0.14"),
        ("expected_calibration_error", "0.06", "0.04"),
        ("expected_calibration_error_macro", "0.03", "0.02"),
        ("expected_calibration_error_uncalibrated", "0.6", "0.59"),
        ("maximum_calibration_error", "0.5", "0.3"),
        ("per_class.setosa.expected_calibration_error", "0.05", "0.03"),
        ("support", "30", "31"),
        ("per_class.setosa.recall", "1", "2"),
        ("per_class.a.b=c.recall", "0.5", "0.51"),
        ("test.per_class.a.b=c.recall", "0.5", "0.51"),
        ("per_class.loss.recall", "0.7", "0.8"),
    ],
)
def test_gates(summary: Summary, metric: str, passes: str, misses: str) -> None:
    assert passed(summary, f"{metric}={passes}", f"{metric}={misses}") == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "acuracy=0.9",
        "per_class.setossa.recall=1",
        "accuracy_ci95=0.9",
        "per_class=0.9",
        "train=0.9",
        "roc_auc_macro=0.1",
        "per_class.a.b=c.roc_auc=0.1",
        "validation.accuracy=0.1",
    ],
)
def test_a_metric_that_is_not_there_is_never_a_pass(summary: Summary, messages: Messages, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        passed(summary, text)
    assert caught.value.exit_code == 2
    messages.check(str(caught.value).replace(str(summary.path), "RUN"))


@pytest.mark.parametrize(
    "text", ["accuracy", "accuracy=", "=0.9", "accuracy=high", "accuracy=nan", "accuracy=inf", "accuracy=1_0",
             "accuracy=0,9", "accuracy=90%", ""]
)  # fmt: skip
def test_an_invalid_gate_is_reported(messages: Messages, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_gates([text])
    messages.check(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("accuracy=90", " (metrics are at most 1: write 90 % as accuracy=0.9)"),
        ("per_class.a.recall=99.5", " (metrics are at most 1: write 99.5 % as per_class.a.recall=0.995)"),
        ("accuracy=1", ""),
        ("accuracy=1000", ""),
        ("loss=2", ""),
        ("support=30", ""),
    ],
)
def test_a_percentage_gets_a_hint(text: str, hint: str) -> None:
    (gate,) = parse_gates([text])
    assert gate.hint == hint


def test_all_problems_at_once(summary: Summary) -> None:
    with pytest.raises(UsageError) as caught:
        parse_gates(["a", "accuracy=0.9", "b=c"])
    assert len(caught.value.problems) == 2
    with pytest.raises(UsageError) as caught:
        passed(summary, "a=1", "accuracy=0.9", "b=1")
    assert len(caught.value.problems) == 2


def test_a_run_without_metrics_passes_nothing(start_run: Callable[..., OpenRun]) -> None:
    with pytest.raises(UsageError, match=r"has no metrics \(running\)"):
        gate_results(parse_gates(["accuracy=0"]), summarize(start_run()))


def test_gates_of_several_runs_name_the_run(finished_run: Callable[..., OpenRun], messages: Messages) -> None:
    summaries = [summarize(finished_run(name)) for name in ("a", "b")]
    gates = parse_gates(["accuracy=0.9", "train.f1_macro=0.94", "loss=0.2"])
    results = [result for summary in summaries for result in gate_results(gates, summary)]
    noted = [replace(result, note="not worse than old") for result in results]
    messages.check(shown([gate_table(noted[:3])]))
    name = f"accuracy of {summaries[1].path}"
    assert gate_table(noted).rows[3] == (name, "0.9000", "≥ 0.9", "passed")
    assert gate_table(noted).notes[3] == f"{name}: not worse than old."


GOOD = [1] * 97 + [0] * 3
FAIR = [1] * 92 + [0] * 8
FOLDS = [0.8, 0.9, 0.7, 0.8, 0.6]
OTHER_DATA = {"data": {"sha256": "f" * 64}}
LOW, HIGH = [0.5, -0.4] * 20, [1.5, -1.9, 1.2, -1.8] * 10


@pytest.mark.parametrize(
    ("write", "new", "old", "options"),
    [
        pytest.param(write_part, FAIR, GOOD, {}, id="a significant loss"),
        pytest.param(write_part, [1] * 93 + [0] * 7, GOOD, {}, id="a loss that may be chance"),
        pytest.param(write_part, GOOD, FAIR, {}, id="a gain"),
        pytest.param(write_part, [0, 0, 0], [1, 1, 1], {}, id="few rows find no loss"),
        pytest.param(write_part, [1] * 32 + [0] * 4, [1] * 35 + [0], OTHER_DATA, id="other rows"),
        pytest.param(write_regression, LOW, HIGH, {"metric": "rmse"}, id="a lower loss"),
        pytest.param(write_regression, HIGH, LOW, {"metric": "rmse"}, id="a higher loss"),
        pytest.param(write_regression, HIGH, LOW, {}, id="a lower R2"),
        pytest.param(write_folds, [0.5, 0.55, 0.4, 0.5, 0.2], FOLDS, {}, id="folds"),
        pytest.param(
            write_folds,
            [0.8, 0.8, 0.7, 0.8, 0.6],
            FOLDS,
            {"shift": 1, "seed": 8},
            id="folds that are not paired",
        ),
        pytest.param(write_folds, FOLDS, FOLDS, {}, id="folds without a spread"),
        pytest.param(write_part, FAIR, GOOD, {"margin": 0.09}, id="a margin that the loss may exceed"),
        pytest.param(write_part, FAIR, GOOD, {"margin": 0.0992}, id="the margin in that text"),
        pytest.param(write_part, GOOD, GOOD, {"margin": 0.03}, id="equal rows, enough for the margin"),
        pytest.param(write_part, GOOD, GOOD, {"margin": 0.02}, id="equal rows, too few for the margin"),
        pytest.param(write_part, GOOD, GOOD, {"margin": 0}, id="equal rows, no margin"),
        pytest.param(write_part, GOOD, [1, 0] * 50, {"margin": 0}, id="a margin of 0 passes a better run"),
        pytest.param(
            write_part,
            [1] * 32 + [0] * 4,
            [1] * 35 + [0],
            {**OTHER_DATA, "margin": 0.1},
            id="other rows, margin",
        ),
        pytest.param(
            write_regression, LOW, HIGH, {"metric": "rmse", "margin": 0.1}, id="a lower loss, margin"
        ),
        pytest.param(
            write_regression, HIGH, LOW, {"metric": "rmse", "margin": 1.0}, id="a higher loss, margin"
        ),
        pytest.param(write_regression, LOW, LOW, {"metric": "rmse", "margin": 1e-6}, id="equal estimates"),
        pytest.param(write_folds, [0.79, 0.9, 0.7, 0.79, 0.6], FOLDS, {"margin": 0.02}, id="folds, margin"),
        pytest.param(write_folds, [0.8, 0.9], [0.8, 0.9], {"margin": 0.9}, id="too few folds"),
        pytest.param(
            write_folds, [0.1, 0.9], [0.9, 0.2], {"margin": 1}, id="no margin above 1 may be written"
        ),
    ],
)
def test_whether_a_run_is_not_worse(
    tmp_path: Path, messages: Messages, write: Any, new: Any, old: Any, options: dict[str, Any]
) -> None:
    """What the tests behind it say is right is tested where they are."""
    asked = {name: value for name, value in options.items() if name in ("metric", "margin")}
    facts = {name: value for name, value in options.items() if name not in asked}
    other = write(tmp_path, "old", old)
    result = not_worse_result(write(tmp_path, "new", new, **facts), other, **asked)
    values = f"{result.name}: {result.value_text}, {result.condition}: {result.result}"
    text = "\n".join([values, result.note, result.message])
    messages.check(text.replace(str(other.path), "OLD").replace(other.path.name, "OLD"))


def test_the_entry_of_the_gate(tmp_path: Path) -> None:
    """Five rows were lost and none won: p = 1/32 one-sided, 1/16 two-sided."""
    run, other = write_part(tmp_path, "new", FAIR), write_part(tmp_path, "old", GOOD)
    result = not_worse_result(run, other)
    assert result.to_dict() == {
        "run": str(run.path),
        "metric": "accuracy",
        "value": 0.92,
        "threshold": None,
        "passed": False,
        "not_worse_than": str(other.path),
        "other_value": 0.97,
        "difference": pytest.approx(-0.05),
        "ci95": result.details["ci95"],
        "p_worse": pytest.approx(stats.binomtest(0, 5, alternative="less").pvalue),
        "detectable_difference": pytest.approx(0.0663, abs=1e-4),
        "found_in_80_percent": pytest.approx(0.0663, abs=1e-4),
        "paired": True,
        "why_unpaired": None,
        "test": "McNemar's exact test",
        "samples": "rows",
        "count": 100,
    }


def test_the_entry_of_the_gate_with_a_margin(tmp_path: Path) -> None:
    """Of 100 rows five were lost and none won: the score test's limit is a loss of 0.0992."""
    run, other = write_part(tmp_path, "new", FAIR), write_part(tmp_path, "old", GOOD)
    entry = not_worse_result(run, other, margin=0.09).to_dict()
    assert (entry["passed"], entry["margin"]) == (False, 0.09)
    assert entry["smallest_margin"] == pytest.approx(0.0992, abs=1e-4)
    assert entry["equal_run_margin"] == pytest.approx(0.0633, abs=1e-4)
    assert {"difference", "ci95", "p_worse", "paired"} < entry.keys()
    few, none = (write_folds(tmp_path, name, [0.8, 0.9]) for name in ("c", "d"))
    assert not_worse_result(few, none, margin=0.9).details["smallest_margin"] is None


def test_what_is_refused(tmp_path: Path) -> None:
    run, other = write_part(tmp_path, "a", GOOD), write_part(tmp_path, "b", FAIR)
    for folder, options, message in (
        (run, {}, "--not-worse-than: .* is the run itself; name an earlier one"),
        (other, {"metric": "average_precision"}, "--metric: 'average_precision' cannot be compared"),
        (write_regression(tmp_path, "c", [1.0, 2.0]), {}, "one is a classification, the other a regression"),
        (other, {"margin": 2}, r"every run passes with 2; write 2 % as 0\.02"),
    ):
        with pytest.raises(UsageError, match=message):
            not_worse_result(run, folder, **options)


def test_a_name_stands_for_another_run_of_the_experiment(tmp_path: Path) -> None:
    older, newer = (write_part(tmp_path, "a", GOOD) for _ in range(2))
    for text in ("a", "latest"):
        assert find_other_run(text, newer, tmp_path).path == older.path
        assert find_other_run(text, older, tmp_path).path == newer.path
    assert find_other_run(newer.path.name, newer, tmp_path).path == newer.path
