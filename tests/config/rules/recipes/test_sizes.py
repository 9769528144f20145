from __future__ import annotations

import pytest

from fnnctl.config.rules.recipes.sizes import BATCH_SIZES, by_rows


@pytest.mark.parametrize(("rows", "value"), [(1, 8), (10, 8), (11, 16), (20, 16), (21, 16)])
def test_a_step_is_up_to_its_rows(rows: int, value: int) -> None:
    assert by_rows(rows, ((10, 8), (20, 16))) == value


def test_batches_grow_with_the_rows() -> None:
    most, sizes = zip(*BATCH_SIZES, strict=True)
    assert [*most] == sorted(set(most))
    assert [*sizes] == sorted(set(sizes))
