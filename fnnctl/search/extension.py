"""Extending a search: a resume may make it longer, but may change nothing else.

More trials or a larger budget give a new plan for the same search. A new scheduler follows it, and gets the
recorded results of all jobs that are already done. The journal records the current plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fnnctl.config.paths import HORIZON, ConfigPath, format_path, parse_path
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.schema.training import WITH_HORIZON
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError, Problem, UsageError
from fnnctl.messages import Message
from fnnctl.search.plan import plan_search
from fnnctl.search.setup import SearchSetup
from fnnctl.text import counted, joined_words

BUDGET: Final[ConfigPath] = ("search", "budget")
TRIALS: Final[ConfigPath] = ("search", "trials")
LONGER: Final = "search.trials, search.budget.max_epochs, search.budget.total or search.budget.cost"


def refuse_other_settings(overrides: Sequence[str]) -> None:
    """Raise `UsageError` if `--set` names a setting that a resume may not change."""
    for override in overrides:
        path = parse_path(override.partition("=")[0])
        if path != TRIALS and path[: len(BUDGET)] != BUDGET:
            raise UsageError(
                f"--resume uses the run's own config, and --set {override} would change the search: set "
                f"{LONGER} to extend it, or start a new search"
            )


def plan_overrides(settings: Mapping[str, Any]) -> list[str]:
    """The `--set` words for the plan in a journal's settings; none if there is no plan yet."""
    names = (name for name in ("trials", "budget") if name in settings)
    return [f"search.{name}={flow_yaml(settings[name])}" for name in names]


def refuse_shorter(begun: SearchSetup, now: SearchSetup) -> None:
    """Raise `ConfigError` if a plan is shorter than the one the search began with, or its ladder differs."""
    for path, message in _what_is_no_extension(begun, now).items():
        raise ConfigError(Problem(message, path=format_path(path)))


def asks_for_more(begun: SearchSetup, search: SearchSetup) -> bool:
    """Whether a plan has jobs that the previous plan does not have."""
    larger = search.budget.max_epochs > begun.budget.max_epochs
    more = search.plan != begun.plan and (larger or search.plan.trials > begun.plan.trials)
    return more or (search.budget.cost or 0) > (begun.budget.cost or 0)


def other_limit(search: SearchSetup) -> str | None:
    """The option that gives more trials; None unless one of two limits hides the other, larger one."""
    budget, trials, most = search.budget, search.settings.most_trials, search.budget.max_trials
    if trials is None or most is None or trials == most:
        return None
    if trials < most:
        option, longer = f"--set search.trials={most}", replace(budget, trials=most)
    else:
        option, longer = f"--max-trials {trials}", replace(budget, max_trials=trials)
    plan = plan_search(search.settings.method.scheduler, longer, size=search.size)
    return option if plan.trials > search.plan.trials else None


def more_trials(search: SearchSetup) -> str | None:
    """Options that extend a search, to twice its trials if there are so many; None if none do."""
    budget, have = search.budget, search.plan.trials
    if budget.cost is not None:
        limit = search.settings.trials
        also = "" if limit is None else f" --set search.trials={2 * limit}"  # either may have ended it
        return f"--set search.budget.cost={2 * budget.cost}{also}"
    if budget.total_epochs is not None:
        return None
    most, trials = budget.max_trials and 2 * have, search.settings.most_trials and 2 * have
    for longer in (
        replace(budget, max_trials=most),
        replace(budget, trials=trials),
        replace(budget, max_trials=most, trials=trials),
    ):
        planned = plan_search(search.settings.method.scheduler, longer, size=search.size).trials
        if planned > have:
            options = [f"--max-trials {planned}"] if longer.max_trials != budget.max_trials else []
            if longer.trials != budget.trials:
                options.append(f"--set search.trials={planned}")
            return " ".join(options)
    return None


def kept_horizon(search: SearchSetup) -> list[Message]:
    """A warning if trials get more epochs than the horizon of their lr_schedules, else none.

    There is no warning if the config itself sets this horizon in training.horizon, or if epochs are searched:
    each trial then has a horizon of its own.
    """
    horizon, most = search.configs.horizon, search.budget.max_epochs
    used = [kind for name, kinds in WITH_HORIZON.items() for kind in kinds if kind in _kinds(search, name)]
    is_set = horizon == value_at(search.configs.config, HORIZON)
    if most <= horizon or not used or is_set or search.configs.own_epochs:
        return []
    keep = "keep" if len(used) > 1 else "keeps"
    sentence = (
        f"{joined_words(used)} {keep} the horizon of {counted(horizon, 'epoch')} with which the search "
        f"began, so earlier results remain valid; from there to epoch {most:,} the final value holds, as it "
        f"does for the refitted winner and for `fnnctl train` with training.horizon={horizon}"
    )
    return [Message("kept_horizon", sentence)]


def _what_is_no_extension(begun: SearchSetup, search: SearchSetup) -> dict[ConfigPath, str]:
    before, now = begun.settings.budget, search.settings.budget
    may_change = {"max_epochs": now.max_epochs, "total": now.total, "cost": now.cost}
    if before.model_copy(update=may_change) != now:
        message = "a resume can change only max_epochs, total and cost; start a new search"
        return {BUDGET: message}
    for name in ("total", "cost"):
        if (getattr(before, name) is None) != (getattr(now, name) is None):
            return {BUDGET: f"a resume can neither add nor remove a {name}; start a new search"}
    if before.cost is not None and now.cost is not None and now.cost < before.cost:
        message = f"is {now.cost:,}, but the search began with {before.cost:,}; write at least that much"
        return {(*BUDGET, "cost"): message}
    most, least = search.budget.max_epochs, begun.budget.max_epochs
    if most < least:
        name = "max_epochs" if now.total is None else "total"
        epochs = counted(most, "epoch")
        message = f"gives trials {epochs}, but the search began with {least:,}; write a larger value"
        return {(*BUDGET, name): message}
    trials, fewest = search.settings.most_trials, begun.settings.most_trials
    if trials is not None and (fewest is None or trials < fewest):
        if fewest is None:
            all_of = "all configurations in its space" if begun.budget.cost is None else "no limit on them"
            return {TRIALS: f"is {trials:,}, but the search began with {all_of}"}
        limit = begun.budget.max_trials
        if limit is not None and limit < fewest:
            message = f"began with {fewest:,}, of which --max-trials allows {limit:,}"
            option = f"--max-trials {trials}" if limit < trials else "a larger --max-trials"
            return {TRIALS: f"is {trials:,}, but the search {message}; write {option} instead"}
        return {TRIALS: f"is {trials:,}, but the search began with {fewest:,}; write at least that many"}
    return {}


def _kinds(search: SearchSetup, name: str) -> set[str]:
    """The kinds that trials can have of a setting in the training section."""
    for dimension in search.space.dimensions:
        if dimension.name in {f"training.{name}", f"training.{name}.name"}:
            values = dimension.domain.values or ()
            return {str(value.get("name") if isinstance(value, Mapping) else value) for value in values}
    section = getattr(search.experiment.training, name)
    return set() if section is None else {section.name}
