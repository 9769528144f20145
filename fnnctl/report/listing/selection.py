"""Which runs a list has and in which order, and which of them `fnnctl runs prune` removes.

A condition such as `metrics.test.accuracy>0.95` is never met by a run without the field, except `FIELD=null`:
a run about which nothing is known must not be removed by accident.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from fnnctl.errors import UsageError, for_each
from fnnctl.report.listing.fields import (
    COLUMNS,
    PROMOTED,
    TAGS,
    TIMES,
    WORDS,
    Config,
    Field,
    FieldSource,
    ListedRun,
    Value,
    field_of,
    refuse_unknown,
)
from fnnctl.store.listing import DAMAGED, DIED, STATUSES, RunEntry
from fnnctl.text import did_you_mean, natural_key

ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
EQUALITY: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"=": operator.eq, "!=": operator.ne}
CONTAINS: Final = "~"
NO_VALUES: Final = (None, ())
SHOWN_STATUSES: Final = (*STATUSES, DIED, DAMAGED)

_SIGN = re.compile(r"<=|>=|!=|==|[<>=~]")
_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?)?)?)?")


@dataclass(frozen=True, slots=True)
class RunCondition:
    """A comparison of a field with a value."""

    text: str
    """As the user wrote it."""
    field: Field
    sign: str
    """One of `ORDER`, `EQUALITY` or `CONTAINS`."""
    value: str
    alternatives: tuple[RunCondition, ...] = ()
    """What else the text may mean: the name of a class, such as `<=50K`, has signs in it."""

    @property
    def readings(self) -> tuple[RunCondition, ...]:
        """All that the text may mean, the shortest field first."""
        return self, *self.alternatives

    def meant(self, runs: Sequence[ListedRun]) -> RunCondition:
        """The first reading whose field some run has; without any, the one with the shortest field."""
        for reading in self.readings if self.alternatives else ():
            values = (reading.field.read(run) for run in runs)
            if any(value is not None and not isinstance(value, Mapping) for value in values):
                return reading
        return self

    def refuse_order_of_texts(self, runs: Sequence[ListedRun]) -> None:
        """Raise `UsageError` if it asks for an order, and no run has a number there, but some have a text."""
        if self.sign in EQUALITY or self.sign == CONTAINS or self.field.name in TIMES:
            return
        values = [value for run in runs if (value := self.field.read(run)) is not None]
        if self.field.name in WORDS or (values and not any(map(_is_number, values))):
            raise self._error(f"{self.field.name} is not a number; compare it with =, != or ~")

    def holds(self, run: ListedRun) -> bool:
        """Whether the run meets the condition; a text is neither above nor below a number.

        Raises `UsageError` if the condition's value cannot be compared with numbers.
        """
        value = self.field.read(run)
        if self.field.name in WORDS:
            return self._holds_for_words(value)
        if self.value == "null":
            return (value is None) == (self.sign == "=")
        if value is None:
            return False
        if self.sign == CONTAINS:
            return self.value.casefold() in value_text(value).casefold()
        if self.field.name in TIMES:  # to the precision of the condition: all of a day is equal to it
            return {**ORDER, **EQUALITY}[self.sign](value[: len(self.value)], self.value)
        if _is_number(value):
            return self._holds_for(value)
        return self.sign in EQUALITY and EQUALITY[self.sign](value_text(value), self.value)

    @property
    def requires_word(self) -> bool:
        """Whether only runs with tags meet it or, of promoted names, only promoted runs."""
        return self.field.name in WORDS and (self.sign == "!=") == (self.value == "null")

    def _holds_for_words(self, words: Sequence[str] | None) -> bool:
        """Whether it holds for one of the words; `!=` holds if it is none of them, also of no words."""
        if words is None:
            return False
        if self.value == "null":
            return (not words) == (self.sign == "=")
        if self.sign == CONTAINS:
            return any(self.value.casefold() in word.casefold() for word in words)
        return (self.value in words) == (self.sign == "=")

    def _holds_for(self, value: float) -> bool:
        number = _number(self.value)
        if number is not None:
            return {**ORDER, **EQUALITY}[self.sign](value, number)
        if self.sign in ORDER:
            raise self._error(f"'{self.value}' is not a number")
        return self.sign == "!="

    def _error(self, message: str) -> UsageError:
        return UsageError(f"--where '{self.text}': {message}")


def parse_conditions(texts: Sequence[str]) -> list[RunCondition]:
    """Parse `FIELD OPERATOR VALUE` texts; raises `UsageError` with one problem per invalid text."""
    return for_each(texts, _parse)


def _parse(text: str) -> RunCondition:
    splits = [
        (name, sign[0], text[sign.end() :].strip())
        for sign in _SIGN.finditer(text)
        if (name := text[: sign.start()].strip()) and not name.endswith(".")
    ]
    if not splits:
        raise UsageError(
            f"--where '{text}': write FIELD OPERATOR VALUE in quotes, as in 'accuracy>0.95'; the operators "
            "are =, !=, <, <=, > and >=, and ~ for a text that contains another"
        )
    if problem := _problem(*splits[0]):
        raise UsageError(f"--where '{text}': {problem}")
    first, *alternatives = (_condition(text, *split) for split in splits if not _problem(*split))
    if first.field.source is FieldSource.FACTS:
        return first
    return replace(first, alternatives=tuple(alternatives))


def _condition(text: str, name: str, sign: str, value: str) -> RunCondition:
    value = _unquoted(value)
    if name in TIMES and sign != CONTAINS:
        value = _time(value)
    return RunCondition(text, field_of(name), "=" if sign == "==" else sign, value)


def _problem(name: str, sign: str, value: str) -> str | None:
    """What is wrong with a condition whatever the runs are; None if nothing is."""
    sign = "=" if sign == "==" else sign
    if value[:1] in ("<", ">", "="):
        meant = "!=" if sign + value[0] == "<>" else value[0] + sign
        advice = f": write {meant}" if meant in (*ORDER, "!=") else ""
        return f"there is no operator {sign}{value[0]}{advice}"
    value = _unquoted(value)
    if value == "null":
        return None if sign in EQUALITY else "null is compared with = and !="
    if value == "" and sign not in EQUALITY:
        return f"there is no value after {sign}"
    if name == "status" and sign in EQUALITY and value not in SHOWN_STATUSES:
        hint = did_you_mean(value, SHOWN_STATUSES) or f"; they are {', '.join(SHOWN_STATUSES)}"
        return f"there is no status '{value}'{hint}"
    if name in TIMES and sign != CONTAINS and not _TIME.fullmatch(_time(value)):
        return f"'{value}' is not a time in UTC, such as 2026-11-24 or 2026-11-24T13:24"
    return None


def _time(value: str) -> str:
    return value.replace(" ", "T").removesuffix("Z")


def _unquoted(value: str) -> str:
    """The value without quotes around it, which users write out of habit."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def value_text(value: Value) -> str:
    """A field's value as text, for comparisons: lists and mappings as JSON, tags with commas between them."""
    if isinstance(value, tuple):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Order:
    """The field by which runs are sorted."""

    field: Field
    descending: bool

    @classmethod
    def parse(cls, text: str) -> Order:
        """`accuracy`, or `-accuracy` for descending values."""
        return cls(field_of(text.removeprefix("-")), text.startswith("-"))

    def sorted(self, runs: Sequence[ListedRun]) -> list[ListedRun]:
        """The runs by their values, in the given order where they are equal; those without one are last."""
        values = [(self.field.read(run), run) for run in runs]
        pairs = [pair for pair in values if pair[0] not in NO_VALUES]
        pairs.sort(key=lambda pair: _key(pair[0]), reverse=self.descending)
        return [run for _, run in pairs] + [run for value, run in values if value in NO_VALUES]


