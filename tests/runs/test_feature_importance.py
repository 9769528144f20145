"""`fnnctl report --importance`: which columns matter to a run's network."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.modelling import feature_importance as features
from tests.commands.tables import penguins, train, write_table
from tests.program import Program, only_run, read_json
from tests.runs.searching import RATE, search, write_config

COLUMNS = {
    "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex", "year",
}  # fmt: skip


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of the run on penguins, in `runs` of the working directory; its data are elsewhere."""
    return Path(shutil.copytree(only_run(trained), tmp_path / "runs" / only_run(trained).name))


@pytest.mark.figures
def test_a_run_gets_a_table_and_a_figure(run: Path, program: Program) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    done = program("report", "--importance")
    assert done.code == 0
    assert "Importance of the columns on the test part" in done.out
    table = rows_of(run / "feature_importance.csv")
    assert {row["column"] for row in table} == COLUMNS
    assert {(row["part"], row["rows"], row["repeats"]) for row in table} == {("test", "69", "10")}
    assert (run / "feature_importance.png").read_bytes().startswith(b"\x89PNG")
    after = {path.name: path.read_bytes() for path in run.iterdir()}
    new = {"feature_importance.csv", "feature_importance.png"}
    assert {name: content for name, content in after.items() if name not in new} == before
    (run / "feature_importance.png").unlink()
    again = program("report", "--verbose")
    assert "Importance of the columns" not in again.out
    assert "feature_importance.png" in again.out
    assert (run / "feature_importance.png").read_bytes() == after["feature_importance.png"]


def test_all_formats_show_the_same(run: Path, program: Program) -> None:
    first = program("report", "--importance", "--json")
    assert program("report", "--importance", "--json").out == first.out
    (entry,) = first.json["runs"]
    table = rows_of(run / "feature_importance.csv")
    assert [each["column"] for each in entry["feature_importance"]] == [row["column"] for row in table]
    for each, row in zip(entry["feature_importance"], table, strict=True):
        assert each["log_loss"] == {
            "mean": float(row["log_loss"]),
            "std": float(row["log_loss_std"]),
            "ci95": [float(row["log_loss_ci95_low"]), float(row["log_loss_ci95_high"])],
        }
    assert entry["feature_importance_rows"] == {"part": "test", "rows": 69, "repeats": 10}
    assert "feature_importance" not in program("report", "--json").json["runs"][0]
    text = program("report", "--importance", "--format", "markdown").out
    best = entry["feature_importance"][0]
    assert "| column | log loss + | 95 % interval | accuracy − |" in text
    escaped = best["column"].replace("_", "\\_")
    assert f"| {escaped} | {best['log_loss']['mean']:.4f} |" in text


def test_a_column_that_decides_is_first_and_its_copy_is_named(program: Program, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, 300))
    rows = [
        {"x": f"{a:.4f}", "copy": f"{2 * a + 1:.4f}", "noise": f"{b:.4f}", "y": f"{3 * a:.4f}"}
        for a, b in zip(x, noise, strict=True)
    ]
    run = train(
        program,
        write_table(tmp_path / "t.csv", ["x", "copy", "noise", "y"], rows),
        {"training.epochs": "60", "training.optimizer.learning_rate": "0.03"},
        target="y",
    )
    done = program("report", str(run), "--importance")
    assert rows_of(run / "feature_importance.csv")[0]["column"] in ("x", "copy")
    assert "R² −" in done.out
    assert "RMSE +" in done.out
    assert "'x' with 'copy' (1.00)" in done.out or "'copy' with 'x' (1.00)" in done.out


def test_without_a_test_part_the_validation_part_is_used(program: Program, tmp_path: Path) -> None:
    table = write_table(tmp_path / "penguins.csv", *penguins())
    run = train(program, table, {"data.split.test": "0"})
    done = program("report", str(run), "--importance", "--json")
    assert done.json["runs"][0]["feature_importance_rows"]["part"] == "validation"
    bagged = train(program, table, {"data.split.test": "0", "model.ensemble": "{members: 3, bags: true}"})
    done = program("report", str(bagged), "--importance", "--json")
    assert done.json["runs"][0]["feature_importance_rows"] == {
        "part": "validation",
        "rows": 342,
        "repeats": 10,
    }
    nothing = train(
        program, table, {"data.split": "{test: 0, validation: 0}", "training.early_stopping": "null"}
    )
    done = program("report", str(nothing), "--importance")
    assert (done.code, done.out) == (2, "")
    assert "has no rows to measure importance on" in done.err
    assert not (nothing / "feature_importance.csv").exists()


def test_an_evaluation_is_measured_on_its_file(run: Path, program: Program, tmp_path: Path) -> None:
    names, rows = penguins()
    table = write_table(tmp_path / "new.csv", names, rows[:100])
    evaluation = Path(program("evaluate", run.name, "--data", "new.csv", "--json").json["run"])
    done = program("report", str(evaluation), "--importance", "--json")
    assert done.json["runs"][0]["feature_importance_rows"] == {"part": "test", "rows": 100, "repeats": 10}
    assert (evaluation / "feature_importance.csv").exists()
    assert not (run / "feature_importance.csv").exists()
    write_table(table, names, rows[:90])
    done = program("report", str(evaluation), "--importance")
    assert done.code == 2
    assert f"new.csv: has changed since {evaluation} scored it" in done.err
    table.unlink()
    assert program("report", str(evaluation), "--importance").code == 2


