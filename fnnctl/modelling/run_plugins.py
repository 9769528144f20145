"""The plug-ins of a run: what its files need is looked up only if the user allows it.

Short reports read this module, which must not import NumPy.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from fnnctl.config.installed_plugins import FAULTS
from fnnctl.plugins import GROUPS, PluginKind, require

if TYPE_CHECKING:
    from fnnctl.store.folder import RunFolder


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
