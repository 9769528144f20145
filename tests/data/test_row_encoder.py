from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from fnnctl.data import row_encoder
from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.preprocessing import CategoryFeatures, Features, NumberFeature, Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.row_encoder import NewRows, RowEncoder, columns_of
from fnnctl.data.tables.blocks import ColumnBlock
from fnnctl.data.tables.memory_columns import objects_column
from fnnctl.data.tables.memory_table import RecordBlock
from fnnctl.errors import DataError
from tests.messages import Messages

MISSING = frozenset(["", "NA", "-9", "\0"])
PREPROCESSOR = Preprocessor(
    (NumberFeature("size", 0.0, 0.0, 1.0, True), NumberFeature("count", 0.0, 0.0, 1.0, False)),
    (CategoryFeatures("colour", ("green", "red"), True), CategoryFeatures("code", ("1", "2.0", "03"), False)),
)
NAMES = ("count", "unused", "code", "colour", "size")


def encoder(names: Sequence[str] = NAMES, **formats: ColumnFormat) -> RowEncoder:
    return RowEncoder(PREPROCESSOR, names, formats, MISSING, 128)


def block(**columns: list[Any]) -> ColumnBlock:
    rows = len(columns["size"])
    values = [columns.get(name, [None] * rows) for name in NAMES]
    return ColumnBlock(range(1, rows + 1), [*map(objects_column, values)])


def rows(encoder: RowEncoder, block: Any) -> NewRows:
    (rows,) = encoder.rows(block, Problems("t"))
    return rows


def texts(rows: NewRows, name: str) -> list[str | None]:
    j = rows.categorical_names.index(name)
    return [None if code < 0 else rows.categories[j][code] for code in rows.categorical[:, j].tolist()]


def test_columns_are_found_by_their_names() -> None:
    """A null among the columns that are kept is an empty text."""
    encoding = RowEncoder(PREPROCESSOR, NAMES, {}, MISSING, 128, kept=("colour", "count"))
    encoded = rows(
        encoding, block(size=[1.5, None, -9], count=["7", "NA", None], colour=["red", None, "blue"])
    )
    assert encoded.numeric_names == ("size", "count")
    np.testing.assert_array_equal(encoded.numeric, [[1.5, 7], [math.nan] * 2, [math.nan] * 2])
    assert texts(encoded, "colour") == ["red", None, "blue"]
    assert encoded.categories[0] == ("green", "red", "blue")
    assert encoded.kept == [("red", "7"), ("", "NA"), ("blue", "")]
    assert columns_of(PREPROCESSOR) == ("size", "count", "colour", "code")


def test_the_known_categories_come_first_and_others_are_those_of_the_block() -> None:
    encoding, known = encoder(), ("green", "red")
    for first, colours, others in (
        (0, ["blue", "pink", "blue"], ("blue", "pink")),
        (3, ["pink", "red"], ("pink",)),
        (5, ["red"], ()),
    ):
        encoded = rows(encoding, block(size=[1] * len(colours), colour=colours))
        assert (encoded.first, encoded.categories[0]) == (first, (*known, *others))
    assert rows(encoding.fresh(), block(size=[1], colour=["red"])).first == 0


@pytest.mark.parametrize("count", [1, 3])
def test_categories_are_spelled_as_in_the_training_data(count: int) -> None:
    encoding = encoder()
    for values, expected in (
        ([1.0], "1"), (["1.00"], "1"), ([2], "2.0"), (["03"], "03"), (["3"], "3"), ([3], "3"), (["01"], "01"),
        ([" 1 "], "1"), ([-9.0], None), (["-9"], None), (["-9.0"], "-9.0"), ([None], None),
    ):  # fmt: skip
        for _ in range(2):  # the second time it is remembered
            assert (
                texts(rows(encoding, block(size=[1] * count, code=values * count)), "code")
                == [expected] * count
            )


