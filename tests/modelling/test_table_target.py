from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from fnnctl.data.profile.source import Source, SourceOptions, read_source
from fnnctl.data.profile.table import table_facts
from fnnctl.errors import DataError
from fnnctl.messages import sentences
from fnnctl.modelling import table_target
from fnnctl.modelling.data_checks import ColumnCheck
from fnnctl.modelling.table_target import (
    check_table,
    rows_without_target,
    target_associations,
    target_candidates,
    target_facts,
)
from tests.data.profile.conftest import csv_text
from tests.messages import Messages

COLOURS = ["red", "blue", "red", "green"] * 10
AMOUNTS = [number * 1.37 for number in range(40)]


def source(folder: Path, columns: Mapping[str, Sequence[object]], *targets: str) -> Source:
    (folder / "table.csv").write_text(csv_text(columns))
    return read_source(SourceOptions(source="table.csv", folder=folder, targets=targets))


def test_classes_are_counted_the_most_frequent_first(tmp_path: Path) -> None:
    (facts,) = target_facts(source(tmp_path, {"a": range(41), "colour": ["", *COLOURS]}, "colour"))
    assert (facts.task, facts.rows) == ("classification", 40)
    assert facts.classes == (("red", 20), ("blue", 10), ("green", 10))


def test_amounts_are_a_regression(tmp_path: Path) -> None:
    (facts,) = target_facts(source(tmp_path, {"a": COLOURS, "price": AMOUNTS}, "price"))
    assert (facts.task, facts.classes) == ("regression", ())


@pytest.mark.parametrize(
    "values",
    [["a"] * 40, [""] * 40, [f"name {number}" for number in range(40)], [*AMOUNTS[:39], "tall"]],
    ids=["one class", "no value", "names", "a text among numbers"],
)
def test_a_column_that_cannot_be_learned_is_refused(
    tmp_path: Path, values: Sequence[object], messages: Messages
) -> None:
    with pytest.raises(DataError) as caught:
        target_facts(source(tmp_path, {"a": range(40), "y": values}, "y"))
    messages.check(caught.value)


@pytest.mark.parametrize(
    ("columns", "likeliest"),
    [
        (("a", "b", "colour"), "colour"),
        (("species", "a", "b"), "species"),
        (("colour", "a", "b"), "b"),
        (("id", "Outcome", "a", "name"), "Outcome"),
        (("a", "b", "name"), "a"),
    ],
)
def test_the_likeliest_target_is_suggested(tmp_path: Path, columns: Sequence[str], likeliest: str) -> None:
    values: dict[str, Sequence[object]] = {
        "a": [number * 1.5 for number in range(40)],
        "b": [number % 11 * 2.5 + number // 2 for number in range(40)],
        "id": range(40),
        "name": [f"name {number}" for number in range(40)],
        "colour": COLOURS,
        "species": COLOURS,
        "Outcome": COLOURS,
    }
    facts = table_facts(source(tmp_path, {name: values[name] for name in columns}))
    candidates = target_candidates(facts)
    assert candidates[0].name == likeliest
    assert all(candidate.reason for candidate in candidates)
    assert not {"id", "name"} & {candidate.name for candidate in candidates}


ROWS = 120
CLASSES = ["ab"[number % 2] for number in range(ROWS)]
SHUFFLED = [number * 7 % ROWS for number in range(ROWS)]
NOISE = [f"{number:.4f}" for number in np.random.default_rng(0).normal(size=ROWS)]


def check(folder: Path, columns: Mapping[str, Sequence[object]]) -> ColumnCheck:
    table = source(folder, columns, "y")
    return check_table(table_facts(table), target_facts(table))


@pytest.mark.parametrize(
    ("name", "values", "y"),
    [
        ("code", [number % 4 for number in range(ROWS)], CLASSES),
        ("word", [*"pqrs"] * (ROWS // 4), CLASSES),
        ("half", [f"{n / 2}" for n in SHUFFLED], [f"${1000 * n + 9000}.00" for n in SHUFFLED]),
        ("day", [f"2024-01-{n % 28 + 1:02}" for n in range(ROWS)], ["ab"[n % 28 > 13] for n in range(ROWS)]),
    ],
)
def test_a_leak_is_found_in_every_kind_of_column(
    tmp_path: Path, name: str, values: Sequence[object], y: Sequence[str]
) -> None:
    column_check = check(tmp_path, {"a": NOISE, name: values, "y": [*y[:-1], ""]})
    assert column_check.leaks == (name,)
    assert f"column '{name}' alone predicts the target" in sentences(column_check.warnings)[0]
    assert column_check.best is not None


def test_noise_is_no_leak(tmp_path: Path) -> None:
    column_check = check(tmp_path, {"a": NOISE, "y": CLASSES})
    assert (column_check.leaks, column_check.warnings) == ((), ())


def test_of_many_rows_some_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only row of the class c is not among them."""
    monkeypatch.setattr(table_target, "MAX_ROWS", 60)
    y = [*CLASSES[:3], "c", *CLASSES[4:]]
    columns: dict[str, Sequence[object]] = {"a": NOISE, "code": [*range(4)] * (ROWS // 4), "y": y}
    assert check(tmp_path, columns).leaks == ("code",)


def test_nothing_is_known_of_too_many_columns_or_too_few_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns: dict[str, Sequence[object]] = {"a": NOISE, "code": [*range(4)] * (ROWS // 4), "y": CLASSES}
    assert check(tmp_path, {name: values[:20] for name, values in columns.items()}) == ColumnCheck()
    monkeypatch.setattr(table_target, "MAX_COLUMNS", 1)
    assert check(tmp_path, columns) == ColumnCheck()
    assert check(tmp_path, {"id": range(ROWS), "y": CLASSES}) == ColumnCheck()


def test_several_targets_are_no_columns_to_predict_from(tmp_path: Path) -> None:
    """Each has its own warnings, and a copy of another one is none."""
    table = source(
        tmp_path,
        {
            "a": NOISE,
            "code": [number % 4 for number in range(ROWS)],
            "y": CLASSES,
            "z": CLASSES,
            "u": SHUFFLED,
        },
        "y",
        "z",
        "u",
    )
    targets = target_facts(table)
    column_check = check_table(table_facts(table), targets)
    assert column_check.leaks == ("code",)
    assert [sentence[:28] for sentence in sentences(column_check.warnings)] == [
        "y: the column 'code' alone p",
        "z: the column 'code' alone p",
    ]


def test_how_targets_hang_together_and_which_rows_have_none(tmp_path: Path) -> None:
    """Amounts are compared as numbers however they are written; rows need both."""
    table = source(
        tmp_path,
        {
            "a": NOISE,
            "dollars": ["", "", *(f"${1000 * number}.00" for number in range(2, ROWS))],
            "cents": ["", *(-100 * number for number in range(1, ROWS))],
            "side": ["", "high", "", *(["low", "high"][number > 60] for number in range(3, ROWS))],
        },
        "dollars",
        "cents",
        "side",
    )
    targets = target_facts(table)
    assert rows_without_target(targets) == 1
    pairs = target_associations(targets)
    assert [(pair.first, pair.second, pair.measure, pair.rows) for pair in pairs] == [
        ("dollars", "cents", "pearson", ROWS - 2),
        ("dollars", "side", "correlation_ratio", ROWS - 3),
        ("cents", "side", "correlation_ratio", ROWS - 2),
    ]
    assert pairs[0].value == pytest.approx(-1)
    assert target_associations(targets[:1]) == ()
