"""A comparison of runs, as a value from which every format is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fnnctl.config.paths import format_path
from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.config.schema.records import setting_records
from fnnctl.config.schema.section import plain
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import UsageError
from fnnctl.metrics.registry import is_loss
from fnnctl.modelling.run_plugins import require_plugins
from fnnctl.plugins import current
from fnnctl.report.comparison.compared_run import (
    ComparedRun,
    default_metric,
    read_compared_run,
    require_same_meaning,
    require_same_target,
)
from fnnctl.report.comparison.pairs import Pair, compared_pairs
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import MANIFEST, RESOLVED

LAYERS: Final = "model.hidden"
"""A list of layers is shown as a whole."""
APART: Final = frozenset(
    {"name", "seed", "complete", "data.source", "data.sha256", "data.test_source", "data.test_sha256"}
)
"""Settings that say which run it is and where its data are, and that its config has every setting."""
BAGS: Final = "model.ensemble.bags"
VALIDATION: Final = "data.split.validation"
"""With bags there is no validation part, except in the trials of a search."""
UNSET: Final = "–"
SEARCHED: Final = "searched"
"""Stands for the values of a searched setting in the trials of an ensemble."""
NULL: Final = "null"


def different_settings(runs: Sequence[ComparedRun]) -> list[tuple[str, tuple[str, ...]]]:
    """The settings of the complete configs that differ, each with its value in every run.

    A setting that a run does not have, or whose config is gone, is `–`, and one in which the trials of an
    ensemble may differ is `searched`. Those in `APART` are left out.
    fnnctl 0.2 and before left out nulls, so a null is no difference to a setting that is not there; nor is
    the default of a setting that earlier versions did not have.
    """
    added = _defaults_of_added_settings()
    configs = [(_settings(run), _searched_paths(run)) for run in runs]
    paths = dict.fromkeys(path for config, _ in configs for path in config if path not in APART)
    rows = (
        (path, tuple(_value_of(path, config, searched) for config, searched in configs)) for path in paths
    )
    return [
        (path, values)
        for path, values in rows
        if len({UNSET if value in (NULL, added.get(path)) else value for value in values}) > 1
    ]


def _defaults_of_added_settings() -> Mapping[str, str]:
    """The defaults of the settings that earlier versions did not have, as YAML on one line."""
    return {
        format_path(record.path): flow_yaml(plain(record.info.default))
        for record in setting_records()
        if record.setting.since is not None
    }


def other_differences(runs: Sequence[ComparedRun]) -> list[tuple[str, tuple[str, ...]]]:
    """What differs besides the settings: seeds, data, versions and processors."""
    manifests = [run.manifest for run in runs]
    rows = {
        "seed": [UNSET if manifest.seed is None else str(manifest.seed) for manifest in manifests],
        "data": [run.data.source for run in runs],
        "SHA-256 of the data": [run.data_key[:12] for run in runs],
        "rows": [f"{run.data.rows:,}" for run in runs],
        "fnnctl": [manifest.fnnctl or UNSET for manifest in manifests],
        "NumPy": [manifest.packages.get("numpy") or UNSET for manifest in manifests],
        "git commit": [manifest.git.commit[:12] if manifest.git else UNSET for manifest in manifests],
        "processor": [manifest.processor.model or UNSET for manifest in manifests],
    }
    return [(name, tuple(values)) for name, values in rows.items() if len({*values}) > 1]


def resolved_run(run: ComparedRun) -> RunFolder | None:
    """The run that has the complete config of what was scored.

    It is the network's run for an evaluation on a file, and the best trial's for an ensemble of trials, which
    has no one config.
    """
    folder = _scored_network(run)
    if folder is not None and has_several_configs(run):
        return RunFolder(folder.path.parent).winner()
    return folder


def has_several_configs(run: ComparedRun) -> bool:
    """Whether an ensemble of trials was scored, so that `resolved_run` has only the best trial's config."""
    folder = _scored_network(run)
    return folder is not None and folder.has(MANIFEST) and folder.read_manifest().selection is not None


def _scored_network(run: ComparedRun) -> RunFolder | None:
    folders = [run.scored]
    if (evaluated := run.manifest.evaluated) and evaluated.run:
        folders.append(RunFolder(Path(evaluated.run)))
    return next((folder for folder in folders if folder.has(RESOLVED)), None)


