"""Runs that the tests only read: each is trained once."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.cli import run
from fnnctl.store.folder import RunFolder
from tests.program import only_run

SEARCH = """\
recipe: classic
notes: a small search
data: {source: wine}
training: {batch_size: 4}
search:
  method: halving
  trials: 4
  budget: {min_epochs: 1, max_epochs: 3, reduction_factor: 3}
  start_from:
  - {training.optimizer.name: momentum, training.optimizer.learning_rate: 1.0e+6, training.l2: 1000}
  space:
    training.optimizer.name: {choice: [adam, momentum]}
    training.optimizer.learning_rate: {log_uniform: [1.0e-3, 1.0e-1]}
    training.l2: {log_uniform: [1.0e-4, 1.0e-1]}
"""
TRAINING = """\
recipe: classic
notes: by hand
data: {source: iris}
model: {hidden: [8]}
training: {epochs: 12, early_stopping: null, batch_size: 32, optimizer: {learning_rate: 0.02}}
"""


def made_by(command: str, config: str, folder: Path) -> RunFolder:
    """The run that a command makes of a config."""
    (folder / "x.yaml").write_text(config)
    options = ["--runs-dir", str(folder / "runs"), "--quiet", "--no-figures"]
    assert run([command, str(folder / "x.yaml"), *options]) == 0
    return RunFolder(only_run(folder))


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A search whose first trial diverges."""
    return made_by("search", SEARCH, tmp_path_factory.mktemp("searched"))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return made_by("train", TRAINING, tmp_path_factory.mktemp("trained"))