def test_an_evaluation_is_measured_as_it_was_scored(program: Program, tmp_path: Path) -> None:
    """With its delimiter, encoding and threshold: at a threshold of 1 no prediction can change."""
    rng = np.random.default_rng(0)
    rows = [{"größe": f"{x:.3f}", "y": "yes" if x > 0 else "no"} for x in rng.normal(size=200)]
    table = write_table(tmp_path / "t.csv", ["größe", "y"], rows)
    table.write_text(table.read_text(encoding="utf-8").replace(",", "|"), encoding="cp1252")
    data = {"source": "t.csv", "target": "y", "delimiter": "|", "encoding": "cp1252"}
    (tmp_path / "x.yaml").write_text(json.dumps({"data": data, "training": {"epochs": 3}}))
    assert program("train", "x.yaml").code == 0
    (tmp_path / "new.csv").write_text(table.read_text(encoding="cp1252").replace("|", ";"), encoding="utf-8")
    how = ("--delimiter", ";", "--encoding", "utf-8", "--threshold", "1")
    evaluation = program("evaluate", "--data", "new.csv", *how, "--json").json["run"]
    done = program("report", evaluation, "--importance", "--json")
    assert done.code == 0, done.err
    (column,) = done.json["runs"][0]["feature_importance"]
    assert column["log_loss"]["mean"] > 0.0 == column["accuracy"]["mean"]


def test_rows_that_were_learned_are_a_warning(run: Path, program: Program, trained: Path) -> None:
    evaluation = program("evaluate", run.name, "--data", str(trained / "penguins.csv"), "--json").json["run"]
    done = program("report", evaluation, "--importance")
    assert done.code == 0
    warning = done.err.splitlines()[-1]
    assert warning.startswith("warning: the network has seen most rows of")
    assert warning.endswith(f"`fnnctl report {run} --importance` uses only the test part")


def test_a_search_stands_for_its_winner(program: Program, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "method": "random",
        "trials": 2,
        "space": {RATE: {"log_uniform": [0.01, 0.1]}},
    }
    settings["ensemble"] = {"size": 2}
    folder = search(write_config(tmp_path / "x.yaml", search=settings))
    done = program("report", str(folder), "--importance", "--json")
    assert done.code == 0, done.err
    (entry,) = done.json["runs"]
    assert len(entry["feature_importance"]) == 4
    assert "best/feature_importance.csv" in entry["files"]
    assert (folder / "best" / "feature_importance.csv").exists()
    assert "best/feature_importance.csv" in program("report", str(folder), "--verbose").out
    ensemble = program("report", f"{folder}/ensemble", "--importance", "--json")
    assert ensemble.json["runs"][0]["feature_importance_rows"]["part"] == "test"
    assert (folder / "ensemble" / "feature_importance.csv").exists()


def test_a_cross_validation_has_no_network(run: Path, iris: Path, program: Program) -> None:
    folded = program("evaluate", str(iris), "--folds", "2", "--repeats", "1", "--workers", "1", "--json")
    named = program("report", folded.json["run"], "--importance")
    assert named.code == 2
    assert "is a cross-validation, which saves no network: name a run of `fnnctl train` instead" in named.err
    assert program("report", "--importance").code == 0  # the last run that has a network


def test_several_runs_are_each_measured(run: Path, program: Program) -> None:
    other = Path(shutil.copytree(run, run.parent / "2026-01-01T00-00-00Z-other-000000"))
    done = program("report", str(run), str(other), "--importance", "--json")
    first, second = done.json["runs"]
    assert first["feature_importance"] == second["feature_importance"]
    assert (other / "feature_importance.csv").exists()


def test_many_rows_are_drawn_from(run: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "MAX_ROWS", 40)
    done = program("report", "--importance", "--json")
    assert done.json["runs"][0]["feature_importance_rows"]["rows"] == 40
    assert done.err.startswith(
        "importance is measured on 40 of the 69 rows of the test part, drawn at random"
    )


def test_a_folder_that_cannot_be_written_gets_a_note(
    run: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run / "feature_importance.csv").mkdir()
    done = program("report", "--importance")
    assert done.code == 0
    assert "Importance of the columns on the test part" in done.out
    assert "feature_importance.csv" in done.err


def test_the_metrics_of_the_run_stay_as_they_are(run: Path, program: Program) -> None:
    recorded = read_json(run / "metrics.json")
    done = program("report", "--importance", "--json", "--fail-under", "accuracy=1.01")
    assert done.code == 1
    assert done.json["runs"][0]["metrics"] == recorded
    assert read_json(run / "metrics.json") == recorded
