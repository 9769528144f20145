from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import (
    CategoryEmbeddingShape,
    HiddenShape,
    InputStageShape,
    NetworkShape,
    NumericEmbeddingShape,
)
from fnnctl.training.members import initial_parameters
from tests.training.recipes import member_of, settings_of

PLAIN = NetworkShape(7, (HiddenShape(5, "tanh"),), 3)


def initial_arrays(stage: InputStageShape, **changes: Any) -> dict[str, np.ndarray]:
    layout = ParameterLayout(NetworkShape(7, PLAIN.hidden, 3, stage=stage))
    member = member_of(settings_of(7, ((5, "tanh"),), 3), 10, **changes)
    row = initial_parameters(layout, [member], np.dtype(np.float64))[0]
    return layout.named_arrays(row, np.empty(0))


def test_factors_begin_at_one() -> None:
    assert initial_arrays(InputStageShape(scaled=True))["input_scales"].tolist() == [1.0] * 7


def test_a_piecewise_linear_embedding_begins_at_zero() -> None:
    stage = InputStageShape(NumericEmbeddingShape(numbers=3, bins=5, size=4))
    assert not initial_arrays(stage)["input_mixing"].any()


def test_vectors_begin_at_random_except_those_of_missing_values() -> None:
    stage = InputStageShape(categories=CategoryEmbeddingShape((3, 1, 400), size=5))
    vectors = initial_arrays(stage)["input_vectors"]
    missing = np.isin(np.arange(404), [0, 3, 4])
    assert not vectors[:, missing].any()
    assert vectors[:, ~missing].std() == pytest.approx(1.0, abs=0.05)


def test_the_layers_begin_as_without_a_stage() -> None:
    scaled = initial_arrays(InputStageShape(scaled=True))
    layout, member = ParameterLayout(PLAIN), member_of(settings_of(7, ((5, "tanh"),), 3), 10)
    plain = layout.named_arrays(initial_parameters(layout, [member], np.dtype(np.float64))[0], np.empty(0))
    for name, array in plain.items():
        np.testing.assert_array_equal(scaled[name], array)
