"""Writes a complete experiment as YAML that loads as an equal experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fnnctl.config.paths import is_below
from fnnctl.config.rules.unread import unread_settings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import plain
from fnnctl.config.yaml_text import block_yaml

if TYPE_CHECKING:
    from fnnctl.config.rules.trials import TrialConfigs

_FIRST_LINE = (
    "# Written by fnnctl: the complete experiment, every default filled in. "
    "`fnnctl {}` with this file repeats the run.\n"
)


def resolved_yaml(
    experiment: Experiment, *, command: str = "train", trials: TrialConfigs | None = None
) -> str:
    """Write the experiment in the order of the schema, without settings that have no effect.

    Floats are written so that they are read back exactly. The experiment must be complete, as `load_config`
    returns it: settings without effect are at their defaults. For `trials`, see `active_settings`.
    """
    return _FIRST_LINE.format(command) + block_yaml(active_settings(experiment, trials))


def active_settings(experiment: Experiment, trials: TrialConfigs | None = None) -> dict[str, Any]:
    """The experiment as plain values, defaults filled in, without settings that have no effect.

    With the `trials` of its search, the values are adapted so that they give the same trials: see
    `TrialConfigs.for_all_trials`.
    """
    values: dict[str, Any] = plain(experiment)
    unread = unread_settings(experiment)
    for path in unread:
        if is_below(path, unread):
            continue
        section: Any = values
        for key in path[:-1]:
            section = section[key]
        section.pop(path[-1], None)
    return trials.for_all_trials(values, experiment) if trials else values
