from __future__ import annotations

import numpy as np
import pytest

from fnnctl.tasks.class_orders import SCALES, likely_order


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale[1])
def test_words_of_a_scale_are_in_its_order(scale: tuple[str, ...]) -> None:
    assert likely_order(sorted(scale), np.ones(len(scale), int)) == scale


@pytest.mark.parametrize(
    ("classes", "order"),
    [
        (["High", "Low", "Medium"], ("Low", "Medium", "High")),
        (["Very_Good", "FAIR", "Good"], ("FAIR", "Good", "Very_Good")),
        (["5", "4", "3", "2", "1"], ("1", "2", "3", "4", "5")),
        (["high", "low"], None),
        (["high", "low", "unknown"], None),
        (["low", "Low", "high"], None),
        (["setosa", "versicolor", "virginica"], None),
        (["1", "2", "3"], None),
        ([str(number) for number in range(10)], None),
    ],
    ids=str,
)
def test_an_order_is_guessed_from_words_and_ratings(
    classes: list[str], order: tuple[str, ...] | None
) -> None:
    assert likely_order(classes, np.full(len(classes), 20)) == order
