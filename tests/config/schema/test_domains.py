"""Domains in YAML: which ones the schema accepts and refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.schema.domains import (
    ChoiceConfig,
    IntegerConfig,
    LayersConfig,
    LogIntegerConfig,
    LogUniformConfig,
    NormalConfig,
    UniformConfig,
)
from fnnctl.config.schema.section import Section


def space(domain: str) -> str:
    return f"data: {{source: iris}}\nsearch:\n  space:\n    training.l2: {domain}\n"


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("{choice: [1, two, null, [3], {a: 4}]}", ChoiceConfig(choice=(1, "two", None, [3], {"a": 4}))),
        ("{uniform: [0, 1]}", UniformConfig(uniform=(0.0, 1.0))),
        ("{log_uniform: [1e-3, 1], step: 10}", LogUniformConfig(log_uniform=(0.001, 1.0), step=10.0)),
        ("{integer: [1, 9], step: 2}", IntegerConfig(integer=(1, 9), step=2)),
        ("{log_integer: [1, 64], step: 2}", LogIntegerConfig(log_integer=(1, 64), step=2.0)),
        ("{normal: [0, 1], within: [-1, 1]}", NormalConfig(normal=(0.0, 1.0), within=(-1.0, 1.0))),
        ("{width: [4, 8], depth: [1, 2]}", LayersConfig(depth=(1, 2), width=(4, 8))),
        ("{width: [4, 8], depth: [1, 2], activation: [relu, {name: elu}], residual: [false]}",
         LayersConfig(depth=(1, 2), width=(4, 8), activation=("relu", {"name": "elu"}), residual=(False,))),
        ("{when: {a: 1}, uniform: [0, 1]}", UniformConfig(uniform=(0.0, 1.0), when={"a": 1})),
    ],
)  # fmt: skip
def test_the_key_tells_the_domain(load: Callable[..., LoadedConfig], text: str, domain: Section) -> None:
    search = load(space(text)).experiment.search
    assert search is not None
    assert search.space == {"training.l2": domain}


def test_a_domain_can_be_set_on_the_command_line(load: Callable[..., LoadedConfig]) -> None:
    loaded = load(
        space("{uniform: [0, 1]}"),
        "search.space.training.l2={choice: [0.5]}",
        "search.space.model.hidden.0.units={integer: [3, 9]}",
    )
    assert loaded.experiment.search is not None
    assert loaded.experiment.search.space == {
        "training.l2": ChoiceConfig(choice=(0.5,)),
        "model.hidden[0].units": IntegerConfig(integer=(3, 9)),
    }
