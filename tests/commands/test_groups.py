"""`evaluation.groups` in every command that measures, on a table of which one region is noise."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.runs.training import NO_GROUPS
from tests.commands.settings import run_of
from tests.messages import Messages
from tests.program import Program, read_json

REGIONS = ("Bern", "St. Gallen", "Zug", "a,b")
ROWS = 480


@pytest.fixture
def config(tmp_path: Path) -> str:
    """The region is no feature; the classes of Zug do not depend on the only feature."""
    rng = np.random.default_rng(5)
    with (tmp_path / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "region", "age", "y"])
        for row in range(ROWS):
            region, x = REGIONS[row % 4], rng.normal()
            is_positive = rng.random() < 0.5 if region == "Zug" else x > 0
            age = "" if row % 20 == 0 else row
            writer.writerow([f"{x:.4f}", region, age, "yes" if is_positive else "no"])
    path = tmp_path / "x.yaml"
    path.write_text(
        "recipe: classic\n"
        "data: {source: t.csv, target: y, columns: {ignore: [region, age]}, split: {test: 0.4}}\n"
        "model: {hidden: [8]}\n"
        "training: {epochs: 20, batch_size: 32, optimizer: {learning_rate: 0.03}}\n"
        "evaluation: {groups: [region, age], cross_validation: {folds: 3, repeats: 2}}\n"
    )
    return str(path)


def groups_of(run: Path, part: str = "test") -> dict[str, Any]:
    groups: dict[str, Any] = read_json(run / "metrics.json")[part]["groups"]
    return groups


def rows_of(groups: dict[str, Any]) -> dict[str, int]:
    return {name: metrics["support"] for name, metrics in groups.items()}


def test_a_training_measures_the_groups_of_its_test_part(program: Program, config: str) -> None:
    run = run_of(program, "train", config)
    groups = groups_of(run)
    assert [*groups] == ["region", "age"]
    assert [*groups["region"]] == [*REGIONS]
    assert sum(rows_of(groups["region"]).values()) == sum(rows_of(groups["age"]).values()) == 192
    assert min(groups["region"], key=lambda name: groups["region"][name]["accuracy"]) == "Zug"
    assert [name.split()[0] for name in groups["age"]][::4] == ["up", "(missing)"]
    assert read_json(run / "model.json")["features"] == ["x"]


def test_a_gate_is_missed_by_the_worst_group(program: Program, config: str, messages: Messages) -> None:
    run = str(run_of(program, "train", config))
    done = program("report", run, "--quiet", "--fail-under", "groups.region.worst.accuracy=0.8")
    assert done.code == 1
    messages.check(done.out)
    done = program("report", run, "--quiet", "--fail-under", "groups.region.St. Gallen.accuracy=0.8")
    assert (done.code, done.out.split(":")[0]) == (0, "passed")
    done = program("report", run, "--fail-under", "groups.sex.worst.accuracy=0.8")
    assert (done.code, done.out) == (2, "")
    entry = program("report", run, "--json").json["runs"][0]
    assert entry["metrics"]["test"]["groups"]["region"]["Zug"]["accuracy"] < 0.8


def test_the_groups_of_other_rows_are_those_of_the_training(
    program: Program, config: str, tmp_path: Path, messages: Messages
) -> None:
    """A new region is a group. A column that the file lacks is said, and gives no groups."""
    run = run_of(program, "train", config)
    (tmp_path / "new.csv").write_text(
        "age,region,x,y\n1,Bern,0.5,yes\n9999, Uri ,-1,no\n,Bern,-1,yes\n5,,1,\n"
    )
    new = groups_of(Path(program("evaluate", str(run), "--data", "new.csv", "--json").json["run"]))
    assert rows_of(new["region"]) == {"Bern": 2, "Uri": 1}
    ages = [*groups_of(run)["age"]]
    assert rows_of(new["age"]) == {ages[0]: 1, ages[-2]: 1, "(missing)": 1}
    (tmp_path / "new.csv").write_text("age,x,y\n1,0.5,yes\n9,-1,no\n")
    done = program("evaluate", str(run), "--data", "new.csv", "--json")
    assert [*groups_of(Path(done.json["run"]))] == ["age"]
    messages.check("\n".join(line for line in done.err.splitlines() if "groups" in line))
    (tmp_path / "new.csv").write_text("age,region,x,y\nold,Bern,0.5,yes\n9,Uri,-1,no\n")
    done = program("evaluate", str(run), "--data", "new.csv")
    assert done.code == 2
    messages.check(done.err)


def test_a_cross_validation_measures_the_groups_of_all_folds(program: Program, config: str) -> None:
    run = run_of(program, "evaluate", config)
    groups = groups_of(run)
    assert rows_of(groups["region"]) == dict.fromkeys(REGIONS, ROWS // 4)
    assert rows_of(groups["age"])["(missing)"] == ROWS // 20
    assert groups["region"]["Zug"]["difference"]["accuracy"]["p_holm"] < 0.001
    assert (run / "groups.csv").exists()


def test_without_a_test_part_those_of_the_validation_part_are_measured(program: Program, config: str) -> None:
    run = run_of(program, "train", config, "data.split={test: 0, validation: 0.25}")
    assert sum(rows_of(groups_of(run, "validation")["region"]).values()) == ROWS // 4
    done = program("train", config, "--set", "data.split={test: 0, validation: 0}")
    assert NO_GROUPS in done.err


def test_dependent_rows_and_numbers_have_groups_too(program: Program, config: str) -> None:
    """A regression whose test part has one of two groups of rows."""
    settings = (
        "data.target=age",
        "data.columns.ignore=[region]",
        "data.split={group: y, test: 0.5, validation: 0}",
        "evaluation.groups=[region, y]",
    )
    run = run_of(program, "train", config, *settings)
    groups = groups_of(run)
    assert {"r2", "rmse", "mae"} <= {*groups["region"]["Bern"]["difference"]}
    assert len(groups["y"]) == 1


def test_nothing_of_it_is_there_without_the_setting(program: Program, config: str) -> None:
    run = run_of(program, "train", config, "evaluation.groups=[]")
    assert "groups" not in read_json(run / "metrics.json")["test"]
    assert not (run / "groups.csv").exists()
    assert read_json(run / "model.json")["table"]["groupings"] == []
