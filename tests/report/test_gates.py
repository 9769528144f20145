from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
from fnnctl.store.folder import RunFolder
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
LOW, HIGH = [0.5, -0.4] * 20, [1.5, -1.9, 1.2, -1.8] * 10


@pytest.fixture
def against(tmp_path: Path) -> Callable[..., GateResult]:
    """The gate of a run with these hits, errors or scores against another one."""

    def gate(
        write: Callable[..., RunFolder],
        new: Sequence[float | None],
        old: Sequence[float | None],
        metric: str | None = None,
        *,
        margin: float | None = None,
        **facts: Any,
    ) -> GateResult:
        other, run = write(tmp_path, "old", old), write(tmp_path, "new", new, **facts)
        return not_worse_result(run, other, *([metric] if metric else []), margin=margin)

    return gate


def texts_of(result: GateResult) -> str:
    """What a result says, without the names of folders, which have the time in them."""
    other = Path(result.details["not_worse_than"])
    lines = [result.name, f"{result.value_text}, {result.condition}", result.note, result.message]
    return "\n".join(lines).replace(str(other), "OLD").replace(other.name, "OLD")


Against = Callable[..., GateResult]


def test_a_significant_loss_is_missed(against: Against, messages: Messages) -> None:
    """Five rows were lost and none won: p = 1/32 one-sided, 1/16 two-sided."""
    result = against(write_part, FAIR, GOOD)
    messages.check(texts_of(result))
    assert result.to_dict() == {
        "run": result.run,
        "metric": "accuracy",
        "value": 0.92,
        "threshold": None,
        "passed": False,
        "not_worse_than": result.details["not_worse_than"],
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


def test_a_loss_that_may_be_chance_and_a_gain_pass(against: Against, messages: Messages) -> None:
    slightly, better = against(write_part, [1] * 93 + [0] * 7, GOOD), against(write_part, GOOD, FAIR)
    assert (slightly.passed, slightly.details["p_worse"]) == (True, pytest.approx(1 / 16))
    assert (better.passed, better.details["p_worse"]) == (True, 1.0)
    messages.check(texts_of(slightly))


@pytest.mark.parametrize(
    ("write", "new", "old", "metric", "margin", "passes"),
    [
        pytest.param(write_regression, LOW, HIGH, "rmse", None, True, id="a lower loss"),
        pytest.param(write_regression, HIGH, LOW, "rmse", None, False, id="a higher loss"),
        pytest.param(write_regression, HIGH, LOW, None, None, False, id="a lower R²"),
        pytest.param(write_regression, LOW, HIGH, "rmse", 0.1, True, id="a lower loss, with a margin"),
        pytest.param(write_folds, [0.5, 0.55, 0.4, 0.5, 0.2], FOLDS, None, None, False, id="folds"),
        pytest.param(write_folds, [0.79, 0.9, 0.7, 0.79, 0.6], FOLDS, None, 0.02, True, id="folds, margin"),
        pytest.param(write_part, GOOD, GOOD, None, 0.03, True, id="equal rows, enough for the margin"),
        pytest.param(write_part, GOOD, GOOD, None, 0.02, False, id="equal rows, too few"),
        pytest.param(write_part, GOOD, GOOD, None, 0, False, id="equal rows, no margin"),
        pytest.param(write_part, GOOD, GOOD, "f1_macro", 0.05, True, id="equal rows, F1"),
        pytest.param(write_part, GOOD, GOOD, "f1_macro", 0.02, False, id="equal rows, F1, too few"),
        pytest.param(write_part, FAIR, GOOD, "log_loss", 0.001, False, id="a margin of a loss"),
        pytest.param(write_part, FAIR, GOOD, None, 0.0992, True, id="the margin in the text"),
    ],
)
def test_a_run_is_not_worse(
    against: Against, write: Any, new: Any, old: Any, metric: str | None, margin: float | None, passes: bool
) -> None:
    assert against(write, new, old, metric, margin=margin).passed is passes


@pytest.mark.parametrize(
    ("write", "new", "old", "options"),
    [
        pytest.param(
            write_folds,
            [0.8, 0.8, 0.7, 0.8, 0.6],
            FOLDS,
            {"shift": 1, "seed": 8},
            id="folds that are not paired",
        ),
        pytest.param(write_folds, FOLDS, FOLDS, {}, id="no test finds a difference without a spread"),
        pytest.param(write_part, [0, 0, 0], [1, 1, 1], {}, id="few rows find no loss"),
        pytest.param(write_part, GOOD, [1, 0] * 50, {"margin": 0}, id="a margin of 0 passes a better run"),
    ],
)
def test_what_a_passed_gate_may_have_missed(
    against: Against, messages: Messages, write: Any, new: Any, old: Any, options: dict[str, Any]
) -> None:
    result = against(write, new, old, **options)
    assert result.passed
    messages.check(texts_of(result))


def test_a_margin_needs_proof_that_the_loss_is_smaller(against: Against, messages: Messages) -> None:
    """Of 100 rows five were lost and none won: the score test's limit is a loss of 0.0992."""
    missed = against(write_part, FAIR, GOOD, margin=0.09)
    assert not missed.passed
    messages.check(texts_of(missed))
    assert missed.details["margin"] == 0.09
    assert missed.details["smallest_margin"] == pytest.approx(0.0992, abs=1e-4)
    assert missed.details["equal_run_margin"] == pytest.approx(0.0633, abs=1e-4)
    assert {"difference", "ci95", "p_worse", "paired"} < missed.details.keys()


def test_a_margin_of_a_loss_is_how_much_higher_it_may_be(against: Against) -> None:
    missed = against(write_regression, HIGH, LOW, "rmse", margin=1.0)
    assert not missed.passed
    smallest = missed.details["smallest_margin"]
    assert smallest > missed.details["difference"] == pytest.approx(1.17, abs=0.01)
    assert against(write_regression, HIGH, LOW, "rmse", margin=smallest * 1.0001).passed


def test_equal_estimates_pass_every_margin(against: Against) -> None:
    result = against(write_regression, LOW, LOW, "rmse", margin=1e-6)
    assert (result.passed, result.details["equal_run_margin"]) == (True, None)


def test_a_drop_that_the_test_of_different_rows_misses_does_not_pass_a_margin(
    against: Against, messages: Messages
) -> None:
    """Without a margin a drop of 8 points passes on 36 other rows, and the result says what it misses."""
    new, old, data = [1] * 32 + [0] * 4, [1] * 35 + [0], {"sha256": "f" * 64}
    plain = against(write_part, new, old, data=data)
    assert plain.passed
    assert plain.details["detectable_difference"] > 0.2
    missed = against(write_part, new, old, data=data, margin=0.1)
    assert not missed.passed
    messages.check("\n".join([texts_of(plain), texts_of(missed)]))
    (low, _), (_, high) = (stats.binomtest(hits, 36).proportion_ci(0.9, method="wilson") for hits in (32, 35))
    newcombe = 3 / 36 + math.hypot(32 / 36 - low, high - 35 / 36)
    assert missed.details["smallest_margin"] == pytest.approx(newcombe)


@pytest.mark.parametrize(
    ("new", "old", "margin"),
    [
        pytest.param([0.8, 0.9], [0.8, 0.9], 0.9, id="two folds"),
        pytest.param([0.1, 0.9], [0.9, 0.2], 1, id="no margin above 1 may be written"),
    ],
)
def test_no_margin_passes_with_few_folds(
    against: Against, new: list[float], old: list[float], margin: float
) -> None:
    missed = against(write_folds, new, old, margin=margin)
    assert (missed.passed, missed.details["smallest_margin"]) == (False, None)
    assert "(no margin passes with so few samples)" in missed.message


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
