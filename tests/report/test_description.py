from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from fnnctl.commands import describe as command
from fnnctl.context import Context
from fnnctl.data.profile.source import SourceOptions
from fnnctl.report.description import (
    MAX_LISTED,
    MAX_PAIRS,
    Description,
    description_document,
    description_json,
)
from fnnctl.report.formats.terminal import terminal_report
from tests.data.profile.conftest import csv_text
from tests.messages import Messages
from tests.report.topics.said import by_title, shown

ROWS = 40
Columns = Mapping[str, Sequence[object]]
TREES: Columns = {
    "tree": range(1, ROWS + 1),
    "height": [number % 7 * 1.5 for number in range(ROWS - 1)] + [""],
    "soil": ["loam", "sand", "loam", ""] * 10,
    "planted": [f"2024-03-{number % 20 + 1:02}" for number in range(ROWS)],
    "harvest": ["good", "poor", "good", "good"] * 10,
}
PRICES: Columns = {"a": range(ROWS), "price": ["", *(number * 1.5 for number in range(ROWS - 1))]}
NUMBERED: Columns = {"a": range(ROWS), "y": [number % 2 for number in range(ROWS)]}
ORDERS: Columns = {
    "a": [number * 7 % 13 for number in range(ROWS)],
    "price": ["", "", *(number * 1.5 for number in range(ROWS - 2))],
    "days": ["", *([0, 1, 1, 2, 2, 2, 3, 3, 4, 6, 9, 2, 1] * 3)],
    "grade": ["", *["low", "high", ""] * 13],
}
FAULTS: Columns = {
    "a": [number * 7 % 13 for number in range(ROWS)],
    "rust": [0, 1, 1, 0] * 10,
    "crack": ["", "0", "true", "false"] * 10,
    "leak": [1, 0, 0, 0, 0] * 8,
}


def describe(folder: Path, columns: Columns, *targets: str) -> Description:
    (folder / "trees.csv").write_text(csv_text(columns))
    options = SourceOptions(source="trees.csv", folder=folder, targets=targets)
    return command.describe(options, Context())


def blocks_of(description: Description) -> dict[str, Any]:
    return by_title(description_document(description).blocks)


