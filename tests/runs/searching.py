"""Small searches for the tests, and helpers that compare two searches."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fnnctl.blas import set_blas_threads
from fnnctl.cli import run
from fnnctl.modelling.loading import load_experiment
from fnnctl.report.summary import summarize
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.journal import read_journal
from fnnctl.training.trainer import TrainedMember
from fnnctl.trials.preparation import PreparedSearch, prepare_search
from tests.modelling.prepared import prepare
from tests.program import assert_same_files, read_json

Record = Mapping[str, Any]
Settings = Mapping[str, Any]

TRAINING = {"epochs": 9, "batch_size": 32, "early_stopping": None}
RATE = "training.optimizer.learning_rate"
SPACE = {RATE: {"log_uniform": [0.003, 0.3]}, "model.hidden": {"depth": [1, 2], "width": [4, 8]}}
SCALED_SPACE = {**SPACE, "data.scaling": {"choice": ["standardize", "minmax"]}}
HALVING = {
    "method": "halving",
    "trials": 9,
    "budget": {"min_epochs": 1, "max_epochs": 9, "reduction_factor": 3},
    "compare_with_default": False,
    "space": SPACE,
}
SEARCH_FILES = ("leaderboard.csv", "metrics.json", "best/model.npz", "best/resolved.yaml")
ENSEMBLE_FILES = tuple(
    f"ensemble/{name}" for name in ("model.npz", "model.json", "metrics.json", "predictions.csv")
)


def write_config(
    path: Path,
    *,
    data: str | Settings = "iris",
    model: Settings | None = None,
    training: Settings | None = None,
    search: Settings | None = None,
    **sections: Any,
) -> Path:
    """The config of a small search, with the given entries merged into its sections."""
    config = {
        "recipe": "classic",
        "data": {"source": data} if isinstance(data, str) else data,
        "model": {"hidden": [6], **(model or {})},
        "training": {**TRAINING, **(training or {})},
        "search": {**HALVING, **(search or {})},
        **sections,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


def search(config: Path, *arguments: str, code: int = 0) -> Path:
    """Search without drawing figures, and return the new run folder, which is beside the config."""
    runs = config.parent / "runs"
    before = set(runs.glob("*"))
    assert (
        run(["search", str(config), "--quiet", "--no-figures", "--runs-dir", str(runs), *arguments]) == code
    )
    (new,) = set(runs.glob("*")) - before
    return new


def resume(folder: Path, *arguments: str) -> int:
    """Resume a search without drawing figures, and return the exit code."""
    return run(["search", "--resume", str(folder), "--quiet", "--no-figures", *arguments])


def records(folder: Path) -> list[Record]:
    found = read_journal(folder / "journal.jsonl")
    assert found is not None
    return list(found)


def of_kind(folder: Path, kind: str) -> list[Record]:
    return [record for record in records(folder) if record["record"] == kind]


def decisions(folder: Path) -> list[Record]:
    """The records of trials, results and stops, without those of resumes and ends."""
    return [record for kind in ("trial", "result", "stop") for record in of_kind(folder, kind)]


def selection(folder: Path) -> dict[str, Any]:
    """What the ensemble of a search consists of."""
    facts: dict[str, Any] = read_json(folder / "ensemble" / "manifest.json")["selection"]
    return facts


def leaderboard(folder: Path) -> list[dict[str, str]]:
    with (folder / "leaderboard.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_same_search(folder: Path, undisturbed: Path) -> None:
    """Equal decisions, leaderboards, winners and ensembles, to the bit."""
    assert decisions(folder) == decisions(undisturbed)
    assert_same_files(folder, undisturbed, *SEARCH_FILES)
    assert (folder / "ensemble").exists() == (undisturbed / "ensemble").exists()
    if (folder / "ensemble").exists():
        assert selection(folder) == selection(undisturbed)
        assert_same_files(folder, undisturbed, *ENSEMBLE_FILES)


def prepared(config: Path, *overrides: str) -> PreparedSearch:
    return prepare_search(load_experiment(config, overrides), max_trials=None)


def printed_words(folder: Path) -> dict[int, list[str]]:
    """The `PATH=VALUE` words with which a report says to train each trial alone, by trial number."""
    summary = summarize(RunFolder(folder))
    assert summary.search is not None
    return {number: summary.set_words(number) for number in summary.search.trials}


def trained_alone(config: Path, words: Sequence[str]) -> TrainedMember:
    """The run of `fnnctl train CONFIG --set WORD …`."""
    own = prepare(config, words)
    threads = own.experiment.training.threads
    assert isinstance(threads, int)
    set_blas_threads(threads)
    return own.trained()


OFTEN_NOTED = (
    sys.executable,
    "-c",
    "from fnnctl.runs import position; position.SECONDS_BETWEEN_NOTES = 0.05; "
    "from fnnctl.__main__ import main; main()",
)
"""The program, whose runs say every moment where they are."""


def trained_epochs(runs: Path) -> int:
    """How many epochs the only run that is in progress has trained, as far as it has said so."""
    return sum(read_json(file)["epoch"] for file in runs.glob(f"[!.]*/{names.PROGRESS}"))
