"""The notes about values that do not occur in the training data, counted over all blocks of a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.data.new_rows import NewRows
from fnnctl.data.preprocessing import CategoryFeatures, Preprocessor
from fnnctl.modelling.input_file import Unseen


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


def told(*blocks: NewRows) -> list[str]:
    known = (CategoryFeatures("colour", ("green", "red"), True), CategoryFeatures("size", ("big",), False))
    unseen = Unseen(Preprocessor((), known))
    assert [*unseen.counting(iter(blocks))] == [*blocks]
    return [*unseen.sentences()]


def test_rows_are_counted_over_all_blocks_and_the_first_value_is_named() -> None:
    """Blue is in three rows, pink in one; the code of a value differs between blocks."""
    first = block(0, colour=["red", "blue", "green"], size=["big", None, "big"])
    second = block(3, colour=["blue", "pink", "red", "blue"], size=["big", "big", "tiny", "big"])
    ending = "none of the column's features is set there"
    assert told(first, second) == [
        "in 4 rows the column 'colour' has a value that does not occur in the training data (the first is "
        "'blue'): " + ending,
        "in 1 row the column 'size' has a value that does not occur in the training data (the first is "
        "'tiny'): " + ending,
    ]


def test_a_column_with_a_feature_for_all_other_values_has_no_unseen_ones() -> None:
    unseen = Unseen(Preprocessor((), (CategoryFeatures("colour", ("red",), False, others=True),)))
    rows = block(0, colour=["red", "blue"])
    assert [*unseen.counting(iter([rows]))] == [rows]
    assert [*unseen.sentences()] == []


def test_missing_values_are_not_unseen() -> None:
    assert told(block(0, colour=[None, "red"], size=[None, "big"])) == []


def test_a_file_without_rows_has_no_notes() -> None:
    assert told() == []
