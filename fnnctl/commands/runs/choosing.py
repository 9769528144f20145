"""Chooses runs by conditions, for `fnnctl runs` and `fnnctl runs prune`."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.report.listing.conditions import RunCondition
from fnnctl.report.listing.fields import Field, FieldSource, ListedRun
from fnnctl.report.listing.order import Order, chosen
from fnnctl.store.listing.entries import RunEntry


def choose(
    entries: Sequence[RunEntry],
    conditions: Sequence[RunCondition],
    order: Order | None = None,
    columns: Sequence[Field] = (),
) -> list[ListedRun]:
    """As `chosen`; YAML is loaded only if a field is a setting."""
    fields = [*(condition.field for condition in conditions), *columns, *([order.field] if order else [])]
    if not any(field.source is FieldSource.SETTINGS for field in fields):
        return chosen(entries, conditions, order, columns, lambda _: None)
    from fnnctl.report.listing.settings import SettingsReader

    reader = SettingsReader(entries)
    runs = chosen(entries, conditions, order, columns, reader.read)
    reader.store()
    return runs
