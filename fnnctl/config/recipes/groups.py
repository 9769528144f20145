"""The groups of settings that a recipe fills in, and the groups that a config has settings of.

Settings of one group are tuned to one another. So if the config sets or searches a single one of them, the
recipe leaves the whole group alone, and what is unset there has its classic value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, Final, Literal, get_args

from fnnctl.config.paths import SPACE, ConfigPath, parse_path
from fnnctl.config.rules.plain_config import is_set, value_at
from fnnctl.config.schema.section import written_out

Group = Literal["input", "architecture", "optimization", "regularization", "members", "output", "calibration"]
RECIPE: Final[ConfigPath] = ("recipe",)
SHORT: Final = ("name", "members")
"""The settings inside others that a short form may give, such as `ensemble: 4`."""
EARLY_STOPPING: Final[ConfigPath] = ("training", "early_stopping")
GROUP_NAMES: Final[tuple[Group, ...]] = get_args(Group)

GROUPS: Final[Mapping[Group, tuple[str, ...]]] = {
    "input": (
        "data.scaling",
        "model.scaling_layer",
        "model.numeric_embedding",
    ),
    "architecture": (
        "model.hidden",
        "model.activation",
        "model.initialization",
        "model.initial_biases",
        "model.normalization",
        "model.residual",
    ),
    "optimization": (
        "training.epochs",
        "training.batch_size",
        "training.optimizer",
        "training.lr_schedule",
        "training.horizon",
        "training.clip_norm",
        "training.clip_value",
        "training.parametrization",
    ),
    "regularization": (
        "training.l2",
        "training.l1",
        "training.max_norm",
        "training.label_smoothing",
        "training.input_noise",
        "training.mixup",
        "training.averaging",
        "training.optimizer.weight_decay",
        "model.dropout",
        "model.hidden.dropout",
    ),
    "members": (
        "model.ensemble",
        "training.early_stopping",
        "training.convergence",
    ),
    "output": (
        "model.output",  # recipes leave it alone, but older complete configs, which have it, get no limits
        "model.clip_outputs",
    ),
    "calibration": ("model.calibration",),
}  # fmt: skip
"""The settings of each group, with everything inside them that is not a setting of another group."""

_GROUP_OF: Final[Mapping[ConfigPath, Group]] = {
    parse_path(setting): group for group, settings in GROUPS.items() for setting in settings
}


def needed_group(path: ConfigPath, value: Any) -> Group | None:
    """The group without whose recipe values a recipe's value makes no sense; None if it needs no other.

    Without a patience all epochs are trained. This is right if the recipe's schedule has brought the rate to
    0 by then, and a waste if the epochs and the rate are classic.
    """
    never_stops = path == EARLY_STOPPING and isinstance(value, Mapping) and value.get("patience", 0) is None
    return "optimization" if never_stops else None


def group_of(path: ConfigPath) -> Group | None:
    """The group of a setting, also of one inside a grouped setting; None if it has none."""
    names = tuple(part for part in path if isinstance(part, str))
    prefixes = (names[:depth] for depth in range(len(names), 0, -1))
    return next((_GROUP_OF[prefix] for prefix in prefixes if prefix in _GROUP_OF), None)


def classic_groups(config: Mapping[str, Any]) -> dict[Group, ConfigPath]:
    """The groups that a config sets or searches, each with the first such setting."""
    groups: dict[Group, ConfigPath] = {}
    for path in settings_in(config):
        group = group_of(path)
        if group is not None:
            whole = tuple(takewhile(lambda part: isinstance(part, str), path))
            groups.setdefault(group, whole if group_of(whole) == group else path)
    return groups


def classic_clause(group: Group) -> str:
    """The clause that says that a group is classic."""
    return f"the {group} {'are' if group == 'members' else 'is'} classic"


def set_or_searched(config: Mapping[str, Any], path: ConfigPath) -> str:
    """How a config gives a setting: by setting it, or only by searching it."""
    outside = {key: value for key, value in config.items() if key != SPACE[0]}
    return "set" if is_set(outside, path) or value_at(outside, path) is not None else "searched"


def completed_value(config: Mapping[str, Any], path: ConfigPath, value: Any) -> Any:
    """A recipe's value of a setting beside what the config sets inside the setting, which counts."""
    config_value, section = value_at(config, path), written_out(value, SHORT)
    if isinstance(config_value, Mapping) and isinstance(section, Mapping):
        return {**section, **config_value}
    return config_value if is_set(config, path) else value


def settings_in(config: Mapping[str, Any]) -> Iterator[ConfigPath]:
    """The settings that a config sets, then those that it searches; the innermost ones."""
    for key, value in config.items():
        if key != SPACE[0]:
            yield from _inside((key,), value)
    for key, domain in searched(config).items():
        choices = domain.get("choice") if isinstance(domain, Mapping) else None
        for value in choices if isinstance(choices, list) else [None]:
            yield from _inside(parse_path(key), value)


def searched(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The search space as it is written."""
    space = value_at(config, SPACE)
    return space if isinstance(space, Mapping) else {}


def _inside(path: ConfigPath, value: Any) -> Iterator[ConfigPath]:
    inner = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    paths = [setting for key, entry in inner for setting in _inside((*path, key), entry)]
    yield from paths or [path]
