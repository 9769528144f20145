"""The messages about arguments that typer refuses, with advice on what to write instead."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from fnnctl.errors import UsageError
from fnnctl.text import joined_words


def usage_error(error: typer.TyperException, arguments: Sequence[str]) -> UsageError:
    """The error to report for one of typer's."""
    message = error.format_message()
    advice = _after_the_command(error, arguments) or _argument_meant(error) or _one_at_a_time(error, message)
    return UsageError(advice or message + (_setting_meant(error) or _command_list(message)))


def refuse_split_setting(arguments: Sequence[str]) -> None:
    """Raise `UsageError` for settings in several words, of which typer would take some for a config or a run.

    These are `--set training.epochs 5` and, without quotes, `--set model.hidden=[3, 4]`.
    """
    for index, (option, setting, value) in enumerate(
        zip(arguments, arguments[1:], arguments[2:], strict=False)
    ):
        if option != "--set":
            continue
        if "=" not in setting and _is_value(value):
            change = shlex.quote(f"{setting.rstrip(':')}={value}")
            raise UsageError(f"--set {setting} has no value: write --set {change}")
        starts = accumulate(arguments[index + 1 :], "{} {}".format)
        if _is_open(setting) and (whole := next((text for text in starts if not _is_open(text)), None)):
            raise UsageError(f"--set {setting} ends at a space: write --set {shlex.quote(whole)}")


def _is_open(setting: str) -> bool:
    """Whether a bracket of a setting's value is not closed."""
    return "=" in setting and sum(map(setting.count, "[{")) > sum(map(setting.count, "]}"))


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


def _argument_meant(error: typer.TyperException) -> str:
    """How to write an argument, such as CONFIG, that was given as an option, as in `--config a.yaml`."""
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is None or context is None:
        return ""
    names = _argument_names(context)
    meant = next((name for name in names if option.lstrip("-").upper() in name.split("|")), None)
    if meant is None or any(option in parameter.opts for parameter in context.command.params):
        return ""
    return f"{option}: {meant} is no option: write `{context.command_path} {' '.join(names)}`"


def _argument_names(context: Any) -> list[str]:
    return [
        str(parameter.metavar)
        for parameter in context.command.params
        if parameter.param_type_name == "argument"
    ]


def _one_at_a_time(error: typer.TyperException, message: str) -> str:
    """What a command takes that was given more than that; empty for other errors."""
    from fnnctl.config.reading.starter import is_table  # few commands end here

    unexpected = re.search(r"unexpected extra argument\(?s?\)? \((.*)\)", message)
    context = getattr(error, "ctx", None)
    if unexpected is None or context is None:
        return ""
    command, words = context.command_path, unexpected[1]
    if "=" in words and any("--set" in parameter.opts for parameter in context.command.params):
        return f"{words}: write --set before each setting"
    if is_table(Path(words)) and any("--data" in parameter.opts for parameter in context.command.params):
        return f"{words}: `{command}` takes a table as --data {words}"
    names = _argument_names(context)
    if "TEXT" in names:
        return f"{words}: put the whole text in quotes: `{command} {' '.join(names[:-1])} 'TEXT'`"
    takes = f"takes one {joined_words(names)} at a time" if names else "takes no argument"
    return f"{words}: `{command}` {takes}"


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
    from fnnctl.config.schema.lookups import settings_named

    name = option.lstrip("-").replace("-", "_").lower()
    ways = [f"--set {format_path(path)}=VALUE" for path in settings_named(synonyms().get(name, name))]
    return f": write {' or '.join(ways)}" if ways else ""
