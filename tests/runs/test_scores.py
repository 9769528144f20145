"""The scores of a run's parts as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.runs.scores import write_scores
from fnnctl.store import names
from fnnctl.store.run import OpenRun, create_run
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.task import PartScores
from tests.program import read_json

TASK = Classification("y", ("a", "b"))
READOUT = TASK.readout(ModelConfig(), np.array([0, 1]))


@pytest.fixture
def run(tmp_path: Path) -> OpenRun:
    return create_run(tmp_path, name="x", kind="train", manifest={"seed": 0})


def part(first: int) -> PartScores:
    """Two rows, of which the second is misclassified."""
    scores = np.array([[2.0, 1.0], [1.0, 0.0]])
    return TASK.score(np.array([first, first + 1]), np.array([0, 1]), [scores], READOUT)


def test_the_files_are_about_the_last_part(run: OpenRun) -> None:
    parts: dict[str, PartScores | None] = {"train": part(0), "validation": None, "test": part(10)}
    write_scores(run, parts)
    metrics = read_json(run.path / names.METRICS)
    assert {name: each and each["accuracy"] for name, each in metrics.items()} == {
        "train": 0.5, "validation": None, "test": 0.5
    }  # fmt: skip
    lines = (run.path / names.PREDICTIONS).read_text().splitlines()
    assert [line.split(",")[:3] for line in lines] == [
        ["row", "label", "prediction"], ["10", "a", "a"], ["11", "b", "a"]
    ]  # fmt: skip


def test_without_a_last_part_there_are_metrics_alone(run: OpenRun) -> None:
    write_scores(run, {"train": part(0), "test": None})
    assert read_json(run.path / names.METRICS)["test"] is None
    assert not (run.path / names.PREDICTIONS).exists()


def test_each_part_is_released(run: OpenRun) -> None:
    """Only one large part is in memory at a time."""
    parts: dict[str, PartScores | None] = {"train": part(0), "test": part(10)}
    write_scores(run, parts)
    assert parts == {}
