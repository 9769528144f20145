"""A training with several targets: resumed, and repeated from its settings, it has the same bits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import Interrupt, Program, assert_same_files, read_json, run_of
from tests.several import FAST, TARGETS, several_targets, write_config, write_csv

FILES = (
    "model.npz", "model.json", "history.csv", "metrics.json",
    *(f"targets/{number}-{name}/predictions.csv" for number, name in enumerate(TARGETS, start=1)),
)  # fmt: skip


@pytest.fixture(params=[True, False], ids=["together", "apart"])
def config(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    write_csv(tmp_path / "t.csv", several_targets())
    training = {"epochs": 6, "batch_size": 16}
    write_config(
        tmp_path / "c.yaml",
        tmp_path / "t.csv",
        model={**FAST["model"], "together": request.param},
        training=training,
    )
    return tmp_path / "c.yaml"


def test_resumed_and_repeated_with_the_same_bits(config: str, program: Program, interrupt: Interrupt) -> None:
    undisturbed = run_of(program, "train", str(config))
    run = interrupt(3)
    assert program("train", "--resume", str(run)).code == 0
    assert read_json(run / "manifest.json")["status"] == "completed"
    assert_same_files(run, undisturbed, *FILES)
    repeated = run_of(program, "train", str(undisturbed / "resolved.yaml"))
    assert_same_files(repeated, undisturbed, *FILES)
