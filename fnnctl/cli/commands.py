"""How the commands of fnnctl are declared, each with its examples, under a heading of the help.

A new command is declared in the file of its heading; it does its work in a file of `commands`.

Arguments are read without pydantic, with which typer converts every argument: to load it takes longer than
`fnnctl runs` needs to list a thousand runs. All arguments of fnnctl are texts, paths, and numbers with their
own parsers.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from fnnctl.cli.options import with_shared_options

PLAIN: Final[tuple[type[Any], ...]] = (str, Path, bool)
C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declared:
    """A command of the program."""

    name: str
    """Such as `train` or, inside another command, `runs prune`."""
    call: Callable[..., Any]
    heading: str
    """The heading of the help under which it is listed."""
    examples: Sequence[str]
    """Lines for a shell; the tests run those of all commands in this order in one folder.

    `fnnctl.yaml` is what `fnnctl init` writes, `flowers.csv` a table of the user, and `new.csv` rows of it.
    """
    topics: Sequence[str]
    """The pages of the documentation that say more; `fnnctl help TOPIC` shows them."""


DECLARED: Final[dict[str, Declared]] = {}
"""The commands by name, in the order of the work, which is that of the help."""
PROGRAM_EXAMPLES: Final = ("fnnctl init", "fnnctl train", "fnnctl report")
"""The examples in the help of the program itself."""


class Heading:
    """The commands under one heading of the help, in its order."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.declared: list[Declared] = []

    def command(
        self, *, examples: Sequence[str], topics: Sequence[str] = (), name: str | None = None
    ) -> Callable[[C], C]:
        """Declare a command; its name is by default that of the function."""

        def declare(function: C) -> C:
            call = with_shared_options(function)
            self.declared.append(Declared(name or function.__name__, call, self.title, examples, topics))
            return function

        return declare


def add_commands(app: typer.Typer, headings: Iterable[Heading]) -> None:
    """Add the commands of all headings to the program."""
    DECLARED.update({declared.name: declared for heading in headings for declared in heading.declared})
    groups: dict[str, typer.Typer] = {"": app}
    for declared in DECLARED.values():
        group, _, name = declared.name.rpartition(" ")
        if any(other.startswith(f"{declared.name} ") for other in DECLARED):  # it has subcommands
            inner = typer.Typer(
                cls=PlainGroup, rich_markup_mode=None, subcommand_metavar="[COMMAND] [ARGS]..."
            )
            inner.callback(invoke_without_command=True)(declared.call)
            groups[group].add_typer(inner, name=name)
            groups[declared.name] = inner
        else:
            groups[group].command(name, cls=PlainCommand)(declared.call)


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
        return [self.convert(text) for text in value] if is_list else self.convert(value)


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
    """Write the examples of a command, which can be pasted into a shell, and where to read more."""
    _, _, name = context.command_path.partition(" ")
    with formatter.section("Examples"):
        for line in DECLARED[name].examples if name else PROGRAM_EXAMPLES:
            formatter.write(f"  {line}\n")
    if not name:
        from fnnctl.reference.pages import topics

        with formatter.section("Topics, for `fnnctl help TOPIC`"):
            lines = textwrap.wrap(", ".join(topics()), formatter.width - 2, break_on_hyphens=False)
            formatter.write("".join(f"  {line}\n" for line in lines))
    elif DECLARED[name].topics:
        with formatter.section("More"):
            for topic in DECLARED[name].topics:
                formatter.write(f"  fnnctl help {topic}\n")


class _Plain:
    """A command whose arguments are read without pydantic."""

    def get_params(self, ctx: Any) -> Any:
        """All parameters, `--help` and those of the completion too, which typer makes late."""
        parameters = super().get_params(ctx)  # type: ignore[misc]  # of the command
        _simplify(parameters)
        return parameters

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, and where to read more."""
        _write_examples(ctx, formatter)


class PlainCommand(_Plain, TyperCommand):
    """A command without subcommands."""


class PlainGroup(_Plain, TyperGroup):
    """A command with subcommands."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order in which they are declared; typer puts commands with subcommands first."""
        names = super().list_commands(ctx)
        order = list(DECLARED)
        return sorted(names, key=lambda name: order.index(name) if name in order else len(order))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the names and short helps under their headings."""
        names = self.list_commands(ctx)
        width = max(map(len, names))
        limit = formatter.width - 6 - width
        headings: dict[str, list[tuple[str, str]]] = {}
        for name in names:
            row = name.ljust(width), self.commands[name].get_short_help_str(limit)
            headings.setdefault(DECLARED[name].heading if name in DECLARED else "Commands", []).append(row)
        for heading, rows in headings.items():
            with formatter.section(heading):
                formatter.write_dl(rows)
