"""Where a run comes from: its command, versions, commit and processor."""

from __future__ import annotations

from collections.abc import Iterator

from fnnctl.plugins import origin
from fnnctl.report.blocks import Block, Facts
from fnnctl.report.summary import Summary
from fnnctl.store.facts import PluginFacts
from fnnctl.store.manifest import Manifest
from fnnctl.text import joined_words


def provenance(summary: Summary) -> Iterator[Block]:
    """Where the run comes from."""
    yield Facts("Provenance", tuple(_definitions(summary.manifest)))


def _definitions(manifest: Manifest) -> Iterator[tuple[str, str]]:
    if manifest.command:
        yield "command", manifest.command
    versions = {"fnnctl": manifest.fnnctl, "Python": manifest.python, "NumPy": manifest.packages.get("numpy")}
    if programs := [f"{program} {version}" for program, version in versions.items() if version]:
        yield "versions", ", ".join(programs)
    if manifest.plugins:
        yield "plug-ins", ", ".join(_plugin(plugin) for plugin in manifest.plugins)
    if passed := manifest.passed_plugins:
        names = joined_words([plugin.name for plugin in passed])
        yield "repeatable", f"not from its files alone: a Python program passed {names}"
    if manifest.git:
        yield "git commit", manifest.git.commit + (" with uncommitted changes" if manifest.git.dirty else "")
    if manifest.processor.model:
        yield "processor", manifest.processor.model


def _plugin(plugin: PluginFacts) -> str:
    return f"{plugin.name} of {origin(plugin.package, plugin.version)}"
