"""The same experiment gives the same bits from Python and from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import fnnctl
from fnnctl.cli import run
from tests.test_configs import CONFIGS, SEARCHES, WANTED, WANTED_R2

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

MEASURED = ("resolved.yaml", "model.npz", "model.json", "history.csv", "metrics.json", "predictions.csv")


def contents(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def only_folder(runs: Path) -> Path:
    (folder,) = runs.iterdir()
    return folder


@pytest.mark.parametrize("name", sorted(WANTED | WANTED_R2))
def test_trainings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONFIGS.parent)
    short = {"training.epochs": 2}
    changes = [word for path, value in short.items() for word in ("--set", f"{path}={value}")]
    file = f"configs/{name}.yaml"
    assert run(["train", file, *changes, "--no-figures", "--quiet", "--runs-dir", str(tmp_path / "a")]) == 0
    by_command = contents(only_folder(tmp_path / "a"), MEASURED)

    on_disk = fnnctl.train(file, runs_dir=tmp_path / "b", settings=short)
    assert on_disk.path == only_folder(tmp_path / "b")
    assert contents(on_disk.path, MEASURED) == by_command

    in_memory = fnnctl.train(file, settings=short)
    assert in_memory.path is None
    saved = in_memory.save(tmp_path / "saved").path
    assert saved is not None
    assert contents(saved, MEASURED) == by_command


@pytest.mark.parametrize("name", sorted(SEARCHES))
def test_searches(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONFIGS.parent)
    file = f"configs/{name}.yaml"
    short = {"search.budget.max_epochs" if "budget:" in Path(file).read_text() else "training.epochs": 4}
    changes = [f"--set={path}={value}" for path, value in short.items()]
    command = ["search", file, "--max-trials", "1", "--workers", "1", *changes]
    assert run([*command, "--no-figures", "--quiet", "--runs-dir", str(tmp_path / "a")]) == 0
    folder = only_folder(tmp_path / "a")

    search = fnnctl.run_search(file, max_trials=1, workers=1, settings=short)
    saved = search.save(tmp_path / "saved").path
    assert saved is not None
    assert (saved / "journal.jsonl").read_bytes() == (folder / "journal.jsonl").read_bytes()
    assert (saved / "best" / "model.npz").exists()
    assert contents(saved / "best", MEASURED) == contents(folder / "best", MEASURED)


def test_cross_validations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONFIGS.parent)
    short = ["--set", "training.epochs=2", "--folds", "3", "--workers", "2"]
    assert run(["evaluate", "configs/iris.yaml", *short, "--no-figures", "--runs-dir", str(tmp_path)]) == 0
    settings = {"training.epochs": 2, "evaluation.cross_validation.folds": 3}
    folds = fnnctl.evaluate("configs/iris.yaml", workers=1, settings=settings)
    saved = folds.save(tmp_path / "saved" / "folds").path
    assert saved is not None
    (folder,) = (path for path in tmp_path.iterdir() if path.name != "saved")
    names = ("cross_validation.csv", "metrics.json", "predictions.csv")
    assert contents(saved, names) == contents(folder, names)
