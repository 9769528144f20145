"""Which of a recipe's values no longer suit what a config sets or searches.

What a config sets or searches is taken, and all other values of the recipe stay. Only those change that were
tuned for a value that is gone: see `Tuned`. Besides, hyperparameters of a choice, such as an optimizer's, are
left out beside another choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fnnctl.config.paths import LEARNING_RATE, ConfigPath, format_path, overlap, parse_path
from fnnctl.config.problems import Problems
from fnnctl.config.provenance import Values
from fnnctl.config.recipes.written import (
    NAME,
    gives,
    outside_search,
    searched,
    set_or_searched,
    settings_in,
    value_of,
)
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.schema.records import records_by_path, setting_records
from fnnctl.config.schema.setting import Tuned
from fnnctl.errors import Problem
from fnnctl.messages import Message

PARAMETRIZATION: Final[ConfigPath] = ("training", "parametrization")

FAR_BELOW: Final = 10
"""A learning rate so many times below the recipe's, or more, is warned of."""

UNSUITED: Final = "unsuited"
"""The kind of the reason that a value of the recipe was tuned for another one that is gone."""


def dependences() -> Iterator[tuple[ConfigPath, Tuned]]:
    """The settings whose recipe value was tuned for that of another one, each with that."""
    for record in setting_records():
        for tuned in record.setting.recipe.tuned if record.setting.recipe else ():
            yield (record.path if tuned.key is None else (*record.path, tuned.key)), tuned


def suited_values(config: Mapping[str, Any], values: Values) -> tuple[Values, Problems]:
    """The values of a recipe that suit a config, and why others are left out or have changed."""
    settings = list(settings_in(config))
    result, reasons = dict(values), Problems()
    for path in values:
        choice = (*path[:-1], NAME)
        if path == choice or choice not in values:
            continue
        if _is_changed(config, settings, choice, (values[choice], *_suits(path[:-1]))):
            reasons[path] = _because(config, path[:-1], f"the recipe's value was tuned for {values[choice]}")
            del result[path]
    for path, tuned in dependences():
        setting = parse_path(tuned.setting)
        suited = (values.get(setting), *tuned.suits)
        # A recipe's 0 is what the setting is without it.
        if not result.get(path) or not _is_changed(config, settings, setting, suited):
            continue
        value = result[path] if tuned.instead is None else tuned.instead(result[path])
        if tuned.instead is not None and value == result[path]:
            continue
        reasons[path] = _because(config, setting[:-1] if setting[-1] == NAME else setting, tuned.reason)
        result[path] = value
        if tuned.instead is None:
            del result[path]
    return result, reasons


def _suits(section: ConfigPath) -> Sequence[str]:
    """The choices of a section, besides the recipe's, beside which the recipe's hyperparameters stay."""
    recipes = (record.setting.recipe for record in records_by_path().get(section, ()))
    return [name for recipe in recipes if recipe is not None for name in recipe.suits]


def low_rate_warning(config: Mapping[str, Any], values: Values, applied: Values) -> Message | None:
    """A warning if a config's learning rate is far below the one that the recipe's parametrization needs.

    `values` are the recipe's, `applied` those that the config has. On four tables a tenth of the rate cost up
    to 1.8 points of accuracy and a fortieth up to 5.7, which in the standard parametrization cost 2.5.
    """
    rate, usual = value_at(outside_search(config), LEARNING_RATE), values.get(LEARNING_RATE)
    is_searched = any(overlap(parse_path(key), LEARNING_RATE) for key in searched(config))
    if PARAMETRIZATION not in applied or usual is None or is_searched or not isinstance(rate, int | float):
        return None
    if rate > usual / FAR_BELOW:
        return None
    return Message(
        "low_rate",
        f"{format_path(LEARNING_RATE)} is {rate:g}, far below the recipe's {usual:g}, with whose "
        f"{format_path(PARAMETRIZATION)}, {values[PARAMETRIZATION]}, it trains slowly; "
        f"leave it out, or write {format_path(PARAMETRIZATION)}: standard, too",
    )


def _because(config: Mapping[str, Any], cause: ConfigPath, reason: str) -> Problem:
    text = f"{format_path(cause)} is {set_or_searched(config, cause)}, and {reason}"
    return Problem(
        text, path=format_path(cause), kind=UNSUITED, related=(format_path(cause),), has_subject=True
    )


def _is_changed(
    config: Mapping[str, Any], settings: list[ConfigPath], path: ConfigPath, suited: Sequence[Any]
) -> bool:
    """Whether a config searches a setting, or sets it to another value than those that suit a recipe's."""
    if not gives(settings, path):
        return False
    is_searched = any(overlap(parse_path(key), path) for key in searched(config))
    return is_searched or value_of(config, path) not in suited
