"""Whether the content of metrics.json has the shape that reports and comparisons rely on.

Only the names of metrics that every version knows are checked: others may stand beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from fnnctl.metrics.metric import INTERVAL, SUPPORT
from fnnctl.metrics.registry import BEST_F1, PER_CLASS, PER_LEVEL, metric_of
from fnnctl.metrics.stored import DIFFERENCE, GROUPS, TARGETS
from fnnctl.store.atomic import damaged
from fnnctl.store.documents import read_mapping
from fnnctl.text import cut

Messages = Iterator[str]
_INTERVAL: Final = INTERVAL.removeprefix("_")


def read_metrics(content: bytes, path: Path) -> dict[str, Any]:
    """The metrics in a file's content; raises `DataError`, which names `path`, if they are damaged."""
    metrics = read_mapping(content, path)
    for problem in _problems_of_run(metrics):
        raise damaged(path, f"is damaged: {cut(problem)}")
    return metrics


def _problems_of_run(metrics: Mapping[str, Any]) -> Messages:
    for name in ("train", "validation", "test"):
        yield from _object(name, metrics.get(name), _problems_of_part)
    yield from _object("cross_validation", metrics.get("cross_validation"), _problems_of_folds)
    sizes = metrics.get("sizes") or []
    if not isinstance(sizes, list):
        yield "sizes must be a list"
        return
    for index, size in enumerate(sizes):
        if size is None:
            yield f"sizes.{index} must be an object"
        yield from _object(f"sizes.{index}", size, _problems_of_folds)


def _object(key: str, value: object, problems: Callable[[str, Mapping[str, Any]], Messages]) -> Messages:
    """The problems of an object, which may be null."""
    if isinstance(value, dict):
        yield from problems(key, value)
    elif value is not None:
        yield f"{key} must be an object or null"


def _problems_of_part(key: str, part: Mapping[str, Any]) -> Messages:
    for name, value in part.items():
        inside = f"{key}.{name}"
        if name == "baseline":
            yield from _object(inside, value, _problems_of_part)
        elif name in (PER_CLASS, PER_LEVEL, TARGETS):
            yield from _object(inside, value, partial(_each_object, _problems_of_part))
        elif name == GROUPS:
            yield from _object(inside, value, partial(_each_object, _problems_of_groups))
        elif name == BEST_F1:
            yield from _object(inside, value, _problems_of_rates)
        elif not _is_number(value) and _is_metric(name):
            yield f"{inside} must be a number or null"
        elif name.endswith(_INTERVAL) and not _is_interval(value):
            yield f"{inside} must be two numbers or null"


def _problems_of_rates(key: str, rates: Mapping[str, Any]) -> Messages:
    for name in ("threshold", "f1", "precision", "recall"):
        if rates.get(name) is None or not _is_number(rates[name]):
            yield f"{key}.{name} must be a number"


def _problems_of_groups(key: str, groups: Mapping[str, Any]) -> Messages:
    """Those of the groups of a column."""
    yield from _each_object(_problems_of_group, key, groups)


def _problems_of_group(key: str, metrics: Mapping[str, Any]) -> Messages:
    yield from _problems_of_part(key, metrics)
    if not _is_number(metrics.get(SUPPORT)) or metrics.get(SUPPORT) is None:
        yield f"{key}.{SUPPORT} must be a number"
    yield from _object(
        f"{key}.{DIFFERENCE}", metrics.get(DIFFERENCE), partial(_each_object, _problems_of_difference)
    )


def _problems_of_difference(key: str, difference: Mapping[str, Any]) -> Messages:
    for name in ("value", "p", "p_holm"):
        if not _is_number(difference.get(name)):
            yield f"{key}.{name} must be a number or null"
    if not _is_interval(difference.get(_INTERVAL)):
        yield f"{key}.{_INTERVAL} must be two numbers or null"


def _each_object(
    problems: Callable[[str, Mapping[str, Any]], Messages], key: str, objects: Mapping[str, Any]
) -> Messages:
    """The problems of each of several objects, of which none may be null."""
    for name, value in objects.items():
        if value is None:
            yield f"{key}.{name} must be an object"
        yield from _object(f"{key}.{name}", value, problems)


def _problems_of_folds(key: str, folds: Mapping[str, Any]) -> Messages:
    """Those of the metrics over several folds; null stands for no metric."""
    for name in ("folds", "repeats", "rows", "share", "diverged"):
        if name in folds and (folds[name] is None or not _is_number(folds[name])):
            yield f"{key}.{name} must be a number"
    for name, entry in folds.items():
        if name == TARGETS:
            yield from _object(f"{key}.{name}", entry, partial(_each_object, _problems_of_folds))
        elif isinstance(entry, dict):
            yield from _problems_of_scores(f"{key}.{name}", entry)
        elif _is_metric(name):
            yield f"{key}.{name} must be an object"


def _problems_of_scores(key: str, entry: Mapping[str, Any]) -> Messages:
    for name in ("mean", "std", "p"):
        if not _is_number(entry.get(name)):
            yield f"{key}.{name} must be a number or null"
    yield from _object(f"{key}.difference", entry.get("difference"), _problems_of_scores)
    if not _is_interval(entry.get(_INTERVAL)):
        yield f"{key}.{_INTERVAL} must be two numbers or null"
    scores = entry.get("scores", [])
    if not isinstance(scores, list) or not all(map(_is_number, scores)):
        yield f"{key}.scores must be a list of numbers"


def _is_metric(name: str) -> bool:
    """Whether there must be a number or null under this name."""
    return name == SUPPORT or (metric_of(name) is not None and not name.endswith(_INTERVAL))


def _is_interval(value: object) -> bool:
    return value is None or (
        isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and None not in value
    )


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
