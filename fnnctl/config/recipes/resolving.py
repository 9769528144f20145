"""Resolves a config: what is written and the facts of its table give the experiment, and where it comes from.

The steps, in this order: the recipe's values in the settings that the config leaves open; those that were
tuned for others (`tuning`); those that bring a problem; then the schema, settings without effect,
contradictions and the experiment with its defaults (`rules.experiments`). Before the data are known, the
steps are tried with facts at both extremes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Final

from fnnctl.config.messages.schema_errors import UNKNOWN
from fnnctl.config.paths import SPACE, TWINS, ConfigPath, format_path, overlap, parse_path
from fnnctl.config.problems import Problems, by_path, conditional
from fnnctl.config.provenance import Provenance, Resolved, Values
from fnnctl.config.recipes.tuning import low_rate_warning, suited_values
from fnnctl.config.recipes.written import NAME, gives, outside_search, settings_in
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_set, value_at, with_value
from fnnctl.config.rules.trials import Check
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.recipe_values import MANY, RecipeFacts
from fnnctl.config.schema.records import setting_records
from fnnctl.config.schema.setting import Recipe
from fnnctl.errors import ConfigError, Problem
from fnnctl.metrics.class_metrics import ACCURACY
from fnnctl.metrics.number_metrics import R2

RECIPES: Final[tuple[Recipe, ...]] = ("default", "fast")
"""The recipes that give settings values; `classic` gives none."""
RECIPE: Final[ConfigPath] = ("recipe",)
COMPLETE: Final[ConfigPath] = ("complete",)
COMPLETED: Final = ("model", "training")
"""The sections that the recipe completes, beside `data.category_encoding`; the data can be read without."""
EXTREMES: Final = (
    RecipeFacts(
        task="classification",
        rows=1,
        numeric=1,
        indicators=0,
        categories=0,
        outputs=2,
        metric=ACCURACY.name,
    ),
    RecipeFacts(
        task="regression",
        rows=MANY,
        numeric=0,
        indicators=0,
        categories=MANY,
        outputs=1,
        metric=R2.name,
        many_categories=True,
        has_search=True,
    ),
)
"""Facts that differ so much that every value of a recipe that depends on the data differs between the two."""


def recipe_values(recipe: Recipe, facts: RecipeFacts) -> Values:
    """The values of a recipe by path, before any is left out; none for `classic`."""
    values: dict[ConfigPath, Any] = {}
    for record in setting_records():
        if (recipe_value := record.setting.recipe) is None:
            continue
        value = recipe_value.of(recipe, facts)
        if isinstance(value, Mapping):
            values |= {(*record.path, key): inner for key, inner in value.items()}
        elif value is not None:
            values[record.path] = value
    return values


def resolve(
    written: Mapping[str, Any], facts: RecipeFacts, *, name: str | None = None, check: Check | None = None
) -> Resolved:
    """The experiment of a config for a table with these facts.

    `name` is the experiment's if the config has none; `check` says what the data do not allow. Raises
    `InvalidConfigurationError` if the config is wrong even with the recipe's values.
    """
    checker = ConfigChecker(name, check)
    recipe = recipe_of(written)
    if recipe is None:
        return Resolved.without_recipe(written, checker.experiment(written))
    values, own_problems = recipe_values(recipe, facts), cache(partial(checker.problems, written))
    provenance = fill_in(written, values, checker, own_problems)
    if values.get(TWINS) and not value_at(provenance.config, TWINS):
        # Without them the recipe trains more epochs.
        without_twins = replace(facts, may_have_twins=False)
        provenance = fill_in(written, recipe_values(recipe, without_twins), checker, own_problems)
    warning = low_rate_warning(written, values, provenance.applied)
    experiment = checker.experiment(provenance.config)
    return Resolved(experiment, provenance, [warning] if warning else ())


def recipe_of(written: Mapping[str, Any]) -> Recipe | None:
    """The recipe that fills in a config; None if none does, or if there is no such recipe."""
    setting = value_at(written, RECIPE) if is_set(written, RECIPE) else "default"
    recipe = next((name for name in RECIPES if name == setting), None)
    return None if value_at(written, COMPLETE) else recipe


@dataclass(frozen=True, slots=True)
class ConfigChecker:
    """Finds what is wrong with a config: by itself, with its search, and with the data."""

    name: str | None
    """The experiment's name if the config has none; None for the config's own."""
    check: Check | None = None
    checks_search: bool = True

    def problems(self, config: Mapping[str, Any]) -> Problems:
        """What is wrong with a config; empty if it is valid."""
        try:
            experiment = self.experiment(config)
        except InvalidConfigurationError as error:
            return error.by_path | (self._data_problems(error.experiment) if error.experiment else {})
        problems, search = self._data_problems(experiment), experiment.search
        if self.checks_search and search is not None and search.domains:
            # The rules of searches take long to import, and most configs have none.
            from fnnctl.config.rules.search_check import search_problems

            problems |= search_problems(Resolved.without_recipe(config, experiment), self.check)
        return problems

    def _data_problems(self, experiment: Experiment) -> Problems:
        """What the data do not allow."""
        return by_path(self.check(experiment) if self.check else ())

    def experiment(self, config: Mapping[str, Any]) -> Experiment:
        """The experiment of a config; raises `InvalidConfigurationError`."""
        experiment = experiment_of(config)
        return experiment if self.name is None else experiment.model_copy(update={"name": self.name})


def fill_in(
    config: Mapping[str, Any], values: Values, checker: ConfigChecker, own_problems: Callable[[], Problems]
) -> Provenance:
    """The config with those of the recipe's `values` that it leaves open and allows.

    `own_problems` finds what is wrong with the config by itself, which takes long if it has a search.
    """
    settings = list(settings_in(outside_search(config)))
    open_values = {
        path: value
        for path, value in values.items()
        if not gives(settings, path) and not _is_in_null(config, path)
    }
    suited, reasons = suited_values(config, values)
    reasons = {path: reason for path, reason in reasons.items() if path in open_values}
    unsuited = {path: reason for path, reason in reasons.items() if path not in suited}
    changed = {path: reason for path, reason in reasons.items() if path in suited}
    candidates = {path: suited[path] for path in open_values if path in suited}
    result, applied, omitted = _without_contradictions(config, candidates, checker, own_problems)
    return Provenance(config, result, applied, unsuited | omitted, changed)


def _without_contradictions(
    original: Any, candidates: Values, checker: ConfigChecker, own_problems: Callable[[], Problems]
) -> tuple[Any, Values, Problems]:
    """The config with those values that bring no new problem, the values, and why others are omitted.

    A value gives way if it is part of a problem that the config does not have by itself. That may show what
    else gives way, so the rest is checked again.
    """
    applied, omitted = dict(candidates), Problems()
    while True:
        config: Any = original
        for path, value in [*applied.items()]:
            try:
                config = with_value(config, path, value)
            except ConfigError as error:
                omitted[path] = _reason(path, *next(iter(by_path(error.problems).items())))
                del applied[path]
        problems = checker.problems(config) if applied else {}
        to_blame = Problems()
        for cause, problem in problems.items():
            if not problem.is_like(own_problems().get(cause)):
                for path in _blamed(cause, problem, applied):
                    to_blame.setdefault(path, _reason(path, cause, problem))
        if not to_blame:
            return config, applied, omitted
        omitted |= to_blame
        applied = {path: value for path, value in applied.items() if path not in to_blame}


def _blamed(cause: ConfigPath, problem: Problem, applied: Values) -> list[ConfigPath]:
    """The recipe's value that gives way to a problem: that of the setting itself, or else of a related one.

    An unknown setting may be one of another choice than the recipe's. If the problem is about a section, it
    is the last value in it. Of a choice, such as an embedding, the hyperparameters go with the name.
    """
    choice = [(*cause[:-1], NAME)] if problem.kind == UNKNOWN else []
    for setting in (cause, *map(parse_path, problem.related), *choice):
        if inside := [path for path in applied if overlap(path, setting)]:
            section = inside[-1][:-1]
            is_whole = (*section, NAME) in inside
            return [path for path in inside if path[:-1] == section] if is_whole else inside[-1:]
    return []


def _is_in_null(config: Mapping[str, Any], path: ConfigPath) -> bool:
    """Whether the config sets a section around a setting to null."""
    sections = (path[:depth] for depth in range(1, len(path)))
    return any(is_set(config, section) and value_at(config, section) is None for section in sections)


def _reason(path: ConfigPath, cause: ConfigPath, problem: Problem) -> Problem:
    """Why a setting is omitted: a problem with itself, or with another setting, which its text then names."""
    if overlap(path, cause):
        return replace(problem, path=format_path(path))
    subject = str(cause[2]) if cause[:2] == SPACE and cause[2:] else format_path(cause)
    problem = conditional(problem)
    return replace(problem.prefixed(subject, ": " if problem.has_subject else " "), path=format_path(cause))


def experiment_before_data(config: Mapping[str, Any]) -> Experiment:
    """The experiment of a config whose data are not read yet; what it leaves open may change.

    Raises `InvalidConfigurationError` with the problems that the config has whatever its data are.
    """
    try:
        return experiment_of(config)
    except InvalidConfigurationError as error:
        recipe = recipe_of(config)
        if recipe is None:
            raise
        original = error
    try:
        return _possible_experiment(config, recipe)
    except InvalidConfigurationError as error:
        if error.by_path:
            raise
    # Whether the config is valid depends on the data. They can be read all the same, with an experiment that
    # lacks the sections in doubt; `resolve` checks the whole config once the data are known.
    try:
        return experiment_of({key: value for key, value in config.items() if key not in COMPLETED})
    except InvalidConfigurationError:
        raise original from None


def _possible_experiment(config: Mapping[str, Any], recipe: Recipe) -> Experiment:
    """An experiment that the config may become, beside the recipe's values for one of the `EXTREMES`.

    If there is none, raises `InvalidConfigurationError` with the problems that it has in both cases.
    """
    checker = ConfigChecker(None, checks_search=False)
    own_problems = cache(partial(checker.problems, config))
    attempts: list[InvalidConfigurationError] = []
    for facts in EXTREMES:
        provenance = fill_in(config, recipe_values(recipe, facts), checker, own_problems)
        try:
            return checker.experiment(provenance.config)
        except InvalidConfigurationError as error:
            attempts.append(error)
    first, second = attempts
    second_problems = second.by_path.items()
    raise InvalidConfigurationError(dict(item for item in first.by_path.items() if item in second_problems))
