from __future__ import annotations

from dataclasses import replace

from fnnctl.report.gates.results import GateResult, gate_lines

MISSED = GateResult(
    run="runs/a",
    name="accuracy",
    metric="accuracy",
    value=0.9,
    value_text="0.9000",
    threshold=0.95,
    wanted="≥ 0.95",
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
