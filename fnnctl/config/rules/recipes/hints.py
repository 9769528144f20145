"""Says in an error's message if the error exists only because a group of settings is classic."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from fnnctl.config.paths import ConfigPath, Messages, format_path
from fnnctl.config.rules.plain_config import is_given, override
from fnnctl.config.rules.recipes.filling import Filled, rule_problems
from fnnctl.config.rules.recipes.groups import (
    SHORT,
    completed_value,
    group_of,
    is_classic,
    set_or_searched,
)
from fnnctl.config.schema.section import written_out
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError

Problems: TypeAlias = Callable[[Mapping[str, Any]], Messages]
NAME: Final = "name"

_ADVICE: Final = re.compile(r"; [^;]*\bwrite\b.*")
"""What a message says to write instead."""


def with_hints(messages: Messages, filled: Filled, problems: Problems = rule_problems) -> Messages:
    """The messages about a config, with a hint where the recipe's values of a classic group would help.

    `problems` finds all messages of a config.
    """
    return {
        path: next(_hints(path, messages, filled, problems), message) for path, message in messages.items()
    }


def _hints(path: ConfigPath, messages: Messages, filled: Filled, problems: Problems) -> Iterator[str]:
    """The message of a path with each hint that is true, the most helpful first."""
    message, others = messages[path], messages.keys() - {path}
    for group, because in filled.classic.items():
        own = {each: value for each, value in filled.values.items() if group_of(each) == group}
        cause = path if group_of(path) == group and is_given(filled.config, path) else because
        why = f"{format_path(cause)} is {set_or_searched(filled.config, cause)}, so {is_classic(group)}"
        for each, value in own.items():
            kind = _kind(value)
            if _is_mended(filled.config, {each: kind}, problems, others):
                written = flow_yaml(_short(completed_value(filled.config, each, kind)))
                yield f"{_ADVICE.sub('', message)}; {why}; write {format_path(each)}: {written}"
        if _is_mended(filled.config, own, problems, others):
            yield f"{message}; {why}"


def _is_mended(
    config: Mapping[str, Any],
    values: Mapping[ConfigPath, Any],
    problems: Problems,
    others: set[ConfigPath],
) -> bool:
    """Whether a config has no problem but the `others` if it also has these values."""
    mended: Any = config
    try:
        for path, value in values.items():
            mended = override(mended, path, completed_value(config, path, value))
        return problems(mended).keys() <= others
    except ConfigError:
        return False


def _kind(value: Any) -> Any:
    """Of a section's settings the one that chooses the others, if there is one."""
    section = written_out(value, SHORT)
    if not isinstance(section, Mapping):
        return value
    return {key: inner for key, inner in section.items() if key in SHORT} or section


def _short(value: Any) -> Any:
    """The short form of a section that has only its kind."""
    return value[NAME] if isinstance(value, Mapping) and value.keys() == {NAME} else value
