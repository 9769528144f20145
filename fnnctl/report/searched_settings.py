"""The searched settings as columns of numbers, for figures and importances.

Hidden layers are one setting but several columns: their number, their widths and what else is searched.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.metrics.hyperparameter_importance import (
    MIN_TRIALS,
    HyperparameterImportance,
    SettingValues,
    hyperparameter_importances,
)
from fnnctl.plots.searched import SearchedSetting
from fnnctl.records.history import SearchHistory
from fnnctl.records.trials import Trial
from fnnctl.space.layers import UNITS, is_layers, layer_dimensions, split_layers

_UNSET: Final = object()
"""Marks a setting that is not active in a trial. (None may be a value of a choice.)"""


def searched_settings(search: SearchHistory, trials: Sequence[Trial]) -> list[SearchedSetting]:
    """One column per dimension that is set in at least one of the trials."""
    return [setting for _, setting in _with_paths(search, trials)]


def leading_first(
    search: SearchHistory, settings: Sequence[SearchedSetting], count: int
) -> list[SearchedSetting]:
    """The settings, beginning with the `count` most important ones, which keep their order.

    Without importances the order stays.
    """
    measured = importances(search)
    if measured is None or len(settings) <= count:
        return list(settings)
    shares = {name: importance.share for name, importance in measured[1].items() if importance}
    leading = sorted(settings, key=lambda setting: -shares.get(setting.name, -1.0))[:count]
    names = {setting.name for setting in leading}
    return sorted(settings, key=lambda setting: setting.name not in names)


def importances(search: SearchHistory) -> tuple[int, dict[str, HyperparameterImportance | None]] | None:
    """The budget at which trials are compared, and each setting's importance there.

    The budget is the largest at which enough trials have a result. None if there is no such budget.
    """
    budget, measured = _importances(search)
    return None if budget is None else (budget, {name: importance for _, name, importance in measured})


def paths_by_importance(search: SearchHistory) -> list[str]:
    """The paths of the searched settings by importance; those without one come last, in their own order.

    Hidden layers are as important as the most important of their dimensions.
    """
    shares = dict.fromkeys(search.paths, -1.0)
    for path, _, importance in _importances(search)[1]:
        if importance is not None:
            shares[path] = max(shares[path], importance.share)
    return sorted(shares, key=lambda path: -shares[path])


@lru_cache(maxsize=8)  # a report needs them for its first facts, a table, and two figures
def _importances(
    search: SearchHistory,
) -> tuple[int | None, Sequence[tuple[str, str, HyperparameterImportance | None]]]:
    """The budget at which trials are compared (or None), and path, name and importance of each column."""
    by_budget: dict[int, list[tuple[Trial, float]]] = {}
    for result in search.results:
        entry = search.trials[result.trial], search.loss_of(result)
        by_budget.setdefault(result.budget, []).append(entry)
    common = (budget for budget, entries in by_budget.items() if len(entries) >= MIN_TRIALS)
    budget = max(common, default=None)
    if budget is None:
        return None, ()
    trials, losses = zip(*by_budget[budget], strict=True)
    settings = _with_paths(search, trials)
    measured = hyperparameter_importances(
        [SettingValues(setting.values, setting.scale) for _, setting in settings], np.array(losses)
    )
    return budget, tuple(
        (path, setting.name, importance)
        for (path, setting), importance in zip(settings, measured, strict=True)
    )


def _with_paths(search: SearchHistory, trials: Sequence[Trial]) -> list[tuple[str, SearchedSetting]]:
    """The columns, each with the path of its setting."""
    scales: Mapping[str, Any] = search.settings.get("scales") or {}
    columns = [
        (path, name, values, scales.get(name, scales.get(path)))
        for path in search.paths
        for name, values in _dimensions(path, trials, scales.get(path))
        if any(value is not _UNSET for value in values)
    ]
    names = short_names([name for _, name, _, _ in columns])
    return [
        (path, _setting(name, values, scale))
        for name, (path, _, values, scale) in zip(names, columns, strict=True)
    ]


def setting_text(value: Any, kept: Collection[str] | None = None) -> str:
    """A setting's value for a table: layers as `64 relu, 64 tanh residual`, other values as YAML.

    `kept` are the settings of a layer that are shown, all by default.
    """
    if not is_layers(value) or all(map(_is_number, value)):
        return flow_yaml(value)
    return ", ".join(" ".join(_words(layer, kept)) for layer in value)


def _words(layer: Any, kept: Collection[str] | None) -> Iterator[str]:
    for key, value in layer.items() if isinstance(layer, Mapping) else [(UNITS, layer)]:
        if kept is not None and key not in kept:
            continue
        if isinstance(value, bool):
            yield from [key] if value else []
        elif isinstance(value, Mapping) and value.keys() == {"name"}:
            yield str(value["name"])
        else:
            yield flow_yaml(value)


def short_names(paths: Sequence[str]) -> list[str]:
    """The shortest ending of each path that is clear and differs from the endings of the others."""
    parts = [path.split(".") for path in paths]
    return [_shortest(path, [other for other in parts if other != path]) for path in parts]


def _shortest(path: Sequence[str], rest: Sequence[Sequence[str]]) -> str:
    is_part = path[-1].startswith(("name", "depth", "width")) or path[-2:-1] == ["hidden"]
    least = 2 if is_part else 1
    enough = (k for k in range(least, len(path)) if all(other[-k:] != path[-k:] for other in rest))
    count = next(enough, len(path))
    return ".".join(path[-count:])


def _dimensions(path: str, trials: Sequence[Trial], scale: object) -> Iterator[tuple[str, list[Any]]]:
    """The setting itself or, for hidden layers that are not a choice, one column per dimension."""
    values = [trial.assignment.get(path, _UNSET) for trial in trials]
    layers = [value for value in values if value is not _UNSET]
    if scale == "choice" or not all(map(is_layers, layers)):
        yield path, values
        return
    parts = [{} if value is _UNSET else split_layers(path, value) for value in values]
    for name in layer_dimensions(path, layers):
        yield name, [dimensions.get(name, _UNSET) for dimensions in parts]


def _setting(name: str, values: Sequence[Any], scale: object) -> SearchedSetting:
    """The values as a column. If any of them is not a number, they are categories on any scale."""
    active = [value for value in values if value is not _UNSET]
    if scale == "choice" or not all(map(_is_number, active)):
        by_text = {flow_yaml(value): value for value in active}
        categories = sorted(by_text, key=lambda text: _order(by_text[text], text))
        positions = {text: float(position) for position, text in enumerate(categories)}
        column = [np.nan if value is _UNSET else positions[flow_yaml(value)] for value in values]
        texts = _without_shared([by_text[text] for text in categories])
        return SearchedSetting(name, "choice", np.array(column), tuple(texts))
    column = [np.nan if value is _UNSET else float(value) for value in values]
    is_log = scale == "log" and min(active) > 0 and not name.endswith("depth")
    return SearchedSetting(name, "log" if is_log else "linear", np.array(column))


def _without_shared(values: Sequence[Any]) -> Iterator[str]:
    """The texts of different values; mappings, if there are several, without what all of them have."""
    first, *more = [value for value in values if isinstance(value, Mapping)] or [{}]
    shared = [item for item in first.items() if more and all(item in mapping.items() for mapping in more)]
    for value in values:
        items = value.items() if isinstance(value, Mapping) else ()
        different = dict(item for item in items if item not in shared)
        yield flow_yaml(different)[1:-1] if shared and different else flow_yaml(value)


def _order(value: Any, text: str) -> tuple[bool, float, str]:
    """The sort key of a category: numbers first, by value."""
    return (False, float(value), "") if _is_number(value) else (True, 0.0, text)


def _is_number(value: object) -> bool:
    """Whether it is a number that a float can hold: an integer of a journal may be larger."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return isinstance(value, float)
