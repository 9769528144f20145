"""`fnnctl report --importance`: which columns matter to a run's network."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.modelling.explanations import feature_importance as features
from tests.commands.tables import penguins, train, write_table
from tests.program import Program, only_run, read_json, run_of
from tests.runs.folding import table
from tests.runs.searching import RATE, search, write_config

COLUMNS = {
    "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex", "year",
}  # fmt: skip


def measured(program: Program, run: Path, *options: str) -> dict[str, Any]:
    """The run in the report on its importances."""
    done = program("report", str(run), "--importance", "--json", *options)
    assert done.code == 0, done.err
    entry: dict[str, Any] = done.json["runs"][0]
    return entry


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
    rows = table(run, "feature_importance.csv")
    assert {row["column"] for row in rows} == COLUMNS
    assert {(row["part"], row["rows"], row["repeats"]) for row in rows} == {("test", "69", "10")}
    assert (run / "feature_importance.png").read_bytes().startswith(b"\x89PNG")
    after = {path.name: path.read_bytes() for path in run.iterdir()}
    new = {"feature_importance.csv", "feature_importance.png"}
    assert {name: content for name, content in after.items() if name not in new} == before
    (run / "feature_importance.png").unlink()
    again = program("report", "--verbose")
    assert "Importance of the columns" not in again.out
    assert "feature_importance.png" in again.out
    assert (run / "feature_importance.png").read_bytes() == after["feature_importance.png"]


def test_the_report_shows_the_table_if_it_is_asked_to(run: Path, program: Program) -> None:
    """The metrics of the run and the gate stay as they are."""
    entry = measured(program, run)
    assert measured(program, run) == entry
    rows = table(run, "feature_importance.csv")
    assert [column["column"] for column in entry["feature_importance"]] == [row["column"] for row in rows]
    for column, row in zip(entry["feature_importance"], rows, strict=True):
        assert column["log_loss"] == {
            "mean": float(row["log_loss"]),
            "std": float(row["log_loss_std"]),
            "ci95": [float(row["log_loss_ci95_low"]), float(row["log_loss_ci95_high"])],
        }
    assert entry["feature_importance_rows"] == {"part": "test", "rows": 69, "repeats": 10}
    assert entry["metrics"] == read_json(run / "metrics.json")
    assert "feature_importance" not in program("report", "--json").json["runs"][0]
    assert program("report", "--importance", "--fail-under", "accuracy=1.01").code == 1


def test_a_column_that_decides_is_first_and_its_copy_is_named(program: Program, tmp_path: Path) -> None:
    x, noise = np.random.default_rng(0).normal(size=(2, 300))
    rows = [
        {"x": f"{a:.4f}", "copy": f"{2 * a + 1:.4f}", "noise": f"{b:.4f}", "y": f"{3 * a:.4f}"}
        for a, b in zip(x, noise, strict=True)
    ]
    changes = {"training.epochs": "60", "training.optimizer.learning_rate": "0.03"}
    path = write_table(tmp_path / "t.csv", ["x", "copy", "noise", "y"], rows)
    run = train(program, path, changes, target="y")
    done = program("report", str(run), "--importance")
    assert table(run, "feature_importance.csv")[0]["column"] in ("x", "copy")
    assert "R² −" in done.out
    assert "RMSE +" in done.out
    assert "'x' with 'copy' (1.00)" in done.out or "'copy' with 'x' (1.00)" in done.out


def test_without_a_test_part_the_validation_part_is_used(program: Program, tmp_path: Path) -> None:
    path, untested = write_table(tmp_path / "penguins.csv", *penguins()), {"data.split.test": "0"}
    plain = train(program, path, untested)
    assert measured(program, plain)["feature_importance_rows"]["part"] == "validation"
    bagged = train(program, path, {**untested, "model.ensemble": "{members: 3, bags: true}"})
    rows = {"part": "validation", "rows": 342, "repeats": 10}
    assert measured(program, bagged)["feature_importance_rows"] == rows
    unwatched = {"data.split": "{test: 0, validation: 0}", "training.early_stopping": "null"}
    nothing = train(program, path, unwatched)
    done = program("report", str(nothing), "--importance")
    assert (done.code, done.out) == (2, "")
    assert "has no rows to measure importance on" in done.err
    assert not (nothing / "feature_importance.csv").exists()


def test_an_evaluation_is_measured_on_its_file(run: Path, program: Program, tmp_path: Path) -> None:
    names, rows = penguins()
    path = write_table(tmp_path / "new.csv", names, rows[:100])
    evaluation = run_of(program, "evaluate", run.name, "--data", "new.csv")
    expected = {"part": "test", "rows": 100, "repeats": 10}
    assert measured(program, evaluation)["feature_importance_rows"] == expected
    assert (evaluation / "feature_importance.csv").exists()
    assert not (run / "feature_importance.csv").exists()
    write_table(path, names, rows[:90])
    done = program("report", str(evaluation), "--importance")
    assert (done.code, f"new.csv: has changed since {evaluation} scored it" in done.err) == (2, True)


def test_an_evaluation_is_measured_as_it_was_scored(program: Program, tmp_path: Path) -> None:
    """With its delimiter, encoding and threshold: at a threshold of 1 no prediction can change."""
    rng = np.random.default_rng(0)
    rows = [{"größe": f"{x:.3f}", "y": "yes" if x > 0 else "no"} for x in rng.normal(size=200)]
    path = write_table(tmp_path / "t.csv", ["größe", "y"], rows)
    path.write_text(path.read_text(encoding="utf-8").replace(",", "|"), encoding="cp1252")
    data = {"source": "t.csv", "target": "y", "delimiter": "|", "encoding": "cp1252"}
    (tmp_path / "x.yaml").write_text(json.dumps({"data": data, "training": {"epochs": 3}}))
    assert program("train", "x.yaml").code == 0
    (tmp_path / "new.csv").write_text(path.read_text(encoding="cp1252").replace("|", ";"), encoding="utf-8")
    how = ("--delimiter", ";", "--encoding", "utf-8", "--threshold", "1")
    evaluation = run_of(program, "evaluate", "--data", "new.csv", *how)
    (column,) = measured(program, evaluation)["feature_importance"]
    assert column["log_loss"]["mean"] > 0.0 == column["accuracy"]["mean"]


def test_rows_that_were_learned_are_a_warning(run: Path, program: Program, trained: Path) -> None:
    evaluation = run_of(program, "evaluate", run.name, "--data", str(trained / "penguins.csv"))
    done = program("report", str(evaluation), "--importance")
    assert done.code == 0
    warning = done.err.splitlines()[-1]
    assert warning.startswith("warning: the network has seen most rows of")
    assert warning.endswith(f"`fnnctl report {run} --importance` uses only the test part")


def test_a_search_stands_for_its_winner(program: Program, tmp_path: Path) -> None:
    space = {RATE: {"log_uniform": [0.01, 0.1]}}
    settings: dict[str, Any] = {"method": "random", "trials": 2, "space": space, "ensemble": {"size": 2}}
    folder = search(write_config(tmp_path / "x.yaml", search=settings))
    entry = measured(program, folder)
    assert len(entry["feature_importance"]) == 4
    assert "best/feature_importance.csv" in entry["files"]
    assert (folder / "best" / "feature_importance.csv").exists()
    assert measured(program, folder / "ensemble")["feature_importance_rows"]["part"] == "test"
    assert (folder / "ensemble" / "feature_importance.csv").exists()


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
