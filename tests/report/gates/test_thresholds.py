from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.errors import UsageError
from fnnctl.report.gates.thresholds import check_gates, parse_gates
from fnnctl.report.summary import summarize
from fnnctl.store.run import OpenRun

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
        return all(result.passed for result in check_gates(parse_gates(texts), summary))

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
        check_gates(parse_gates(["accuracy=0"]), summarize(start_run()))


def test_the_entry_of_the_report(finished_run: Callable[..., OpenRun]) -> None:
    run = finished_run()
    (result,) = check_gates(parse_gates(["train.f1_macro=0.94"]), summarize(run))
    assert result.to_dict() == {
        "run": str(run.path),
        "metric": "train.f1_macro",
        "value": pytest.approx(0.93),
        "threshold": 0.94,
        "passed": False,
    }
