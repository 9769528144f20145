"""Commands whose arguments are read without pydantic, and whose help has examples.

Typer converts every argument with a pydantic adapter, and to load pydantic takes longer than `fnnctl runs`
needs to list a thousand runs. All arguments of fnnctl are texts, paths, and numbers with their own parsers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

from typer.core import TyperCommand, TyperGroup

from fnnctl.cli.shell.examples import EXAMPLES, PANELS

PLAIN: Final[tuple[type[Any], ...]] = (str, Path, bool)


@dataclass(frozen=True, slots=True)
class PlainParameter:
    """Converts the texts of one argument, in place of typer's own `RuntimeParam`."""

    convert: Callable[[Any], Any]

    def itself(self) -> PlainParameter:
        """Return it; this replaces the method of a parameter that makes a conversion of typer."""
        return self

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
    if kind is bool and parameter.envvar:  # a text, such as "no"
        return None
    return PlainParameter(kind) if kind in PLAIN else None


def _simplify(parameters: Iterable[Any]) -> None:
    """Override the methods by which typer makes a conversion, and shows an argument's type in the help.

    A typer without these methods converts as it does, and shows no types.
    """
    for parameter in parameters:
        if conversion := _plain(parameter):
            parameter.get_runtime_param = conversion.itself
        if parameter.param_type_name == "argument":
            parameter.display_type_rich = _no_type
            parameter.get_usage_pieces = partial(_usage_pieces, parameter)


def _no_type(ctx: object) -> None:
    """No type beside an argument's name, such as `list[Path]`: the help says what is meant."""


def _usage_pieces(argument: Any, ctx: object) -> list[str]:
    """The argument in the usage line: `[CONFIG]...`, or TABLE if it is required."""
    name = argument.metavar if argument.required else f"[{argument.metavar}]"
    return [name if argument.nargs == 1 else f"{name}..."]


def _write_examples(context: Any, formatter: Any) -> None:
    """Write the examples of a command as they are: they can be pasted into a shell."""
    _, _, name = context.command_path.partition(" ")
    if lines := EXAMPLES.get(name):
        with formatter.section("Examples"):
            for line in lines:
                formatter.write(f"  {line}\n")


class PlainCommand(TyperCommand):
    """A command whose arguments are read without pydantic."""

    def get_params(self, ctx: Any) -> Any:
        """All parameters, `--help` too, which typer makes late."""
        parameters = super().get_params(ctx)
        _simplify(parameters)
        return parameters

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        _write_examples(ctx, formatter)


class PlainGroup(TyperGroup):
    """A command with subcommands, whose arguments are read without pydantic."""

    def get_params(self, ctx: Any) -> Any:
        """All parameters, `--help` and those of the completion too, which typer makes late."""
        parameters = super().get_params(ctx)
        _simplify(parameters)
        return parameters

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        _write_examples(ctx, formatter)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order of `PANELS`."""
        names = super().list_commands(ctx)
        order = [name for panel in PANELS.values() for name in panel]
        return sorted(names, key=lambda name: order.index(name) if name in order else len(order))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the names and short helps under the headings of `PANELS`; those of a subcommand under one."""
        left = self.list_commands(ctx)
        width = max(map(len, left))
        for heading, panel in PANELS.items():
            names = [name for name in left if name in panel]
            self._write_commands(heading, names, width, formatter)
            left = [name for name in left if name not in panel]
        self._write_commands("Commands", left, width, formatter)

    def _write_commands(self, heading: str, names: Sequence[str], width: int, formatter: Any) -> None:
        if not names:
            return
        limit = formatter.width - 6 - width
        rows = [(name.ljust(width), self.commands[name].get_short_help_str(limit)) for name in names]
        with formatter.section(heading):
            formatter.write_dl(rows)