def test_all_spellings_of_yes_are_one_category() -> None:
    preprocessor = Preprocessor((), (CategoryFeatures("b", ("yes", "no"), False),))
    form = BooleanFormat(true="yes", false="no")
    encoding = RowEncoder(preprocessor, ("b",), {"b": form}, MISSING, 128)
    column = objects_column(["Y", "no", "TRUE", "maybe", None])
    encoded = rows(encoding, ColumnBlock(range(1, 6), [column]))
    assert texts(encoded, "b") == ["yes", "no", "yes", "maybe", None]


def test_many_texts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_encoder, "MOST_TEXTS", 4)
    encoding, rng = encoder(), np.random.default_rng(0)
    for size in (1, 3, 1, 7, 2, 1):
        colours = [f"c{k}" for k in rng.integers(0, 30, size)]
        colours[-1] = "red"
        assert texts(rows(encoding, block(size=[1] * size, colour=colours)), "colour") == colours


def test_what_cannot_be_read_is_an_error_with_its_row(messages: Messages) -> None:
    for wrong in (
        block(size=[1, "x", "y"], count=[True, 2, 3], colour=["red"] * 3),
        block(size=[[1], 2], colour=["red", b"x"], unused=[[1], 2]),
    ):
        with pytest.raises(DataError) as error:
            rows(encoder(), wrong)
        messages.check(error.value)


def test_notations_are_not_mixed_within_rows_but_may_differ_between_them() -> None:
    encoding = encoder(size=NumberFormat(percent=True))
    with pytest.raises(DataError, match=r"'50%' and '0\.5' are written differently"):
        rows(encoding.fresh(), block(size=["50%", "0.5"]))
    for size in ("50%", "0.5"):
        assert rows(encoding.fresh(), block(size=[size])).numeric[0, 0] == 0.5


RECORDS: list[dict[str, Any]] = [
    {"size": 1.5, "count": 2, "colour": "red", "code": "1", "unused": 0},
    {"size": None, "count": -9, "colour": None, "code": 1.0, "unused": [0]},
    {"size": 2**70, "count": np.float32(0.1), "colour": "NA", "code": 2, "unused": None},
]


@pytest.mark.parametrize("records", [RECORDS, RECORDS[:1], RECORDS[1:2], RECORDS[2:]])
def test_records_are_rows_as_their_columns_are(records: list[dict[str, Any]]) -> None:
    of_records = rows(encoder(), RecordBlock(NAMES, records))
    of_columns = rows(encoder(), block(**{name: [record[name] for record in records] for name in NAMES}))
    np.testing.assert_array_equal(of_records.numeric, of_columns.numeric)
    for name in of_records.categorical_names:
        assert texts(of_records, name) == texts(of_columns, name)


def test_a_part_of_records_is_a_block() -> None:
    records = RecordBlock(("size", "colour"), RECORDS)
    part = records.part(slice(1, 3))
    assert ([*part.lines], len(records.columns)) == ([2, 3], 2)
    assert [*part.columns[1].texts()] == ["\0", "NA"]
    assert records.numbers([1]) is None


def test_features_of_other_rows_are_those_of_these_rows_alone() -> None:
    """Whether their categories are the same, more, or others."""
    coded = CategoryFeatures("code", ("1",), False, others=True, coded=("1", "2.0"))
    preprocessor = Preprocessor(PREPROCESSOR.numbers, (PREPROCESSOR.categories[0], coded))
    encoding = encoder()
    known = Features.of(preprocessor, encoding.no_rows)
    for colours, codes in (
        (["red", None], ["1", "2.0"]),
        (["blue", "green"], ["2.0", "5"]),
        (["pink"], [None]),
    ):
        encoded = rows(encoding, block(size=[1] * len(colours), colour=colours, code=codes))
        expected, written = (np.empty((len(colours), len(preprocessor.features))) for _ in range(2))
        Features.of(preprocessor, encoded).write(np.arange(len(colours)), expected)
        known.of_columns(encoded).write(np.arange(len(colours)), written)
        np.testing.assert_array_equal(written, expected)