def lines_of(description: Description, width: int | None) -> list[str]:
    console = Console(file=io.StringIO(), width=width or 500)
    console.print(terminal_report([description_document(description)], width=width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("columns", "targets"),
    [
        pytest.param(TREES, ["harvest"], id="classes"),
        pytest.param(TREES, [], id="without a target one is suggested"),
        pytest.param(PRICES, ["price"], id="a regression and its missing targets"),
        pytest.param(NUMBERED, ["y"], id="classes that are numbers have no median"),
        pytest.param(ORDERS, ["price", "days", "grade"], id="several targets"),
        pytest.param(FAULTS, ["rust", "crack", "leak"], id="labels"),
    ],
)
def test_what_is_said_of_a_table(
    tmp_path: Path, messages: Messages, columns: Columns, targets: Sequence[str]
) -> None:
    description = describe(tmp_path, columns, *targets)
    messages.check("\n".join([description.headline, shown(description_document(description).blocks)]))


def test_more_than_four_columns_with_the_same_marker_share_a_line(tmp_path: Path, messages: Messages) -> None:
    """The line has no counts of rows, which differ; four columns have a line each."""
    columns = {
        name: [*range(ROWS - 1 - number), *["unknown"] * (number + 1)] for number, name in enumerate("abcde")
    }
    messages.check(shown([blocks_of(describe(tmp_path, columns))["To look at"]]))
    del columns["e"]
    messages.check(shown([blocks_of(describe(tmp_path, columns))["To look at"]]))


def test_the_command_repeats_the_options_and_quotes_names(tmp_path: Path) -> None:
    (tmp_path / "my table.csv").write_bytes("a;größe x\n1;2\n2;3\n".encode("cp1252"))
    options = SourceOptions(source="my table.csv", folder=tmp_path, delimiter=";", encoding="cp1252")
    assert command.describe(options, Context()).init_command == (
        "fnnctl init --data 'my table.csv' --target 'größe x' --delimiter ';' --encoding cp1252"
    )
    built_in = command.describe(SourceOptions(source="iris", folder=tmp_path), Context())
    assert built_in.init_command == "fnnctl init --data iris"


def test_the_json_has_the_promised_keys_and_all_columns(tmp_path: Path) -> None:
    value = description_json(describe(tmp_path, TREES, "harvest"))
    assert (value["rows"], value["target"], value["task"]) == (40, "harvest", "classification")
    assert [column["name"] for column in value["columns"]] == list(TREES)
    tree, height, soil, planted, harvest = value["columns"]
    assert tree["notes"] == ["has a different whole number in every row, like an id"]
    assert tree["leave_out"] is True
    assert (height["kind"], height["missing"], height["unique"], height["range"]) == ("numeric", 1, 7, [0, 9])
    assert soil["frequent"] == [{"value": "loam", "rows": 20}, {"value": "sand", "rows": 10}]
    assert planted["range"] == ["2024-03-01", "2024-03-20"]
    assert (harvest["range"], harvest["median"]) == (None, None)
    assert value["classes"] == [{"class": "good", "rows": 30}, {"class": "poor", "rows": 10}]
    assert value["candidates"] == []


def test_a_wide_table_is_cut_but_not_in_json(tmp_path: Path) -> None:
    description = describe(tmp_path, {f"x{number}": [1, 1, 1] for number in range(MAX_LISTED + 5)})
    blocks = blocks_of(description)
    assert blocks["Columns"].rows[-1] == ("5 more: see --json", "", "", "", "")
    names = "'x0', 'x1', 'x2', 'x3', … (205 in all)"
    assert blocks["To look at"].rows == (f"{names}: has the same value in every row; leave it out",)
    assert len(description_json(description)["columns"]) == MAX_LISTED + 5


def test_many_classes_are_summed_up(tmp_path: Path) -> None:
    y = [f"class {number}" for number in range(MAX_LISTED + 3)] * 3
    blocks = blocks_of(describe(tmp_path, {"a": range(len(y)), "y": y}, "y"))
    assert blocks[f"Target 'y': {MAX_LISTED + 3} classes"].rows[-1] == ("3 more", "9", "1.5 %")


LONG = "average_monthly_temperature_of_the_last_ten_years"


@pytest.mark.parametrize(("width", "name"), [(80, "average_mont…t_ten_years"), (140, LONG), (None, LONG)])
def test_names_are_never_broken_and_whole_where_there_is_room(
    tmp_path: Path, width: int | None, name: str
) -> None:
    """A narrow terminal breaks the values instead."""
    numbers, texts = (
        [19200.5 + 1000 * row for row in range(90)],
        [f"{'word ' * 3}{row % 3}" for row in range(90)],
    )
    description = describe(tmp_path, {LONG: numbers, "text": texts})
    lines = lines_of(description, width)
    (line,) = (line for line in lines if f"  {name} " in line)
    assert max(map(cell_len, lines)) <= (width or 500)
    assert ("19200 … 63700 … 108200" in line) is (width != 80)
    assert blocks_of(description)["Columns"].rows[0][0] == LONG


def test_the_json_of_several_targets(tmp_path: Path) -> None:
    """`target` and `classes` are those of a single target alone."""
    value = description_json(describe(tmp_path, ORDERS, "price", "grade"))
    assert (value["target"], value["task"], value["classes"]) == (None, "several", [])
    assert value["targets"] == [
        {"name": "price", "task": "regression", "rows": 38, "classes": []},
        {
            "name": "grade",
            "task": "classification",
            "rows": 26,
            "classes": [{"class": "high", "rows": 13}, {"class": "low", "rows": 13}],
        },
    ]
    assert value["rows_without_target"] == 1
    (pair,) = value["associations"]
    assert (pair["targets"], pair["measure"]) == (["price", "grade"], "correlation_ratio")
    assert (0 < pair["value"] < 1, pair["rows"]) == (True, 25)
    single = description_json(describe(tmp_path, ORDERS, "price"))
    assert (single["target"], single["associations"], single["rows_without_target"]) == ("price", [], 2)
    assert description_json(describe(tmp_path, ORDERS))["targets"] == []


def test_of_many_pairs_the_strongest_are_listed(tmp_path: Path) -> None:
    """Pairs of a column without another value among the rows that have both come last."""
    names = [f"y{number}" for number in range(8)]
    columns: Columns = {"a": range(40)} | {
        name: [(row * (number + 3) // 7) % (number + 2) for row in range(40)]
        for number, name in enumerate(names)
    }
    table = blocks_of(describe(tmp_path, columns, *names))["How the targets hang together"]
    assert len(table.rows) == MAX_PAIRS + 1
    assert table.rows[-1] == ("8 weaker: see --json", "", "", "")
    values = [float(row[2]) for row in table.rows[:-1]]
    assert values == sorted(values, reverse=True)
