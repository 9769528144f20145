from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.paths import format_path
from fnnctl.config.rules.canonical import canonical_configuration, configuration_seed
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import field_forms
from fnnctl.config.schema.layers import HiddenLayerConfig
from fnnctl.config.schema.model import ModelConfig
from fnnctl.config.schema.records import records_by_path, setting_records
from tests.config.changes import changes, plain_values
from tests.config.short_configs import config_of


def experiment(*settings: str) -> Experiment:
    return Experiment.model_validate(config_of(*settings))


@pytest.mark.parametrize(
    "settings",
    [
        ["model.hidden=[{units: 100, activation: relu}]", "model.activation=tanh"],
        ["model.hidden=[{units: 100, initialization: auto}]"],
        ["model.threshold={cost: {false_negative: 10.0}}"],
        ["data={source: a.csv, encoding: cp1252, delimiter: ;}"],
        ["training.optimizer={name: adam, beta1: 0.9}"],
        ["training.early_stopping={patience: 20}"],
        ["evaluation.sizes=[0.1, 1]"],
        ["model.output=softmax"],
        ["model.output={name: softmax}"],
        ["model.output=squared"],
    ],
)
def test_equal_configurations_have_equal_seeds(settings: list[str]) -> None:
    assert configuration_seed(experiment(*settings)) == configuration_seed(experiment())


@pytest.mark.parametrize(
    ("one", "same"),
    [
        # equally many units
        (["model={hidden: [8, 8], residual: true}"], ["model.hidden=[8, {units: 8, residual: true}]"]),
        # one residual connection is possible
        (
            ["model={hidden: [8, 8, 4], residual: true}"],
            ["model.hidden=[{units: 8, residual: false}, {units: 8, residual: true}, 4]"],
        ),
        (["model.hidden=[8, {units: 4, residual: true}]"], ["model.hidden=[8, 4]"]),
        (["model={hidden: [8, {units: 8, residual: false}], residual: true}"], ["model.hidden=[8, 8]"]),
        (
            ["model={hidden: [8, {units: 8, residual: false}, 8], residual: true}"],
            ["model.hidden=[8, 8, {units: 8, residual: true}]"],
        ),
        (
            ["training.class_weights={setosa: 2, virginica: 3.0}"],
            ["training.class_weights={virginica: 3, setosa: 2.0}"],
        ),
        # it ends training earlier, like fewer epochs
        (
            ["training.early_stopping={patience: null, tolerance: 0.1}"],
            ["training.early_stopping={patience: auto, tolerance: 0.1}"],
        ),
        (
            ["training.optimizer=lbfgs"],
            ["training={optimizer: {name: lbfgs, memory: 10}, batch_size: 32, shuffle: false}"],
        ),
        (
            ["training.averaging=ema", "model.normalization=batch"],
            [
                "training.averaging={name: ema, decay: 0.999}",
                "model.hidden=[{units: 100, normalization: {name: batch, momentum: 0.5}}]",
            ],
        ),
    ],
)
def test_settings_without_effect_and_short_forms_change_no_seed(one: list[str], same: list[str]) -> None:
    assert configuration_seed(experiment(*one)) == configuration_seed(experiment(*same))


def test_a_residual_connection_that_is_possible_changes_the_seed() -> None:
    plain, residual = experiment("model.hidden=[9, 9]"), experiment("model={hidden: [9, 9], residual: true}")
    assert configuration_seed(plain) != configuration_seed(residual)


@pytest.mark.parametrize(
    ("settings", "canonical"),
    [
        ([], {"model": {"hidden": [{"units": 100}]}}),
        (
            [
                "seed=5",
                "data={source: a.csv, scaling: none, columns: {ignore: [id]}}",
                "model.hidden=[8, {units: 4, activation: relu}]",
                "model.activation={name: elu, alpha: 0.5}",
                "training={epochs: 9, l2: 0.0001, optimizer: {learning_rate: 0.01}, early_stopping: null}",
            ],
            {
                "data": {"columns": {"ignore": ["id"]}, "scaling": "none"},
                "model": {
                    "hidden": [{"units": 8, "activation": {"name": "elu", "alpha": 0.5}}, {"units": 4}]
                },
                "training": {"optimizer": {"learning_rate": 0.01}, "early_stopping": None},
            },
        ),
        (
            ["model={hidden: [8, 8, 4], residual: true}"],
            {"model": {"hidden": [{"units": 8}, {"units": 8}, {"units": 4}], "residual": True}},
        ),
        (
            ["model={hidden: [8, 8, {units: 8, residual: false}], residual: true}"],
            {"model": {"hidden": [{"units": 8}, {"units": 8, "residual": True}, {"units": 8}]}},
        ),
    ],
)
def test_what_is_hashed_is_what_is_read_and_not_at_its_default(settings: list[str], canonical: Any) -> None:
    """Computed by hand; a setting that a later version adds must not change it."""
    assert canonical_configuration(experiment(*settings)) == {"data": {}, **canonical}


def test_the_seed_is_the_beginning_of_a_hash() -> None:
    """The first eight bytes of the SHA-256 of '[0, {"data": {}, "model": {"hidden": [{"units": 100}]}}]'."""
    assert configuration_seed(experiment()) == 0x35CF602DBBFC83DD


OUTPUT = ("model", "output")
"""Changes the seed, except for the two outputs that `auto` resolves to."""
RESIDUALS = (("model", "residual"), ("model", "hidden", 0, "residual"))
"""The first layer has no residual connection, and the default network has no other."""


@pytest.mark.parametrize("output", ["logistic", "absolute", "huber", "{name: huber, delta: 2.0}"])
def test_another_output_is_another_configuration(output: str) -> None:
    assert configuration_seed(experiment(f"model.output={output}")) != configuration_seed(experiment())


def test_every_setting_counts_or_is_known_not_to() -> None:
    not_counted = {record.path for record in setting_records() if record.setting.not_counted}
    seen = set()
    for path, one, other in changes(Experiment):
        first, second = (canonical_configuration(Experiment.model_validate(each)) for each in (one, other))
        known = any(path[: len(place)] == place for place in not_counted) or path in (
            OUTPUT,
            *RESIDUALS,
        )
        assert (first == second) == known, f"{format_path(path)}: {one} and {other}"
        seen |= {path[:depth] for depth in range(1, len(path) + 1)}
    assert {path for path in records_by_path() if path not in seen and path[-1] != "name"} == set()
    assert not_counted <= seen


@pytest.mark.parametrize(
    "key", sorted(HiddenLayerConfig.model_fields.keys() & ModelConfig.model_fields.keys())
)
def test_a_layers_setting_may_stand_in_the_model(key: str) -> None:
    for value in plain_values(field_forms(HiddenLayerConfig, key))[:2]:
        own = {"units": 8, key: value}
        in_model: dict[str, Any] = {"hidden": [8, 8], key: value}
        in_layer: dict[str, Any] = {"hidden": [own, own]}
        if key == "initialization":  # the output layer reads the model's
            in_layer[key] = value
        one, same = (
            Experiment.model_validate({**config_of(), "model": model}) for model in (in_model, in_layer)
        )
        assert configuration_seed(one) == configuration_seed(same)