def _key(value: Value) -> tuple[int, object]:
    """Numbers before texts, which a field of several runs may have together."""
    if isinstance(value, int | float):
        return 0, float(value)
    return 1, natural_key(value_text(value))


def select_runs(
    entries: Sequence[RunEntry],
    conditions: Sequence[RunCondition],
    order: Order | None,
    columns: Sequence[Field],
    read_config: Callable[[RunEntry], Config],
) -> list[ListedRun]:
    """The runs that meet all conditions, in this order; raises `UsageError` for a field that no run has.

    Metrics are read only if a field is one, and then only of the runs that conditions on facts leave;
    complete configs only of those that conditions on metrics leave, too.
    """
    requested = [("--sort", order.field)] if order else []
    requested += [(COLUMNS, field) for field in columns]
    load: Mapping[FieldSource, Callable[[ListedRun], ListedRun]] = {
        FieldSource.FACTS: lambda run: run,
        FieldSource.METRICS: ListedRun.with_metrics,
        FieldSource.SETTINGS: lambda run: replace(run, config=read_config(run.entry)),
    }
    runs = [ListedRun(entry) for entry in entries]
    for source in FieldSource:
        source_conditions = [condition for condition in conditions if condition.field.source is source]
        asked = [(option, field) for option, field in requested if field.source is source]
        needed = [reading.field for condition in source_conditions for reading in condition.readings]
        needed += [field for _, field in asked]
        if needed and source is not FieldSource.FACTS:
            runs = [load[source](run).keeping(needed) for run in runs]
        meant = [condition.meant(runs) for condition in source_conditions]
        refuse_unknown([*(("--where", condition.field) for condition in meant), *asked], runs, load[source])
        for condition in meant:
            condition.refuse_order_of_texts(runs)
        runs = [run for run in runs if all(condition.holds(run) for condition in meant)]
    return order.sorted(runs) if order else runs


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is removed of the runs that meet all conditions; None or empty: whatever it is."""

    statuses: Collection[str] = ()
    """The shown statuses."""
    before: str | None = None
    """Only runs started before this time: UTC, ISO 8601."""
    keep: int | None = None
    """How many runs of each experiment and kind stay: the newest ones, and the newest completed ones."""


def prunable(
    runs: Sequence[ListedRun], entries: Sequence[RunEntry], choice: Pruning, *, has_conditions: bool
) -> list[RunEntry]:
    """The entries of the `runs` that are removed; `entries` are those of all runs, the newest last.

    A run whose process is alive is never removed. One with a damaged manifest, of which nothing is known, is
    removed only if `has_conditions`, which it has met, or if its status is asked for.
    """
    kept = _kept(entries, choice.keep)
    return [
        entry
        for entry in (run.entry for run in runs)
        if not entry.alive
        and entry.path not in kept
        and (not choice.statuses or entry.displayed_status in choice.statuses)
        and (choice.before is None or _is_older(entry, choice.before))
        and (entry.facts is not None or has_conditions or bool(choice.statuses))
    ]


def is_spared(entry: RunEntry, conditions: Sequence[RunCondition]) -> bool:
    """Whether a run is promoted or tagged, and no condition asks for such runs.

    One whose tags are not known counts as tagged.
    """
    asked = {condition.field.name for condition in conditions if condition.requires_word}
    is_tagged = bool(entry.labels.tags or entry.labels_damage)
    return (bool(entry.promoted) and PROMOTED not in asked) or (is_tagged and TAGS not in asked)


def _is_older(entry: RunEntry, before: str) -> bool:
    """Whether the run was started before a time; False if it is not known when."""
    if entry.facts is None or not re.match(r"\d{4}-\d\d-\d\dT", entry.facts.started):
        return False
    return entry.facts.started < before


def _kept(entries: Sequence[RunEntry], keep: int | None) -> set[Path]:
    if keep is None:
        return set()
    groups: dict[tuple[str, str], list[RunEntry]] = defaultdict(list)
    for entry in entries:
        if entry.facts:
            groups[entry.facts.kind, entry.facts.name].append(entry)
    kept: set[Path] = set()
    for group in groups.values():
        completed = [entry for entry in group if entry.displayed_status == "completed"]
        for newest in (group, completed):
            kept.update(entry.path for entry in newest[len(newest) - min(keep, len(newest)) :])
    return kept
