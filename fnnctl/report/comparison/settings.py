"""What differs between the runs of a comparison: their settings, their data and their versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.report.comparison.sides import Side
from fnnctl.store.folder import RunFolder

LAYERS: Final = "model.hidden"
"""A list of layers is shown as a whole."""
APART: Final = frozenset(
    {"name", "seed", "data.source", "data.sha256", "data.test_source", "data.test_sha256"}
)
"""Settings that say which run it is and where its data are."""
UNSET: Final = "–"


def different_settings(sides: Sequence[Side]) -> list[tuple[str, tuple[str, ...]]]:
    """The settings of the complete configs that differ, each with its value in every run.

    A setting that a run does not have, or whose config is gone, is `–`. Those in `APART` are left out.
    """
    configs = [_settings(side) for side in sides]
    paths = dict.fromkeys(path for config in configs for path in config)
    rows = ((path, tuple(config.get(path, UNSET) for config in configs)) for path in paths)
    return [(path, values) for path, values in rows if path not in APART and len({*values}) > 1]


def different_facts(sides: Sequence[Side]) -> list[tuple[str, tuple[str, ...]]]:
    """What differs besides the settings: seeds, data, versions and processors."""
    manifests = [side.manifest for side in sides]
    rows = {
        "seed": [UNSET if each.seed is None else str(each.seed) for each in manifests],
        "data": [each.data.source for each in sides],
        "SHA-256 of the data": [each.data_key[:12] for each in sides],
        "rows": [f"{each.data.rows:,}" for each in sides],
        "fnnctl": [each.fnnctl or UNSET for each in manifests],
        "NumPy": [each.packages.get("numpy") or UNSET for each in manifests],
        "git commit": [each.git.commit[:12] if each.git else UNSET for each in manifests],
        "processor": [each.processor.model or UNSET for each in manifests],
    }
    return [(name, tuple(values)) for name, values in rows.items() if len({*values}) > 1]


def resolved_file(side: Side) -> Path | None:
    """The complete config of what was scored; for an evaluation on a file, of the network's run."""
    folders = [side.scored]
    if evaluated := side.manifest.evaluated:
        folders.append(RunFolder(Path(evaluated.run)))
    return next((each.path / "resolved.yaml" for each in folders if each.read_resolved() is not None), None)


def _settings(side: Side) -> dict[str, str]:
    file = resolved_file(side)
    content = RunFolder(file.parent).read_resolved() if file else None
    if content is None:
        return {}
    values = read_yaml(content.decode("utf-8")).value
    return dict(_flat(values, ""))


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each setting that is no section, as YAML on one line."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, layers_text(value) if path == LAYERS else flow_yaml(value)


def layers_text(value: Any) -> str:
    """Layers as their units, if they have nothing else: `[100, 50]`."""
    if isinstance(value, list) and all(isinstance(each, dict) and {*each} == {"units"} for each in value):
        return flow_yaml([each["units"] for each in value])
    return flow_yaml(value)
