"""The fields of a listed run: its facts, its metrics, and the settings of its complete config.

A user names a field in `--where`, `--sort` and `--columns`: a fact (`seed`, `tags`), a metric of the test
part (`accuracy`) or of another one (`validation.loss`, `metrics.train.loss`), a setting
(`config.training.l2`), or the config's `notes`.

Metrics and settings of many runs do not fit into memory: of each run they are read once, for the values of
the asked fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, TypeAlias

from fnnctl.errors import UsageError
from fnnctl.metrics.registry import headline, objectives
from fnnctl.metrics.stored import PARTS, flat_metrics, reported_metrics
from fnnctl.store.listing import RunEntry
from fnnctl.text import did_you_mean

Value: TypeAlias = Any
"""A JSON value; None if a run does not have the field."""
Config: TypeAlias = Mapping[str, Any] | None

CONFIG: Final = "config."
METRICS_PREFIX: Final = "metrics."
NOTES: Final = "notes"
"""The text of the config's notes; the others are settings such as `notes.limits`."""
COLUMNS: Final = "--columns"
"""The option that names several fields."""
PROMOTED: Final = "promoted"
TAGS: Final = "tags"


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run in a list, with what its fields are read from."""

    entry: RunEntry
    metrics: dict[str, Any] | None = None
    """The reported metrics of all parts, while fields are read from them; for a cross-validation, the means
    over the folds."""
    config: Config = None
    """The complete config, while fields are read from it."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """The values of fields that were read before."""

    def with_metrics(self) -> ListedRun:
        """The run with its metrics as reported."""
        return replace(self, metrics=reported_metrics(self.entry.read_metrics()))

    def keeping(self, fields: Iterable[Field]) -> ListedRun:
        """The run with the values of these fields instead of what they are read from."""
        values = {**self.values, **{field.name: field.read(self) for field in fields}}
        return ListedRun(self.entry, values=values)

    @property
    def metric(self) -> tuple[str, float] | None:
        """The label and value of the task's first metric on the test part; None if it has no value."""
        facts = self.entry.facts
        if facts is None or facts.metric is None:
            return None
        return headline(facts.task).label, facts.metric


FACTS: Final[Mapping[str, Callable[[ListedRun], Value]]] = {
    "run": lambda run: run.entry.path.name,
    "name": lambda run: run.entry.facts and run.entry.facts.name,
    "kind": lambda run: run.entry.facts and run.entry.facts.kind,
    "data": lambda run: run.entry.facts and run.entry.facts.data,
    "task": lambda run: run.entry.facts and run.entry.facts.task,
    "status": lambda run: run.entry.displayed_status,
    "metric": lambda run: run.metric and run.metric[1],
    "seed": lambda run: run.entry.facts and run.entry.facts.seed,
    "started": lambda run: run.entry.facts and run.entry.facts.started,
    "finished": lambda run: run.entry.facts and run.entry.facts.finished,
    "duration": lambda run: run.entry.facts and run.entry.facts.seconds,
    PROMOTED: lambda run: run.entry.promoted,
    TAGS: lambda run: None if run.entry.labels_damage else run.entry.labels.tags,
    "note": lambda run: run.entry.labels.note,
}
"""The fields that every run has; `status` is the shown one, and `duration` is in seconds."""
WORDS: Final = (PROMOTED, TAGS)
"""The facts that are several words, or none: a condition is about one of them."""
_SYNONYMS: Final = {"tag": TAGS}
TIMES: Final = ("started", "finished")


class FieldSource(Enum):
    """What a field is read from, the cheapest first."""

    FACTS = "facts"
    METRICS = "metrics"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Field:
    """A field by the name that the user wrote."""

    name: str
    source: FieldSource
    read: Callable[[ListedRun], Value]


def field_of(name: str) -> Field:
    """The field of this name; `refuse_unknown` says whether there is one."""
    name = _SYNONYMS.get(name, name)
    if name in FACTS:
        return Field(name, FieldSource.FACTS, FACTS[name])
    if name.startswith(CONFIG) or name.partition(".")[0] == NOTES:
        path = f"{NOTES}.text" if name == NOTES else name.removeprefix(CONFIG)
        return Field(name, FieldSource.SETTINGS, lambda run: _value(run, name, run.config, path))
    path = metric_path(name)
    return Field(name, FieldSource.METRICS, lambda run: _value(run, name, run.metrics, path))


def _value(run: ListedRun, name: str, source: object, path: str) -> Value:
    return run.values[name] if name in run.values else _inside(source, path)


def metric_path(name: str) -> str:
    """The path of a metric in metrics.json; a name without a part means the test part."""
    path = name.removeprefix(METRICS_PREFIX)
    return path if path != name or path.partition(".")[0] in PARTS else f"test.{name}"


def refuse_unknown(
    asked: Iterable[tuple[str, Field]],
    runs: Sequence[ListedRun],
    load: Callable[[ListedRun], ListedRun] = lambda run: run,
) -> None:
    """Raise `UsageError` for a field that no run has, unless it is the name of a metric.

    Each field comes with the option that names it. Without any run nothing is known of its fields, and
    nothing is refused. `load` gives a run that has all fields of this source.
    """
    for option, unknown in asked:
        is_fact, is_setting = unknown.source is FieldSource.FACTS, unknown.source is FieldSource.SETTINGS
        if not runs or is_fact or unknown.name == NOTES or any(unknown.read(run) is not None for run in runs):
            continue
        path = metric_path(unknown.name)
        if not is_setting and path.partition(".")[2] in objectives():
            continue
        names = {name for run in runs for name in _names(load(run), settings=is_setting)}
        if unknown.name not in names:
            if option == COLUMNS:  # a comma ends a name, unless that is quoted
                names = {f'"{name}"' if "," in name else name for name in names}
            hint = did_you_mean(unknown.name, {*names, NOTES}) or f"; the facts are {', '.join(FACTS)}"
            raise UsageError(f"{option} '{unknown.name}': no run has such a field{hint}")


def _names(run: ListedRun, *, settings: bool) -> Iterator[str]:
    """The names of the fields that the run has; a metric of the test part has three."""
    yield from FACTS
    if settings:
        yield from (f"{CONFIG}{path}" for path in _paths(run.config or {}))
        return
    for path in flat_metrics(run.metrics or {}):
        part, _, name = path.partition(".")
        yield f"{METRICS_PREFIX}{path}"
        if part in PARTS:
            yield path
        if part == "test":
            yield name


def _paths(section: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in section.items():
        yield f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}{key}.")


def _inside(value: object, path: str) -> Value:
    """The value at a path; keys, such as names of classes, may contain dots themselves."""
    if not isinstance(value, Mapping):
        return None
    if path in value:
        return value[path]
    dot = path.find(".")
    while dot > 0:
        inner = _inside(value.get(path[:dot]), path[dot + 1 :])
        if inner is not None:
            return inner
        dot = path.find(".", dot + 1)
    return None
