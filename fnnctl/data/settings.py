"""The settings that name columns, held against the columns that a file has."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.config.data import ColumnsConfig
from fnnctl.data.numbers import plain_number
from fnnctl.data.problems import Problems
from fnnctl.data.table import Kind
from fnnctl.data.text import printable, shown
from fnnctl.errors import did_you_mean, quoted_list


def declared_kinds(columns: ColumnsConfig, target: str, weights: str | None) -> dict[str, Kind]:
    """Return the kind of each column that the config declares; the target is read as categories."""
    kinds: dict[str, Kind] = {}
    for kind, names in _lists(columns):
        kinds.update(dict.fromkeys(names, kind))
    kinds[target] = "categorical"
    if weights is not None and weights != target:
        kinds[weights] = "apart"
    return kinds


def check_settings(
    columns: ColumnsConfig, target: str, weights: str | None, names: Sequence[str], problems: Problems
) -> None:
    """Note a target that is empty or not there, and declarations that are unknown, double or the target's."""
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
    if weights == target:
        problems.add_setting("data.weights", f"{shown(weights)} is the target: name another column")
    elif weights is not None and weights not in names:
        problems.add_setting("data.weights", _unknown(weights, names, problems.file))
    seen: dict[str, Kind] = {}
    for kind, declared in _lists(columns):
        for name in dict.fromkeys(declared):
            if name == target:
                message = f"{shown(name)} is the target, which is always read as classes: remove it here"
                problems.add_setting(f"data.columns.{kind}", message)
            elif name == weights:
                message = f"{shown(name)} is data.weights, which is always read as numbers: remove it here"
                problems.add_setting(f"data.columns.{kind}", message)
            elif name in seen:
                message = f"{shown(name)} stands in {seen[name]} and in {kind}: remove it from one"
                problems.add_setting("data.columns", message)
            elif name not in names:
                problems.add_setting(f"data.columns.{kind}", _unknown(name, names, problems.file))
            seen[name] = kind


def _lists(columns: ColumnsConfig) -> tuple[tuple[Kind, tuple[str, ...]], ...]:
    return ("numeric", columns.numeric), ("categorical", columns.categorical), ("ignore", columns.ignore)


def _unknown(name: str, names: Sequence[str], file: str) -> str:
    suggestion = did_you_mean(name, [printable(option) for option in names])
    if len(names) == 1:
        suggestion = f"; its one column is {shown(names[0])}: is data.delimiter right?"
    elif not suggestion:
        suggestion = f"; its columns are {quoted_list([shown(option) for option in names])}"
    return f"there is no column {shown(name)} in {file}{suggestion}"
