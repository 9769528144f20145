"""What a shell suggests for arguments: runs, config files, commands, settings, columns, metrics and so on.

A shell asks at every press of the Tab key, so only file names and the header of a table are read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import typer
from typer.core import TyperGroup

from fnnctl.errors import FnnctlError


def complete_run(context: typer.Context, incomplete: str) -> list[str]:
    """The names of run folders and of experiments in the runs folder, the newest first, before them `latest`
    and the promoted names.
    """
    from fnnctl.store.listing import run_paths
    from fnnctl.store.names import LATEST, slug_by_name

    try:
        names = [path.name for path in run_paths(_runs_dir(context))]
    except FnnctlError:  # a message would end up in the middle of what the user types
        return []
    experiments = [slug for name in names if (slug := slug_by_name(name))]
    first = [LATEST, *complete_promoted(context, incomplete)]
    choices = dict.fromkeys([*first, *reversed(experiments), *reversed(names)]) if names else {}
    return [name for name in choices if name.startswith(incomplete)]


def complete_promoted(context: typer.Context, incomplete: str) -> list[str]:
    """The names of promoted runs."""
    from fnnctl.store.promotions import try_promotions

    promotions, _ = try_promotions(_runs_dir(context))
    return [name for name in promotions.present if name.startswith(incomplete)]


def complete_tag(context: typer.Context, incomplete: str) -> list[str]:
    """The tags that --untag can remove from the run that precedes them."""
    from fnnctl.store.catalogue import find_run
    from fnnctl.store.labels import try_labels

    if not context.params.get("untag"):
        return []
    try:
        run = find_run(context.params.get("run"), _runs_dir(context))
    except FnnctlError:  # as in `complete_run`
        return []
    tags = try_labels(run.path)[0].tags
    return [tag for tag in tags if tag.startswith(incomplete)]


def _runs_dir(context: typer.Context) -> Path:
    return Path(context.params.get("runs_dir") or "runs")


def resolve(incomplete: str) -> list[str]:
    """The YAML files and folders whose path begins like this."""
    return list(_configs(incomplete))


def resolve_or_run(context: typer.Context, incomplete: str) -> list[str]:
    """The config files, then the runs."""
    return [*_configs(incomplete), *complete_run(context, incomplete)]


def complete_help(context: typer.Context, incomplete: str) -> list[str]:
    """The program's commands, the topics of its documentation, and settings once there is a point."""
    from fnnctl.reference.pages import topics

    root = context.find_root()
    commands = root.command.list_commands(root) if isinstance(root.command, TyperGroup) else []
    settings = _settings() if "." in incomplete else []
    return [name for name in (*commands, *topics(), *settings) if name.startswith(incomplete)]


def complete_format(incomplete: str) -> list[str]:
    """The formats of reports."""
    from fnnctl.report.formats.registry import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]


def complete_export_format(incomplete: str) -> list[str]:
    """The formats of exports."""
    from fnnctl.export.registry import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]


def complete_method(incomplete: str) -> list[str]:
    """The methods of a search."""
    from fnnctl.config.schema.methods import METHODS

    return [name for name in METHODS if name.startswith(incomplete)]


def complete_metric(incomplete: str) -> list[str]:
    """The metrics of classification and regression."""
    return [name for name in _metrics() if name.startswith(incomplete)]


def complete_sort(incomplete: str) -> list[str]:
    """The facts, metrics and settings by which runs can be sorted."""
    from fnnctl.report.listing.fields import CONFIG, FACTS, NOTES

    settings = [f"{CONFIG}{path}" for path in _settings()] if incomplete.startswith(CONFIG) else []
    return [name for name in (*FACTS, NOTES, *_metrics(), *settings) if name.startswith(incomplete)]


