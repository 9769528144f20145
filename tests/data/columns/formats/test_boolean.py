from __future__ import annotations

import numpy as np
import pytest

from fnnctl.data.columns.formats.boolean import BooleanFormat, find_boolean


@pytest.mark.parametrize(
    "texts",
    [
        ("yes", "no"),
        ("True", "FALSE"),
        ("t", "f"),
        ("Y", "n"),
        ("on", "Off"),
        ("yes", "n"),
        ("t", "false"),
        ("1", "no", "yes"),
        ("0", "yes"),
        ("true", "no"),
    ],
)
def test_truth_values(texts: tuple[str, ...]) -> None:
    assert find_boolean(texts, [1] * len(texts)) is not None


@pytest.mark.parametrize(
    "texts",
    [
        ("yes", "maybe"),
        ("f", "n"),  # letters of another meaning, such as the gills of mushrooms
        ("t", "n"),
        ("yes",),
        ("yes", "YES", "Y"),
        ("1", "0"),  # plain numbers
        ("yes", "2"),
        (),
    ],
)
def test_categories_of_something_else(texts: tuple[str, ...]) -> None:
    assert find_boolean(texts, [1] * len(texts)) is None


def test_the_most_frequent_spellings_are_the_categories() -> None:
    form = find_boolean(["no", "Yes", "YES", "0", "y"], [3, 2, 5, 4, 5])
    assert form == BooleanFormat(true="YES", false="0")
    assert [form.label(text) for text in ("y", "False", "1", "maybe")] == ["YES", "0", "YES", "maybe"]
    np.testing.assert_array_equal(form.numbers(["y", "NO", "x"]).ravel(), [1, 0, np.nan])
    assert form.columns("a") == ("a",)
