"""The settings that a training keeps of the run that it goes on from, whose weights belong to them.

What the config leaves open is filled in from the run, not from the recipe, whose values follow from the rows.
What it sets must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fnnctl.config.paths import ConfigPath, format_path, is_below
from fnnctl.config.problems import predicate
from fnnctl.config.reading.resolved import active_settings
from fnnctl.config.recipes.written import NAME, gives, outside_search, settings_in, value_of
from fnnctl.config.rules.plain_config import is_set, takes_any_key, value_at, with_value
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.records import setting_records
from fnnctl.config.schema.section import plain
from fnnctl.config.schema.warm_start import WARM_START
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import Problem

AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Inheritance:
    """A run, and its complete experiment."""

    run: str
    """Its name in messages."""
    experiment: Experiment

    def fill_in(self, config: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[ConfigPath]]:
        """The config with the run's values where it leaves a setting open, or to `auto`, and their paths.

        The hyperparameters of another choice, such as of an output, are not filled in.
        """
        settings = list(settings_in(outside_search(config)))
        values = dict(_inherited(active_settings(self.experiment, nulls=True)))
        foreign = {
            path[:-1]
            for path, value in values.items()
            if path[-1] == NAME and gives(settings, path) and value_of(config, path) not in (value, AUTO)
        }
        filled_in = []
        for path, value in values.items():
            is_open = not gives(settings, path) or value_of(config, path) == AUTO
            if is_open and not is_below(path, foreign):
                config = with_value(config, path, value)
                filled_in.append(path)
        return config, filled_in

    def differences(self, experiment: Experiment) -> Iterator[Problem]:
        """What an experiment has otherwise than the run, each with the path of the setting."""
        values = dict(_inherited(plain(experiment)))
        run_values = dict(_inherited(plain(self.experiment)))
        for path in {**run_values, **values}:
            if values.get(path) != run_values.get(path):
                problem = predicate(
                    "must be {value}, as in {run}, whose networks are trained on",
                    WARM_START,
                    advice=f"remove this setting, or {WARM_START}",
                    value=flow_yaml(run_values.get(path)),
                    run=self.run,
                )
                yield replace(problem, path=format_path(path))


def _inherited(values: Mapping[str, Any]) -> Iterator[tuple[ConfigPath, Any]]:
    """The innermost inherited settings of a complete config, without those that it lacks because they have
    no effect; a list is one setting.
    """
    for record in setting_records():
        if record.setting.is_inherited and is_set(values, record.path):
            yield from _inside(record.path, value_at(values, record.path))


def _inside(path: ConfigPath, value: Any) -> Iterator[tuple[ConfigPath, Any]]:
    if not isinstance(value, Mapping) or takes_any_key(path):
        yield path, value
        return
    for key, inner in value.items():
        yield from _inside((*path, key), inner)
