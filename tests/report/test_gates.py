from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

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
from fnnctl.report.summary import summarize
from fnnctl.store.run import OpenRun
from tests.report.comparison.written import write_folds, write_part, write_regression

MISSED = GateResult(
    run="runs/a",
    name="accuracy",
    metric="accuracy",
    value=0.9,
    value_text="0.9000",
    threshold=0.95,
    condition="≥ 0.95",
    passed=False,
    message="accuracy is 0.9, wanted ≥ 0.95",
)


def test_json_has_what_scripts_read_and_the_details_of_the_kind_of_gate() -> None:
    plain = {"run": "runs/a", "metric": "accuracy", "value": 0.9, "threshold": 0.95, "passed": False}
    assert MISSED.to_dict() == plain
    assert replace(MISSED, details={"p": 0.01}).to_dict() == {**plain, "p": 0.01}


def test_the_result_in_a_word() -> None:
    assert MISSED.result == "missed"
    assert replace(MISSED, passed=True).result == "passed"


def test_lines_name_the_run_if_there_are_several() -> None:
    passed = replace(MISSED, run="runs/b", passed=True, message="accuracy is 0.96, wanted ≥ 0.95")
    assert gate_lines([MISSED]) == ["missed: accuracy is 0.9, wanted ≥ 0.95"]
    assert gate_lines([MISSED, passed], only=[MISSED]) == ["missed: accuracy is 0.9, wanted ≥ 0.95 (runs/a)"]
    assert gate_lines([MISSED, passed])[1] == "passed: accuracy is 0.96, wanted ≥ 0.95 (runs/b)"


METRICS = {
    "train": {"accuracy": 1.0, "loss": 0.01},
    "validation": None,
    "test": {
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
    },
}


@pytest.fixture
def passed(start_run: Callable[..., OpenRun]) -> Callable[..., bool]:
    run = start_run()
    run.write_metrics(METRICS)
    run.finish("completed", {"total": 1.0, "training": 0.5})
    summary = summarize(run)

    def check(*texts: str) -> bool:
        return all(result.passed for result in gate_results(parse_gates(texts), summary))

    return check


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accuracy=0.89", True),
        ("accuracy=0.9", True),
        ("accuracy=0.91", False),
        (" accuracy =.9", True),
        ("accuracy=9e-1", True),
        ("accuracy=-1", True),
        ("test.accuracy=0.95", False),
        ("train.accuracy=1", True),
        ("loss=0.3", True),
        ("loss=0.31", True),
        ("loss=0.29", False),
        ("train.loss=0.02", True),
        ("log_loss=0.25", True),
        ("log_loss=0.2", False),
        ("loss_uncalibrated=0.35", True),
        ("expected_calibration_error_uncalibrated=0.6", True),
        ("expected_calibration_error_uncalibrated=0.59", False),
        ("loss_uncalibrated=0.34", False),
        ("brier_score=0.16", True),
        ("brier_score=0.14", False),
        ("expected_calibration_error=0.06", True),
        ("expected_calibration_error=0.04", False),
        ("expected_calibration_error_macro=0.03", True),
        ("expected_calibration_error_macro=0.02", False),
        ("maximum_calibration_error=0.5", True),
        ("maximum_calibration_error=0.3", False),
        ("per_class.setosa.expected_calibration_error=0.05", True),
        ("per_class.setosa.expected_calibration_error=0.03", False),
        ("support=30", True),
        ("per_class.setosa.recall=1", True),
        ("per_class.a.b=c.recall=0.5", True),
        ("test.per_class.a.b=c.recall=0.51", False),
        ("per_class.loss.recall=0.7", True),
        ("per_class.loss.recall=0.8", False),
    ],
)
def test_gates(passed: Callable[..., bool], text: str, expected: bool) -> None:
    assert passed(text) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acuracy=0.9", r"has no metric 'acuracy' \(did you mean 'accuracy'\?\)"),
        ("per_class.setossa.recall=1", r"did you mean 'per_class\.setosa\.recall'"),
        ("accuracy_ci95=0.9", "has no metric 'accuracy_ci95'"),
        ("per_class=0.9", "has no metric 'per_class'"),
        ("train=0.9", "has no metric 'train'"),
        ("roc_auc_macro=0.1", r"the metric has no value in .* \(it is null\)"),
        ("per_class.a.b=c.roc_auc=0.1", "null"),
        ("validation.accuracy=0.1", "has no metrics for the validation part"),
    ],
)
def test_a_metric_that_is_not_there_is_never_a_pass(
    passed: Callable[..., bool], text: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        passed(text)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "text", ["accuracy", "accuracy=", "=0.9", "accuracy=high", "accuracy=nan", "accuracy=inf", "accuracy=1_0",
             "accuracy=0,9", "accuracy=90%", ""]
)  # fmt: skip
def test_an_invalid_gate_is_reported(text: str) -> None:
    with pytest.raises(UsageError, match=f"--fail-under '{text}': "):
        parse_gates([text])


