"""Which runs a list has, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fnnctl.report.listing.conditions import RunCondition, value_text
from fnnctl.report.listing.fields import (
    Config,
    Field,
    FieldSource,
    ListedRun,
    Value,
    field_of,
    refuse_unknown,
)
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

    Metrics are read only if a field is one, and then only of the runs that conditions on facts leave;
    complete configs only of those that conditions on metrics leave, too.
    """
    asked = [("--where", condition.field) for condition in conditions]
    asked += [("--sort", order.field)] if order else []
    asked += [("--columns", field) for field in columns]
    load: Mapping[FieldSource, Callable[[ListedRun], ListedRun]] = {
        FieldSource.FACTS: lambda run: run,
        FieldSource.METRICS: ListedRun.with_metrics,
        FieldSource.SETTINGS: lambda run: replace(run, config=read_config(run.entry)),
    }
    runs = [ListedRun(entry) for entry in entries]
    for source in FieldSource:
        fields = {field.name: (option, field) for option, field in asked if field.source is source}
        if fields and source is not FieldSource.FACTS:
            needed = [field for _, field in fields.values()]
            runs = [load[source](run).keeping(needed) for run in runs]
        refuse_unknown(fields.values(), runs, load[source])
        checked = [condition for condition in conditions if condition.field.source is source]
        for condition in checked:
            condition.refuse_order_of_texts(runs)
        runs = [run for run in runs if all(condition.holds(run) for condition in checked)]
    return order.sorted(runs) if order else runs
