"""How the manifest records the end of a run."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from fnnctl.config.schema.model import ModelConfig
from fnnctl.errors import MachineError
from fnnctl.modelling.worst_rows import WorstRows
from fnnctl.runs.recorder import write_scores
from fnnctl.store import names
from fnnctl.store.run import OpenRun, create_run
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.task import PartScores
from tests.messages import Messages
from tests.program import Program, only_run, read_json

pytestmark = pytest.mark.usefixtures("no_figures")


def test_the_first_failure_is_reported_if_the_end_cannot_be_recorded(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk = MachineError("manifest.json cannot be written: No space left on device")
    monkeypatch.setattr(OpenRun, "finish", Mock(side_effect=full_disk))
    diverging = ("training.optimizer={name: sgd, learning_rate: 1e6}", "training.l2=1e5")
    done = program("train", str(iris), "--set", diverging[0], "--set", diverging[1])
    assert done.code == 4
    assert "diverged in epoch" in done.err.splitlines()[-1]
    done = program("train", str(iris))
    assert (done.code, done.err.splitlines()[-1].split(":")[0]) == (3, "manifest.json cannot be written")


TASK = Classification("y", ("a", "b"))
DECODER = TASK.output_decoder(ModelConfig(), np.array([0, 1]))


@pytest.fixture
def run(tmp_path: Path) -> OpenRun:
    return create_run(tmp_path, name="x", kind="train", manifest={"seed": 0})


def part(first: int) -> PartScores:
    """Two rows, of which the second is misclassified."""
    scores = np.array([[2.0, 1.0], [1.0, 0.0]])
    return TASK.score(np.array([first, first + 1]), np.array([0, 1]), [scores], DECODER)


def worst(scored: PartScores) -> WorstRows:
    """The second row."""
    (rows, badness) = scored.row_badness()
    return WorstRows(("x",), rows[1:], badness[1:], [("0.5",)])


def test_the_files_are_about_the_last_part(run: OpenRun) -> None:
    parts: dict[str, PartScores | None] = {"train": part(0), "validation": None, "test": part(10)}
    write_scores(run, parts, worst, {})
    metrics = read_json(run.path / names.METRICS)
    assert {name: each and each["accuracy"] for name, each in metrics.items()} == {
        "train": 0.5, "validation": None, "test": 0.5
    }  # fmt: skip
    lines = (run.path / names.PREDICTIONS).read_text().splitlines()
    assert [line.split(",")[:3] for line in lines] == [
        ["row", "label", "prediction"], ["10", "a", "a"], ["11", "b", "a"]
    ]  # fmt: skip
    assert (run.path / names.WORST_ROWS).read_text() == "row,x\n11,0.5\n"


def test_without_a_last_part_there_are_metrics_alone_and_each_part_is_released(run: OpenRun) -> None:
    """Only one large part is in memory at a time."""
    parts: dict[str, PartScores | None] = {"train": part(0), "test": None}
    write_scores(run, parts, worst, {})
    assert read_json(run.path / names.METRICS)["test"] is None
    assert not (run.path / names.PREDICTIONS).exists()
    assert parts == {}


def test_a_run_without_memory_says_what_is_kept(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("fnnctl.runs.training.record_warnings", Mock(side_effect=MemoryError))
        done = program("train", str(iris))
    run = only_run(tmp_path)
    name = run.relative_to(tmp_path)
    assert done.code == 3
    messages.check("\n".join(done.err.splitlines()[-2:]).replace(run.name, "RUN"))
    manifest = read_json(run / "manifest.json")
    assert (manifest["status"], manifest["error"]) == ("failed", "out of memory")
    assert program("train", "--resume", str(name)).code == 0
