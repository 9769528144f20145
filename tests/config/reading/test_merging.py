from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.paths import ConfigPath, Location
from fnnctl.config.reading.merging import Layer
from fnnctl.config.reading.yaml_reader import read_yaml

_keys = st.sampled_from("abc")
_leaves = st.one_of(st.none(), st.integers(0, 9), st.lists(st.integers(0, 9), max_size=2))
_trees = st.recursive(
    _leaves, lambda inner: st.dictionaries(_keys, inner, min_size=1, max_size=3), max_leaves=8
)
_mappings = st.dictionaries(_keys, _trees, min_size=1, max_size=3)


def paths_of(value: Any, path: ConfigPath = ()) -> Iterator[ConfigPath]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inner:
        yield from paths_of(entry, (*path, key))


def layer(settings: dict[str, Any], file: str) -> Layer:
    return Layer(settings, {path: Location(file, 1) for path in paths_of(settings)})


def leaves(value: Any, path: ConfigPath = ()) -> dict[ConfigPath, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {
        place: leaf for key, inner in value.items() for place, leaf in leaves(inner, (*path, key)).items()
    }


def touches(path: ConfigPath, leaf: ConfigPath) -> bool:
    depth = min(len(path), len(leaf))
    return path[:depth] == leaf[:depth]


@given(_mappings, _mappings)
def test_a_leaf_is_the_extending_files_or_else_the_bases(
    base: dict[str, Any], extending: dict[str, Any]
) -> None:
    merged = layer(base, "base").extended_by(layer(extending, "own"))
    own = leaves(extending)
    kept = {path: leaf for path, leaf in leaves(base).items() if not any(touches(path, at) for at in own)}
    assert leaves(merged.settings) == {**kept, **own}
    assert {*merged.locations} == {*paths_of(merged.settings)}
    files = {path: merged.locations[path].file for path in leaves(merged.settings)}
    assert files == {**dict.fromkeys(kept, "base"), **dict.fromkeys(own, "own")}


@given(_mappings)
def test_nothing_and_the_same_change_nothing(settings: dict[str, Any]) -> None:
    own = layer(settings, "own")
    assert own.extended_by(own) == own == Layer({}, {}).extended_by(own)
    assert own.extended_by(Layer({}, {})) == own


@pytest.mark.parametrize(
    ("base", "extending", "merged"),
    [
        # another choice takes everything of the former one with it
        (
            "training: {optimizer: {name: adam, beta1: 0.8}}",
            "training: {optimizer: {name: sgd, momentum: 0.9}}",
            "training: {optimizer: {name: sgd, momentum: 0.9}}",
        ),
        (
            "training: {optimizer: {name: adam, beta1: 0.8}}",
            "training: {optimizer: {name: adam, beta2: 0.9}}",
            "training: {optimizer: {name: adam, beta1: 0.8, beta2: 0.9}}",
        ),
        (
            "training: {optimizer: {name: adam, beta1: 0.8}}",
            "training: {optimizer: {learning_rate: 1}}",
            "training: {optimizer: {name: adam, beta1: 0.8, learning_rate: 1}}",
        ),
        (
            "training: {optimizer: {beta1: 0.8}}",
            "training: {optimizer: {name: sgd}}",
            "training: {optimizer: {name: sgd}}",
        ),
        (
            "training: {optimizer: {name: adam, beta1: 0.8}}",
            "training: {optimizer: adam}",
            "training: {optimizer: adam}",
        ),
        # a short form of the base is the mapping that it stands for
        (
            "training: {optimizer: sgd}",
            "training: {optimizer: {learning_rate: 1}}",
            "training: {optimizer: {name: sgd, learning_rate: 1}}",
        ),
        (
            "training: {optimizer: sgd}",
            "training: {optimizer: {name: lion}}",
            "training: {optimizer: {name: lion}}",
        ),
        (
            "model: {ensemble: 4}",
            "model: {ensemble: {bags: true}}",
            "model: {ensemble: {members: 4, bags: true}}",
        ),
        ("notes: x", "notes: {limits: y}", "notes: {text: x, limits: y}"),
        (
            "search: {method: bohb}",
            "search: {method: {sampler: gp}}",
            "search: {method: {scheduler: hyperband, sampler: gp}}",
        ),
        # a domain is another choice by its key
        (
            "search: {space: {training.l2: {uniform: [0, 1], step: 0.1}}}",
            "search: {space: {training.l2: {log_uniform: [0.1, 1]}, training.l1: {choice: [0, 1]}}}",
            "search: {space: {training.l2: {log_uniform: [0.1, 1]}, training.l1: {choice: [0, 1]}}}",
        ),
        (
            "search: {space: {training.l2: {uniform: [0, 1], step: 0.1}}}",
            "search: {space: {training.l2: {uniform: [0, 2]}}}",
            "search: {space: {training.l2: {uniform: [0, 2], step: 0.1}}}",
        ),
        (
            "search: {space: {training.l2: {uniform: [0, 1], step: 0.1}}}",
            "search: {space: {training.l2: {step: 0.5}}}",
            "search: {space: {training.l2: {uniform: [0, 1], step: 0.5}}}",
        ),
        (
            "search: {space: {model.hidden: {depth: [1, 2], width: [8, 16]}}}",
            "search: {space: {model.hidden: {width: [4, 8]}}}",
            "search: {space: {model.hidden: {depth: [1, 2], width: [4, 8]}}}",
        ),
        # names that choose nothing
        ("name: a\nseed: 1", "name: b", "name: b\nseed: 1"),
        (
            "training: {class_weights: {name: 1, b: 2}}",
            "training: {class_weights: {name: 3}}",
            "training: {class_weights: {name: 3, b: 2}}",
        ),
        (
            "training: {class_weights: balanced}",
            "training: {class_weights: {a: 3}}",
            "training: {class_weights: {a: 3}}",
        ),
        # lists and null
        ("model: {hidden: [5, 6]}", "model: {hidden: [7]}", "model: {hidden: [7]}"),
        (
            "training: {early_stopping: {patience: 3}}",
            "training: {early_stopping: null}",
            "training: {early_stopping: null}",
        ),
        (
            "training: {early_stopping: null}",
            "training: {early_stopping: {patience: 3}}",
            "training: {early_stopping: {patience: 3}}",
        ),
        # what is wrong is not hidden
        ("training: [1]", "training: {epochs: 3}", "training: {epochs: 3}"),
        ("x: {name: a, c: 1}", "x: {name: b}", "x: {name: b}"),
        ("training: 5", "training: {epochs: 3}", "training: {epochs: 3}"),
    ],
)
def test_choices_short_forms_lists_and_null(base: str, extending: str, merged: str) -> None:
    result = layer(read_yaml(base).value, "base").extended_by(layer(read_yaml(extending).value, "own"))
    assert result.settings == yaml.safe_load(merged)
    assert {*result.locations} >= {*leaves(result.settings)}


def test_what_a_short_form_gives_is_where_it_stands() -> None:
    base, own = {"training": {"optimizer": "sgd"}}, {"training": {"optimizer": {"learning_rate": 1}}}
    locations = layer(base, "base").extended_by(layer(own, "own")).locations
    name, section = ("training", "optimizer", "name"), ("training", "optimizer")
    assert (locations[name].file, locations[section].file) == ("base", "own")
