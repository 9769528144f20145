from __future__ import annotations

import pytest

from fnnctl.config.schema.recipe_values import (
    BATCH_SIZES,
    MAX_PARAMETERS,
    NARROWEST,
    batch_size,
    by_rows,
    hidden_units,
    units,
)
from tests.config.recipes.cases import facts_of


@pytest.mark.parametrize(("rows", "value"), [(1, 8), (10, 8), (11, 16), (20, 16), (21, 16)])
def test_a_step_is_up_to_its_rows(rows: int, value: int) -> None:
    assert by_rows(rows, ((10, 8), (20, 16))) == value


def test_batches_grow_with_the_rows() -> None:
    most, sizes = zip(*BATCH_SIZES, strict=True)
    assert [*most] == sorted(set(most))
    assert [*sizes] == sorted(set(sizes))


@pytest.mark.parametrize("rows", [1, 1_500, 1_501, 10_001, 50_001, 200_001, 10**9])
def test_batches_are_powers_of_two_of_which_each_is_twice_the_one_before(rows: int) -> None:
    before = [most for most, _ in BATCH_SIZES if most < rows]
    assert batch_size(facts_of(rows=rows)) == 32 * 2 ** len(before)


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


@pytest.mark.parametrize(("of_inputs", "width"), [(195_711, 64), (195_712, 56)])
def test_a_network_of_just_the_most_parameters_is_allowed(of_inputs: int, width: int) -> None:
    """Without inputs, two layers of 64 units and an output have 64 + 65 · 64 + 65 = 4,289 parameters."""
    assert units(0, 1, of_inputs=of_inputs) == width


@pytest.mark.parametrize(
    ("rows", "categories", "width"),
    [(9_999, 2_537, 64), (9_999, 2_538, 56), (10_000, 2_463, 64), (10_000, 2_464, 56)],
)
def test_embeddings_of_many_rows_have_two_functions_per_bin(rows: int, categories: int, width: int) -> None:
    """Of 100 numbers with 16 bins and sizes of 4: 4,800 weights, or 9,600.

    Beside them 400 inputs and a factor of each; then every category has a factor and 64 weights. In all
    35,089 + 65 · categories for few rows, and 4,800 more for many.
    """
    facts = facts_of(task="regression", rows=rows, numeric=100, categories=categories, outputs=1)
    assert hidden_units(facts) == width
