from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.rules.dimensions import dimensions_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.assignments import assignment_of, values_by_dimension
from fnnctl.space.dimensions import Condition, Dimension
from fnnctl.space.layers import (
    is_layers,
    layer_dimensions,
    layer_index,
    representatives,
    single_layer_part,
    split_layers,
)

ARCHITECTURE = {
    "activation": ["relu", {"name": "elu", "alpha": 2}],
    "normalization": ["none", "batch"],
    "residual": [False, True],
}


def dimensions(plain: dict[str, Any]) -> tuple[Dimension, ...]:
    return dimensions_of(SearchConfig.model_validate({"space": plain}).domains)


def test_layers_are_a_depth_and_one_width() -> None:
    depth, width = dimensions({"model.hidden": {"depth": [0, 2], "width": [16, 200], "log": True}})
    assert (depth.name, width.name) == ("model.hidden.depth", "model.hidden.width")
    assert {depth.setting, width.setting} == {"model.hidden"}
    assert (list(depth.domain.values or ()), depth.conditions) == ([0, 1, 2], ())
    assert width.domain.values == [16, 32, 64, 128]
    assert width.conditions == (Condition("model.hidden.depth", range(1, 3)),)


@pytest.mark.parametrize(
    ("layers", "widths"),
    [
        ({"width": [16, 256]}, [16, 46, 76, 106, 136, 166, 196, 226, 256]),
        ({"width": [4, 8]}, [4, 5, 6, 7, 8]),
        ({"width": [4, 8], "step": 2}, [4, 6, 8]),
        ({"width": [4, 7], "step": None}, [4, 5, 6, 7]),
        ({"width": [4, 7], "step": None, "log": True}, [4, 5, 6, 7]),
        ({"width": [4, 40], "step": 3, "log": True}, [4, 12, 36]),
        ({"width": [5, 5]}, [5]),
    ],
)
def test_the_widths_of_layers(layers: dict[str, Any], widths: list[int]) -> None:
    _, width = dimensions({"model.hidden": {"depth": [1, 2], **layers}})
    assert list(width.domain.values or ()) == widths


def test_no_layers_have_no_width() -> None:
    assert len(dimensions({"model.hidden": {"depth": [0, 0], "width": [4, 8]}})) == 1


def test_each_layer_may_have_an_activation_a_normalization_and_a_residual_connection() -> None:
    plain = {"model.hidden": {"depth": [1, 3], "width": [4, 8], "per_layer": True, **ARCHITECTURE}}
    depth, *others = dimensions(plain)
    assert [each.part for each in others] == [
        *("width[0]", "activation[0]", "normalization[0]"),  # the first layer adds no inputs
        *("width[1]", "activation[1]", "normalization[1]", "residual[1]"),
        *("width[2]", "activation[2]", "normalization[2]", "residual[2]"),
    ]
    least = {str(each.part): [(c.dimension, list(c.values)) for c in each.conditions] for each in others}
    assert least["activation[0]"] == []
    assert least["residual[1]"] == [(depth.name, [2, 3])]
    assert least["normalization[2]"] == [(depth.name, [3])]
    assert others[1].domain.values == ("relu", {"name": "elu", "alpha": 2})


@pytest.mark.parametrize(
    ("depth", "parts"),
    [
        ([0, 3], {"width": [1, 2, 3], "activation": [1, 2, 3], "residual": [2, 3]}),
        ([1, 2], {"width": [], "activation": [], "residual": [2]}),
        ([2, 2], {"width": [], "activation": [], "residual": []}),
        ([1, 1], {"width": [], "activation": []}),
        ([0, 0], {}),
    ],
)
def test_all_layers_may_have_the_same_settings(depth: list[int], parts: dict[str, list[int]]) -> None:
    plain = {"model.hidden": {"depth": depth, "width": [4, 8], **ARCHITECTURE, "normalization": None}}
    found = {
        str(each.part): [value for condition in each.conditions for value in condition.values]
        for each in dimensions(plain)[1:]
    }
    assert found == parts


BOTH = {"units": 8, "activation": "relu", "normalization": "batch"}


