"""The messages of typer about arguments, with advice where a setting was written as an option."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from fnnctl.errors import UsageError


def usage_error(error: typer.TyperException, arguments: Sequence[str]) -> UsageError:
    """The error to report for one of typer's."""
    message = error.format_message()
    if not arguments:  # then the message is the help, which has many lines; else it may quote an argument
        return UsageError(*message.split("\n"))
    return UsageError(message + (_setting_meant(error) or _command_list(message)))


def _command_list(message: str) -> str:
    """Where the commands are listed, for an unknown one that is like none of them."""
    is_unlike = message.startswith("No such command") and "Did you mean" not in message
    return " `fnnctl help` lists the commands." if is_unlike else ""


def _setting_meant(error: typer.TyperException) -> str:
    """Return `: write --set training.epochs=VALUE` for an unknown option with the name of a setting."""
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is None or context is None:
        return ""
    known = {name for parameter in context.command.params for name in parameter.opts}
    if "--set" not in known or option in known:
        return ""
    from fnnctl.config.messages.synonyms import synonyms
    from fnnctl.config.paths import format_path
    from fnnctl.config.schema.description.schema_tree import homes_of

    name = option.lstrip("-").replace("-", "_").lower()
    ways = [f"--set {format_path(path)}=VALUE" for path in homes_of(synonyms().get(name, name))]
    return f": write {' or '.join(ways)}" if ways else ""
