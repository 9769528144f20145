"""The plug-ins of all installed packages, for lists of names, and what the plug-ins of each kind may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from fnnctl.config.schema.losses import loss_fault
from fnnctl.config.table_kinds import table_fault
from fnnctl.metrics.registry import metric_fault
from fnnctl.plugins import Fault, PluginKind, current

FAULTS: Final[Mapping[PluginKind, Fault]] = {
    "loss": loss_fault,
    "metric": metric_fault,
    "table": table_fault,
}


def use_installed(on_error: Callable[[str], None]) -> None:
    """Look up all installed plug-ins; `on_error` is told of those that cannot be used."""
    for kind, fault in FAULTS.items():
        current().find_all(kind, fault, on_error)
