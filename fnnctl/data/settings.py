"""Checks the settings that name columns against the columns of a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fnnctl.config.paths import format_path
from fnnctl.config.problems import no_effect
from fnnctl.config.schema.data import AUTO_PATTERN, TABLE_SETTINGS, ColumnsConfig, DataConfig
from fnnctl.config.sources import ARRAY_REASON
from fnnctl.data.columns.formats.moments import pattern_problem
from fnnctl.data.columns.numbers import plain_number
from fnnctl.data.dataset import Dataset
from fnnctl.data.problems import Problems
from fnnctl.data.tables.table import Kind
from fnnctl.errors import DataError, Problem
from fnnctl.text import did_you_mean, printable, quoted, word_list

_SETTING_OF: Final[dict[Kind, str]] = {"date": "dates"}
"""The names of settings that differ from the kind of column."""

_GROUPS: Final = ("evaluation", "groups")


def declared_kinds(
    columns: ColumnsConfig,
    targets: Sequence[str],
    weights: str | None,
    group: str | None = None,
    order: str | None = None,
    exposure: str | None = None,
) -> dict[str, Kind]:
    """Return the kind of each column that the config names; targets are read as categories."""
    kinds: dict[str, Kind] = {}
    for kind, names in _lists(columns):
        kinds.update(dict.fromkeys(names, kind))
    if order is not None and kinds.get(order) == "ignore":
        del kinds[order]  # it is read like a feature, to order the rows
    if weights is not None:
        kinds[weights] = "weights"
    if exposure is not None:
        kinds[exposure] = "exposure"
    if group is not None:
        kinds[group] = "group"
    kinds.update(dict.fromkeys(targets, "categorical"))
    return kinds


def check_settings(
    columns: ColumnsConfig,
    targets: Sequence[str],
    weights: str | None,
    names: Sequence[str],
    problems: Problems,
    *,
    group: str | None = None,
    order: str | None = None,
    exposure: str | None = None,
    grouped: Sequence[str] = (),
) -> None:
    """Note a missing target, and column names that are unknown or already used otherwise.

    The columns by which rows are `grouped` may be used otherwise, too, but none is the target.
    """
    file, names = problems.file, [name for name in names if name]  # an index has none
    if not targets:
        listing = word_list([printable(name) for name in names])
        message = f"name the target column; the columns of {file} are {listing}"
        problems.add_setting("data.target", message)
    for target in (target for target in targets if target not in names):
        headless = any(plain_number(name) is not None for name in names)
        hint = ". Its first line must name the columns" if headless else ""
        problems.add_setting("data.target", _unknown_target(target, targets, names, file) + hint)
    one, several = "the target, whose kind data.task decides", "a target, whose kind model.outputs decides"
    used = dict.fromkeys(targets, several if len(targets) > 1 else one)
    for setting, name, use in (
        ("data.weights", weights, "data.weights, which is always read as numbers"),
        ("data.exposure", exposure, "data.exposure, which is always read as numbers"),
        ("data.split.group", group, "data.split.group, which is not a feature"),
        ("data.split.by", order, None),  # may be a feature, too
    ):
        if name is None:
            continue
        if name in used:
            first_use = used[name].split(",")[0]
            problems.add_setting(setting, f"{quoted(name)} is {first_use}: name another column")
        elif name not in names:
            problems.add_setting(setting, _unknown(name, names, file))
        if use is not None:
            used.setdefault(name, use)
    _check_grouped(grouped, targets, names, problems)
    seen: dict[str, Kind] = {}
    for kind, declared in _lists(columns):
        for name in dict.fromkeys(declared):
            setting = f"data.columns.{_SETTING_OF.get(kind, kind)}"
            if name in used:
                problems.add_setting(setting, f"{quoted(name)} is {used[name]}: remove it here")
            elif name in seen:
                first, second = (_SETTING_OF.get(key, key) for key in (seen[name], kind))
                message = f"{quoted(name)} is in {first} and in {second}: remove it from one"
                problems.add_setting("data.columns", message)
            elif name not in names:
                problems.add_setting(setting, _unknown(name, names, file))
            seen[name] = kind
    _check_patterns(columns, problems)


def _check_grouped(
    grouped: Sequence[str], targets: Sequence[str], names: Sequence[str], problems: Problems
) -> None:
    for index, name in enumerate(grouped):
        if name in targets:
            problems.add_setting(group_setting(index), f"{quoted(name)} is the target: name another column")
        elif name not in names:
            problems.add_setting(group_setting(index), _unknown(name, names, problems.file))


def group_setting(index: int) -> str:
    """The path of a column in `evaluation.groups`."""
    return format_path((*_GROUPS, index))


def refuse_table_settings(config: DataConfig, targets: Sequence[str]) -> None:
    """Raise DataError for settings of tables; the config rules cannot know that a path is a folder."""
    ineffective = _changed(config, (*TABLE_SETTINGS, "max_categories", "category_encoding"))
    ineffective += [
        f"data.columns.{key}" for key in ("numeric", "categorical", "dates") if getattr(config.columns, key)
    ]
    problems = [replace(no_effect(ARRAY_REASON), path=path) for path in ineffective]
    if config.target_columns not in ((), (*targets,)):
        message = f"the label is always the array {targets[0]}: remove this setting"
        problems.insert(0, Problem(message, path="data.target"))
    if problems:
        raise DataError(*problems)


def refuse_settings(config: DataConfig, keys: Sequence[str], reason: str) -> None:
    """Raise DataError for those of the settings `keys` of `data` that are not at their default."""
    if problems := [replace(no_effect(reason), path=path) for path in _changed(config, keys)]:
        raise DataError(*problems)


def _changed(config: DataConfig, keys: Sequence[str]) -> list[str]:
    default = DataConfig(source=config.source)
    return [f"data.{key}" for key in keys if getattr(config, key) != getattr(default, key)]


def _lists(columns: ColumnsConfig) -> tuple[tuple[Kind, tuple[str, ...]], ...]:
    return (
        ("numeric", columns.numeric),
        ("categorical", columns.categorical),
        ("date", tuple(columns.dates)),
        ("ignore", columns.ignore),
    )


def _check_patterns(columns: ColumnsConfig, problems: Problems) -> None:
    for name, pattern in _declared_patterns(columns).items():
        if problem := pattern_problem(pattern):
            problems.add_setting("data.columns.dates", f"{quoted(name)}: {problem}")


def date_patterns(columns: ColumnsConfig) -> dict[str, str]:
    """The declared patterns of columns of dates, without those that `check_settings` notes."""
    declared = _declared_patterns(columns)
    return {name: pattern for name, pattern in declared.items() if pattern_problem(pattern) is None}


def _declared_patterns(columns: ColumnsConfig) -> dict[str, str]:
    dates = columns.dates if isinstance(columns.dates, dict) else {}
    return {name: pattern for name, pattern in dates.items() if pattern != AUTO_PATTERN}


def _unknown_target(name: str, targets: Sequence[str], names: Sequence[str], file: str) -> str:
    """It may be several targets with commas between them, or a part of a name that has commas."""
    if "," in name and all(part.strip() in names for part in name.split(",")):
        return f"{_no_column(name, file)} (as a list it is [{name}])"
    if len(targets) > 1 and (whole := ",".join(targets)) in names:
        return f"{_no_column(name, file)} (as a name it is {json.dumps(whole, ensure_ascii=False)})"
    return _unknown(name, names, file)


def _unknown(name: str, names: Sequence[str], file: str) -> str:
    suggestion = did_you_mean(name, [printable(option) for option in names])
    if len(names) == 1:
        suggestion = f"; its only column is {quoted(names[0])}: is data.delimiter right?"
    elif not suggestion:
        suggestion = f"; its columns are {word_list([quoted(option) for option in names])}"
    return f"{_no_column(name, file)}{suggestion}"


def _no_column(name: str, file: str) -> str:
    return f"there is no column {quoted(name)} in {file}"


def left_out_columns(config: DataConfig, dataset: Dataset) -> list[str]:
    """The columns of the training table that are no inputs of the network, apart from the target."""
    roles = (config.weights, config.exposure, config.split.group, config.split.by)
    names = [*config.columns.ignore, *filter(None, roles)]
    names += [name for name, column in dataset.types.items() if column.ignored]
    used = {*dataset.numeric_names, *dataset.categorical_names, *dataset.expansions, *dataset.target_names}
    return [name for name in dict.fromkeys(names) if name not in used]
