"""Every experiment in configs/ runs as it is, and reaches what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.commands.interruption import interruption
from fnnctl.commands.output import Output
from fnnctl.commands.train import train
from fnnctl.report.summary import summarize

CONFIGS = Path(__file__).parent.parent / "configs"
WANTED = {
    "iris": 0.93,
    "wine": 0.95,
    "breast_cancer": 0.95,
    "digits": 0.97,
    "penguins": 0.97,
    "own-csv": 0.75,
}


def test_every_config_is_tested() -> None:
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == set(WANTED)


@pytest.mark.parametrize("name", sorted(WANTED))
def test_reaches_its_accuracy(name: str, tmp_path: Path) -> None:
    output = Output(quiet=True)
    with interruption(output) as signals:
        run = train(
            CONFIGS / f"{name}.yaml",
            [],
            runs_dir=tmp_path,
            name=None,
            seed=None,
            output=output,
            signals=signals,
        )
    metrics = summarize(run).part_metrics("test")
    assert metrics is not None
    assert metrics["accuracy"] >= WANTED[name]
