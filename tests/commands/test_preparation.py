"""From a config to what is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.commands.conftest import Program


def test_row_numbers_are_those_of_the_file(program: Program, tmp_path: Path) -> None:
    """Rows without a label are left out, and counted all the same."""
    rows = ["0.5,", "0.5,"] + [f"{i},{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "own.csv").write_text("\n".join(["x,label", *rows]) + "\n")
    (tmp_path / "c.yaml").write_text("data: {source: own.csv, target: label}\ntraining: {epochs: 1}\n")
    run = Path(program("train", "c.yaml", "--quiet").out.strip())
    lines = (run / "predictions.csv").read_text().splitlines()[1:]
    for row, label in (line.split(",")[:2] for line in lines):
        assert rows[int(row)].endswith(f",{label}")


def test_the_test_part_changes_nothing_about_training(program: Program, tmp_path: Path) -> None:
    """Other values in the test file's rows: the same weights."""
    rng = np.random.default_rng(0)

    def write(name: str, rows: int, shift: float) -> None:
        lines = [f"{x + shift},{y},{'ab'[int(x > 0)]}" for x, y in rng.normal(size=(rows, 2))]
        (tmp_path / name).write_text("\n".join(["x,y,label", *lines]) + "\n")

    write("train.csv", 60, 0.0)
    weights = []
    for shift in (0.0, 100.0):
        write("test.csv", 30, shift)
        (tmp_path / "c.yaml").write_text(
            "data: {source: train.csv, target: label, test_source: test.csv}\ntraining: {epochs: 3}\n"
        )
        run = Path(program("train", "c.yaml", "--json").json["run"])
        weights.append((run / "model.npz").read_bytes())
    assert weights[0] == weights[1]


def test_a_network_too_large_is_refused_with_its_memory(program: Program, iris: Path, tmp_path: Path) -> None:
    done = program("train", str(iris), "--set", "model.hidden=[1000000, 1000000]")
    assert done.code == 2
    assert "GB" in done.err
    assert not (tmp_path / "runs").exists()
