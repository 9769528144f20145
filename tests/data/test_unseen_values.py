"""Values that do not occur in the training data are counted over all blocks of a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature, Preprocessor
from fnnctl.data.row_encoder import NewRows
from fnnctl.data.unseen_values import UnseenValues, far_numbers
from fnnctl.messages import sentences
from tests.messages import Messages

AGE = NumberFeature("age", 40.0, 40.0, 10.0, False, range=(18.0, 90.0))


def block(first: int = 0, **columns: Sequence[str | None]) -> NewRows:
    """Rows of categorical columns; None is a missing value."""
    categories = [tuple(dict.fromkeys(text for text in texts if text)) for texts in columns.values()]
    codes = [
        [known.index(text) if text else -1 for text in texts]
        for texts, known in zip(columns.values(), categories, strict=True)
    ]
    return NewRows(
        numeric=np.empty((len(codes[0]), 0)), numeric_names=(), categorical=np.array(codes, np.int32).T,
        categorical_names=(*columns,), categories=(*categories,), first=first,
    )  # fmt: skip


def numbers(values: Sequence[float], names: tuple[str, ...] = ("age",)) -> NewRows:
    numeric = np.array(values).reshape(-1, 1) * np.ones(len(names))
    return NewRows(
        numeric=numeric, numeric_names=names, categorical=np.empty((len(values), 0), np.int32),
        categorical_names=(), categories=(), first=0,
    )  # fmt: skip


def warnings_about(preprocessor: Preprocessor, *blocks: NewRows) -> list[str]:
    unseen = UnseenValues(preprocessor)
    assert [*unseen.count(iter(blocks))] == [*blocks]
    return sentences(unseen.warnings("t"))


def test_rows_are_counted_over_all_blocks_and_the_first_value_is_named(messages: Messages) -> None:
    """Blue is in three rows, pink in one; the code of a value differs between blocks."""
    known = (CategoryFeatures("colour", ("green", "red"), True), CategoryFeatures("size", ("big",), False))
    first = block(0, colour=["red", "blue", "green", None], size=["big", None, "big", "big"])
    second = block(4, colour=["blue", "pink", "red", "blue"], size=["big", "big", "tiny", "big"])
    preprocessor = Preprocessor((), known)
    messages.check("\n".join(warnings_about(preprocessor, first, second)))
    assert warnings_about(preprocessor, block(colour=[None, "red"], size=[None, "big"])) == []
    assert warnings_about(preprocessor) == []


@pytest.mark.parametrize(
    "column",
    [
        CategoryFeatures("colour", ("red",), indicator=False, others=True),
        CategoryFeatures("colour", (), indicator=False, coded=("red", "green")),
        CategoryFeatures("colour", (), indicator=False),
    ],
)
def test_a_column_with_a_feature_or_code_for_all_other_values_or_with_none_has_no_unseen_ones(
    column: CategoryFeatures,
) -> None:
    assert warnings_about(Preprocessor((), (column,)), block(colour=["red", "blue"])) == []


def test_numbers_far_outside_of_the_training_rows_are_counted_in_one_line(messages: Messages) -> None:
    """Far is farther from the range than it is wide: below -54 and above 162 for ages from 18 to 90."""
    blocks = numbers([40, -54, 162, np.nan]), numbers([999, 163, -55])
    (warning,) = warnings_about(Preprocessor((AGE,), ()), *blocks)
    messages.check(warning)


@pytest.mark.parametrize("range_", [None, (3.0, 3.0), (-1e308, 1e308)])
def test_without_a_range_no_number_is_far(range_: tuple[float, float] | None) -> None:
    preprocessor = Preprocessor((replace(AGE, range=range_),), ())
    assert warnings_about(preprocessor, numbers([999, -1e308], ("other", "age"))) == []


def test_far_numbers_of_some_rows_are_counted_by_column() -> None:
    """The range 18 to 90 is 72 wide, so that numbers below −54 and above 162 are far."""
    columns = numbers([40, 163, -60, math.nan, 162, 500], ("age", "size"))
    preprocessor = Preprocessor((AGE, replace(AGE, name="size", range=(0.0, 1000.0))), ())
    for rows, expected in (([*range(6)], {"age": 3}), ([0, 1], {"age": 1}), ([0, 4], {}), ([], {})):
        assert far_numbers(columns, np.array(rows, np.intp), preprocessor) == expected
