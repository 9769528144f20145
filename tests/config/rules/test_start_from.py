"""The first trials of a search: what an entry leaves out, what is refused, and where."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.reading.loading import LoadedConfig, load_config
from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.rules.start_from import first_assignments
from fnnctl.config.rules.trials import trial_configs
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.assignments import Assignment
from tests.config.spaces import CONFIG, spaces

Load = Callable[..., LoadedConfig]
L2 = {"training.l2": {"uniform": [0.1, 0.2]}}
OPTIMIZER: dict[str, Any] = {
    "training.optimizer.name": {"choice": ["adam", "momentum"]},
    "training.optimizer.learning_rate": {"log_uniform": [0.001, 0.1]},
    "training.optimizer.momentum": {"uniform": [0.5, 0.9], "when": {"training.optimizer.name": "momentum"}},
}


def first_of(
    load: Load, space: Mapping[str, Any], start_from: Any, *, config: Mapping[str, Any] | None = None
) -> list[Assignment]:
    """The first trials of a search of iris."""
    search = {"space": space, "start_from": start_from}
    return first_in(load(yaml.safe_dump({"data": {"source": "iris"}, **(config or {}), "search": search})))


def first_in(loaded: LoadedConfig) -> list[Assignment]:
    assert loaded.search_problems() == []
    assert loaded.experiment.search is not None
    trials = trial_configs(loaded.resolved, epochs=loaded.experiment.training.epochs)
    return list(first_assignments(trials, loaded.experiment.search))


def test_without_it_there_are_none(load: Load) -> None:
    assert first_of(load, L2, None) == first_of(load, L2, []) == []


def test_what_is_left_out_has_the_configs_own_value(load: Load) -> None:
    space = {**L2, "training.mixup": {"uniform": [0, 1]}, "model.hidden": {"choice": [[5], [6]]}}
    config = {"training": {"l2": 0.15}, "model": {"hidden": [5]}}
    own = {"training.l2": 0.15, "training.mixup": 0.0, "model.hidden": [5]}
    assert first_of(load, space, "defaults", config=config) == [own]
    given = [{}, {"training.mixup": 0.5}]
    assert first_of(load, space, given, config=config) == [own, {**own, "training.mixup": 0.5}]


def test_values_outside_the_domains_are_tried_as_they_are(load: Load) -> None:
    (found,) = first_of(load, {**L2, **OPTIMIZER}, [{"training.l2": 7, "training.optimizer.name": "sgd"}])
    assert found["training.l2"] == 7
    assert found["training.optimizer.name"] == "sgd"
    assert "training.optimizer.momentum" not in found


def test_what_is_left_out_follows_what_is_given(load: Load) -> None:
    """As in `fnnctl train` with the given values: momentum has another default rate than adam."""
    adam, momentum = first_of(load, OPTIMIZER, [{}, {"training.optimizer.name": "momentum"}])
    assert adam == {"training.optimizer.name": "adam", "training.optimizer.learning_rate": 0.001}
    assert momentum == {
        "training.optimizer.name": "momentum",
        "training.optimizer.learning_rate": 0.01,
        "training.optimizer.momentum": 0.9,
    }


def test_settings_that_are_not_active_are_left_out(load: Load) -> None:
    given = [{"training.optimizer.momentum": 0.6}, {"training.optimizer.name": "adam"}]
    assert [set(each) for each in first_of(load, OPTIMIZER, given)] == [
        {"training.optimizer.name", "training.optimizer.learning_rate"}
    ]


def test_a_setting_that_the_config_does_not_have_is_left_out_alone(load: Load) -> None:
    """Without early stopping there is no patience of its own; what follows it is complete."""
    space = {"training.early_stopping.patience": {"integer": [5, 9]}, **L2}
    config = {"training": {"early_stopping": None, "l2": 0.15}}
    assert first_of(load, space, [{}], config=config) == [{"training.l2": 0.15}]


def test_equal_configurations_are_one(load: Load) -> None:
    space = {"training.optimizer": {"choice": ["adam", "sgd"]}, **L2}
    given = [{"training.optimizer": {"name": "sgd"}}, {}, {"training.optimizer": "sgd", "training.l2": 1e-4}]
    assert [each["training.optimizer"] for each in first_of(load, space, given)] == ["sgd", "adam"]


def test_a_choice_has_its_own_form(load: Load) -> None:
    """The space then contains the trial, and reports call it what the user calls it."""
    space = {"training.optimizer": {"choice": ["momentum", {"name": "adam", "beta1": 0.5}]}}
    for own in ({"name": "adam", "beta1": 0.5, "beta2": 0.999}, {"beta1": 0.5}):
        config = {"training": {"optimizer": own}}
        assert first_of(load, space, "defaults", config=config) == [
            {"training.optimizer": {"name": "adam", "beta1": 0.5}}
        ]
    (found,) = first_of(load, space, [{"training.optimizer": {"name": "momentum", "momentum": 0.9}}])
    assert found == {"training.optimizer": "momentum"}


@pytest.mark.parametrize(
    ("layers", "space", "found"),
    [
        ([8, {"units": 8}], {}, [8, 8]),
        ([3, 3, 3, 3, 3], {}, [3] * 5),  # outside
        ([], {}, []),
        ([8, 9], {"per_layer": True}, [8, 9]),
    ],
)
def test_layers_are_widths(
    load: Load, layers: Sequence[Any], space: dict[str, Any], found: Sequence[int]
) -> None:
    hidden = {"model.hidden": {"depth": [0, 2], "width": [4, 8], **space}}
    assert first_of(load, hidden, [{"model.hidden": layers}]) == [{"model.hidden": found}]
    own = {"model": {"hidden": layers}}
    assert first_of(load, hidden, "defaults", config=own) == [{"model.hidden": found}]


SEARCHED: dict[str, Any] = {
    "activation": ["tanh", {"name": "elu", "alpha": 0.5}],
    "normalization": ["none", "batch"],
    "residual": [False, True],
}
TANH = {"units": 8, "activation": "tanh", "normalization": "batch"}
RELU = {"units": 8, "activation": {"name": "relu"}, "normalization": "batch"}
ELU = {"units": 9, "activation": {"name": "elu", "alpha": 0.5}, "normalization": "none", "residual": True}


@pytest.mark.parametrize(
    ("layers", "model", "space", "found"),
    [
        ([], {}, {}, []),
        # what is left out is the model's, outside the domain if need be
        ([8, {"units": 8}], {"normalization": "batch"}, {}, [RELU, {**RELU, "residual": False}]),
        (
            [8, {"units": 8, "normalization": None}],
            {"activation": "tanh", "normalization": {"name": "batch"}, "residual": True},
            {"depth": [2, 3]},
            [TANH, {**TANH, "residual": True}],
        ),
        # in the form of the domain; the first layer has no residual connection
        (
            [{"units": 8, "activation": {"name": "tanh"}, "residual": True}, ELU],
            {"normalization": "batch"},
            {"per_layer": True},
            [TANH, ELU],
        ),
        ([8, 9], {}, {"per_layer": True, "activation": None, "normalization": None},
         [{"units": 8}, {"units": 9, "residual": False}]),
    ],
)  # fmt: skip
def test_layers_are_complete(
    load: Load, layers: Sequence[Any], model: Any, space: dict[str, Any], found: Sequence[Any]
) -> None:
    hidden = {"model.hidden": {"depth": [0, 2], "width": [4, 8], **SEARCHED, **space}}
    config = {"model": {"hidden": [8, 8], **model}}
    assert first_of(load, hidden, [{"model.hidden": layers}], config=config) == [{"model.hidden": found}]


@given(plain=spaces(), data=st.data())
def test_what_was_completed_is_complete(
    plain: dict[str, Any], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Assignments of the space stay as they are, and so does whatever was completed once."""
    file = Path(tmp_path_factory.getbasetemp()) / "first.yaml"
    config = {**yaml.safe_load(CONFIG), "search": {"space": plain}}

    def first(*entries: Assignment) -> list[Assignment]:
        file.write_text(json.dumps({**config, "search": {"space": plain, "start_from": entries}}))
        loaded = load_config(file)
        assert loaded.experiment.search is not None
        trials = trial_configs(loaded.resolved, epochs=30)
        return list(first_assignments(trials, loaded.experiment.search))

    space = space_of(SearchConfig.model_validate({"space": plain}).domains)
    places = st.floats(0, 1, exclude_max=True)
    point = data.draw(st.tuples(*(places for _ in space.dimensions)))
    assignment = dict(space.assignment(point))
    assert first(assignment) == [assignment]
    kept = data.draw(st.sets(st.sampled_from(sorted(assignment))))
    kept |= {"model.hidden"} & assignment.keys()  # of the config's own, one has an activation
    (completed,) = first({path: assignment[path] for path in kept})
    assert first(completed) == [completed]
