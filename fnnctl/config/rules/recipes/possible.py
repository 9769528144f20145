"""The facts that a recipe may find, before the data are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fnnctl.config.paths import ConfigPath
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.rules.recipes.default import MOST_EMBEDDED
from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.rules.recipes.sizes import BATCH_SIZES, EPOCHS
from fnnctl.config.schema.search import AUTO_METRIC

TASK: Final[ConfigPath] = ("data", "task")
METRIC: Final[ConfigPath] = ("search", "objective", "metric")
METRICS: Final = {"classification": ("accuracy", "log_loss"), "regression": ("r2",)}
"""For each task a metric of each kind that a recipe distinguishes."""
ROWS: Final = tuple(sorted({most for most, _ in (*EPOCHS, *BATCH_SIZES)}))


def possible_facts(config: Mapping[str, Any]) -> list[RecipeFacts]:
    """Facts that between them give every value that a recipe may have for a setting, the most usual first.

    There is one of each kind, and the others differ from it in a single fact.
    """
    task, metric = value_at(config, TASK), value_at(config, METRIC)
    tasks = [task] if isinstance(task, str) and task in METRICS else [*METRICS]
    is_auto = not isinstance(metric, str) or metric == AUTO_METRIC
    found = []
    for each in tasks:
        metrics = METRICS[each] if is_auto else (metric,)
        usual = RecipeFacts(task=each, rows=ROWS[0], numeric=1, metric=metrics[0])
        found.append(usual)
        found += [replace(usual, metric=other) for other in metrics[1:]]
        if each == tasks[0]:
            found += [replace(usual, numeric=number) for number in (0, MOST_EMBEDDED + 1)]
            found += [replace(usual, rows=rows) for rows in ROWS[1:]]
    return found
