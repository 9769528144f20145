"""Writes a complete experiment as YAML that loads as an equal experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fnnctl.config.paths import is_below
from fnnctl.config.rules.setting_rules import ineffective_settings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import plain
from fnnctl.config.yaml_text import block_yaml

if TYPE_CHECKING:
    from fnnctl.config.rules.trials import TrialConfigs

FORMER_FIRST_LINE: Final = "# Written by fnnctl: the complete experiment, every default filled in. "
"""The beginning of files of fnnctl 0.2 and before, which lack `complete: true` and nulls."""
_FIRST_LINE: Final = "# Written by fnnctl: every setting of the run. `fnnctl {}` with this file repeats it.\n"


def resolved_yaml(
    experiment: Experiment, *, command: str = "train", trials: TrialConfigs | None = None
) -> str:
    """Write the experiment in the order of the schema, without settings that have no effect.

    Floats are written so that they are read back exactly. The experiment must be complete, as `load_config`
    returns it: settings without effect are at their defaults. For `trials`, see `active_settings`.
    """
    # In a section whose name is searched, a null may be a hyperparameter that some trials do not have.
    marked = experiment.model_copy(update={"complete": True})
    values = active_settings(marked, trials, nulls=experiment.search is None)
    return _FIRST_LINE.format(command) + block_yaml(values)


def active_settings(
    experiment: Experiment, trials: TrialConfigs | None = None, *, nulls: bool = False
) -> dict[str, Any]:
    """The experiment as plain values, defaults filled in, without settings that have no effect.

    With the `trials` of its search, the values are adapted so that they give the same trials: see
    `TrialConfigs.for_all_trials`. `nulls` says whether there are settings that are null by default.
    """
    values: dict[str, Any] = plain(experiment, nulls=nulls)
    values.pop("extends", None)  # what the config builds on is in it
    ineffective = ineffective_settings(experiment)
    for path in ineffective:
        if is_below(path, ineffective):
            continue
        section: Any = values
        for key in path[:-1]:
            section = section[key]
        section.pop(path[-1], None)
    search = experiment.search
    if search is not None and search.is_auto:
        # What is not set follows from the data when a search begins.
        values["search"] = plain(search.model_dump(exclude_unset=True))
    return trials.for_all_trials(values, experiment) if trials else values
