"""Searches that are killed while they are extended keep the former winner until the new one is complete."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from fnnctl.cli import run
from tests.runs.extending import RANDOM, assert_same_outcome, extend
from tests.runs.searching import resume, search, write_config


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(tmp_path_factory.mktemp("extension") / "x.yaml", search=RANDOM)


@pytest.fixture(scope="module")
def complete(config: Path) -> Path:
    return search(config)


@pytest.fixture(scope="module")
def at_once(config: Path) -> Path:
    """A search with eight trials from the start; the search with three trials has a different winner."""
    return search(config, "--set", "search.trials=8")


@pytest.fixture
def folder(complete: Path, at_once: Path, tmp_path: Path) -> Path:
    """A complete search of three trials, to be extended to eight."""
    found = tmp_path / "search"
    shutil.copytree(complete, found)
    assert (found / "best/model.npz").read_bytes() != (at_once / "best/model.npz").read_bytes()
    return found


def assert_former_winner(folder: Path, complete: Path) -> None:
    for name in ("manifest.json", "model.npz", "metrics.json"):
        assert (folder / "best" / name).read_bytes() == (complete / "best" / name).read_bytes()


def test_a_kill_while_the_new_winner_is_trained(
    folder: Path, complete: Path, at_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*arguments: Any) -> None:
        raise OSError("the process dies here")

    with monkeypatch.context() as patch:
        patch.setattr("fnnctl.runs.training.write_scores", dies)
        extend(folder, "trials=8", code=3)
    assert_former_winner(folder, complete)
    assert resume(folder) == 0
    assert_same_outcome(folder, at_once)


@pytest.mark.parametrize("renames", [1, 2])
def test_a_kill_while_the_new_winner_takes_its_place(
    folder: Path, at_once: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    """After either of the two renames, readers and resumes find a winner."""
    rename = Path.rename

    def dies(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        left[0] -= path.parent == folder
        if not left[0]:
            raise KeyboardInterrupt
        return moved

    left = [renames + 1]  # the first rename gives the new run's folder its hidden name
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dies)
        extend(folder, "trials=8", code=130)
    assert (folder / "best").exists() == (renames == 2)
    assert (folder / ".former-best").exists()
    assert run(["report", str(folder), "--json"]) == 0
    assert resume(folder) == 0
    assert_same_outcome(folder, at_once)
