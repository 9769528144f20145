from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from fnnctl.commands.tables.describe import described
from fnnctl.data.profile.source import SourceOptions
from fnnctl.report.description.content import Description
from fnnctl.report.description.texts import terminal_description, text_description
from tests.report.html.checked import checked

HOSTILE = ("[red]x[/]", "$$a$$", "<script>", "=cmd()", "a|b", "\x1b[31mz", "[/]", "`c`", "y: [")


def hostile(folder: Path, target: str | None = None) -> Description:
    rows = "\n".join(",".join(f'"{name}{row % 3}"' for name in HOSTILE) for row in range(30))
    (folder / "t.csv").write_text(",".join(HOSTILE) + "\n" + rows + "\n")
    return described(SourceOptions(source="t.csv", folder=folder, target=target))


def test_hostile_names_are_shown_as_they_are_on_a_terminal(tmp_path: Path) -> None:
    for target in (None, "a|b"):
        console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
        console.print(terminal_description(hostile(tmp_path, target), width=80))
        assert isinstance(console.file, io.StringIO)
        text = console.file.getvalue()
        assert "[red]x[/]" in text
        assert "\x1b[31m" not in text


def test_lines_are_readable_in_80_columns(tmp_path: Path) -> None:
    text = io.StringIO()
    options = SourceOptions(source="penguins", folder=tmp_path)
    Console(file=text, width=80).print(terminal_description(described(options), width=80))
    lines = text.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert "Target 'species': 3 classes" in lines


def test_markdown_escapes_names(tmp_path: Path) -> None:
    text = text_description(hostile(tmp_path, "a|b"), "markdown")
    assert "## Target 'a\\|b': 3 classes" in text
    assert "<script>" not in text
    assert "| column | kind | missing | unique | values |" in text
    assert "| --- | --- | ---: | ---: | --- |" in text


def test_html_escapes_names(tmp_path: Path) -> None:
    page = checked(text_description(hostile(tmp_path, "a|b"), "html"))
    assert page.text("title", "h1") == ["t.csv", "t.csv"]
    assert "Target 'a|b': 3 classes" in page.text("h2")
    assert {"[red]x[/]", "$$a$$", "<script>", "=cmd()"} <= {*page.text("th")}


def test_json_is_complete(tmp_path: Path) -> None:
    names = [column["name"] for column in json.loads(text_description(hostile(tmp_path), "json"))["columns"]]
    assert names == [*HOSTILE]


LONG = "average_monthly_temperature_of_the_last_ten_years"


@pytest.mark.parametrize(("width", "name"), [(80, "average_monthly_…n_years"), (140, LONG), (None, LONG)])
def test_names_are_never_broken_and_whole_where_there_is_room(
    tmp_path: Path, width: int | None, name: str
) -> None:
    rows = "\n".join(f"{19200.5 + 1000 * row},{'word ' * 3}{row % 3}" for row in range(90))
    (tmp_path / "t.csv").write_text(f"{LONG},text\n{rows}\n")
    description = described(SourceOptions(source="t.csv", folder=tmp_path))
    text = io.StringIO()
    Console(file=text, width=width or 500).print(terminal_description(description, width=width))
    (line,) = (line for line in text.getvalue().splitlines() if f"  {name} " in line)
    assert max(map(cell_len, text.getvalue().splitlines())) <= (width or 500)
    if width != 80:
        assert "19200 … 63700 … 108200" in line
    assert LONG in text_description(description, "html")
