"""Plug-ins that a Python program passes, and those that it allows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from fnnctl.config.installed_plugins import FAULTS
from fnnctl.errors import UsageError
from fnnctl.metrics.metric import Metric
from fnnctl.plugins import LossPlugin, Plugin, Scope, TablePlugin
from fnnctl.text import quoted

PluginObject: TypeAlias = LossPlugin | Metric[Any] | TablePlugin


def scope_of(plugins: object, allowed: object = ()) -> Scope:
    """The scope with these objects, and with names that may be looked up.

    Raises `UsageError` for an object that is no plug-in, two of one name, and a name that is no text.
    """
    if not isinstance(plugins, list | tuple):
        raise UsageError(f"plugins must be a list, not a {type(plugins).__name__}")
    given = [_plugin(value) for value in plugins]
    keys = [(plugin.kind, plugin.name) for plugin in given]
    for kind, name in keys:
        if keys.count((kind, name)) > 1:
            raise UsageError(f"plugins: two have the name {quoted(name)}")
    if not isinstance(allowed, list | tuple) or not all(isinstance(name, str) for name in allowed):
        raise UsageError(f"allow_plugins must be a list of names, not {allowed!r}")
    return Scope(given, allowed)


def joined_scope(scopes: Iterable[Scope]) -> Scope:
    """The plug-ins of several runs, and what they allow."""
    scopes = [*scopes]
    plugins = {
        (plugin.kind, plugin.name): plugin for scope in scopes for plugin in (*scope.given, *scope.used)
    }
    return Scope(plugins.values(), (name for scope in scopes for name in scope.allowed))


def _plugin(value: Any) -> Plugin:
    match value:
        case LossPlugin():
            plugin = Plugin("loss", value.record.name, value)
        case Metric():
            plugin = Plugin("metric", value.name, value)
        case TablePlugin():
            plugin = Plugin("table", value.file.endings[0].removeprefix("."), value)
        case _:
            raise UsageError(f"plugins: {value!r} is no LossPlugin, Metric or TablePlugin")
    if fault := FAULTS[plugin.kind](plugin.name, value):
        raise UsageError(f"plugins: {quoted(plugin.name)} cannot be used: {fault}")
    return plugin
