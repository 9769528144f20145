"""`search.ensemble` on tables of both tasks, with a temperature, and where it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.program import Program, read_json
from tests.runs.searching import SCALED_SPACE, search, selection, write_config


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """The sections of a search on a noisy table, for a class or for an amount."""
    lines = ["a,b,class,amount"]
    for a, b, noise in np.random.default_rng(4).normal(size=(200, 3)):
        amount = 1000 + 50 * a * b + 20 * noise
        lines.append(f"{a:.3f},{b:.3f},{'yes' if amount > 1000 else 'no'},{amount}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    section = {"method": "random", "trials": 6, "space": SCALED_SPACE, "ensemble": {"size": 6}}
    return {"search": section, "training": {"epochs": 5}}


def test_a_regression(tmp_path: Path, settings: dict[str, Any]) -> None:
    data = {"source": "t.csv", "target": "amount", "columns": {"ignore": ["class"]}}
    folder = search(write_config(tmp_path / "x.yaml", data=data, **settings), "--executor", "serial")
    facts = selection(folder)
    assert facts["metric"] == "r2"
    r2 = read_json(folder / "ensemble" / "metrics.json")["validation"]["r2"]
    assert r2 == pytest.approx(facts["objective"])
    assert facts["objective"] >= facts["best_alone"]


def test_a_temperature_is_fitted_to_the_whole(tmp_path: Path, settings: dict[str, Any]) -> None:
    data = {"source": "t.csv", "target": "class", "columns": {"ignore": ["amount"]}}
    config = write_config(tmp_path / "x.yaml", data=data, model={"calibration": "temperature"}, **settings)
    folder = search(config, "--executor", "serial") / "ensemble"
    temperature = read_json(folder / "manifest.json")["calibration"]["temperature"]
    assert read_json(folder / "model.json")["temperature"] == temperature != 1.0
    metrics = read_json(folder / "metrics.json")["validation"]
    assert metrics["loss"] < metrics["loss_uncalibrated"]


def test_folds_have_no_ensemble(program: Program, iris: Path) -> None:
    space = "{training.l2: {choice: [0, 1]}}"
    section = f"search={{space: {space}, ensemble: {{size: 3}}, objective: {{on: cross_validation}}}}"
    done = program("check", str(iris), "--set", section)
    assert done.code == 2
    assert "search.ensemble: needs one network per trial" in done.out
    assert "write null, or set search.objective.on: validation" in done.out
