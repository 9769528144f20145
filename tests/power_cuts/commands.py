"""The commands whose traces are cut, with the smallest networks and tables, and what goes on after a cut."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from fnnctl.store import names
from tests.power_cuts.disk import Files, Trace, files_below, write_state
from tests.power_cuts.recording import record

RUN: Final = "RUN"
"""Stands for the name of the run that a command makes, or else of the newest one before it."""

_QUIET: Final = ("--quiet",)
_SERIAL: Final = ("--executor", "serial", *_QUIET)
_TRAIN: Final = ("train", "x.yaml", *_QUIET)
_RESUME_TRAINING: Final = ("train", "--resume", RUN, *_QUIET)
_SEARCH: Final = ("search", "x.yaml", *_SERIAL)
_RESUME_SEARCH: Final = ("search", "--resume", RUN, *_SERIAL)
_LARGER: Final = ("search", "--resume", RUN, "--set", "search.trials=5", *_SERIAL)
_BUDGET: Final = {"min_epochs": 1, "max_epochs": 2, "reduction_factor": 2}
_ASHA: Final = {
    "method": "asha",
    "trials": 3,
    "concurrency": 2,
    "compare_with_default": False,
    "budget": _BUDGET,
}
_BAGS: Final = {
    "method": "random",
    "trials": 2,
    "compare_with_default": False,
    "objective": {"on": "bags"},
    "ensemble": {"size": 2},
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command whose trace is cut."""

    name: str
    words: Sequence[str]
    resuming: Sequence[str] | None = None
    """The command that goes on after a cut; None for the same one."""
    before: Sequence[Sequence[str]] = ()
    """The commands before it."""
    is_killed: bool = False
    """Whether the last command before it was killed after two thirds of its operations."""
    model: Mapping[str, Any] | None = None
    """A section of the config, beside its size."""
    search: Mapping[str, Any] | None = None
    """A section of the config, without its space."""
    optional: Sequence[str] = ()
    """The names of files without which it ends well, and says so."""
    is_extra: bool = False
    """Whether it needs an optional library."""


COMMANDS: Final = {
    command.name: command
    for command in (
        Command("train", _TRAIN, _RESUME_TRAINING),
        Command("resumed-train", _RESUME_TRAINING, _RESUME_TRAINING, before=(_TRAIN,), is_killed=True),
        Command(
            "cross-validation",
            ("evaluate", "x.yaml", "--folds", "2", "--repeats", "2", "--workers", "1", *_QUIET),
            ("evaluate", "--resume", RUN, *_QUIET),
        ),
        Command(
            "halving",
            _SEARCH,
            _RESUME_SEARCH,
            search={"method": "halving", "trials": 4, "budget": _BUDGET},
        ),
        Command("asha", _SEARCH, _RESUME_SEARCH, search=_ASHA),
        Command(
            "resumed-asha", _RESUME_SEARCH, _RESUME_SEARCH, before=(_SEARCH,), is_killed=True, search=_ASHA
        ),
        Command("extension", _LARGER, before=(_SEARCH,), search=_ASHA),
        Command(
            "bags",
            _SEARCH,
            _RESUME_SEARCH,
            model={"ensemble": {"members": 2, "bags": True}},
            search=_BAGS,
        ),
        Command("prune", ("runs", "prune", "--keep", "1", "--yes"), before=(_TRAIN, _TRAIN)),
        Command(
            "promote",
            ("runs", "promote", RUN, "--as", "champion"),
            before=(_TRAIN, ("runs", "promote", "latest", "--as", "first"), _TRAIN),
        ),
        Command(
            "report",
            ("report", RUN, "--importance", "-o", "r.md"),
            before=(_TRAIN,),
            optional=(names.FEATURE_IMPORTANCE,),
        ),
        Command(
            "predict",
            ("predict", RUN, "t.csv", "-o", "p.csv", *_QUIET),
            before=(_TRAIN, ("predict", "t.csv", "-o", "p.csv", "--digits", "2", *_QUIET)),
        ),
        Command("tensorboard", ("export", RUN, "--format", "tensorboard", "-o", "logs/tb"), before=(_TRAIN,)),
        Command("onnx", ("export", RUN, "-o", "m.onnx"), before=(_TRAIN,), is_extra=True),
    )
}
"""By name."""


def prepare(command: Command, folder: Path) -> None:
    """Make the folder that the command begins in, with its config, its table and the runs before it."""
    rng = np.random.default_rng(0)
    rows = [f"{a:.2f},{b:.2f},{'yes' if a + b > 0 else 'no'}\n" for a, b in rng.normal(size=(40, 2))]
    (folder / "t.csv").write_text("".join(["a,b,y\n", *rows]), encoding="utf-8")
    config: dict[str, Any] = {
        "recipe": "classic",
        "data": {"source": "t.csv", "target": "y"},
        "model": {"hidden": [2], **(command.model or {})},
        "training": {"epochs": 2, "batch_size": 16},
    }
    if command.search:
        space = {"training.optimizer.learning_rate": {"log_uniform": [0.01, 0.3]}}
        config["search"] = {**command.search, "space": space}
    (folder / "x.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for words in command.before:
        trace = _complete_trace(folder, _with_run(words, newest_run(files_below(folder))))
        if command.is_killed and words is command.before[-1]:
            write_state(folder, trace.disk_after(len(trace.operations) * 2 // 3).files())


def recorded(command: Command, folder: Path) -> Trace:
    """The trace of the whole command in a new folder."""
    prepare(command, folder)
    return _complete_trace(folder, words_of(command, files_below(folder)))


def _complete_trace(folder: Path, words: Sequence[str]) -> Trace:
    trace = record(folder, words)
    if trace.code:
        raise AssertionError(f"{' '.join(words)} ends with {trace.code}")
    return trace


def words_of(command: Command, before: Files) -> list[str]:
    """The command's words on a disk."""
    return _with_run(command.words, newest_run(before))


def resuming_words(command: Command, run: str | None) -> list[str]:
    """The words of the command that goes on after a cut, with the name of the run."""
    return _with_run(command.words if command.resuming is None else command.resuming, run)


def _with_run(words: Sequence[str], run: str | None) -> list[str]:
    return [run or "latest" if word == RUN else word for word in words]


def newest_run(files: Files) -> str | None:
    """The name of the run on a disk that began last; None if there is none."""

    def started(run: str) -> str:
        facts = json.loads(files[f"runs/{run}/manifest.json"] or b"")
        return str(facts["started"])

    return max(runs_in(files), key=started, default=None)


def runs_in(files: Files) -> set[str]:
    """The names of the runs on a disk."""
    places = (path.split("/") for path in files)
    return {
        place[1]
        for place in places
        if len(place) == 2 and place[0] == "runs" and place[1][0] != "." and "Z-" in place[1]
    }
