"""Where a run comes from: its command, versions, commit and processor; what it was called afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fnnctl.plugins import origin
from fnnctl.report.blocks import Block, Facts
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import SUMMARY
from fnnctl.store.facts import PluginFacts
from fnnctl.store.manifest import Manifest
from fnnctl.text import joined_words


def provenance(summary: Summary) -> Iterator[Block]:
    """Where the run comes from."""
    promoted = [(f"promoted as {promotion.name}", promotion.date) for promotion in summary.promotions]
    yield Facts("Provenance", (*_definitions(summary.manifest), *promoted))


def labels(summary: Summary) -> Iterator[Block]:
    """The names, tags and note that the run was given afterwards."""
    rows = []
    if summary.promotions:
        rows.append(("promoted as", ", ".join(promotion.name for promotion in summary.promotions)))
    if summary.labels.tags:
        rows.append(("tags", ", ".join(summary.labels.tags)))
    if summary.labels.note:
        rows.append(("note", re.sub(r"\s*\n\s*\n\s*", "\n\n", summary.labels.note)))
    yield Facts(SUMMARY, tuple(rows))


def json_entries(summary: Summary) -> dict[str, Any]:
    """What the run was called afterwards."""
    return {
        "promoted": {promotion.name: promotion.time for promotion in summary.promotions},
        "tags": [*summary.labels.tags],
        "note": summary.labels.note,
    }


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
