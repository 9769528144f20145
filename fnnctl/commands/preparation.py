"""What `search`, `plan` and `check` do first: a search whose config, data and space are sound."""

from __future__ import annotations

from dataclasses import dataclass

from fnnctl.data.splits.parts import Split
from fnnctl.modelling.fit import Fit, with_data_facts
from fnnctl.modelling.loading import LoadedExperiment, split_data
from fnnctl.search.setup import SearchSetup, set_up
from fnnctl.stacks.search_memory import refuse_too_large
from fnnctl.stacks.trial_fits import TrialFits, trial_rows


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """A search whose config, data and space are sound."""

    loaded: LoadedExperiment
    setup: SearchSetup
    split: Split
    fits: TrialFits

    @property
    def warnings(self) -> list[str]:
        """What was noticed while the data were read."""
        return list(self.loaded.data.warnings)

    def base_fit(self) -> Fit:
        """The fit of the config itself, which stands for the size of the trials' networks."""
        return self.loaded.fit(self.split)


def prepare_search(
    loaded: LoadedExperiment, *, max_trials: int | None, horizon: int | None = None
) -> PreparedSearch:
    """Divide the rows, plan, and see to it that every network fits into the memory; raises `InputError`."""
    data = loaded.data
    experiment = with_data_facts(loaded.experiment, data.dataset)
    with loaded.config.located():
        setup = set_up(loaded.config, experiment, data, max_trials=max_trials, horizon=horizon)
        split = split_data(data, loaded.experiment)
        refuse_too_large(TrialFits(data, setup.configs, (split,)), setup.space)
        fits = TrialFits(data, setup.configs, trial_rows(data, loaded.experiment, split))
    return PreparedSearch(loaded, setup, split, fits)
