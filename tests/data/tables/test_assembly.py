from __future__ import annotations

import numpy as np

from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.tables.assembly import code_matrix, numeric_matrix
from fnnctl.data.tables.columns import TextColumn
from fnnctl.data.tables.matrix import NumberMatrix
from fnnctl.data.tables.table import Table


def texts(values: list[str]) -> CodedTexts:
    column = TextColumn(frozenset({""}))
    column.add(values, range(2, len(values) + 2))
    return column.coded()


def part(labels: list[str], sizes: list[float], colours: list[str]) -> Table:
    categorical = {"y": texts(labels), "colour": texts(colours)}
    numeric = NumberMatrix(["size"])
    numeric.append(np.array(sizes)[:, None])
    return Table(("size", "colour", "y"), numeric, categorical, len(labels)).labelled("y")


def two_parts() -> list[Table]:
    return [
        part(["q", "", "p"], [1.0, 2.0, np.nan], ["red", "blue", ""]),
        part(["p", "q"], [4.0, 5.0], ["green", "red"]),
    ]


def test_rows_without_a_label_are_left_out_and_the_second_part_follows() -> None:
    parts = two_parts()
    assert [each.rows for each in parts] == [2, 2]
    numbers, packing = numeric_matrix(parts, ["size"])
    np.testing.assert_array_equal(numbers, [[1.0], [np.nan], [4.0], [5.0]])
    assert packing is None
    labels = CodedTexts.joined([each.categorical["y"] for each in parts])
    assert labels.codes.tolist() == [1, 0, 0, 1]
    assert labels.codes.dtype == np.intp
    assert labels.texts == ("p", "q")


def test_categories_of_both_parts_share_one_sorted_code() -> None:
    codes, categories = code_matrix(two_parts(), ["colour"])
    assert categories == (("blue", "green", "red"),)
    assert codes.dtype == np.int32
    assert codes.tolist() == [[2], [-1], [1], [2]]
