"""Whether there is memory for every network that a search may choose, before it trains the first."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fnnctl.arrays import IntArray
from fnnctl.commands.preparation import Fitted, Source, fit_whatever_its_size, too_large
from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.errors import ConfigError, InputError
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space
from fnnctl.training.memory import training_bytes

SWEEPS = 2
"""How often each dimension's largest value is looked for, given those of the others."""


def refuse_too_large(source: Source, space: Space, configs: TrialConfigs, train: IntArray) -> None:
    """Raise `ConfigError` where the largest network of the space would take more memory than there is.

    `train` are the training rows. It is looked for dimension by dimension, at the ends of ranges and among
    the values of choices; what is refused otherwise is left to its trial.
    """
    sizes = _Sizes(source, configs, train)
    values: dict[str, Any] = {each.name: each.domain.values_to_try()[-1] for each in space.dimensions}

    for _ in range(SWEEPS):
        for each in space.dimensions:
            others = ({**values, each.name: value} for value in each.domain.values_to_try())
            options = [values, *others]  # of equal ones the first is taken: large numbers stay
            values = max(options, key=lambda changed: sizes.bytes_of(space.assignment_of(changed)))
    largest = space.assignment_of(values)
    fitted = sizes.fitted(largest)
    if fitted and (message := too_large(fitted.settings, rows=len(source.dataset))):
        chosen = f"with {flow_yaml(dict(largest))}, {message}"
        raise ConfigError(source.loaded.problem("search.space", chosen))


class _Sizes:
    """The networks of assignments; preprocessing that several have in common is fitted once."""

    def __init__(self, source: Source, configs: TrialConfigs, train: IntArray) -> None:
        self._source, self._configs, self._train = source, configs, train
        self._preprocessors: dict[str, Preprocessor] = {}

    def bytes_of(self, assignment: Assignment) -> int:
        """What training would take; 0 where the assignment is refused."""
        fitted = self.fitted(assignment)
        return training_bytes(fitted.settings, rows=len(self._source.dataset)) if fitted else 0

    def fitted(self, assignment: Assignment) -> Fitted | None:
        """The network; None where the assignment is refused."""
        try:
            experiment = self._configs.experiment_of(assignment)
            key = json.dumps(experiment.data.model_dump(), sort_keys=True)
            loaded = replace(self._source.loaded, experiment=experiment)
            source = replace(self._source, loaded=loaded)
            known = self._preprocessors.get(key)
            fitted = fit_whatever_its_size(source, self._train, preprocessor=known)
        except InputError:
            return None
        self._preprocessors[key] = fitted.preprocessor
        return fitted
