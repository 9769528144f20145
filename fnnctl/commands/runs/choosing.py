"""Chooses runs by conditions, for `fnnctl runs` and `fnnctl runs prune`."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.report.listing.conditions import RunCondition
from fnnctl.report.listing.fields import Config, Field, ListedRun
from fnnctl.report.listing.order import Order, chosen
from fnnctl.store.listing.entries import RunEntry


def choose(
    entries: Sequence[RunEntry],
    conditions: Sequence[RunCondition],
    order: Order | None = None,
    columns: Sequence[Field] = (),
) -> list[ListedRun]:
    """As `chosen`; YAML is loaded only if a field is a setting."""
    return chosen(entries, conditions, order, columns, _read_config)


def _read_config(entry: RunEntry) -> Config:
    from fnnctl.report.listing.settings import read_config

    return read_config(entry)
