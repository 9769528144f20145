"""The first step of `search`, `plan` and `check`: validates a search's config, data and space."""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.data.splits.parts import Split
from fnnctl.errors import ConfigError, Problem
from fnnctl.modelling.fit import Fit, with_data_facts
from fnnctl.modelling.loading import LoadedExperiment, split_data
from fnnctl.search.setup import SearchSetup, set_up
from fnnctl.stacks.search_memory import refuse_too_large
from fnnctl.stacks.trial_fits import TrialFits, trial_rows


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """A search whose config, data and space are valid."""

    loaded: LoadedExperiment
    setup: SearchSetup
    split: Split
    fits: TrialFits

    @property
    def warnings(self) -> list[str]:
        """Warnings from reading the data."""
        return list(self.loaded.data.warnings)

    def base_fit(self) -> Fit:
        """The fit of the config itself, used as an example of the trials' networks."""
        return self.loaded.fit(self.split)


def prepare_search(
    loaded: LoadedExperiment, *, max_trials: int | None, horizon: int | None = None
) -> PreparedSearch:
    """Split the rows, plan, and check that every network fits into memory; raises `InputError`."""
    _refuse_unsound(loaded)
    data = loaded.data
    experiment = with_data_facts(loaded.experiment, data)
    with loaded.config.located():
        setup = set_up(
            loaded.config.config,
            experiment,
            data.task,
            max_trials=max_trials,
            horizon=horizon,
        )
        split = split_data(data, loaded.experiment)
        refuse_too_large(TrialFits(data, setup.configs, (split,)), setup.space)
        fits = TrialFits(data, setup.configs, trial_rows(data, loaded.experiment, split))
    return PreparedSearch(loaded, setup, split, fits)


def _refuse_unsound(loaded: LoadedExperiment) -> None:
    """Raise `ConfigError` if the config has nothing to search, or if its search section is wrong."""
    search = loaded.experiment.search
    if search is None or not search.space:
        message = "there is nothing to search; write, e.g., {training.l2: {log_uniform: [1e-6, 1e-2]}}"
        with loaded.config.located():
            raise ConfigError(Problem(message, path="search.space"))
    if problems := loaded.search_problems():
        raise ConfigError(*problems)
