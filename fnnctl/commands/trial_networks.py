"""A trial as what is trained: its experiment, and a network for each unit of the search."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from fnnctl.commands.preparation import Fitted, completed, fit
from fnnctl.commands.search_setup import PreparedSearch, Unit
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.errors import InputError
from fnnctl.records.trials import Trial
from fnnctl.seeds import fold_seed
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.recipe import member_of


class FailedTrialError(Exception):
    """No network can be made of the trial's configuration; it says why."""


@dataclass(frozen=True, slots=True)
class TrialNetwork:
    """What a trial trains on one unit."""

    settings: StackSettings
    member: Member
    preprocessor: Preprocessor


@dataclass(frozen=True, slots=True)
class TrialNetworks:
    """A trial's networks, one a unit."""

    experiment: Experiment
    """With everything that depends on the data filled in, as `fnnctl train` would."""
    preprocessing: str
    """What trials whose features are alike have in common."""
    networks: tuple[TrialNetwork, ...]


class NetworkMaker:
    """Makes the networks of trials; preprocessing that several have in common is fitted once."""

    def __init__(self, search: PreparedSearch) -> None:
        self._search = search
        self._fitted: dict[tuple[str, int], Preprocessor] = {}

    def networks(self, trial: Trial) -> TrialNetworks:
        """The trial's networks; raises `FailedTrialError`."""
        try:
            experiment = self._search.configs.experiment_of(trial.assignment)
            source = self._search.source
            source = replace(source, loaded=replace(source.loaded, experiment=experiment))
            key = json.dumps(experiment.data.model_dump(), sort_keys=True)
            fitted = []
            for index, unit in enumerate(self._search.units):
                made = fit(source, unit.split.train, preprocessor=self._fitted.get((key, index)))
                self._fitted[key, index] = made.preprocessor
                fitted.append(made)
        except InputError as error:
            raise FailedTrialError(
                "; ".join(f"{each.path}: {each.message}" for each in error.problems)
            ) from error
        complete = completed(experiment, source.dataset, fitted[0].settings, threads=1)
        seed = configuration_seed(complete)
        units = zip(self._search.units, fitted, strict=True)
        networks = tuple(_network(complete, seed, unit, made) for unit, made in units)
        return TrialNetworks(complete, key, networks)


def _network(experiment: Experiment, seed: int, unit: Unit, fitted: Fitted) -> TrialNetwork:
    member = member_of(
        experiment,
        seed=seed if unit.fold is None else fold_seed(seed, *unit.fold),
        train_rows=unit.split.train,
        validation_rows=unit.split.validation,
        weights=fitted.weights,
    )
    return TrialNetwork(fitted.settings, member, fitted.preprocessor)
