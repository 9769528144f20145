from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from fnnctl.cli.numbers import whole_number
from fnnctl.cli.parameters import PlainCommand, PlainGroup

ARGUMENTS: list[list[str]] = [
    [],
    [
        "a.yaml",
        "b.yaml",
        "--name",
        "x",
        "--set",
        "1",
        "--set",
        "2",
        "--number",
        "7",
        "--folder",
        "f",
        "--flag",
    ],
    ["--count", "3"],
]


def called(command_class: Any, group_class: Any, arguments: list[str]) -> dict[str, object]:
    """The values that a command gets."""
    found: dict[str, object] = {}
    app = typer.Typer(cls=group_class, rich_markup_mode=None)

    @app.callback()
    def common() -> None: ...

    @app.command(cls=command_class)
    def show(
        files: Annotated[list[Path] | None, typer.Argument()] = None,
        name: str | None = None,
        texts: Annotated[list[str] | None, typer.Option("--set")] = None,
        number: Annotated[int | None, typer.Option(parser=whole_number("--number"))] = None,
        count: int = 1,
        folder: Path = Path("runs"),
        flag: bool = False,
    ) -> None:
        found.update(locals())

    app(["show", *arguments], standalone_mode=False)
    del found["found"]
    return found


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_arguments_are_converted_as_typer_converts_them(arguments: list[str]) -> None:
    ours = called(PlainCommand, PlainGroup, arguments)
    assert ours == called(None, None, arguments)
    assert isinstance(ours["folder"], Path)
