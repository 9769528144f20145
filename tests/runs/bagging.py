"""Small searches on bags for the tests, and how they are made to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from fnnctl.cli import run
from fnnctl.messages import Message
from fnnctl.records.journal import TIME_IS_OVER
from fnnctl.records.trials import Result
from fnnctl.runs.search_session import SearchSession
from fnnctl.trials.source import TrialSource
from tests.runs.searching import RATE, search

MANY_CLASSES = {
    "model": {"ensemble": {"members": 3, "plain_twins": True}},
    "training": {"epochs": 12, "early_stopping": {"patience": "auto"}},
    "search": {
        "objective": {"metric": "log_loss"},
        "space": {
            "training.epochs": {"integer": [3, 12]},
            "model.numeric_embedding": {
                "choice": ["none", {"name": "piecewise_linear", "bins": 8, "size": 3}]
            },
        },
    },
}
NUMBERS = {
    "model": {"ensemble": {"members": 3}},
    "training": {"epochs": 6},
    "search": {
        "space": {RATE: {"log_uniform": [0.01, 0.3]}, "data.scaling": {"choice": ["robust", "minmax"]}}
    },
}
RATES = {"choice": [0.0001, *(0.05 + 0.01 * k for k in range(8))]}
SLOW_DEFAULT: dict[str, Any] = {
    "model": {"ensemble": {"members": 2}},
    "training": {"epochs": 9, "optimizer": {"name": "adamw", "learning_rate": 0.0001}},
    "search": {
        "method": "asha",
        "trials": 5,
        "concurrency": 3,
        "start_from": "defaults",
        "budget": {"min_epochs": 1, "reduction_factor": 3},
        "objective": {"metric": "log_loss"},
        "ensemble": {"size": 3},
        "space": {RATE: RATES},
    },
}
"""The first trial, with the default settings, hardly learns, and so it stays at the first rung."""


def written(folder: Path, target: str, *sections: dict[str, Any]) -> Path:
    """A config with a table of its own, which has both kinds of columns, groups and weights."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    a, b, place = rng.normal(size=90), rng.normal(size=90), rng.integers(0, 12, 90)
    values = {
        "number": 3 * a + a * b + place / 4,
        "two": np.where(a * b + place / 8 > 0.6, "yes", "no"),
        "many": np.array(["x", "y", "z"])[np.digitize(a + b / 2, [-0.5, 0.6])],
    }
    lines = ["a,b,kind,place,weight,target"]
    for k in range(90):
        value = values[target][k]
        shown = f"{value:.4f}" if target == "number" else value
        lines.append(f"{a[k]:.4f},{b[k]:.4f},{'uvw'[place[k] % 3]},p{place[k]},{1 + k % 3},{shown}")
    (folder / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config: dict[str, Any] = {
        "seed": 3,
        "data": {"source": "t.csv", "target": "target", "columns": {"ignore": ["place", "weight"]}},
        "model": {"hidden": [6], "ensemble": {"bags": True, "plain_twins": False}},
        "search": {
            "method": "random",
            "trials": 3,
            "objective": {"on": "bags"},
            "compare_with_default": False,
        },
    }
    for section in sections:
        merge(config, section)
    if "group" in config["data"].get("split", {}):
        del config["data"]["columns"]
    (folder / "x.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return folder / "x.yaml"


def merge(config: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and key != "space":
            merge(config.setdefault(key, {}), value)
        else:
            config[key] = value


def trained(resolved: Path, *words: str) -> Path:
    """The run of `fnnctl train`."""
    runs = resolved.parent / "alone"
    before = set(runs.glob("*"))
    words = tuple(part for word in words for part in ("--set", word))
    assert run(["train", str(resolved), "--quiet", "--no-figures", "--runs-dir", str(runs), *words]) == 0
    (new,) = set(runs.glob("*")) - before
    return new


@contextmanager
def asked_to_stop_after(stacks: int, *, by: str) -> Iterator[None]:
    """A search in this context gets a signal, or is out of time, when it has trained so many stacks."""
    collect, stop, left = TrialSource.collect, SearchSession.stop, [stacks]

    def collects(runner: TrialSource) -> Sequence[Result]:
        results = collect(runner)
        left[0] -= 1
        if not left[0] and by == "signal":
            signal.raise_signal(signal.SIGINT)
        return results

    def stops(session: SearchSession) -> Message | None:
        return TIME_IS_OVER if left[0] <= 0 and by == "time" else stop(session)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrialSource, "collect", collects)
        patch.setattr(SearchSession, "stop", stops)
        yield


def ended_search(config: Path, stacks: int, *, by: str, words: Sequence[str] = ()) -> Path:
    """A search in this process that gets a signal, or is out of time, after so many stacks."""
    with asked_to_stop_after(stacks, by=by):
        return search(config, "--executor", "serial", *words, code=130 if by == "signal" else 0)
