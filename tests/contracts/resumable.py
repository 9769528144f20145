"""The kinds of runs that can be resumed, and what can happen to the files that keep their states.

Add a new kind of run to `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from fnnctl.cli import run as run_program
from fnnctl.store.weights import read_npz, to_npz

Harm = Callable[[Path], None]
WEIGHTS: Final = ("model.npz", "model.json", "history.csv", "metrics.json", "predictions.csv")
FOLDS: Final = (
    "cross_validation.csv", "history.csv", "predictions.csv", "metrics.json", "roc_curve.csv", "pr_curve.csv",
    "calibration.csv", "confusion_matrix.csv", "resolved.yaml", "data_size.csv",
)  # fmt: skip
SEARCH: Final = (
    "leaderboard.csv", "metrics.json", "best/model.npz", "best/resolved.yaml", "resolved.yaml"
)  # fmt: skip
OF_ENSEMBLE: Final = ("ensemble/model.npz", "ensemble/model.json", "ensemble/metrics.json")
NETWORK: Final = {"hidden": [8, 8], "dropout": 0.1, "normalization": "batch"}
TRAINING: Final = {
    "epochs": 40,
    "batch_size": 32,
    "max_rows": 90,
    "mixup": 0.2,
    "optimizer": {"name": "adam", "learning_rate": 0.1},
    "lr_schedule": {"name": "adaptive", "patience": 3},
    "averaging": "ema",
    "early_stopping": {"monitor": "validation_loss", "patience": 9},
}
"""Every kind of training state, and an end by early stopping."""
SPACE: Final = {
    "training.optimizer.learning_rate": {"log_uniform": [0.003, 0.3]},
    "model.hidden": {"choice": [[4], [6]]},
}
RANDOM: Final = {"method": "random", "trials": 3, "budget": {"max_epochs": 4}, "space": SPACE}
HALVING: Final = {
    "method": "halving",
    "trials": 9,
    "budget": {"min_epochs": 1, "max_epochs": 9, "reduction_factor": 3},
    "space": SPACE,
    "confirm": {"top": 2, "seeds": 2},
    "ensemble": {"size": 3},
}
SMALL: Final = {"model": {"hidden": [6]}, "training": {"epochs": 9, "batch_size": 32, "early_stopping": None}}


def incomplete(file: Path) -> None:
    arrays = read_npz(file.read_bytes(), file)
    file.write_bytes(to_npz({name: arrays[name] for name in sorted(arrays)[:-1]}))


def lost(file: Path) -> None:
    file.unlink()


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def with_another_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def of_another_seed(file: Path) -> None:
    arrays = read_npz(file.read_bytes(), file)
    file.write_bytes(
        to_npz({name: array + name.endswith(("seed", "seeds")) for name, array in arrays.items()})
    )


def of_other_weights(file: Path) -> None:
    """The file is intact, but its weights do not have the digest in the journal."""
    arrays = read_npz(file.read_bytes(), file)
    name = next(name for name in arrays if name.endswith("parameters"))
    file.write_bytes(to_npz({**arrays, name: arrays[name] + np.float32(1)}))


def of_another_format(file: Path) -> None:
    arrays = read_npz(file.read_bytes(), file)
    file.write_bytes(to_npz({name: array + name.endswith("format") for name, array in arrays.items()}))


def something_else(file: Path) -> None:
    file.write_bytes(to_npz({"x": np.zeros(3)}))


REASONS: Final[Mapping[Harm, str]] = {
    truncated: "is damaged",
    with_another_bit: "is damaged",
    of_another_seed: "to another configuration",
    of_another_format: "it was not written by this version of fnnctl",
    something_else: "it was not written by this version of fnnctl",
}


def only_run(folder: Path) -> Path:
    (run,) = (folder / "runs").glob("[!.]*")
    return run


@dataclass(frozen=True)
class Kind:
    """One kind of run that can be resumed."""

    name: str
    """That of the manifest."""
    command: str
    sections: Mapping[str, Any]
    """The config, without its data."""
    words: Sequence[str]
    """The arguments of each call."""
    results: Sequence[str]
    """The files whose bits are the same."""
    kept: str
    """The pattern of the files that change when another part is done."""
    states: str
    """The pattern of the files that keep states of training."""
    step: str
    """The function that is called for each part of the work that is done."""
    parts: Sequence[int]
    """The numbers of parts after which a run is stopped."""
    ending: Sequence[str]
    """Functions that are called when all parts are done."""
    refused: Sequence[tuple[Sequence[str], str]]
    """Arguments that a resume refuses, and the names in the message."""
    other_data: str
    """The message about data that changed unbeknownst to the config."""
    harms: Sequence[Harm]
    """What can make a file of `states` unusable."""
    unusable: str = ""
    """The beginning of what is said about such a file; a search says nothing."""
    more: Sequence[str] = ()
    """The arguments that extend a complete run."""

    def config(self, folder: Path, **data: str) -> Path:
        path = folder / "x.yaml"
        path.write_text(
            yaml.safe_dump({"recipe": "classic", "data": data or {"source": "iris"}, **self.sections})
        )
        return path

    def started(self, folder: Path, **data: str) -> list[str]:
        """The program's words that start the run in this folder; an extension's are those that extend it."""
        config, runs = self.config(folder, **data), folder / "runs"
        words = [self.command, str(config), "--runs-dir", str(runs), *self.words]
        if not self.more:
            return words
        assert run_program(words) == 0
        return [self.command, "--resume", str(only_run(folder)), *self.words, *self.more]

    def resumed(self, run: Path) -> list[str]:
        return [self.command, "--resume", str(run), *self.words]


DRAWN: Final = "fnnctl.report.figures.drawer.FigureDrawer.draw"
OF_SEARCH: Final[Mapping[str, Any]] = {
    "name": "search",
    "command": "search",
    "words": ["--executor", "serial"],
    "kept": "journal.jsonl",
    "states": "checkpoints/*.npz",
    "step": "fnnctl.records.journal.Journal.add_result",
    "other_data": "journal.jsonl: began with different data",
    "harms": [lost, with_another_bit, of_other_weights],
    "refused": [(["x.yaml"], "CONFIG"), (["--name", "x", "--seed", "1"], "--name and --seed")],
}
KINDS: Final = {
    "training": Kind(
        name="train",
        command="train",
        sections={"model": NETWORK, "training": TRAINING},
        words=(),
        results=WEIGHTS,
        kept=".checkpoint.npz",
        states=".checkpoint.npz",
        step="fnnctl.store.run.OpenRun.write_checkpoint",
        parts=(0, 1, 5, 9),
        ending=("fnnctl.runs.training.score_parts", "fnnctl.runs.training.write_scores", DRAWN),
        refused=[
            (["x.yaml"], "CONFIG"),
            (["--set", "seed=3"], "--set"),
            (["--name", ""], "--name"),
            (["x.yaml", "--seed", "1"], "CONFIG and --seed"),
        ],
        other_data="resolved.yaml: data: the data have changed since the run began",
        harms=[lost, *REASONS],
        unusable="the checkpoint cannot be used, so training starts again: ",
    ),
    "cross-validation": Kind(
        name="cross_validation",
        command="evaluate",
        sections={
            "model": {"hidden": [8, 8], "dropout": 0.1, "calibration": "temperature"},
            "training": {
                "epochs": 10,
                "batch_size": 32,
                "optimizer": {"name": "adam", "learning_rate": 0.1},
                "early_stopping": {"monitor": "validation_loss", "patience": 2},
            },
            "evaluation": {"cross_validation": {"folds": 3, "repeats": 2}, "sizes": [0.5, 1]},
        },
        words=("--workers", "1"),
        results=FOLDS,
        kept=".folds/*.npz",
        states=".folds/*.npz",
        step="fnnctl.store.run.OpenRun.write_fold_file",
        parts=(0, 1, 3),
        ending=(
            "fnnctl.runs.cross_validation.write_folds",
            "fnnctl.runs.cross_validation.out_of_fold",
            DRAWN,
        ),
        refused=[
            (["x.yaml"], "CONFIG"),
            (["--folds", "3", "--repeats", "2"], "--folds and --repeats"),
            (["--set", "seed=3"], "--set"),
            (["--seed", "0", "--name", "x"], "--seed and --name"),
            (["--data", "x.csv"], "--data"),
        ],
        other_data="resolved.yaml: data: the data have changed since the run began",
        harms=[lost, incomplete, truncated, of_another_seed, of_another_format],
        unusable="some saved folds cannot be used and are trained again: ",
    ),
    "search": Kind(
        **OF_SEARCH,
        sections={**SMALL, "search": HALVING},
        results=[*SEARCH, *OF_ENSEMBLE],
        parts=(0, 4, 9, 11),
        ending=(
            "fnnctl.records.journal.Journal.add_confirmed",
            "fnnctl.runs.search.write_winner",
            "fnnctl.runs.training.write_scores",
            "fnnctl.runs.search.build_ensemble",
            "fnnctl.trials.schemes.validation.ValidationPart.select",
            "fnnctl.runs.ensemble.write_scores",
            "fnnctl.store.run.OpenRun.replace_ensemble",
            DRAWN,
        ),
    ),
    "extension": Kind(
        **OF_SEARCH,
        sections={**SMALL, "search": RANDOM},
        results=SEARCH,
        more=("--set", "search.trials=8"),
        parts=(0, 2),
        ending=(
            "fnnctl.store.run.OpenRun.write_resolved",
            "fnnctl.runs.training.score_parts",
            "fnnctl.runs.training.write_scores",
        ),
    ),
}
