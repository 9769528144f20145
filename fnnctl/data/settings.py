"""Checks the settings that name columns against the columns that a file has."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.config.schema.data import ARRAY_REASON, DEFAULT_MISSING_VALUES, ColumnsConfig, DataConfig
from fnnctl.data.problems import Problems
from fnnctl.data.tables.numbers import plain_number
from fnnctl.data.tables.table import Kind
from fnnctl.errors import DataError, Problem, did_you_mean, quoted_list
from fnnctl.text import printable, shown


def declared_kinds(
    columns: ColumnsConfig, target: str, weights: str | None, group: str | None = None
) -> dict[str, Kind]:
    """Return the kind of each column that the config declares; the target is read as categories."""
    kinds: dict[str, Kind] = {}
    for kind, names in _lists(columns):
        kinds.update(dict.fromkeys(names, kind))
    if weights is not None:
        kinds[weights] = "weights"
    if group is not None:
        kinds[group] = "group"
    kinds[target] = "categorical"
    return kinds


def check_settings(
    columns: ColumnsConfig,
    target: str,
    weights: str | None,
    names: Sequence[str],
    problems: Problems,
    *,
    group: str | None = None,
) -> None:
    """Note a target that is missing, and names that are unknown or have another use."""
    if not target:
        listed = quoted_list([printable(name) for name in names])
        problems.add_setting(
            "data.target",
            f"name the column that holds the label; the columns of {problems.file} are {listed}",
        )
    elif target not in names:
        headless = any(plain_number(name) is not None for name in names)
        hint = ". Its first line must name the columns" if headless else ""
        problems.add_setting("data.target", _unknown(target, names, problems.file) + hint)
    used = {target: "the target, which is always read as classes"}
    for setting, name, meaning in (
        ("data.weights", weights, "always read as numbers"),
        ("data.split.group", group, "no feature"),
    ):
        if name is None:
            continue
        if name in used:
            what = used[name].split(",")[0]
            problems.add_setting(setting, f"{shown(name)} is {what}: name another column")
        elif name not in names:
            problems.add_setting(setting, _unknown(name, names, problems.file))
        used.setdefault(name, f"{setting}, which is {meaning}")
    seen: dict[str, Kind] = {}
    for kind, declared in _lists(columns):
        for name in dict.fromkeys(declared):
            if name in used:
                message = f"{shown(name)} is {used[name]}: remove it here"
                problems.add_setting(f"data.columns.{kind}", message)
            elif name in seen:
                message = f"{shown(name)} stands in {seen[name]} and in {kind}: remove it from one"
                problems.add_setting("data.columns", message)
            elif name not in names:
                problems.add_setting(f"data.columns.{kind}", _unknown(name, names, problems.file))
            seen[name] = kind


def refuse_table_settings(config: DataConfig, target: str) -> None:
    """Raise DataError for settings of tables only; a config's rules cannot see that a path is a folder."""
    given = {
        "target": config.target not in {None, target},
        "delimiter": config.delimiter is not None,
        "encoding": config.encoding != DataConfig.model_fields["encoding"].default,
        "missing_values": config.missing_values != DEFAULT_MISSING_VALUES,
        "columns.numeric": bool(config.columns.numeric),
        "columns.categorical": bool(config.columns.categorical),
    }
    reasons = {"target": f"the label is the array {target}: remove this"}
    wrong = [
        Problem(reasons.get(key, ARRAY_REASON), path=f"data.{key}")
        for key, is_given in given.items()
        if is_given
    ]
    if wrong:
        raise DataError(*wrong)


def _lists(columns: ColumnsConfig) -> tuple[tuple[Kind, tuple[str, ...]], ...]:
    return ("numeric", columns.numeric), ("categorical", columns.categorical), ("ignore", columns.ignore)


def _unknown(name: str, names: Sequence[str], file: str) -> str:
    suggestion = did_you_mean(name, [printable(option) for option in names])
    if len(names) == 1:
        suggestion = f"; its one column is {shown(names[0])}: is data.delimiter right?"
    elif not suggestion:
        suggestion = f"; its columns are {quoted_list([shown(option) for option in names])}"
    return f"there is no column {shown(name)} in {file}{suggestion}"
