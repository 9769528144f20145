"""Writes a complete experiment as YAML that gives the equal experiment when it is loaded."""

from __future__ import annotations

import sys
from typing import Any

import yaml

from fnnctl.config.paths import is_below
from fnnctl.config.reading.yaml_reader import plain_scalar
from fnnctl.config.rules.unread import unread_settings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import Section

_FIRST_LINE = (
    "# Written by fnnctl: the complete experiment, every default filled in. "
    "`fnnctl {}` with this file repeats the run.\n"
)


def resolved_yaml(experiment: Experiment, *, command: str = "train") -> str:
    """Write the experiment in the models' order, without what nothing reads.

    Floats are written so that they read back exactly. The experiment is one that `load_config` could
    have returned: a setting that nothing reads has its default.
    """
    return _FIRST_LINE.format(command) + _yaml(active_settings(experiment), flow=False)


def flow_yaml(value: Any) -> str:
    """Write a value on one line, as `--set` takes it: `{name: sgd, learning_rate: 0.1}`."""
    return _yaml(value, flow=True).removesuffix("\n").removesuffix("\n...")


def active_settings(experiment: Experiment) -> dict[str, Any]:
    """The experiment as plain values, defaults filled in, without what nothing reads."""
    values: dict[str, Any] = _plain(experiment)
    unread = unread_settings(experiment)
    for path in unread:
        if is_below(path, unread):
            continue
        section: Any = values
        for key in path[:-1]:
            section = section[key]
        section.pop(path[-1], None)
    return values


def _yaml(value: Any, *, flow: bool) -> str:
    return yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=flow,
        width=sys.maxsize,
    )


def _plain(value: Any) -> Any:
    """Turn sections into dicts, without the nulls that stand for themselves, and tuples into lists."""
    if isinstance(value, Section):
        fields = type(value).model_fields
        return {
            key: _plain(inner) for key, inner in value if not (inner is None and fields[key].default is None)
        }
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return value


class _Dumper(yaml.SafeDumper):
    """Writes what YAML 1.1 and YAML 1.2 both read as it is meant."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """PyYAML puts quotes around what YAML 1.1 takes for a number or a word; this, around 1.2's too.

    What cannot be seen is escaped: PyYAML would write line ends of YAML 1.1 as they are.
    """
    style = None if text.isprintable() and isinstance(plain_scalar(text), str) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
