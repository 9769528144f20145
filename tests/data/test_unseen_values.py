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

AGE = NumberFeature("age", 40.0, 40.0, 10.0, False, range=(18.0, 90.0))


def numbers(values: Sequence[float], names: tuple[str, ...] = ("age",)) -> NewRows:
    return replace(
        block(0, colour=[None] * len(values)),
        numeric=np.array(values).reshape(-1, 1) * np.ones(len(names)),
        numeric_names=names,
        categorical=np.empty((len(values), 0), np.int32),
        categorical_names=(),
        categories=(),
    )


def block(first: int, **columns: Sequence[str | None]) -> NewRows:
    """Rows of categorical columns; None is a missing value."""
    categories = [tuple(dict.fromkeys(text for text in texts if text)) for texts in columns.values()]
    codes = [
        [known.index(text) if text else -1 for text in texts]
        for texts, known in zip(columns.values(), categories, strict=True)
    ]
    rows = len(codes[0])
    return NewRows(
        numeric=np.empty((rows, 0)),
        numeric_names=(),
        categorical=np.array(codes, np.int32).T,
        categorical_names=(*columns,),
        categories=(*categories,),
        first=first,
        labels=None,
    )


def warnings_about(*blocks: NewRows) -> list[str]:
    known = (CategoryFeatures("colour", ("green", "red"), True), CategoryFeatures("size", ("big",), False))
    unseen = UnseenValues(Preprocessor((), known))
    assert [*unseen.count(iter(blocks))] == [*blocks]
    return sentences(unseen.warnings("t"))


def test_rows_are_counted_over_all_blocks_and_the_first_value_is_named() -> None:
    """Blue is in three rows, pink in one; the code of a value differs between blocks."""
    first = block(0, colour=["red", "blue", "green"], size=["big", None, "big"])
    second = block(3, colour=["blue", "pink", "red", "blue"], size=["big", "big", "tiny", "big"])
    ending = "none of the column's features is set there"
    assert warnings_about(first, second) == [
        "t: in 4 rows the column 'colour' has a value that does not occur in the training data (the first "
        "is 'blue'): " + ending,
        "t: in 1 row the column 'size' has a value that does not occur in the training data (the first "
        "is 'tiny'): " + ending,
    ]


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
    unseen = UnseenValues(Preprocessor((), (column,)))
    rows = block(0, colour=["red", "blue"])
    assert [*unseen.count(iter([rows]))] == [rows]
    assert sentences(unseen.warnings("t")) == []


def test_missing_values_are_not_unseen() -> None:
    assert warnings_about(block(0, colour=[None, "red"], size=[None, "big"])) == []


def test_a_file_without_rows_has_no_notes() -> None:
    assert warnings_about() == []


def test_numbers_far_outside_of_the_training_rows_are_counted_in_one_line() -> None:
    """Far is farther from the range than it is wide: below -54 and above 162 for ages from 18 to 90."""
    blocks = [numbers([40, -54, 162, np.nan]), numbers([999, 163, -55])]
    unseen = UnseenValues(Preprocessor((AGE,), ()))
    assert [*unseen.count(iter(blocks))] == blocks
    assert sentences(unseen.warnings("t")) == [
        "t: 3 numbers are far outside of what the network was trained on (the first is 999 in 'age', trained "
        "on 18 to 90): do not trust the predictions of such rows"
    ]


@pytest.mark.parametrize("range_", [None, (3.0, 3.0), (-1e308, 1e308)])
def test_without_a_range_no_number_is_far(range_: tuple[float, float] | None) -> None:
    unseen = UnseenValues(Preprocessor((replace(AGE, range=range_),), ()))
    assert len([*unseen.count(iter([numbers([999, -1e308], ("other", "age"))]))]) == 1
    assert sentences(unseen.warnings("t")) == []


def test_far_numbers_of_some_rows_are_counted_by_column() -> None:
    """The range 18 to 90 is 72 wide, so that numbers below −54 and above 162 are far."""
    columns = numbers([40, 163, -60, math.nan, 162, 500], ("age", "size"))
    preprocessor = Preprocessor((AGE, replace(AGE, name="size", range=(0.0, 1000.0))), ())
    assert far_numbers(columns, np.arange(6), preprocessor) == {"age": 3}
    assert far_numbers(columns, np.arange(2), preprocessor) == {"age": 1}
    assert far_numbers(columns, np.array([0, 4]), preprocessor) == {}
    assert far_numbers(columns, np.arange(0), preprocessor) == {}
