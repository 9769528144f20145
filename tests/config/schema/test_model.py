from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.experiment import Experiment


@pytest.mark.parametrize(
    ("model", "residual"),
    [
        ({"hidden": [8, 8, 4, 8], "residual": True}, [None, True, None, None]),
        ({"hidden": [8, 8]}, [None, False]),
        ({"hidden": [8, {"units": 8, "residual": True}, 8]}, [None, True, False]),
        ({"hidden": [8, {"units": 8, "residual": False}], "residual": True}, [None, False]),
    ],
)
def test_a_layer_adds_its_inputs_if_there_is_one_as_wide_below_it(
    model: dict[str, Any], residual: list[bool | None]
) -> None:
    """The inputs of the first one are the features."""
    made = Experiment.model_validate({"data": {"source": "iris"}, "model": model}).model
    assert [made.residual_of(index) for index in range(len(made.hidden))] == residual
    assert [layer.residual for layer in made.layers] == [adds is True for adds in residual]
