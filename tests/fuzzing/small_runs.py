"""Small runs whose files are damaged: of trainings and searches on the small table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fnnctl.commands.search import search
from fnnctl.commands.train import train
from fnnctl.config.reading.loading import ConfigText
from fnnctl.context import Context
from fnnctl.runs.search_session import SearchOptions
from tests.fuzzing.small_table import NAME, write_small_table

Settings = Mapping[str, Any]

_SPACE: Final = {
    "training.optimizer.learning_rate": {"log_uniform": [0.001, 0.1]},
    "model.hidden": {"choice": [[2], [3]]},
}
_BUDGET: Final = {"min_epochs": 1, "max_epochs": 2, "reduction_factor": 2}
TRAININGS: Final[Mapping[str, Settings]] = {
    "classes": {"data": {"target": "y", "columns": {"ignore": ["z"]}}, "model": {"hidden": [2]}},
    "estimates": {
        "data": {"target": "z", "category_encoding": "target"},
        "model": {"hidden": [2], "numeric_embedding": {"name": "piecewise_linear", "bins": 3}},
    },
    "bags": {
        "data": {"target": "y"},
        "model": {"hidden": [2], "normalization": "batch", "ensemble": {"members": 2, "bags": True}},
    },
    "several": {"data": {"target": ["y", "z"]}, "model": {"hidden": [2]}},
}
"""What each run trains."""
SEARCHES: Final[Mapping[str, Settings]] = {
    "halving": {"search": {"method": "halving", "trials": 3, "budget": _BUDGET}},
    "random": {"search": {"method": "random", "trials": 2, "objective": {"on": "cross_validation"}}},
    "bayes": {"search": {"method": "bayes", "trials": 2}},
}
"""What each run searches."""


def _config(settings: Settings, folder: Path) -> ConfigText:
    data = {"source": NAME, "target": "y", "split": {"test": 0.25}, **settings.get("data", {})}
    model = {"hidden": [2], **settings.get("model", {})}
    config = {**settings, "recipe": "classic", "data": data, "model": model, "training": {"epochs": 2}}
    if "search" in config:
        config["search"] = {"compare_with_default": False, "space": _SPACE, **config["search"]}
    return ConfigText(json.dumps(config).encode(), folder / "x.yaml", has_lines=True)


def trained_runs(folder: Path) -> dict[str, Path]:
    """The folders of `TRAININGS`."""
    write_small_table(folder)
    context = Context(folder / "runs")
    return {
        name: train(_config(settings, folder), (), context, workers=1).path
        for name, settings in TRAININGS.items()
    }


def searched_runs(folder: Path) -> dict[str, Path]:
    """The folders of `SEARCHES`."""
    write_small_table(folder)
    context, options = Context(folder / "runs"), SearchOptions(executor="serial")
    return {
        name: search(_config(settings, folder), (), options, context).path
        for name, settings in SEARCHES.items()
    }


def read_files(run: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """The contents of files of a run, by their paths below it, as far as they are there."""
    return {name: (run / name).read_bytes() for name in names if (run / name).is_file()}


def write_files(run: Path, files: Mapping[str, bytes]) -> None:
    """Replace files of a run."""
    for name, content in files.items():
        (run / name).write_bytes(content)
