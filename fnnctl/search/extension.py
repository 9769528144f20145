"""What a resume may change of a search: it can get longer, and is otherwise what it was.

More trials or a larger budget are another plan for the same search: its scheduler is asked anew, and told
what is recorded wherever it asks for that. The journal says which plan holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fnnctl.config.paths import ConfigPath, format_path, parse_path
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.rules.trials import HORIZON
from fnnctl.config.rules.unread import WITH_HORIZON
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError, Problem, UsageError
from fnnctl.search.setup import SearchSetup

BUDGET: Final[ConfigPath] = ("search", "budget")
TRIALS: Final[ConfigPath] = ("search", "trials")
LONGER: Final = "search.trials, search.budget.max_epochs or search.budget.total"


def refuse_other_settings(overrides: Sequence[str]) -> None:
    """Raise `UsageError` where `--set` names what a resume may not change."""
    for given in overrides:
        path = parse_path(given.partition("=")[0])
        if path != TRIALS and path[: len(BUDGET)] != BUDGET:
            raise UsageError(
                f"with --resume the config is the run's own, and --set {given} would make another search of "
                f"it: set {LONGER}, which make it longer, or begin a new search"
            )


def plan_words(settings: Mapping[str, Any]) -> list[str]:
    """The `--set` words of the plan that a journal's settings have; none where it has none yet."""
    names = (name for name in ("trials", "budget") if name in settings)
    return [f"search.{name}={flow_yaml(settings[name])}" for name in names]


def refuse_shorter(begun: SearchSetup, now: SearchSetup) -> None:
    """Raise `ConfigError` if a plan is shorter than the one the search began with, or has another ladder."""
    for path, message in _what_is_no_extension(begun, now).items():
        raise ConfigError(Problem(message, path=format_path(path)))


def asks_for_more(begun: SearchSetup, search: SearchSetup) -> bool:
    """Whether a plan has jobs that the one before has not."""
    larger = search.budget.max_epochs > begun.budget.max_epochs
    return search.plan != begun.plan and (larger or search.plan.trials > begun.plan.trials)


def kept_horizon(search: SearchSetup) -> list[str]:
    """A warning where trials are granted more epochs than their schedules were made for, else none.

    There is none, either, where the config has said so by its training.horizon.
    """
    horizon, most = search.configs.horizon, search.budget.max_epochs
    found = [kind for name, kinds in WITH_HORIZON.items() for kind in kinds if kind in _kinds(search, name)]
    if most <= horizon or not found or horizon == value_at(search.configs.config, HORIZON):
        return []
    keep, go = ("keep", "go") if len(found) > 1 else ("keeps", "goes")
    return [
        f"{' and '.join(found)} {keep} the horizon of {horizon:,} epochs with which the search began, so "
        f"that its results hold, and {go} on up to {most:,} epochs as at the horizon; so does the refitted "
        f"winner, and so does `fnnctl train` with training.horizon={horizon}"
    ]


def _what_is_no_extension(begun: SearchSetup, search: SearchSetup) -> dict[ConfigPath, str]:
    before, now = begun.settings.budget, search.settings.budget
    if before.model_copy(update={"max_epochs": now.max_epochs, "total": now.total}) != now:
        message = "only max_epochs and total can be changed of a search that has begun; begin a new one"
        return {BUDGET: message}
    if (before.total is None) != (now.total is None):
        return {BUDGET: "a search has a total from its beginning or never; begin a new one"}
    most, least = search.budget.max_epochs, begun.budget.max_epochs
    if most < least:
        name = "max_epochs" if now.total is None else "total"
        message = f"trials would get {most:,} epochs, and they have been promised {least:,}; write more"
        return {(*BUDGET, name): message}
    trials, fewest = search.settings.most_trials, begun.settings.most_trials
    if trials is not None and (fewest is None or trials < fewest):
        if fewest is None:
            return {TRIALS: f"is {trials:,}, and the search has begun with all that there are in its space"}
        return {TRIALS: f"is {trials:,}, and the search has begun with {fewest:,}; write more"}
    return {}


def _kinds(search: SearchSetup, name: str) -> set[str]:
    """The kinds of a setting of training that trials can have."""
    for dimension in search.space.dimensions:
        if dimension.name in {f"training.{name}", f"training.{name}.name"}:
            values = dimension.domain.values or ()
            return {str(each.get("name") if isinstance(each, Mapping) else each) for each in values}
    section = getattr(search.experiment.training, name)
    return set() if section is None else {section.name}