@pytest.mark.parametrize(
    ("searched", "values", "layers"),
    [
        ({}, {"depth": 0}, []),
        ({}, {"depth": 2, "width": 8}, [8, 8]),
        ({"per_layer": True}, {"depth": 2, "width[0]": 8, "width[1]": 4}, [8, 4]),
        (ARCHITECTURE, {"depth": 0}, []),
        (
            ARCHITECTURE,
            {"depth": 2, "width": 8, "activation": "relu", "normalization": "batch", "residual": False},
            [BOTH, {**BOTH, "residual": False}],
        ),
        (
            {"residual": [False, True], "per_layer": True},
            {"depth": 3, "width[0]": 4, "width[1]": 5, "residual[1]": True, "width[2]": 5,
             "residual[2]": False},
            [{"units": 4}, {"units": 5, "residual": True}, {"units": 5, "residual": False}],
        ),
        (
            {"activation": ["relu", "tanh"], "per_layer": True},
            {"depth": 2, "width[0]": 4, "activation[0]": "tanh", "width[1]": 4, "activation[1]": "relu"},
            [{"units": 4, "activation": "tanh"}, {"units": 4, "activation": "relu"}],
        ),
    ],
)  # fmt: skip
def test_layers_are_put_together_and_with_settings_they_are_mappings(
    searched: dict[str, Any], values: dict[str, Any], layers: list[Any]
) -> None:
    plain = {"model.hidden": {"depth": [0, 3], "width": [1, 9], **searched}, "a": {"choice": [1]}}
    searched_dimensions = dimensions(plain)
    named = {"a": 1, **{f"model.hidden.{key}": value for key, value in values.items()}}
    assert {dimension.name for dimension in searched_dimensions} >= named.keys()
    assert assignment_of(searched_dimensions, named) == {"a": 1, "model.hidden": layers}
    assert values_by_dimension(searched_dimensions, {"a": 1, "model.hidden": layers}) == named
    assert assignment_of(searched_dimensions, {"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("layers", "names"),
    [
        ([[], [8], [4, 4]], ["depth", "width"]),
        ([[8], [4, 8], [1, 1, 1]], ["depth", "width[0]", "width[1]", "width[2]"]),
        (
            [[{"units": 8}, {"units": 8, "activation": "relu", "residual": True}], []],
            ["depth", "width", "activation", "residual"],
        ),
        (
            [[{"units": 8, "activation": "tanh"}, {"units": 8, "activation": "relu", "residual": True}]],
            ["depth", "width[0]", "activation[0]", "width[1]", "activation[1]", "residual[1]"],
        ),
    ],
)
def test_dimensions_that_distinguish_layers(layers: list[list[Any]], names: list[str]) -> None:
    assert layer_dimensions("x", layers) == [f"x.{name}" for name in names]


def test_layers_are_taken_apart() -> None:
    assert split_layers("x", [8, 4]) == {"x.depth": 2, "x.width": 8, "x.width[0]": 8, "x.width[1]": 4}
    assert split_layers("x", []) == {"x.depth": 0}
    assert split_layers("x", [8, {"units": 4, "dropout": 0.1, "residual": True}]) == {
        "x.depth": 2, "x.width": 8, "x.width[0]": 8, "x.width[1]": 4,
        "x.residual": True, "x.residual[1]": True,
    }  # fmt: skip


def test_what_layers_are() -> None:
    assert all(map(is_layers, ([], [4, 5.0], ({"units": 3}, 2))))
    assert not any(map(is_layers, (8, "ab", [True], ["a"], [{"name": "x"}])))


def test_dimensions_of_one_layer_have_its_part_and_index() -> None:
    layers: dict[str, Any] = {"depth": [1, 12], "width": [8, 64], "residual": [False, True]}
    own = dimensions({"model.hidden": {**layers, "per_layer": True}})
    assert [single_layer_part(each) for each in own[:4]] == [None, "width", "width", "residual"]
    assert [layer_index(each) for each in own[:4]] == [None, 0, 1, 1]
    assert layer_index(own[-1]) == 11
    shared = dimensions({"model.hidden": layers, "training.l2": {"choice": [0, 1]}})
    assert {(single_layer_part(each), layer_index(each)) for each in shared} == {(None, None)}


def test_the_widths_of_inner_layers_are_represented_by_others() -> None:
    plain = {"model.hidden": {"depth": [1, 6], "width": [4, 8], "per_layer": True}, "l2": {"choice": [0, 1]}}
    found = [each.name for each in representatives(dimensions(plain))]
    assert found == ["l2", "model.hidden.depth", *(f"model.hidden.width[{index}]" for index in (0, 1, 5))]
    layers = {"depth": [1, 6], "width": [4, 8], "per_layer": True, **ARCHITECTURE}
    found = [str(each.part) for each in representatives(dimensions({"model.hidden": layers}))]
    assert [part for part in found if "activation" in part] == [f"activation[{k}]" for k in (0, 1, 5)]
    assert [part for part in found if "residual" in part] == [f"residual[{k}]" for k in (1, 2, 5)]
    shared = dimensions({"model.hidden": {"depth": [1, 6], "width": [4, 8]}})
    assert representatives(shared) == list(shared)
