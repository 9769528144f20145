"""Leaves out the settings of a file that a change on the command line makes ineffective.

A setting without effect is an error in a file, because its author expects an effect. If the effect is lost to
an option, the user of the option need not edit the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from fnnctl.config.paths import ConfigPath, overlap, parse_path
from fnnctl.config.problems import NO_EFFECT, Problems
from fnnctl.config.rules.plain_config import is_set, without
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.errors import Problem

Result = TypeVar("Result")
Changed: TypeAlias = Mapping[ConfigPath, str]
"""The settings that were changed, each with what changed it, such as `--set data.test_source`."""


def without_ineffective(
    config: Mapping[str, Any], changed: Changed, evaluate: Callable[[Mapping[str, Any]], Result]
) -> tuple[Result, Mapping[str, Any], Problems]:
    """Evaluate a config without the settings that changed ones make ineffective.

    Returns the result, the rest of the config, and why each of the settings is left out. A changed setting
    never is. Raises the `InvalidConfigurationError` of `evaluate` if the rest is wrong, too.
    """
    left_out: Problems = {}
    while True:
        try:
            return evaluate(config), config, left_out
        except InvalidConfigurationError as error:
            ineffective = dict(_made_ineffective(config, changed, error))
            if not ineffective:
                raise
            config = without(config, ineffective)
            left_out |= ineffective


def _made_ineffective(
    config: Mapping[str, Any], changed: Changed, error: InvalidConfigurationError
) -> Iterator[tuple[ConfigPath, Problem]]:
    for path, problem in error.by_path.items():
        if problem.kind != NO_EFFECT or not is_set(config, path):
            continue
        if any(overlap(path, change) for change in changed):
            continue
        causes = (
            changed[change]
            for cause in map(parse_path, problem.related)
            for change in changed
            if overlap(cause, change)
        )
        if cause := next(causes, None):
            yield path, Problem("is left out: it has no effect beside {cause}", values={"cause": cause})
