"""What a shell suggests for arguments: the names of runs, config files, commands, formats and methods.

A shell asks at every press of the Tab key, so only file names are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperGroup

from fnnctl.errors import FnnctlError


def complete_run(context: typer.Context, incomplete: str) -> list[str]:
    """The names of run folders and of experiments in the runs folder, the newest first, and `latest`."""
    from fnnctl.store.listing.entries import run_paths
    from fnnctl.store.names import LATEST, slug_by_name

    try:
        names = [path.name for path in run_paths(Path(context.params.get("runs_dir") or "runs"))]
    except FnnctlError:  # a message would end up in the middle of what the user types
        return []
    experiments = [slug for name in names if (slug := slug_by_name(name))]
    known = dict.fromkeys([LATEST, *reversed(experiments), *reversed(names)]) if names else {}
    return [name for name in known if name.startswith(incomplete)]


def complete_config(incomplete: str) -> list[str]:
    """The YAML files and folders whose path begins like this."""
    return list(_configs(incomplete))


def complete_config_or_run(context: typer.Context, incomplete: str) -> list[str]:
    """The config files, then the runs."""
    return [*_configs(incomplete), *complete_run(context, incomplete)]


def complete_command(context: typer.Context, incomplete: str) -> list[str]:
    """The program's commands, for its help."""
    root = context.find_root()
    commands = root.command.list_commands(root) if isinstance(root.command, TyperGroup) else []
    return [name for name in commands if name.startswith(incomplete)]


def complete_format(incomplete: str) -> list[str]:
    """The formats of reports."""
    from fnnctl.report.formats.registry import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]


def complete_method(incomplete: str) -> list[str]:
    """The methods of a search."""
    from fnnctl.config.schema.search import METHODS

    return [name for name in METHODS if name.startswith(incomplete)]


def _configs(incomplete: str) -> Iterator[str]:
    folder, name = os.path.split(incomplete)
    try:
        found = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in found:
        if entry.name.startswith(name) and not entry.name.startswith("."):
            path = os.path.join(folder, entry.name)  # noqa: PTH118 (as the user writes it, with ./)
            if entry.is_dir():
                yield f"{path}/"
            elif entry.name.endswith((".yaml", ".yml")):
                yield path
