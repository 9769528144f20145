from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_equal

from fnnctl.metrics.hyperparameter_importance import MIN_TRIALS
from fnnctl.plots.searched import SearchedSetting
from fnnctl.report.searched_settings import (
    importances,
    leading_first,
    paths_by_importance,
    searched_settings,
    setting_text,
    short_names,
)
from tests.report.searches import header, read, result, trial


def columns(assignments: Sequence[Mapping[str, Any]], **scales: str) -> dict[str, SearchedSetting]:
    """The searched settings of trials with these assignments, by name."""
    paths = list(dict.fromkeys(path for each in assignments for path in each))
    records = [header(paths=paths, scales=scales)]
    records += [trial(number, each) for number, each in enumerate(assignments)]
    search = read(records)
    return {each.name: each for each in searched_settings(search, list(search.trials.values()))}


def test_short_names_are_unique() -> None:
    assert short_names(["model.hidden.activation[0]", "l2"]) == ["hidden.activation[0]", "l2"]
    assert short_names(["training.l2", "model.dropout"]) == ["l2", "dropout"]
    assert short_names(["a.x.rate", "a.y.rate", "b"]) == ["x.rate", "y.rate", "b"]
    assert short_names(["training.optimizer.name", "l2", "training.l2"]) == [
        "optimizer.name", "l2", "training.l2",
    ]  # fmt: skip


def test_numbers_have_the_scale_of_their_domain() -> None:
    found = columns([{"a": 1, "b": 0.5}, {"a": 100}], a="log", b="linear")
    assert (found["a"].scale, found["b"].scale) == ("log", "linear")
    assert_equal(found["a"].values, [1.0, 100.0])
    assert_equal(found["b"].values, [0.5, np.nan])


def test_a_choice_has_its_values_in_order() -> None:
    found = columns([{"a": 128}, {"a": 32}, {"a": "auto"}, {"a": None}, {"b": True}], a="choice")
    assert found["a"].categories == ("32", "128", "auto", "null")
    assert_equal(found["a"].values, [1.0, 0.0, 2.0, 3.0, np.nan])
    assert (found["b"].scale, found["b"].categories) == ("choice", ("true",))


@pytest.mark.parametrize(
    ("values", "categories"),
    [
        pytest.param(
            [{"name": "sgd", "rate": 0.1}, "adam"], {"adam", "{name: sgd, rate: 0.1}"}, id="a section"
        ),
        pytest.param(
            ["none", *({"name": "adam", "rate": 0.1, "beta": beta} for beta in (0.8, 0.9))],
            {"none", "beta: 0.8", "beta: 0.9"},
            id="settings that all sections share are left out",
        ),
        pytest.param(
            [{"name": "sgd", "rate": 0.1}, {"name": "sgd", "rate": 0.1, "momentum": 0.9}],
            {"{name: sgd, rate: 0.1}", "momentum: 0.9"},
            id="unless nothing remains",
        ),
        pytest.param([[64, 32], [16]], {"[16]", "[64, 32]"}, id="layers"),
    ],
)
def test_sections_and_layers_are_categories(values: list[object], categories: set[str]) -> None:
    found = columns([{"a": value} for value in values], a="choice")
    assert set(found["a"].categories) == categories


def test_an_integer_beyond_floats_is_a_category() -> None:
    found = columns([{"a": 0.5}, {"a": 10**400}], a="log")
    assert (found["a"].scale, len(found["a"].categories)) == ("choice", 2)


@pytest.mark.parametrize(
    "scales", [{"m.hidden": "log"}, {"m.hidden.depth": "linear", "m.hidden.width": "log"}]
)
def test_layers_of_one_width_are_depth_and_width(scales: dict[str, str]) -> None:
    """Which may have scales of their own."""
    found = columns([{"m.hidden": [64, 64]}, {"m.hidden": []}, {"m.hidden": [16]}], **scales)
    assert list(found) == ["hidden.depth", "hidden.width"]
    assert (found["hidden.depth"].scale, found["hidden.width"].scale) == ("linear", "log")
    assert_equal(found["hidden.depth"].values, [2.0, 0.0, 1.0])
    assert_equal(found["hidden.width"].values, [64.0, np.nan, 16.0])


