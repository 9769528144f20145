"""Which runs a list has, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fnnctl.report.listing.conditions import RunCondition, value_text
from fnnctl.report.listing.fields import Config, Field, ListedRun, Value, field_of, refuse_unknown
from fnnctl.store.listing.entries import RunEntry
from fnnctl.text import natural_key


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
        known = [pair for pair in values if pair[0] is not None]
        known.sort(key=lambda pair: _key(pair[0]), reverse=self.descending)
        return [run for _, run in known] + [run for value, run in values if value is None]


def _key(value: Value) -> tuple[int, object]:
    """Numbers before texts, which a field of several runs may have together."""
    if isinstance(value, int | float):
        return 0, float(value)
    return 1, natural_key(value_text(value))


def chosen(
    entries: Sequence[RunEntry],
    conditions: Sequence[RunCondition],
    order: Order | None,
    columns: Sequence[Field],
    read_config: Callable[[RunEntry], Config],
) -> list[ListedRun]:
    """The runs that meet all conditions, in this order; raises `UsageError` for a field that no run has.

    Complete configs are read only if a field is a setting, and then only of the runs that the other
    conditions leave.
    """
    asked = [("--where", each.field) for each in conditions]
    asked += [("--sort", order.field)] if order else []
    asked += [("--columns", field) for field in columns]
    runs = [ListedRun.of(entry) for entry in entries]
    for needs_config in (False, True):
        fields = [(option, field) for option, field in asked if field.needs_config == needs_config]
        if fields and needs_config:
            runs = [ListedRun.of(run.entry, read_config(run.entry)) for run in runs]
        refuse_unknown(fields, runs)
        checked = [each for each in conditions if each.field.needs_config == needs_config]
        runs = [run for run in runs if all(each.holds(run) for each in checked)]
    return order.sorted(runs) if order else runs
