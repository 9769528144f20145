"""Turns plain values, as in a config file, into a complete and checked experiment.

The rules for search spaces take as long to import as everything else here, so only a config with a search
imports them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from fnnctl.config.paths import EARLY_STOPPING, SPACE, VALIDATION, ConfigPath
from fnnctl.config.provenance import Resolved
from fnnctl.config.rules.plain_config import is_set, value_at, without
from fnnctl.config.rules.setting_rules import contradictions, ineffective_settings
from fnnctl.config.rules.trials import searched_sections, trial_configs
from fnnctl.config.rules.validation import InvalidConfigurationError, validated
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lookups import forms_at
from fnnctl.config.schema.lr_schedules import lacks_rows

LEFT_OPEN: Final = "auto"
"""This value turns the setting off, so it may be given even if the setting has no effect."""
RESIDUAL: Final[ConfigPath] = ("model", "residual")


def experiment_of(config: Mapping[str, Any]) -> Experiment:
    """The experiment of a mapping such as `{"data": {"source": "iris"}}`, with its defaults filled in.

    Settings of branches that only trials of its search use are left out. Raises
    `InvalidConfigurationError` with every problem; these have paths but no file.
    """
    active: Any = config
    # Settings of names that only trials have leave first: the schema would refuse them beside the own name.
    for section in searched_sections(config):
        active = section.without_inactive(active)
    try:
        experiment = _completed(active)
    except InvalidConfigurationError as error:
        if not is_set(config, SPACE):
            raise
        from fnnctl.config.rules.search_check import problems_beside

        problems = problems_beside(error.by_path, config) | error.by_path
        raise InvalidConfigurationError(problems) from None
    # Only a valid experiment says which settings nothing reads. Those that are set are errors, unless a trial
    # of the search reads them. That is looked for last, because it takes hundreds of trials.
    ineffective = ineffective_settings(experiment)
    without_effect = {
        path: problem
        for path, problem in ineffective.items()
        if is_set(config, path) and not _is_left_open(path, config) and not _is_off(path, experiment)
    }
    elsewhere = _read_elsewhere(config, without_effect, experiment)
    left_out = set(elsewhere)
    if VALIDATION in ineffective and VALIDATION not in without_effect and is_set(active, VALIDATION):
        left_out.add(VALIDATION)  # it is off, which is not its default
    if left_out:
        # What nothing reads has its default, so that it changes neither `resolved.yaml` nor equality.
        experiment = _completed(without(active, left_out))
    wrong = {path: problem for path, problem in without_effect.items() if path not in elsewhere}
    for path, problem in contradictions(experiment, ineffective).items():
        wrong.setdefault(path, problem)
    if wrong:
        raise InvalidConfigurationError(wrong, experiment)
    return experiment


def _is_left_open(path: ConfigPath, config: Mapping[str, Any]) -> bool:
    """Whether the value is the choice `auto`, not a free text such as the name of a sheet."""
    return value_at(config, path) == LEFT_OPEN and any(
        LEFT_OPEN in form.words for form in forms_at(path, config)
    )


def _is_off(path: ConfigPath, experiment: Experiment) -> bool:
    """Whether a setting without effect is turned off, which does no harm.

    This is so for `residual: false` of a single layer, and for `validation: 0` beside bags.
    """
    model = experiment.model
    if path == VALIDATION:
        return experiment.data.split.validation == 0.0
    return path == RESIDUAL and not model.residual and len(model.hidden) == 1


def _completed(config: Any) -> Experiment:
    """The experiment, including defaults that depend on other settings."""
    experiment = validated(config)
    stopping = experiment.training.early_stopping
    if stopping and lacks_rows(stopping.monitor, experiment) and not is_set(config, EARLY_STOPPING):
        training = experiment.training.model_copy(update={"early_stopping": None})
        experiment = experiment.model_copy(update={"training": training})
    return experiment


def _read_elsewhere(
    config: Mapping[str, Any], ineffective: Collection[ConfigPath], experiment: Experiment
) -> Collection[ConfigPath]:
    """The ineffective settings that a trial of the search or another `--method` reads.

    A setting of the model that is searched for each layer counts: `search.start_from` fills it in.
    """
    if experiment.search is None or not ineffective:
        return ()
    from fnnctl.config.rules.dimensions import dimensions_of
    from fnnctl.config.rules.nearby_trials import read_by_some_trial
    from fnnctl.config.rules.space_check import sound_domains
    from fnnctl.space.dimensions import parents_first
    from fnnctl.space.layers import layer_domains

    dimensions, _ = parents_first(dimensions_of(sound_domains(experiment.search)))
    trials = trial_configs(Resolved.without_recipe(config, experiment), epochs=experiment.training.epochs)
    read = read_by_some_trial(trials, dimensions, [path for path in ineffective if path[0] != "search"])
    filled_in = {("model", key) for key in layer_domains(dimensions)}
    return read | {path for path in ineffective if path[0] == "search" or path in filled_in}
