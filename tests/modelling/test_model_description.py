"""model.json is read strictly: an invalid change is refused with its location."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from fnnctl.config.schema.docstrings import attribute_docstrings
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.errors import DataError
from fnnctl.modelling.model_description import (
    EnsembleDescription,
    LayerDescription,
    ModelDescription,
    PartDescription,
    read_description,
)
from fnnctl.modelling.target_description import Described
from fnnctl.nn.shape import CategoryStatisticsShape, InputStageShape, NumericEmbeddingShape
from tests.messages import Messages
from tests.store.conftest import described

PATH = Path("model.json")


def read(**facts: object) -> ModelDescription:
    return read_description(json.loads(json.dumps(described(arrays={}, **facts))), PATH)


def test_what_is_left_out_has_its_default() -> None:
    description = read()
    assert description.threads is None
    assert (description.table.encoding, description.table.missing_values[:2]) == ("utf-8", ["", "NA"])
    (layer,) = description.hidden
    assert (layer.pieces, layer.residual, layer.numbers.activation) == (1, False, 0.0)


REGRESSION: dict[str, object] = {
    "output": "squared", "classes": [], "target_mean": 2.0, "target_deviation": 4.0,
}  # fmt: skip


def test_limits_are_the_range_of_the_target_in_its_units() -> None:
    assert read(**REGRESSION, target_range=[-2, 10]).decoder.limits == (-1.0, 2.0)
    assert read(**REGRESSION).decoder.limits is None, "as in a file of an earlier version"


def layer(**facts: object) -> dict[str, object]:
    return {"hidden": [{"units": 2, "activation": "elu", **facts}]}


DAMAGE: dict[str, dict[str, object]] = {
    "a range of one number": {**REGRESSION, "target_range": [1]},
    "a range of texts": {**REGRESSION, "target_range": ["1", 2]},
    "a range of nothing": {**REGRESSION, "target_range": [None, 2]},
    "an unknown precision": {"precision": "float16"},
    "inputs as a text": {"inputs": "3"},
    "negative inputs": {"inputs": -1},
    "half a unit": layer(units=2.5),
    "no activation": {"hidden": [{"units": 2}]},
    "layers that are no list": {"hidden": {"units": 2}},
    "a huge number": layer(numbers={"activation": 1e308}),
    "classes that are no list": {"classes": {}},
    "a number as a class": {"classes": ["a", 1]},
    "no threads": {"threads": 0},
    "a long delimiter": {"table": {"delimiter": ";;"}},
    "a temperature of 0": {"temperature": 0},
    "an unknown name": {"bias": 1.5},
    "a preprocessing that is no object": {"preprocessing": []},
    "a name that cannot be printed": {"a\x1b[31m\u202e": 1},
    "a long name": {"a" * 9999: 1},
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_reported(name: str, messages: Messages) -> None:
    with pytest.raises(DataError) as caught:
        read(**DAMAGE[name])
    messages.check(caught.value)


@pytest.mark.parametrize("units", [-1, 0, pytest.param(10**400, id="huge")])
def test_a_layer_of_impossible_size(units: int) -> None:
    description = read(inputs=0, features=[], hidden=[{"units": units, "activation": "relu"}])
    preprocessor = Preprocessor.from_dict(description.preprocessing)
    assert description.problem(preprocessor) == "hidden.0.units: must be from 1 to 1,000,000,000"


@pytest.mark.parametrize(
    ("categories", "problem"),
    [
        (None, "stage.categories.codes: the preprocessing has other codes"),
        ({"codes": [3], "size": 2}, "stage.categories.codes: the preprocessing has other codes"),
        ({"codes": [4, 4], "size": 2}, "stage.categories.codes: the preprocessing has other codes"),
        ({"codes": [4], "size": 1}, "stage.categories.size: must be from 2 to 1,000,000,000"),
        ({"codes": [4], "size": 2}, None),
    ],
)
def test_statistics_of_categories_have_the_codes_of_the_preprocessing(
    categories: dict[str, object] | None, problem: str | None
) -> None:
    """Two values, a missing one and all others."""
    column = {"name": "c", "categories": [], "indicator": True, "coded": ["a", "b"]}
    preprocessing = {"numeric": [], "categorical": [column]}
    stage = {"categories": categories}
    description = read(inputs=2, features=["c missing", "c code"], preprocessing=preprocessing, stage=stage)
    assert description.problem(Preprocessor.from_dict(preprocessing)) == problem


def test_every_fact_is_described() -> None:
    kinds: list[Any] = [Described]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {PartDescription, EnsembleDescription} <= {*kinds}
    shapes = LayerDescription, InputStageShape, NumericEmbeddingShape, CategoryStatisticsShape
    names = {kind: kind.model_fields.keys() for kind in kinds}
    names |= {shape: {each.name for each in fields(shape)} for shape in shapes}
    undescribed = [
        f"{kind.__name__}.{name}"
        for kind in names
        for name in names[kind]
        if not attribute_docstrings(kind).get(name)
    ]
    assert undescribed == []
