from __future__ import annotations

import numpy as np

from fnnctl.data.columns.formats.boolean import BooleanFormat, find_boolean


def test_truth_values() -> None:
    """`f` and `n` have another meaning, such as the gills of mushrooms, and 1 and 0 are plain numbers."""
    pairs = "yes no|True FALSE|t f|Y n|on Off|yes n|t false|1 no yes|0 yes|true no"
    others = "yes maybe|f n|t n|yes|yes YES Y|1 0|yes 2|"
    for texts, is_boolean in ((pairs, True), (others, False)):
        for text in texts.split("|"):
            assert (find_boolean(text.split(), [1] * len(text.split())) is not None) is is_boolean, text


def test_the_most_frequent_spellings_are_the_categories() -> None:
    form = find_boolean(["no", "Yes", "YES", "0", "y"], [3, 2, 5, 4, 5])
    assert form == BooleanFormat(true="YES", false="0")
    assert [form.label(text) for text in ("y", "False", "1", "maybe")] == ["YES", "0", "YES", "maybe"]
    np.testing.assert_array_equal(form.numbers(["y", "NO", "x"]).ravel(), [1, 0, np.nan])
    assert form.columns("a") == ("a",)
