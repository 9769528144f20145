"""Commands whose arguments are read without pydantic, and whose help has examples.

Typer converts every argument with a pydantic adapter, and to load pydantic takes longer than `fnnctl runs`
needs to list a thousand runs. All arguments of fnnctl are texts, paths, and numbers with their own parsers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

from typer.core import TyperCommand, TyperGroup

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "": (
        "fnnctl init",
        "fnnctl train",
        "fnnctl report",
    ),
    "init": (
        "fnnctl init iris.yaml",
        "fnnctl init flowers.yaml --data flowers.csv --target species",
    ),
    "describe": (
        "fnnctl describe flowers.csv --target species",
        "fnnctl describe penguins --output penguins.md",
    ),
    "check": (
        "fnnctl check fnnctl.yaml flowers.yaml",
        "fnnctl check flowers.yaml --explain",
    ),
    "train": (
        "fnnctl train flowers.yaml --set training.epochs=50 --name longer",
        "cat flowers.yaml | fnnctl train - --name flowers",
        "fnnctl train --resume latest",
    ),
    "evaluate": (
        "fnnctl evaluate flowers.yaml --folds 5 --repeats 2 --name folds",
        "fnnctl evaluate flowers --data new.csv",
    ),
    "plan": (
        "fnnctl plan --method hyperband",
        "fnnctl plan --method asha --max-trials 100 --simulate-workers 8",
    ),
    "search": (
        "fnnctl search --method random --max-trials 3",
        "fnnctl search --resume latest --max-trials 6",
    ),
    "predict": (
        "fnnctl predict new.csv",
        "fnnctl predict flowers new.csv --keep all --digits 3 --output predictions.csv",
        "cat new.csv | fnnctl predict flowers -",
    ),
    "report": (
        "fnnctl report",
        "fnnctl report flowers --fail-under accuracy=0.5 --fail-under f1_macro=0.4",
        "fnnctl report longer --not-worse-than flowers --metric log_loss",
        "fnnctl report flowers --output report.md",
    ),
    "compare": (
        "fnnctl compare longer flowers",
        "fnnctl compare longer flowers --metric f1_macro --output comparison.md",
    ),
    "runs": (
        "fnnctl runs --sort -accuracy --limit 5",
        "fnnctl runs --where 'metrics.test.accuracy>0.5' --where kind=train",
        "fnnctl runs --columns run,accuracy,validation.loss,config.training.l2",
    ),
    "runs prune": (
        "fnnctl runs prune --status failed --status died",
        "fnnctl runs prune --where 'accuracy<0.5' --older-than 30d --keep 3",
        "fnnctl runs prune --older-than 8w --yes",
    ),
    "datasets": (
        "fnnctl datasets",
        "fnnctl train --set data.source=wine --set data.target=null --set training.epochs=20",
    ),
    "schema": ("fnnctl schema > fnnctl.schema.json",),
    "help": (
        "fnnctl help train",
        "fnnctl help runs prune",
    ),
}
"""Lines for a shell, by command; `""` is the program itself."""

PANELS: Final[Mapping[str, tuple[str, ...]]] = {
    "Get started": ("init", "describe", "check"),
    "Train and search": ("train", "evaluate", "plan", "search"),
    "Use and compare runs": ("predict", "report", "compare", "runs"),
    "Reference": ("datasets", "schema", "help"),
}
"""The commands by the headings of the help, in the order in which they are used."""


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
