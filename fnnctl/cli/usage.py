"""The messages about arguments that typer refuses, with advice on what to write instead."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import typer
from typer.core import TyperGroup

from fnnctl.errors import UsageError


def usage_error(error: typer.TyperException, arguments: Sequence[str]) -> UsageError:
    """The error to report for one of typer's."""
    message = error.format_message()
    advice = _after_the_command(error, arguments)
    return UsageError(advice or message + (_setting_meant(error) or _command_list(message)))


def refuse_split_setting(arguments: Sequence[str]) -> None:
    """Raise `UsageError` for `--set training.epochs 5`, of which typer would take 5 for a config or a run."""
    for option, setting, value in zip(arguments, arguments[1:], arguments[2:], strict=False):
        if option == "--set" and "=" not in setting and _is_value(value):
            change = shlex.quote(f"{setting.rstrip(':')}={value}")
            raise UsageError(f"--set {setting} has no value: write --set {change}")


def _is_value(word: str) -> bool:
    """Whether the word after the path of a setting is its value; otherwise an option or a config."""
    is_option = word.startswith("-") and not re.match(r"-\.?[0-9]", word)
    return not is_option and Path(word).suffix not in {".yaml", ".yml"}


def _after_the_command(error: typer.TyperException, arguments: Sequence[str]) -> str:
    """What to write if a command's option stands before the name of the command, as in `fnnctl -q report`."""
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is None or context is None or not isinstance(context.command, TyperGroup):
        return ""
    commands = context.command.commands
    parameters = [parameter for command in commands.values() for parameter in command.params]
    if not any(option in parameter.opts for parameter in parameters):
        return ""
    program, *groups = context.command_path.split()
    words = arguments[len(groups) :]
    index = next((index for index, word in enumerate(words) if word in commands), None)
    moved = ["COMMAND", *words] if index is None else [*words[index:], *words[:index]]
    return f"{option}: options follow the command; write `{shlex.join([program, *groups, *moved])}`"


def _command_list(message: str) -> str:
    """Where the commands are listed, for an unknown one that is like none of them."""
    is_unlike = message.startswith("No such command") and "Did you mean" not in message
    return " `fnnctl help` lists the commands." if is_unlike else ""


def _setting_meant(error: typer.TyperException) -> str:
    """Return `: write --set training.epochs=VALUE` for an unknown option with the name of a setting."""
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is None or context is None:
        return ""
    options = {name for parameter in context.command.params for name in parameter.opts}
    if "--set" not in options or option in options:
        return ""
    from fnnctl.config.messages.suggestions import synonyms
    from fnnctl.config.paths import format_path
    from fnnctl.config.schema.schema_tree import homes_of

    name = option.lstrip("-").replace("-", "_").lower()
    ways = [f"--set {format_path(path)}=VALUE" for path in homes_of(synonyms().get(name, name))]
    return f": write {' or '.join(ways)}" if ways else ""
