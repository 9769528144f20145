from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fnnctl.errors import DataError
from fnnctl.report.content import gate_table, headline, sections
from fnnctl.report.gates import check_gates, parse_gates
from fnnctl.report.sections import FactList, Notes, Section, TableSection
from fnnctl.report.summary import Summary, summarize
from fnnctl.store.run import OpenRun
from tests.report.conftest import data_facts


def titled(summary: Summary) -> dict[str, Section]:
    return {section.title: section for section in sections(summary)}


def test_a_finished_run_has_every_section(finished_run: Callable[..., OpenRun]) -> None:
    summary = summarize(finished_run())
    assert headline(summary).endswith("UTC, took 1 min 23 s")
    assert list(titled(summary)) == [
        "Metrics",
        "Classes on the test part",
        "Confusion matrix on the test part",
        "Training",
        "Data",
        "Provenance",
        "Warnings",
        "Files",
    ]


def test_the_numbers_of_a_finished_run(finished_run: Callable[..., OpenRun]) -> None:
    found = titled(summarize(finished_run()))
    metrics = found["Metrics"]
    assert isinstance(metrics, TableSection)
    assert metrics.header == ("", "train", "test")
    assert metrics.rows == (
        ("accuracy", "0.9500", "0.9000"),
        ("  95 % interval", "0.8500–1.0000", "0.8000–0.9500"),
        ("balanced accuracy", "0.9400", "0.8900"),
        ("macro F1", "0.9300", "0.8800"),
        ("macro average precision", "0.7500", "0.7500"),
        ("log loss", "1.23e-05", "1.23e-05"),
        ("loss, unclipped", "0.2500", "0.2500"),
        ("Brier score", "0.1250", "0.1250"),
        ("calibration error", "0.0625", "0.0625"),
        ("rows", "30", "30"),
    )
    classes = found["Classes on the test part"]
    assert isinstance(classes, TableSection)
    assert classes.rows[0] == ("setosa", "0.5000", "0.2500", "0.3333", "–", "10")
    matrix = found["Confusion matrix on the test part"]
    assert isinstance(matrix, TableSection)
    assert matrix.header == ("true \\ predicted", "setosa", "versicolor")
    assert matrix.rows == (("setosa", "0", "1"), ("versicolor", "2", "3"))


@pytest.mark.parametrize(
    ("same_shape", "rows"),
    [
        (True, [("network", "6 → 100 → 2"), ("networks", "3 of this shape, averaged")]),
        (False, [("first network", "6 → 100 → 2"), ("networks", "3, averaged")]),
    ],
)
def test_an_ensemble_tells_its_networks(
    start_run: Callable[..., OpenRun], same_shape: bool, rows: list[tuple[str, str]]
) -> None:
    run = start_run()
    facts = {"layers": [6, 100, 2], "parameters": 3702, "networks": 3, "same_shape": same_shape}
    run.record({"model": facts})
    training = titled(summarize(run))["Training"]
    assert isinstance(training, FactList)
    assert [*training.rows[:2]] == rows


def test_an_evaluation_names_its_run_and_has_no_parts(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    data = {**data_facts(("a", "b")), "rows": 1234, "parts": {"train": 0, "validation": 0, "test": 1234}}
    run.record({"kind": "evaluation", "evaluated": {"run": "/runs/first", "sha256": "ab12"}, "data": data})
    found = titled(summarize(run))
    assert "Training" not in found
    assert found["Network"].rows[:3] == (
        ("evaluated run", "/runs/first"), ("SHA-256", "ab12"), ("network", "6 → 100 → 2"),
    )  # fmt: skip
    assert ("rows", "1,234") in found["Data"].rows


def test_a_run_that_has_just_begun_has_few_sections(start_run: Callable[..., OpenRun]) -> None:
    summary = summarize(start_run())
    assert "took" not in headline(summary)
    assert list(titled(summary)) == ["Training", "Data", "Provenance", "Warnings", "Files"]


def test_long_names_of_classes_are_numbered(finished_run: Callable[..., OpenRun]) -> None:
    classes = ("a" * 30, "b" * 30, "c" * 30)
    matrix = titled(summarize(finished_run(classes=classes)))["Confusion matrix on the test part"]
    assert isinstance(matrix, TableSection)
    assert matrix.header == ("true \\ predicted", "#1", "#2", "#3")
    assert [row[0] for row in matrix.rows] == [f"#1  {'a' * 30}", f"#2  {'b' * 30}", f"#3  {'c' * 30}"]


def test_metrics_of_an_unknown_kind_are_damage(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.write_metrics({"test": {"accuracy": "high"}})
    with pytest.raises(DataError, match=r"test\.accuracy must be a number or null"):
        summarize(run)


def test_a_failed_run_says_why_first(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.finish("failed", {"total": 1.0, "training": None}, {"error": "training diverged in epoch 3"})
    first = sections(summarize(run))[0]
    assert first == Notes("Failure", ("training diverged in epoch 3",))


def test_an_interruption_is_no_failure(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.finish("interrupted", {"total": 1.0, "training": None}, {"error": "interrupted after 14 epochs"})
    assert sections(summarize(run))[0] == Notes("Interruption", ("interrupted after 14 epochs",))


def test_gates_of_several_runs_name_the_run(finished_run: Callable[..., OpenRun]) -> None:
    summaries = [summarize(finished_run(name)) for name in ("a", "b")]
    gates = parse_gates(["accuracy=0.9", "loss=0.2"])
    results = [result for summary in summaries for result in check_gates(gates, summary)]
    assert gate_table(results[:2]).rows == (
        ("accuracy", "0.9000", "≥ 0.9", "passed"),
        ("loss", "0.2500", "≤ 0.2", "missed"),
    )
    assert gate_table(results).rows[2][0] == f"accuracy of {summaries[1].path}"
    noted = [replace(each, note="not worse than old") for each in results]
    assert gate_table(noted[:1]).notes == ("accuracy: not worse than old.",)
    assert gate_table(noted).notes[2] == f"accuracy of {summaries[1].path}: not worse than old."


def test_the_effect_of_calibration_is_shown(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    test = {
        "loss": 0.25, "log_loss": 0.25, "loss_uncalibrated": 0.5,
        "expected_calibration_error": 0.125, "expected_calibration_error_uncalibrated": 0.375,
    }  # fmt: skip
    run.write_metrics({"train": None, "validation": None, "test": test})
    run.record({"training": {"epochs": 2}, "calibration": {"temperature": 1.23456}})
    found = titled(summarize(run))
    metrics, training = found["Metrics"], found["Training"]
    assert isinstance(metrics, TableSection)
    assert metrics.rows == (  # the loss equals the log loss, so one row is enough
        ("log loss", "0.2500"),
        ("  before calibration", "0.5000"),
        ("calibration error", "0.1250"),
        ("  before calibration", "0.3750"),
    )
    assert isinstance(training, FactList)
    assert ("temperature", "1.235") in training.rows


def test_a_temperature_of_1_has_no_rows_before_calibration(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    test = {
        "loss": 0.25, "log_loss": 0.25, "loss_uncalibrated": 0.25 + 1e-9,
        "expected_calibration_error": 0.125, "expected_calibration_error_uncalibrated": 0.125,
    }  # fmt: skip
    run.write_metrics({"train": None, "validation": None, "test": test})
    run.record({"training": {"epochs": 2}, "calibration": {"temperature": 1.0}})
    found = titled(summarize(run))
    assert found["Metrics"].rows == (("log loss", "0.2500"), ("calibration error", "0.1250"))
    assert ("temperature", "1, so calibration changes nothing") in found["Training"].rows
