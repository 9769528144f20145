"""What is left out, and what is declared; see `test_settling` for the rest."""

from __future__ import annotations

import numpy as np

from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.tables.kinds.detection import Decision
from fnnctl.data.tables.kinds.settled_table import all_categories, all_numbers, readings_of
from fnnctl.data.tables.kinds.settling import Settled
from fnnctl.data.tables.matrix import NumberMatrix

TEXTS = CodedTexts(np.array([0, -1, 1], np.int32), ("p", "q"), [2, 4])


def numbers(**columns: list[float]) -> NumberMatrix:
    matrix = NumberMatrix(list(columns))
    matrix.append(np.array(list(columns.values()), np.float64).T)
    return matrix


def test_only_texts_that_are_used_remain() -> None:
    settled = {
        "t": Settled(Decision("text"), TEXTS, None),
        "c": Settled(Decision("categorical"), TEXTS, None),
    }
    assert list(all_categories({"t": TEXTS, "c": TEXTS, "y": TEXTS}, settled)) == ["c", "y"]
    matrix = numbers(a=[1, 2, 3])
    assert all_numbers(matrix, ("t", "a", "c"), settled) is matrix


def test_readings_say_what_is_not_used_and_why() -> None:
    matrix = numbers(a=[1, 2, 3], none=[np.nan] * 3, **{"Unnamed: 0": [0.0, 1.0, 2.0]})
    names = ("", "Unnamed: 0", "a", "none", "t", "y", "left out")
    settled = {"t": Settled(Decision("text"), TEXTS, None)}
    found = readings_of(names, matrix, {"t": TEXTS, "y": TEXTS}, settled, frozenset({"y"}))
    assert [(name, each.kind, each.missing, each.ignored) for name, each in found.items()] == [
        ("", "index", 0, "it has no name, so it is taken for an index"),
        ("Unnamed: 0", "index", 0, "it counts the rows, so it is taken for an index"),
        ("a", "numeric", 0, None),
        ("none", "empty", 3, "it has no values"),
        ("t", "text", 1, "nearly all its values are different texts"),
        ("y", "categorical", 1, None),
    ]
    assert [name for name, each in found.items() if each.declared] == ["y"]
    declared = readings_of(names, matrix, {}, {}, frozenset({"none", "Unnamed: 0"}))
    assert [each.ignored for name, each in declared.items() if name] == [None, None, None]
