from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fnnctl.commands import describe as command
from fnnctl.context import Context
from fnnctl.data.profile.source import SourceOptions
from fnnctl.report.description import MAX_LISTED, Description, description_document, description_json
from fnnctl.report.formats.terminal import terminal_report
from tests.data.profile.conftest import csv_text

ROWS = 40
TREES: Mapping[str, Sequence[object]] = {
    "tree": range(1, ROWS + 1),
    "height": [number % 7 * 1.5 for number in range(ROWS - 1)] + [""],
    "soil": ["loam", "sand", "loam", ""] * 10,
    "planted": [f"2024-03-{number % 20 + 1:02}" for number in range(ROWS)],
    "harvest": ["good", "poor", "good", "good"] * 10,
}


def describe(folder: Path, columns: Mapping[str, Sequence[object]], **options: str) -> Description:
    (folder / "trees.csv").write_text(csv_text(columns))
    return command.describe(SourceOptions(source="trees.csv", folder=folder, **options), Context())


def blocks_of(description: Description) -> list[Any]:
    return [*description_document(description).blocks]


def of_kind(blocks: Iterable[Any], title: str) -> Any:
    return next(block for block in blocks if block.title.startswith(title))


def terminal(description: Description, width: int | None) -> str:
    console = Console(file=io.StringIO(), width=width or 500, force_terminal=True, color_system="standard")
    console.print(terminal_report([description_document(description)], width=width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_more_than_four_columns_with_the_same_marker_share_a_line(tmp_path: Path) -> None:
    """The line has no counts of rows, which differ; four columns have a line each."""
    columns = {
        name: [*range(ROWS - 1 - number), *["unknown"] * (number + 1)] for number, name in enumerate("abcde")
    }
    said = "'unknown' is no number, so it is read as missing"
    notes = of_kind(blocks_of(describe(tmp_path, columns)), "To look at")
    assert f"'a', 'b', 'c', 'd', … (5 in all): {said}" in notes.rows
    del columns["e"]
    notes = of_kind(blocks_of(describe(tmp_path, columns)), "To look at")
    assert "'a': 'unknown' (1 row, first in line 41) is no number, so it is read as missing" in notes.rows
    assert not [row for row in notes.rows if said in row]


def test_the_sections_with_a_target(tmp_path: Path) -> None:
    description = describe(tmp_path, TREES, target="harvest")
    sections = blocks_of(description)
    assert description.headline == "40 rows, 5 columns, no repeated rows"
    target = of_kind(sections, "Target 'harvest': 2 classes")
    assert target.rows == (("good", "30", "75 %"), ("poor", "10", "25 %"))
    table = of_kind(sections, "Columns")
    assert table.rows == (
        ("tree", "numeric", "0", "40", "1 … 20.5 … 40"),
        ("height", "numeric", "1 (2.5 %)", "7", "0 … 4.5 … 9"),
        ("soil", "categorical", "10 (25 %)", "2", "loam 50 %, sand 25 %"),
        ("planted", "date", "0", "20", "2024-03-01 … 2024-03-20"),
        ("harvest", "target", "0", "2", "good 75 %, poor 25 %"),
    )
    notes = of_kind(sections, "To look at")
    assert notes.rows[0] == "'tree': has a different whole number in every row, like an id; leave it out"
    assert of_kind(sections, "Write").rows == ("fnnctl init --data trees.csv --target harvest",)


def test_without_a_target_one_is_suggested(tmp_path: Path) -> None:
    description = describe(tmp_path, TREES)
    sections = blocks_of(description)
    suggested = of_kind(sections, "What could be the target")
    assert suggested.rows[0] == "'harvest': it is the last column, it has 2 different values"
    assert not [section for section in sections if section.title.startswith("Target")]
    assert description.init_command == "fnnctl init --data trees.csv --target harvest"


def test_a_regression_and_its_missing_targets(tmp_path: Path) -> None:
    prices = {"a": range(ROWS), "price": ["", *(number * 1.5 for number in range(ROWS - 1))]}
    sections = blocks_of(describe(tmp_path, prices, target="price"))
    target = of_kind(sections, "Target 'price': a regression")
    assert target.rows == ("least, median and largest number: 0 … 28.5 … 57", "1 row without a value")


def test_classes_that_are_numbers_have_no_median(tmp_path: Path) -> None:
    table = {"a": range(ROWS), "y": [number % 2 for number in range(ROWS)]}
    description = describe(tmp_path, table, target="y")
    columns = of_kind(blocks_of(description), "Columns")
    assert columns.rows[-1] == ("y", "target", "0", "2", "0 50 %, 1 50 %")
    of_target = description_json(description)["columns"][-1]
    assert (of_target["range"], of_target["median"]) == (None, None)


def test_the_command_repeats_the_options_and_quotes_names(tmp_path: Path) -> None:
    (tmp_path / "my table.csv").write_bytes("a;größe x\n1;2\n2;3\n".encode("cp1252"))
    options = SourceOptions(source="my table.csv", folder=tmp_path, delimiter=";", encoding="cp1252")
    assert command.describe(options, Context()).init_command == (
        "fnnctl init --data 'my table.csv' --target 'größe x' --delimiter ';' --encoding cp1252"
    )
    assert (
        command.describe(SourceOptions(source="iris", folder=tmp_path), Context()).init_command
        == "fnnctl init --data iris"
    )


def test_the_json_has_the_promised_keys_and_all_columns(tmp_path: Path) -> None:
    value = description_json(describe(tmp_path, TREES, target="harvest"))
    assert (value["rows"], value["target"], value["task"]) == (40, "harvest", "classification")
    assert [column["name"] for column in value["columns"]] == list(TREES)
    tree, height, soil, planted, _ = value["columns"]
    assert tree["notes"] == ["has a different whole number in every row, like an id"]
    assert tree["leave_out"] is True
    assert (height["kind"], height["missing"], height["unique"], height["range"]) == ("numeric", 1, 7, [0, 9])
    assert soil["frequent"] == [{"value": "loam", "rows": 20}, {"value": "sand", "rows": 10}]
    assert planted["range"] == ["2024-03-01", "2024-03-20"]
    assert value["classes"] == [{"class": "good", "rows": 30}, {"class": "poor", "rows": 10}]
    assert value["candidates"] == []


def test_a_wide_table_is_cut_but_not_in_json(tmp_path: Path) -> None:
    wide: Mapping[str, Sequence[object]] = {f"x{number}": [1, 1, 1] for number in range(MAX_LISTED + 5)}
    description = describe(tmp_path, wide)
    sections = blocks_of(description)
    assert of_kind(sections, "Columns").rows[-1] == ("5 more: see --json", "", "", "", "")
    told = "'x0', 'x1', 'x2', 'x3', … (205 in all): has the same value in every row; leave it out"
    assert of_kind(sections, "To look at").rows == (told,)
    assert len(description_json(description)["columns"]) == MAX_LISTED + 5


@pytest.mark.parametrize("classes", [MAX_LISTED + 3])
def test_many_classes_are_summed_up(tmp_path: Path, classes: int) -> None:
    y = [f"class {number}" for number in range(classes)] * 3
    sections = blocks_of(describe(tmp_path, {"a": range(len(y)), "y": y}, target="y"))
    assert of_kind(sections, "Target").rows[-1] == ("3 more", "9", "1.5 %")


HOSTILE = ("[red]x[/]", "$$a$$", "<script>", "=cmd()", "a|b", "\x1b[31mz", "[/]", "`c`", "y: [")


def hostile(folder: Path, target: str | None = None) -> Description:
    rows = "\n".join(",".join(f'"{name}{row % 3}"' for name in HOSTILE) for row in range(30))
    (folder / "t.csv").write_text(",".join(HOSTILE) + "\n" + rows + "\n")
    return command.describe(SourceOptions(source="t.csv", folder=folder, target=target), Context())


def test_lines_are_readable_in_80_columns(tmp_path: Path) -> None:
    options = SourceOptions(source="penguins", folder=tmp_path)
    text = Text.from_ansi(terminal(command.describe(options, Context()), 80)).plain
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "Target 'species': 3 classes" in text.splitlines()


LONG = "average_monthly_temperature_of_the_last_ten_years"


@pytest.mark.parametrize(("width", "name"), [(80, "average_mont…t_ten_years"), (140, LONG), (None, LONG)])
def test_names_are_never_broken_and_whole_where_there_is_room(
    tmp_path: Path, width: int | None, name: str
) -> None:
    rows = "\n".join(f"{19200.5 + 1000 * row},{'word ' * 3}{row % 3}" for row in range(90))
    (tmp_path / "t.csv").write_text(f"{LONG},text\n{rows}\n")
    description = command.describe(SourceOptions(source="t.csv", folder=tmp_path), Context())
    lines = Text.from_ansi(terminal(description, width)).plain.splitlines()
    (line,) = (line for line in lines if f"  {name} " in line)
    assert max(map(cell_len, lines)) <= (width or 500)
    if width != 80:
        assert "19200 … 63700 … 108200" in line
    assert of_kind(blocks_of(description), "Columns").rows[0][0] == LONG