def _searched_paths(run: ComparedRun) -> list[str]:
    """The settings in which the trials of a scored ensemble may differ; none for other networks."""
    folder = _scored_network(run)
    content = folder.read_resolved() if folder and has_several_configs(run) else None
    return [] if content is None else [*read_yaml(content.decode("utf-8")).value["search"]["space"]]


def _value_of(path: str, config: Mapping[str, str], searched: Sequence[str]) -> str:
    if any(f"{path}.".startswith(f"{setting}.") for setting in searched):
        return SEARCHED
    return config.get(path, UNSET)


def _settings(run: ComparedRun) -> dict[str, str]:
    """The settings of the network that was scored; those that only a search's trials read are left out."""
    folder = resolved_run(run)
    content = folder.read_resolved() if folder else None
    if content is None:
        return {}
    values = read_yaml(content.decode("utf-8")).value
    settings = {path: text for path, text in _flat(values, "") if path.partition(".")[0] != "search"}
    if settings.get(BAGS) == "true":
        settings.pop(VALIDATION, None)
    return settings


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each setting that is no section, as YAML on one line."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, layers_text(value) if path == LAYERS else flow_yaml(value)


def layers_text(value: Any) -> str:
    """Layers as their units, if they have nothing else: `[100, 50]`."""
    if isinstance(value, list) and all(isinstance(layer, dict) and {*layer} == {"units"} for layer in value):
        return flow_yaml([layer["units"] for layer in value])
    return flow_yaml(value)


MAX_RUNS: Final = 20
"""More runs have more than 190 pairs, of which Holm's correction leaves no small difference."""

Values = tuple[str, tuple[str, ...]]
"""A name, and its value in each run."""


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs or more, and every pair of them."""

    metric: str
    runs: tuple[ComparedRun, ...]
    pairs: tuple[Pair, ...]
    settings: tuple[Values, ...]
    """The settings that differ."""
    other_differences: tuple[Values, ...]
    """What else differs."""
    tests: int
    """The number of tests for which p is corrected: that of the pairs or, with several targets, of all."""

    @property
    def ranked(self) -> list[int]:
        """The indices of the runs, the best first; ties in the order of the runs."""
        sign = 1 if is_loss(self.metric) else -1
        return sorted(range(len(self.runs)), key=lambda index: sign * self.runs[index].value)

    def pair(self, *indices: int) -> Pair:
        """The pair of two runs."""
        first, second = sorted(indices)
        return next(pair for pair in self.pairs if (pair.first, pair.second) == (first, second))


def compare_runs(runs: Sequence[RunFolder], metric: str | None = None) -> RunComparison:
    """Compare a metric of the runs, by default the first one of their task.

    Raises `UsageError` for fewer than two runs or too many, for a run that is named twice, for one without
    the metric, and for runs with different targets; `PluginError` for the metric of a package that is not
    installed or not allowed, and `DataError` for damaged files.
    """
    require_different(runs)
    require_same_target(runs, metric)
    metric = metric or default_metric(runs[0])
    compared = read_compared_runs(runs, metric)
    pairs = tuple(compared_pairs(compared, metric))
    settings, differences = tuple(different_settings(compared)), tuple(other_differences(compared))
    return RunComparison(metric, compared, pairs, settings, differences, len(pairs))


def read_compared_runs(runs: Sequence[RunFolder], metric: str) -> tuple[ComparedRun, ...]:
    """The runs with the metric, which means the same in all of them; see `compare_runs`."""
    if metric in current().described_metrics:  # its formula is needed, which is that of a package
        for run in runs:
            require_plugins(run, ["metric"])
    compared = tuple(read_compared_run(run, metric) for run in runs)
    require_same_meaning(compared, metric)
    return compared


def require_different(runs: Sequence[RunFolder]) -> None:
    """Raise `UsageError` for fewer than two runs or too many, and for a run that is named twice."""
    paths = [run.path.resolve() for run in runs]
    if len(runs) > MAX_RUNS:
        raise UsageError(f"{len(runs)} runs cannot be compared at once: name at most {MAX_RUNS}")
    for index, path in enumerate(paths):
        if path in paths[:index]:
            raise UsageError(f"{runs[index].path} is named twice: a run can only be compared with others")
    if len(runs) < 2:
        raise UsageError(
            "compare needs two runs or more, as in `fnnctl compare RUN RUN`; `fnnctl runs` lists them"
        )