@pytest.mark.parametrize("text", ["accuracy=90%", "accuracy=0,9"])
def test_a_number_in_another_notation_is_translated(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a number \(write accuracy=0\.9\)$"):
        parse_gates([text])


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


def test_all_problems_at_once(passed: Callable[..., bool]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_gates(["a", "accuracy=0.9", "b=c"])
    assert len(caught.value.problems) == 2
    with pytest.raises(UsageError) as caught:
        passed("a=1", "accuracy=0.9", "b=1")
    assert len(caught.value.problems) == 2


def test_a_run_without_metrics_passes_nothing(start_run: Callable[..., OpenRun]) -> None:
    with pytest.raises(UsageError, match=r"has no metrics \(running\)"):
        gate_results(parse_gates(["accuracy=0"]), summarize(start_run()))


def test_the_entry_of_the_report(finished_run: Callable[..., OpenRun]) -> None:
    run = finished_run()
    (result,) = gate_results(parse_gates(["train.f1_macro=0.94"]), summarize(run))
    assert result.to_dict() == {
        "run": str(run.path),
        "metric": "train.f1_macro",
        "value": pytest.approx(0.93),
        "threshold": 0.94,
        "passed": False,
    }


GOOD = [1] * 97 + [0] * 3
FAIR = [1] * 92 + [0] * 8


def test_a_significant_loss_is_missed(tmp_path: Path) -> None:
    """Five rows were lost and none won: p = 1/32 one-sided, 1/16 two-sided."""
    run, other = write_part(tmp_path, "new", FAIR), write_part(tmp_path, "old", GOOD)
    found = not_worse_result(run, other)
    assert not found.passed
    assert found.to_dict() == {
        "run": str(run.path),
        "metric": "accuracy",
        "value": 0.92,
        "threshold": None,
        "passed": False,
        "not_worse_than": str(other.path),
        "other_value": 0.97,
        "difference": pytest.approx(-0.05),
        "ci95": found.details["ci95"],
        "p_worse": pytest.approx(stats.binomtest(0, 5, alternative="less").pvalue),
        "detectable_difference": pytest.approx(0.0663, abs=1e-4),
        "found_in_80_percent": pytest.approx(0.0663, abs=1e-4),
        "paired": True,
        "why_unpaired": None,
        "test": "McNemar's exact test",
        "samples": "rows",
        "count": 100,
    }
    assert found.name == f"accuracy, not worse than {other.path.name}"
    assert (found.value_text, found.condition) == ("0.9200", "not worse than 0.9700")
    assert found.note == (
        f"not worse than {other.path.name}; a loss of 6.6 points is detected 80 % of the time"
    )
    assert found.message == (
        f"accuracy is 0.9200, worse than 0.9700 of {other.path} (5.0 points apart; one-sided p = 0.031; a "
        "loss of 6.6 points is detected 80 % of the time)"
    )


def test_a_loss_that_may_be_chance_and_a_gain_pass(tmp_path: Path) -> None:
    old = write_part(tmp_path, "old", GOOD)
    slightly = not_worse_result(write_part(tmp_path, "new", [1] * 93 + [0] * 7), old)
    assert slightly.passed
    assert slightly.details["p_worse"] == pytest.approx(1 / 16)
    assert "not significantly worse than 0.9700" in slightly.message
    better = not_worse_result(old, write_part(tmp_path, "worse", FAIR))
    assert better.passed
    assert better.details["p_worse"] == 1.0


def test_a_loss_is_worse_if_it_is_higher(tmp_path: Path) -> None:
    low = write_regression(tmp_path, "a", [0.5, -0.4] * 20)
    high = write_regression(tmp_path, "b", [1.5, -1.9, 1.2, -1.8] * 10)
    assert not_worse_result(low, high, "rmse").passed
    assert not not_worse_result(high, low, "rmse").passed
    assert not not_worse_result(high, low).passed


def test_folds_and_what_is_not_paired(tmp_path: Path) -> None:
    first = write_folds(tmp_path, "a", [0.8, 0.9, 0.7, 0.8, 0.6])
    assert not not_worse_result(write_folds(tmp_path, "b", [0.5, 0.55, 0.4, 0.5, 0.2]), first).passed
    other = not_worse_result(write_folds(tmp_path, "c", [0.8, 0.8, 0.7, 0.8, 0.6], shift=1, seed=8), first)
    assert other.passed
    points = 100 * other.details["detectable_difference"]
    assert "(2.0 points apart; one-sided p = 0.4" in other.message
    assert other.message.endswith(
        "; not paired, because the seeds differ, so the folds have other rows; "
        f"a loss of {points:.1f} points is detected 80 % of the time, smaller ones more rarely; "
        "--margin X passes only runs shown to be worse by less than X)"
    )
    assert "; --margin X" in other.note


def test_no_test_finds_a_difference_without_a_spread(tmp_path: Path) -> None:
    first = write_folds(tmp_path, "a", [0.8, 0.9, 0.7, 0.8, 0.6])
    found = not_worse_result(write_folds(tmp_path, "b", [0.8, 0.9, 0.7, 0.8, 0.6]), first)
    assert found.passed
    assert found.condition == "not worse than 0.7600"
    assert found.note == f"not worse than {first.path.name}"


def test_few_rows_find_no_loss(tmp_path: Path) -> None:
    found = not_worse_result(write_part(tmp_path, "a", [0, 0, 0]), write_part(tmp_path, "b", [1, 1, 1]))
    assert found.passed
    assert found.note.endswith("; even the largest loss is detected less than 80 % of the time")
    assert found.details["detectable_difference"] is None


def test_a_margin_needs_proof_that_the_loss_is_smaller(tmp_path: Path) -> None:
    """Of 100 rows five were lost and none won: the score test's limit is a loss of 0.0992."""
    run, other = write_part(tmp_path, "new", FAIR), write_part(tmp_path, "old", GOOD)
    missed = not_worse_result(run, other, margin=0.09)
    assert not missed.passed
    assert missed.details["margin"] == 0.09
    assert missed.details["smallest_margin"] == pytest.approx(0.0992, abs=1e-4)
    assert missed.details["equal_run_margin"] == pytest.approx(0.0633, abs=1e-4)
    assert {"difference", "ci95", "p_worse", "paired"} < missed.details.keys()
    assert missed.name == f"accuracy, less than 0.09 worse than {other.path.name}"
    assert missed.condition == "less than 0.09 worse than 0.9700"
    margins = (
        "the smallest margin that passes is 0.0992; an equally good run passes one of 0.0633 80 % of the time"
    )
    assert missed.note == f"less than 0.09 worse than {other.path.name}; {margins}"
    assert missed.message == (
        f"accuracy is 0.9200, not shown to be worse than 0.9700 of {other.path} by less than 0.09 ({margins})"
    )
    passed = not_worse_result(run, other, margin=0.0992)
    assert passed.passed, "the margin in the text passes"
    assert passed.message.startswith("accuracy is 0.9200, shown to be worse than 0.9700 of")


def test_a_margin_passes_a_run_that_differs_in_no_row_only_if_there_are_enough_rows(tmp_path: Path) -> None:
    run, other = (write_part(tmp_path, name, GOOD) for name in ("new", "old"))
    assert not_worse_result(run, other, margin=0.03).passed
    assert not not_worse_result(run, other, margin=0.02).passed
    assert not not_worse_result(run, other, margin=0).passed
    assert not_worse_result(run, other, "f1_macro", margin=0.05).passed
    assert not not_worse_result(run, other, "f1_macro", margin=0.02).passed


def test_a_margin_of_0_passes_a_better_run(tmp_path: Path) -> None:
    run, other = write_part(tmp_path, "new", [1] * 97 + [0] * 3), write_part(tmp_path, "old", [1, 0] * 50)
    found = not_worse_result(run, other, margin=0)
    assert found.passed
    assert found.details["smallest_margin"] == 0
    assert "the smallest margin that passes is 0;" in found.message


def test_a_margin_of_a_loss_is_how_much_higher_it_may_be(tmp_path: Path) -> None:
    low = write_regression(tmp_path, "a", [0.5, -0.4] * 20)
    high = write_regression(tmp_path, "b", [1.5, -1.9, 1.2, -1.8] * 10)
    assert not_worse_result(low, high, "rmse", margin=0.1).passed
    missed = not_worse_result(high, low, "rmse", margin=1.0)
    assert not missed.passed
    smallest = missed.details["smallest_margin"]
    assert smallest > missed.details["difference"] == pytest.approx(1.17, abs=0.01)
    assert not_worse_result(high, low, "rmse", margin=smallest * 1.0001).passed


def test_equal_estimates_pass_every_margin(tmp_path: Path) -> None:
    run, other = (write_regression(tmp_path, name, [0.5, -0.4] * 20) for name in ("a", "b"))
    found = not_worse_result(run, other, "rmse", margin=1e-6)
    assert found.passed
    assert found.details["equal_run_margin"] is None


def test_a_drop_that_the_test_of_different_rows_misses_does_not_pass_a_margin(tmp_path: Path) -> None:
    """Without a margin a drop of 8 points passes on 36 other rows, and the result says what it misses."""
    old = write_part(tmp_path, "old", [1] * 35 + [0])
    new = write_part(tmp_path, "new", [1] * 32 + [0] * 4, data={"sha256": "f" * 64})
    plain = not_worse_result(new, old)
    assert plain.passed
    assert plain.details["detectable_difference"] > 0.2
    assert "not paired, because the data differ; a loss of" in plain.message
    assert "smaller ones more rarely; --margin X passes only" in plain.message
    missed = not_worse_result(new, old, margin=0.1)
    assert not missed.passed
    assert missed.message.endswith("; not paired, because the data differ)")
    (low, _), (_, high) = (stats.binomtest(hits, 36).proportion_ci(0.9, method="wilson") for hits in (32, 35))
    newcombe = 3 / 36 + math.hypot(32 / 36 - low, high - 35 / 36)
    assert missed.details["smallest_margin"] == pytest.approx(newcombe)


def test_folds_with_a_margin(tmp_path: Path) -> None:
    first = write_folds(tmp_path, "a", [0.8, 0.9, 0.7, 0.8, 0.6])
    found = not_worse_result(write_folds(tmp_path, "b", [0.79, 0.9, 0.7, 0.79, 0.6]), first, margin=0.02)
    assert found.passed
    few, other = (write_folds(tmp_path, name, [0.8, 0.9]) for name in ("c", "d"))
    missed = not_worse_result(few, other, margin=0.9)
    assert not missed.passed
    assert missed.details["smallest_margin"] is None
    assert "(no margin passes with so few samples)" in missed.message
    uneven, reverse = write_folds(tmp_path, "e", [0.1, 0.9]), write_folds(tmp_path, "f", [0.9, 0.2])
    missed = not_worse_result(uneven, reverse, margin=1)
    assert missed.details["smallest_margin"] is None, "no margin above 1 may be written"
    assert "(no margin passes with so few samples)" in missed.message


def test_a_margin_that_no_run_can_miss_is_refused(tmp_path: Path) -> None:
    run, other = write_part(tmp_path, "new", FAIR), write_part(tmp_path, "old", GOOD)
    with pytest.raises(UsageError, match=r"every run passes with 2; write 2 % as 0\.02"):
        not_worse_result(run, other, margin=2)
    assert not not_worse_result(run, other, "log_loss", margin=0.001).passed


def test_the_run_itself_is_refused(tmp_path: Path) -> None:
    run = write_part(tmp_path, "a", GOOD)
    with pytest.raises(UsageError, match=r"--not-worse-than: .* is the run itself; name an earlier one"):
        not_worse_result(run, run)
    with pytest.raises(UsageError, match="--metric: 'average_precision' cannot be compared"):
        not_worse_result(run, write_part(tmp_path, "b", GOOD), "average_precision")
    with pytest.raises(UsageError, match="one is a classification, the other a regression"):
        not_worse_result(run, write_regression(tmp_path, "c", [1.0, 2.0]))


def test_a_name_stands_for_another_run_of_the_experiment(tmp_path: Path) -> None:
    older, newer = (write_part(tmp_path, "a", GOOD) for _ in range(2))
    for text in ("a", "latest"):
        assert find_other_run(text, newer, tmp_path).path == older.path
        assert find_other_run(text, older, tmp_path).path == newer.path
    assert find_other_run(newer.path.name, newer, tmp_path).path == newer.path


def test_gates_of_several_runs_name_the_run(finished_run: Callable[..., OpenRun]) -> None:
    summaries = [summarize(finished_run(name)) for name in ("a", "b")]
    gates = parse_gates(["accuracy=0.9", "loss=0.2"])
    results = [result for summary in summaries for result in gate_results(gates, summary)]
    assert gate_table(results[:2]).rows == (
        ("accuracy", "0.9000", "≥ 0.9", "passed"),
        ("loss", "0.2500", "≤ 0.2", "missed"),
    )
    assert gate_table(results).rows[2][0] == f"accuracy of {summaries[1].path}"
    noted = [replace(result, note="not worse than old") for result in results]
    assert gate_table(noted[:1]).notes == ("accuracy: not worse than old.",)
    assert gate_table(noted).notes[2] == f"accuracy of {summaries[1].path}: not worse than old."
