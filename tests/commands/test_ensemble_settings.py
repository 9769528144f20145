"""`search.ensemble` on tables of both tasks, with a temperature, and where it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.cli import run as run_program
from tests.program import Program, read_json
from tests.runs.searching import SCALED_SPACE, resume, search, selection, write_config


def noisy_table(path: Path, *, classes: bool) -> None:
    rng = np.random.default_rng(4)
    rows = []
    for a, b, c in rng.normal(size=(200, 3)):
        amount = 1000 + 50 * a * b + 20 * c
        rows.append(
            f"{a:.3f},{b:.3f},{'yes' if amount > 1000 else 'no'}" if classes else f"{a:.3f},{b:.3f},{amount}"
        )
    path.write_text("\n".join(["a,b,y", *rows]) + "\n")


def searched_table(folder: Path, *, classes: bool, **sections: Any) -> Path:
    noisy_table(folder / "t.csv", classes=classes)
    settings = {"method": "random", "trials": 6, "space": SCALED_SPACE, "ensemble": {"size": 6}}
    data = {"source": "t.csv", "target": "y"}
    return search(
        write_config(folder / "x.yaml", data=data, search=settings, **sections), "--executor", "serial"
    )


def test_a_regression(tmp_path: Path, program: Program) -> None:
    folder = searched_table(tmp_path, classes=False)
    metrics, found = read_json(folder / "ensemble" / "metrics.json"), selection(folder)
    assert found["metric"] == "r2"
    assert metrics["validation"]["r2"] == pytest.approx(found["objective"])
    assert found["objective"] >= found["best_alone"]
    scored = program("evaluate", str(folder / "ensemble"), "--data", "t.csv", "--json")
    assert scored.json["metrics"]["test"]["support"] == 200


def test_a_temperature_is_fitted_to_the_whole(tmp_path: Path, program: Program) -> None:
    folder = searched_table(tmp_path, classes=True, model={"calibration": "temperature"})
    temperature = read_json(folder / "ensemble" / "manifest.json")["calibration"]["temperature"]
    assert read_json(folder / "ensemble" / "model.json")["temperature"] == temperature != 1.0
    metrics = read_json(folder / "ensemble" / "metrics.json")["validation"]
    assert metrics["loss"] < metrics["loss_uncalibrated"]
    assert "to the last digit" in program("evaluate", str(folder / "ensemble")).err


def test_folds_have_no_ensemble(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"space": SCALED_SPACE, "ensemble": {"size": 3}, "objective": {"on": "cross_validation"}}
    config = write_config(tmp_path / "x.yaml", search=settings)
    assert run_program(["check", str(config)]) == 2
    told = capsys.readouterr().out
    line = 1 + next(k for k, text in enumerate(config.read_text().splitlines()) if "ensemble:" in text)
    assert f"x.yaml:{line}: search.ensemble: needs one network per trial" in told
    assert "write null, or set search.objective.on: validation" in told


def test_a_resume_cannot_ask_for_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"method": "random", "trials": 2, "space": SCALED_SPACE}
    folder = search(write_config(tmp_path / "x.yaml", search=settings), "--executor", "serial")
    assert resume(folder, "--set", "search.ensemble={size: 3}") == 2
    assert "would change the search" in capsys.readouterr().err
