from __future__ import annotations

import pytest

from fnnctl.config.schema.recipe_values import BATCH_SIZES, MAX_PARAMETERS, NARROWEST, by_rows, units


@pytest.mark.parametrize(("rows", "value"), [(1, 8), (10, 8), (11, 16), (20, 16), (21, 16)])
def test_a_step_is_up_to_its_rows(rows: int, value: int) -> None:
    assert by_rows(rows, ((10, 8), (20, 16))) == value


def test_batches_grow_with_the_rows() -> None:
    most, sizes = zip(*BATCH_SIZES, strict=True)
    assert [*most] == sorted(set(most))
    assert [*sizes] == sorted(set(sizes))


@pytest.mark.parametrize(
    ("inputs", "outputs", "width"),
    [
        (1, 2, 64),
        (2_900, 2, 64),
        (3_100, 2, 56),
        (5_000, 2, 32),
        (12_000, 2, 8),
        (10**9, 2, 8),
        (100, 3_000, 56),
    ],
)
def test_layers_become_narrower_where_parameters_are_many(inputs: int, outputs: int, width: int) -> None:
    found = units(inputs, outputs, of_inputs=inputs)
    assert found == width
    parameters = inputs + (inputs + 1) * found + (found + 1) * found + (found + 1) * outputs
    assert parameters <= MAX_PARAMETERS or found == NARROWEST
