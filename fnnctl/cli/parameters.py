"""Commands whose arguments are read without pydantic.

Typer converts every argument with a pydantic adapter, and to load pydantic takes longer than `fnnctl runs`
needs to list a thousand runs. All arguments of fnnctl are texts, paths, and numbers with their own parsers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from typer.core import TyperCommand, TyperGroup

PLAIN: Final[tuple[type[Any], ...]] = (str, Path)


@dataclass(frozen=True, slots=True)
class PlainParameter:
    """Converts the texts of one argument, in place of typer's own `RuntimeParam`."""

    convert: Callable[[Any], Any]

    def coerce(self, value: Any, param: Any, ctx: object) -> Any:
        """The value of an argument; of one that may be repeated, a list."""
        is_list = param.multiple or param.nargs == -1
        if value is None:
            return () if is_list else None
        return [self.convert(each) for each in value] if is_list else self.convert(value)


def _plain(parameter: Any) -> PlainParameter | None:
    """The conversion of a parameter; None if typer has to do it."""
    described = getattr(parameter, "type_descriptor", None)
    if described is None:
        return None
    if parser := described.parameter_info.parser:
        return PlainParameter(lambda value: parser(value) if isinstance(value, str) else value)
    annotation = described.annotation
    kind = next(iter(get_args(annotation)), annotation) if described.is_list else annotation
    return PlainParameter(kind) if kind in PLAIN else None


def _simplify(parameters: Iterable[Any]) -> None:
    """Set the conversions that typer would set when it needs them first; a typer without them ignores it."""
    for parameter in parameters:
        if conversion := _plain(parameter):
            parameter._runtime_param = conversion


class PlainCommand(TyperCommand):
    """A command whose arguments are read without pydantic."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _simplify(self.params)

    def get_help_option(self, ctx: Any) -> Any:
        return _simple_flag(super().get_help_option(ctx))


class PlainGroup(TyperGroup):
    """A command with subcommands, whose arguments are read without pydantic."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _simplify(self.params)

    def get_help_option(self, ctx: Any) -> Any:
        return _simple_flag(super().get_help_option(ctx))


def _simple_flag(option: Any) -> Any:
    """The option `--help`, which typer makes later than the others, and whose missing value it converts."""
    if option is not None:
        option._runtime_param = PlainParameter(bool)
    return option
