"""A wrong value of every kind at every node of a config is either refused with its location or valid."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fnnctl.config.paths import ConfigPath, format_path
from fnnctl.config.reading.loading import load_config
from fnnctl.config.rules.plain_config import with_value
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError
from tests.config.changes import changes
from tests.config.short_configs import config_of

WRONG: Mapping[str, Any] = {
    "null": None,
    "text": "x\u202e",
    "list": [1, "a", None],
    "empty list": [],
    "list of one": ["adam"],
    "nested list": [[1], [{"a": [1]}]],
    "mapping": {"a": 1},
    "mapping of a mapping": {"name": {"a": [1]}},
    "true": True,
    "negative": -(10**16),
    "huge": 10**400,
    "nan": math.nan,
    "infinite": math.inf,
}
RATE, NAME = "training.optimizer.learning_rate", "training.optimizer.name"
ADAM = {"training": {"optimizer": {"name": "adam", "beta1": 0.8, "momentum": 0.5}}}
"""With a search that may choose the optimizer `momentum`."""
SPACES: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = [
    (ADAM, {NAME: {"choice": ["adam", "momentum"]}, RATE: {"log_uniform": [0.001, 0.1], "step": 10.0}}),
    ({}, {NAME: {"choice": ["adam", "lbfgs"]}, RATE: {"uniform": [0.1, 0.5], "when": {NAME: ["adam"]}}}),
    ({}, {"training.l2": {"normal": [0.1, 0.01], "within": [0.05, 0.2], "step": 0.01}}),
    ({}, {"training.optimizer": {"choice": ["adam", {"name": "momentum", "momentum": 0.5}]}}),
    ({}, {"model.hidden": {"depth": [1, 2], "width": [16, 64], "log": True, "per_layer": True, "step": 2.0}}),
    ({}, {"model.hidden[0].units": {"integer": [16, 64], "step": 16}}),
    ({}, {"training.batch_size": {"log_integer": [16, 64], "step": 2.0}}),
]


def configs() -> Iterator[Mapping[str, Any]]:
    """Small configs that together have every setting of every branch; one large config would be slow."""
    for _, one, _ in changes(Experiment):
        yield merge({"data": {"source": "iris"}}, one)
    yield config_of("training.class_weights={setosa: 2.0}")
    for around, space in SPACES:
        search = {"method": "random", "trials": 2, "space": space}
        yield {**config_of(), **around, "search": search}


def merge(one: Any, other: Any) -> Any:
    """The entries of both mappings."""
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return other
    return {**one, **{key: merge(one.get(key), value) for key, value in other.items()}}


def nodes(config: Any, path: ConfigPath = (), branch: str | None = None) -> Iterator[tuple[ConfigPath, Any]]:
    """The paths of a value and of all values in it, each with the `name` of its section."""
    yield path, branch
    if isinstance(config, list):
        for index, entry in enumerate(config):
            yield from nodes(entry, (*path, index))
    elif isinstance(config, Mapping):
        for key, inner in config.items():
            yield from nodes(inner, (*path, key), config.get("name"))


@cache
def every_node() -> list[tuple[Mapping[str, Any], ConfigPath]]:
    """Every node, each in the first of the configs that has it."""
    found = {node: config for config in reversed(list(configs())) for node in nodes(config)}
    return [(config, path) for (path, _), config in found.items()]


def check(file: Path, *overrides: str) -> None:
    """Load the config and check its search; every problem must have a location."""
    try:
        problems = load_config(file, overrides).search_problems()
    except ConfigError as error:
        problems = list(error.problems)
    for problem in problems:
        assert problem.path or not overrides
        assert (problem.file, problem.line) == ("--set", None) or (problem.file == str(file) and problem.line)
        assert problem.message.isprintable(), problem
        assert len(problem.message) < 1000, problem


def yaml_of(value: Any) -> str:
    """The value as YAML: as JSON, which is fast, except for infinity and NaN."""
    return json.dumps(value).replace("NaN", ".nan").replace("Infinity", ".inf")


@pytest.mark.parametrize("kind", range(len(WRONG)), ids=WRONG)
def test_a_wrong_value_anywhere_is_reported_with_its_location(tmp_path: Path, kind: int) -> None:
    """Each node has every third kind of value, its neighbours the others: all of all would take a minute."""
    file, value = tmp_path / "experiment.yaml", [*WRONG.values()][kind]
    for config, path in every_node()[kind % 3 :: 3]:
        file.write_text(yaml_of(with_value(config, path, value)))
        check(file)


def test_a_wrong_value_of_set_is_reported_with_its_location(tmp_path: Path) -> None:
    """Every second node has one of the values, in turn."""
    file, values = tmp_path / "experiment.yaml", list(WRONG.values())
    for index, (config, path) in enumerate(every_node()[::2]):
        file.write_text(yaml_of(config))
        if path:
            check(file, f"{format_path(path)}={yaml_of(values[index % len(values)])}")
