"""`train` handles data that are small, wide, incomplete or duplicated, or that have many classes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.program import Program, read_json


class Trained:
    """A completed run and its messages."""

    def __init__(self, program: Program, folder: Path, data: str, training: str, hidden: int = 8) -> None:
        (folder / "c.yaml").write_text(
            f"recipe: classic\ndata: {{{data}}}\nmodel: {{hidden: [{hidden}]}}\n"
            f"training: {{epochs: 40, {training}}}\n"
        )
        done = program("train", "c.yaml", "--json")
        assert done.code == 0, done.err
        self.said = done.err
        self.run = Path(done.json["run"])
        self.metrics: dict[str, Any] = read_json(self.run / "metrics.json")
        with (self.run / "predictions.csv").open(newline="") as file:
            self.predictions = list(csv.DictReader(file))

    def part(self, name: str) -> dict[str, Any]:
        part: dict[str, Any] = self.metrics[name]
        return part


@pytest.fixture
def table(program: Program, tmp_path: Path) -> Any:
    def train(
        header: str,
        rows: list[str],
        data: str = "split: {validation: 0.15}",
        training: str = "optimizer: {learning_rate: 0.05}",
    ) -> Trained:
        (tmp_path / "t.csv").write_text("\n".join([header, *rows]) + "\n")
        return Trained(program, tmp_path, f"source: t.csv, target: y, {data}", training)

    return train


@pytest.mark.figures
def test_two_rows_a_class(table: Any) -> None:
    """Of four rows, one is for validation, one for testing, and each class keeps one for training."""
    done = table("x,y", ["0,p", "1,p", "10,q", "11,q"])
    supports = [done.part(name)["support"] for name in ("train", "validation", "test")]
    assert supports == [2, 1, 1]
    assert done.part("train")["accuracy"] == 1.0
    assert [done.part("train")["per_class"][name]["support"] for name in "pq"] == [1, 1]
    assert done.part("test")["roc_auc_macro"] is None  # one row ranks against none


def test_hundreds_of_classes(program: Program, tmp_path: Path) -> None:
    """Two rows per class, and four columns that encode the class, so it can be learned."""
    labels = np.repeat(np.arange(256), 2)
    digits = np.stack([labels // 4**k % 4 for k in range(4)], axis=1)
    np.savez(tmp_path / "t.npz", X=np.eye(4)[digits].reshape(512, 16), y=labels)
    done = Trained(
        program, tmp_path, "source: t.npz, scaling: none, split: {validation: 0}",
        "batch_size: 32, optimizer: {learning_rate: 0.05}, early_stopping: null",
        hidden=64,
    )  # fmt: skip
    test = done.part("test")
    assert (test["support"], len(test["per_class"])) == (102, 256)
    assert test["accuracy"] > 0.9
    row = done.predictions[0]
    assert len(row) == 3 + 256
    assert sum(float(row[f"p_{name}"]) for name in range(256)) == pytest.approx(1.0, abs=1e-6)
    assert all(
        (scores["roc_auc"] is None) == (scores["support"] == 0) for scores in test["per_class"].values()
    )


def test_columns_without_values(table: Any) -> None:
    """They are left out, and a column that is empty only in the training part does no harm."""
    rows = [f"{i},,,{'pq'[i >= 30]}" for i in range(60)]
    done = table("x,a,b,y", rows, "columns: {numeric: [b]}")
    assert "the column 'a' of" in done.said
    assert "has no values and is ignored" in done.said
    assert "a column has the same value, or none, in all training rows and cannot help: 'b'" in done.said
    assert done.part("test")["roc_auc_macro"] == 1.0
    assert np.isfinite(done.part("test")["loss"])


@pytest.mark.figures
def test_a_class_that_is_absent_from_a_part(table: Any) -> None:
    """Two rows of `r` can be in only two of the three parts; its metrics in the third are null, never 0."""
    rows = [f"{i},{'pq'[i >= 30]}" for i in range(60)] + ["100,r", "101,r"]
    done = table("x,y", rows)
    assert "a class has no row in the validation part and no effect on its metrics: 'r'" in done.said
    absent = done.part("validation")["per_class"]["r"]
    assert absent["support"] == 0
    assert absent["roc_auc"] is absent["recall"] is None
    assert done.part("validation")["roc_auc_macro"] is not None
    assert done.part("test")["per_class"]["r"]["support"] == 1
