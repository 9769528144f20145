"""The best trials of an earlier search, as the first trials of a new one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from fnnctl.config.paths import format_path
from fnnctl.config.rules.start_from import START_FROM
from fnnctl.config.schema.search import DEFAULTS
from fnnctl.errors import ConfigError, Problem, UsageError
from fnnctl.records.history import read_search
from fnnctl.store.catalogue import find_run
from fnnctl.text import did_you_mean, quoted, word_list

MAX_TRIALS: Final = 10
"""How many trials of the earlier search are tried first."""
_PATH: Final = format_path(START_FROM)


def best_assignments(name: str, runs_dir: Path, settings: Collection[str]) -> list[dict[str, Any]]:
    """The values of `settings` in the best trials of the search that `name` refers to, the best first.

    Raises `ConfigError` if there is no such search, or if none of its settings is among `settings`.
    """
    try:
        run = find_run(name, runs_dir, lambda run: run.read_manifest().kind == "search")
        search = read_search(run)
    except UsageError as error:
        near = did_you_mean(name, [DEFAULTS])
        problems = (replace(problem, text=problem.text + near, path=_PATH) for problem in error.problems)
        raise ConfigError(*problems) from None
    if search is None:
        kind = quoted(run.read_manifest().kind)
        raise _refusal(f"{run.path} is a run of kind {kind}, not a search")
    best = search.standings.leaders(MAX_TRIALS)
    if not best:
        raise _refusal(f"no trial of {run.path} has a result")
    if not any(path in settings for path in search.paths):
        searched = word_list(search.paths)
        raise _refusal(f"{run.path} searched none of this search's settings; it searched {searched}")
    trials = (search.trials[result.trial].assignment for result in best)
    shared = [{path: value for path, value in trial.items() if path in settings} for trial in trials]
    return [assignment for assignment in shared if assignment]


def _refusal(message: str) -> ConfigError:
    return ConfigError(Problem(message, path=_PATH))