def test_layers_of_several_widths_have_one_each() -> None:
    found = columns([{"m.hidden": [64, 32]}, {"m.hidden": [16]}, {"l2": 0.1}])
    assert list(found) == ["hidden.depth", "hidden.width[0]", "hidden.width[1]", "l2"]
    assert_equal(found["hidden.width[1]"].values, [32.0, np.nan, np.nan])


def test_layers_with_settings_have_columns_for_these() -> None:
    layers = [{"units": 8, "activation": "tanh"}, {"units": 8, "activation": "relu", "residual": True}]
    scales = {"m.hidden.residual[1]": "linear"}
    found = columns([{"m.hidden": layers}, {"m.hidden": layers[:1]}, {"m.hidden": []}], **scales)
    assert list(found) == [
        *("hidden.depth", "hidden.width[0]", "hidden.activation[0]"),
        *("hidden.width[1]", "hidden.activation[1]", "hidden.residual[1]"),
    ]
    assert found["hidden.activation[0]"].categories == ("tanh",)
    assert found["hidden.residual[1]"].categories == ("true",)
    assert_equal(found["hidden.residual[1]"].values, [0.0, np.nan, np.nan])


def test_values_of_a_table_are_setting_text() -> None:
    layer = {"units": 64, "activation": {"name": "relu"}, "normalization": "none"}
    elu = {"units": 8, "activation": {"name": "elu", "alpha": 2}}
    assert setting_text([layer, {**layer, "residual": True}]) == "64 relu none, 64 relu none residual"
    assert setting_text([{**elu, "residual": False}, 4]) == "8 {name: elu, alpha: 2}, 4"
    assert setting_text([{**elu, "residual": False}, 4], ("units",)) == "8, 4"
    texts = ["[8, 4]", "[]", "{a: true}", "null"]
    assert [setting_text(value) for value in ([8, 4], [], {"a": True}, None)] == texts


def test_importance_is_that_at_the_largest_budget_with_enough_trials() -> None:
    """At 3 epochs there are twice as many trials as needed, at 9 epochs one too few."""
    trials = range(2 * MIN_TRIALS)
    rng = np.random.default_rng(1)
    records = [header(paths=["x", "y"], scales={})]
    records += [trial(number, {"x": number / 10, "y": float(rng.random())}) for number in trials]
    records += [result(number, 3, number / 100) for number in trials]
    records += [result(number, 9, 0.5, rung=1, epochs=6) for number in trials[1:MIN_TRIALS]]
    found = importances(read(records))
    assert found
    budget, of_settings = found
    x, y = of_settings["x"], of_settings["y"]
    assert x
    assert y
    assert budget == 3
    assert x.share > 0.9
    assert y.share < y.chance


def test_few_trials_have_no_importance() -> None:
    """Their paths are in their order."""
    few = [header(paths=["b", "a"]), *(trial(n, {"a": 1, "b": 2}) for n in range(9))]
    few += [result(n, 3, 0.5) for n in range(9)]
    for records, paths in ((few, ["b", "a"]), ([header()], [])):
        assert importances(read(records)) is None
        assert paths_by_importance(read(records)) == paths


def test_the_paths_that_matter_most_come_first() -> None:
    """Layers have the importance of their most important dimension; paths without one come last, in order."""
    rng = np.random.default_rng(2)
    records = [header(paths=["none", "noise", "hidden", "some"], scales={})]
    for number in range(3 * MIN_TRIALS):
        layers, noise = [4 + number] * int(rng.integers(1, 3)), float(rng.random())
        values = {"none": 1, "noise": noise, "hidden": layers, "some": number + float(rng.normal(scale=20))}
        records += [trial(number, values), result(number, 3, number / 100)]
    assert paths_by_importance(read(records)) == ["hidden", "some", "noise", "none"]


def test_the_most_important_settings_come_first_in_their_own_order() -> None:
    """Only the fourth and the second setting matter."""
    paths = [f"model.x{k}" for k in range(4)]
    random = np.random.default_rng(1).random((40, 4)).tolist()
    records = [header(paths=paths, scales=dict.fromkeys(paths, "linear"))]
    for number, values in enumerate(random):
        records += [
            trial(number, dict(zip(paths, values, strict=True))),
            result(number, 1, values[1] + 3 * values[3]),
        ]
    search = read(records)
    settings = searched_settings(search, [*search.trials.values()])
    assert [each.name for each in leading_first(search, settings, 2)] == ["x1", "x3", "x0", "x2"]
    assert leading_first(search, settings, 4) == settings
