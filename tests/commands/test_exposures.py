"""Counts with an exposure at the terminal: rates and predictions, and what is wrong with rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.messages import Messages
from tests.program import Program, only_run, read_json

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = """\
recipe: classic
data: {source: t.csv, target: claims, exposure: years}
model: {hidden: [4], output: poisson, ensemble: {members: 2, bags: true}}
training: {epochs: 2}
"""


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    years, age = rng.uniform(0.2, 3.0, 80), rng.normal(size=80)
    claims = rng.poisson(years * np.exp(0.5 * age))
    lines = [f"{y:.3f},{a:.3f},{count}" for y, a, count in zip(years, age, claims, strict=True)]
    Path("t.csv").write_text("\n".join(["years,age,claims", *lines]) + "\n")
    Path("x.yaml").write_text(CONFIG)
    return lines


def written(header: str, *lines: str) -> str:
    Path("new.csv").write_text("\n".join([header, *lines]) + "\n")
    return "new.csv"


def test_rows_with_an_exposure_have_predictions_and_all_have_rates(program: Program, rows: list[str]) -> None:
    assert program("train", "x.yaml", "--quiet").code == 0
    run = str(only_run(Path()))
    with_column = program("predict", run, written("age,years", "0.5,1", "0.5,2")).out.splitlines()
    without = program("predict", run, written("age", "0.5")).out.splitlines()
    assert (with_column[0], without[0]) == ("row,prediction,rate", "row,rate")
    (first, rate), (second, _) = (map(float, line.split(",")[1:]) for line in with_column[1:])
    assert first == rate == float(without[1].split(",")[1])
    assert second == 2 * first
    interval = program("predict", run, written("age,years", "0.5,1"), "--coverage", "0.8").out.splitlines()
    assert interval[0] == "row,prediction,rate,low,high"
    assert float(interval[1].split(",")[3]) >= 0.0


def test_a_report_says_that_means_are_rates(program: Program, rows: list[str]) -> None:
    assert program("train", "x.yaml", "--quiet").code == 0
    report = program("report", "--verbose").out
    assert "All numbers are claims per unit of years." in report
    assert any(line.split() == ["exposure", "years"] for line in report.splitlines())


def test_what_is_wrong_with_rows(program: Program, rows: list[str], messages: Messages) -> None:
    assert program("train", "x.yaml", "--quiet").code == 0
    run = str(only_run(Path()))
    for header, line in (("age,years", "1,0"), ("age,years", "1,"), ("age,years", "1,long")):
        messages.check(program("predict", run, written(header, line)).err)
    messages.check(program("predict", run, written("age", "1"), "--coverage", "0.8").err)
    for header, line in (
        ("age,claims", "1,2"),
        ("age,years,claims", "1,1,2.5"),
        ("age,years,claims", "1,1,-1"),
    ):
        messages.check(program("evaluate", run, "--data", written(header, line)).err)


def test_what_is_wrong_with_training_rows(program: Program, rows: list[str], messages: Messages) -> None:
    for line in ("0,1,2", ",1,2", "x,1,2", "1,1,-2", "1,1,2.5"):
        Path("t.csv").write_text("\n".join(["years,age,claims", *rows, line]) + "\n")
        done = program("train", "x.yaml")
        assert done.code == 2
        messages.check(done.err)
    Path("t.csv").write_text("\n".join(["years,age,claims", *rows, "1,1,0"]) + "\n")
    for setting in (
        "data.exposure=yeers",
        "data.exposure=claims",
        "model.output=gamma",
        "model.output=squared",
    ):
        messages.check(program("train", "x.yaml", "--set", setting).err)


def test_deviances_of_two_runs_are_compared(program: Program, rows: list[str]) -> None:
    runs = []
    for settings in ("training.epochs=2", "training.epochs=3", "model.output=squared"):
        words = ["--set", "data.exposure=null", "--set", "data.task=regression"]
        words = words if settings.endswith("squared") else []
        done = program("train", "x.yaml", "--json", "--set", settings, *words)
        assert done.code == 0, done.err
        runs.append(json.loads(done.out)["run"])
    compared = json.loads(program("compare", *runs[:2], "--metric", "deviance", "--json").out)
    values = [read_json(Path(run) / "metrics.json")["test"]["deviance"] for run in runs[:2]]
    (pair,) = compared["comparisons"]
    assert pair["difference"] == pytest.approx(values[0] - values[1], rel=1e-9)
    assert program("compare", runs[0], runs[2], "--metric", "d2").code == 2
