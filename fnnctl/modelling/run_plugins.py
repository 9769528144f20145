"""The plug-ins of a run: what its files need is looked up only if the user allows it.

Short reports read this module, which must not import NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Final

from fnnctl.config.schema.losses import loss_fault
from fnnctl.config.table_files import table_fault
from fnnctl.metrics.registry import metric_fault
from fnnctl.plugins import GROUPS, Fault, PluginKind, current, require

if TYPE_CHECKING:
    from fnnctl.store.folder import RunFolder

FAULTS: Final[Mapping[PluginKind, Fault]] = {
    "loss": loss_fault,
    "metric": metric_fault,
    "table": table_fault,
}


def use_installed(on_error: Callable[[str], None]) -> None:
    """Look up all installed plug-ins, for lists of names; `on_error` is told of those that cannot be used."""
    for kind, fault in FAULTS.items():
        current().find_all(kind, fault, on_error)


def require_plugins(
    run: RunFolder,
    kinds: Collection[PluginKind] = tuple(GROUPS),
    *,
    losses: Collection[str] | None = None,
    same_version: bool = False,
) -> list[str]:
    """Look up the plug-ins of these kinds that a run has used; return notes on other versions.

    `losses` are those that are needed, by default all: a search has used more than its winner needs.
    Raises `PluginError` if one is not installed or not allowed: see `fnnctl.plugins.require`.
    """
    faults = {kind: fault for kind, fault in FAULTS.items() if kind in kinds}
    facts = [
        plugin
        for plugin in run.read_manifest().plugin_facts
        if plugin["kind"] != "loss" or losses is None or plugin["name"] in losses
    ]
    return require(facts, faults, same_version=same_version)
