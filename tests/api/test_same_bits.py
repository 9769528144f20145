"""The same experiment gives the same bits from Python and from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import fnnctl
from fnnctl.cli import run
from tests.test_configs import CONFIGS

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

MEASURED = ("resolved.yaml", "model.npz", "model.json", "history.csv", "metrics.json", "predictions.csv")


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONFIGS.parent)


def run_by_command(runs: Path, command: str, *words: str) -> Path:
    assert run([command, *words, "--no-figures", "--quiet", "--runs-dir", str(runs)]) == 0
    (folder,) = runs.iterdir()
    return folder


def contents(folder: Path | None, names: tuple[str, ...] = MEASURED) -> dict[str, bytes]:
    assert folder is not None
    return {name: (folder / name).read_bytes() for name in names}


@pytest.mark.parametrize("name", ["iris", "own-csv", "diabetes"])
def test_trainings(name: str, tmp_path: Path) -> None:
    file = f"configs/{name}.yaml"
    expected = contents(run_by_command(tmp_path / "a", "train", file, "--set", "training.epochs=2"))
    on_disk = fnnctl.train(file, runs_dir=tmp_path / "b", settings={"training.epochs": 2})
    assert contents(on_disk.path) == expected
    in_memory = fnnctl.train(file, settings={"training.epochs": 2})
    assert in_memory.path is None
    assert contents(in_memory.save(tmp_path / "saved").path) == expected


@pytest.mark.parametrize("name", ["wine-grid", "digits-ensemble"])
def test_searches(name: str, tmp_path: Path) -> None:
    file = f"configs/{name}.yaml"
    words = ["--max-trials", "1", "--workers", "1", "--set", "training.epochs=4"]
    folder = run_by_command(tmp_path / "a", "search", file, *words)
    search = fnnctl.run_search(file, max_trials=1, workers=1, settings={"training.epochs": 4})
    saved = search.save(tmp_path / "saved").path
    assert contents(saved, ("journal.jsonl",)) == contents(folder, ("journal.jsonl",))
    assert saved is not None
    assert contents(saved / "best") == contents(folder / "best")


def test_cross_validations(tmp_path: Path) -> None:
    words = ["--set", "training.epochs=2", "--folds", "3", "--workers", "2"]
    folder = run_by_command(tmp_path / "a", "evaluate", "configs/iris.yaml", *words)
    settings = {"training.epochs": 2, "evaluation.cross_validation.folds": 3}
    folds = fnnctl.evaluate("configs/iris.yaml", workers=1, settings=settings)
    names = ("cross_validation.csv", "metrics.json", "predictions.csv")
    assert contents(folds.save(tmp_path / "saved").path, names) == contents(folder, names)