def complete_setting(incomplete: str) -> list[str]:
    """The settings whose paths begin like this, each with an =; the values of a setting that is alone.

    A shell puts a space after an only suggestion. So `path=` is among the values, as long as any fits.
    """
    path, equals, value = incomplete.partition("=")
    paths = [path] if equals else [setting for setting in _settings() if setting.startswith(path)]
    if len(paths) > 1:
        return [f"{setting}=" for setting in paths]
    return [f"{setting}={text}" for setting in paths for text in _values(setting) if text.startswith(value)]


def complete_path(incomplete: str) -> list[str]:
    """The settings whose paths begin like this."""
    return [setting for setting in _settings() if setting.startswith(incomplete)]


def bash_values(environment: Mapping[str, str]) -> list[str] | None:
    """What bash is to be told if it completes the value of a setting; None if it completes anything else.

    To bash the = in `--set training.l2=0` is a word of its own, and only what follows it is completed.
    """
    if not _is_bash(environment):
        return None
    words = environment.get("COMP_WORDS", "").split("\n")[: int(environment.get("COMP_CWORD", 0)) + 1]
    match words:
        case [*_, "--set", path, "="]:
            return _values(path)[1:]
        case [*_, "--set", path, "=", value]:
            return [text for text in _values(path) if text.startswith(value)]
    return None


def complete_target(context: typer.Context, incomplete: str) -> list[str]:
    """The columns of the table that precedes the option."""
    from fnnctl.config.table_files import PART_SETTINGS, TablePart
    from fnnctl.data.builtin import BUILTIN, builtin_path
    from fnnctl.data.problems import Problems
    from fnnctl.data.tables.open_table import CsvFormat
    from fnnctl.data.tables.readers import open_table

    options = context.params
    arguments = context.args  # of `describe`: an option without a value ends the reading of arguments
    table = options.get("data") or (arguments[0] if arguments else "")
    part = TablePart(**{key: options.get(key) for key in PART_SETTINGS})
    form = CsvFormat(options.get("delimiter"), options.get("encoding") or "utf-8", frozenset(), part=part)
    source: AbstractContextManager[Path] = (
        builtin_path(table) if table in BUILTIN else nullcontext(Path(table))
    )
    try:
        with source as path, open_table(path, form, Problems(table)) as opened:
            names = [name for name in opened.names if name and name.startswith(incomplete)]
    except FnnctlError:  # as in `complete_run`
        return []
    return [re.sub(r"[^\w.,:+-]", r"\\\g<0>", name) for name in names] if _is_bash(os.environ) else names


def _metrics() -> list[str]:
    """The metrics, with those of the positive class of two."""
    from fnnctl.metrics.registry import METRICS, objectives

    _use_plugins()
    return [*objectives(), *(metric.name for metric in METRICS if metric.per_class)]


def _is_bash(environment: Mapping[str, str]) -> bool:
    """Whether bash asks: it needs blanks escaped, which other shells do themselves."""
    return environment.get("_FNNCTL_COMPLETE") == "complete_bash"


def _values(path: str) -> list[str]:
    """The values of a setting that can be listed, after an empty one."""
    from fnnctl.config.paths import parse_path
    from fnnctl.config.schema.lookups import values_of

    _use_plugins()
    return ["", *values_of(parse_path(path))]


def _use_plugins() -> None:
    """Have the names of all installed plug-ins, without those that cannot be used."""
    from fnnctl.config.installed_plugins import use_installed

    use_installed(lambda text: None)


def _settings() -> list[str]:
    """The paths of all settings, without those of single layers."""
    from fnnctl.config.paths import format_path
    from fnnctl.config.schema.records import records_by_path

    _use_plugins()
    return [format_path(path) for path in records_by_path() if 0 not in path]


def _configs(incomplete: str) -> Iterator[str]:
    folder, name = os.path.split(incomplete)
    try:
        entries = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(name) and not entry.name.startswith("."):
            path = os.path.join(folder, entry.name)  # noqa: PTH118 (as the user writes it, with ./)
            if entry.is_dir():
                yield f"{path}/"
            elif entry.name.endswith((".yaml", ".yml")):
                yield path
