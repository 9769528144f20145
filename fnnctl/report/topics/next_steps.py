"""The commands that continue from a run: repeating it, using it, comparing it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fnnctl.plugins import ALLOW, GROUPS, PluginKind
from fnnctl.report.blocks import Block, Command
from fnnctl.report.summary import TEST, Summary
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import CONTINUED_BY

NOT_AGAIN: Final = frozenset({"--resume", "-"})
"""Words of a command whose config cannot be read again."""
HOW_SHOWN: Final = frozenset({"--json", "--quiet", "--verbose", "--no-color"})
SECONDS_OF_SEARCH: Final = 300
"""About as long as a search takes that has no time limit, with 5,000 rows on two cores."""
UNFINISHED: Final = frozenset({"interrupted", "died"})


def resume(summary: Summary) -> Iterator[Block]:
    """The command that continues a run which ended early."""
    if not _reads_data(summary):
        return
    command = CONTINUED_BY.get(summary.manifest.kind)
    ended_early = summary.search is not None and summary.search.ended_early
    if (summary.displayed_status in UNFINISHED or ended_early) and command:
        allowed = _allowed(summary)
        yield _command("Continue the run", f"fnnctl {command} --resume {_quoted(summary.path)}{allowed}")


def show_everything(summary: Summary) -> Iterator[Block]:
    """The command for the complete report."""
    yield _command("Show everything", f"{_report(summary.path)} --verbose")


def use(summary: Summary) -> Iterator[Block]:
    """What can be done with the run, the most important first; no command fails for this kind of run."""
    if summary.alive:
        return
    if summary.metrics is not None:
        yield from _search(summary)
        yield from _predict(summary)
    if _reads_data(summary) and not summary.manifest.diverged:  # it would diverge again
        yield from _repeat(summary)
    if summary.part_metrics(TEST) is not None:  # without it there is nothing that could be compared
        yield _command("Compare with another run", f"fnnctl compare {_quoted(summary.path)} RUN")


def write_page(summary: Summary) -> Iterator[Block]:
    """The command for the report as a page."""
    if not summary.alive:
        yield _command("Write a page", f"{_report(summary.path)} --output report.html")


def _reads_data(summary: Summary) -> bool:
    """Whether a command can read the run's data again, and has what else a Python program has passed."""
    manifest = summary.manifest
    return not manifest.passed_plugins and (manifest.data is None or not manifest.data.in_memory)


def _command(purpose: str, command: str) -> Command:
    """A command, quoted for a shell; words in capitals are to be replaced."""
    return Command(purpose, (command,))


def _repeat(summary: Summary) -> Iterator[Command]:
    manifest = summary.manifest
    if manifest.evaluated is not None:
        yield from _evaluate_again(summary)
    elif names.RESOLVED in summary.files:
        command = "search" if manifest.selection else CONTINUED_BY.get(manifest.kind)
        if command:
            config = _quoted(summary.path / names.RESOLVED)
            purpose = "Repeat the search" if command == "search" else "Repeat the run"
            yield _command(purpose, f"fnnctl {command} {config}{_trial_limit(summary)}")


def _trial_limit(summary: Summary) -> str:
    """The option that limits the trials of the search; no setting of the config stands for it."""
    search = summary.search
    if search is None and summary.manifest.selection:  # the ensemble of a search, inside its folder
        from fnnctl.records.history import read_search

        parent = RunFolder(summary.path.parent)
        search = read_search(parent) if names.JOURNAL in parent.files() else None
    limit = search.settings.get("max_trials") if search else None
    return f" --max-trials {limit}" if limit else ""


def _evaluate_again(summary: Summary) -> Iterator[Command]:
    """The command that scored the file; its options are those that the manifest has recorded."""
    evaluated, data = summary.manifest.evaluated, summary.manifest.data
    if evaluated is None or evaluated.run is None or data is None:
        return
    options = {
        "--threshold": evaluated.threshold,
        "--delimiter": evaluated.delimiter,
        "--encoding": evaluated.encoding,
        "--table": evaluated.table,
        "--query": evaluated.query,
        "--sheet": evaluated.sheet,
    }
    words = [f"{name} {shlex.quote(str(value))}" for name, value in options.items() if value is not None]
    command = f"fnnctl evaluate {shlex.quote(evaluated.run)} --data {shlex.quote(data.source)}"
    yield _command("Repeat the evaluation", " ".join([command, *words]) + _allowed(summary))


def _predict(summary: Summary) -> Iterator[Command]:
    manifest = summary.manifest
    passed_loss = any(plugin.kind == "loss" for plugin in manifest.passed_plugins)
    if manifest.evaluated is None and not passed_loss and {names.WEIGHTS, names.BEST} & {*summary.files}:
        yield _command(
            "Predict new rows", f"fnnctl predict {_quoted(summary.path)} DATA{_allowed(summary, 'loss')}"
        )


def _search(summary: Summary) -> Iterator[Command]:
    """The command that searches for better settings, with the config and the options of a training."""
    manifest = summary.manifest
    words = shlex.split(manifest.command or "")
    if manifest.kind != "train" or words[:2] != ["fnnctl", "train"] or NOT_AGAIN & {*words}:
        return
    if manifest.ancestors:  # a search begins with random weights
        return
    options = [word for word in words[2:] if word not in HOW_SHOWN]
    command = shlex.join(["fnnctl", "search", *options, "--time-limit", str(SECONDS_OF_SEARCH)])
    yield _command("Search for better settings", command)


def _allowed(summary: Summary, *kinds: PluginKind) -> str:
    """The options that allow the plug-ins of these kinds that the run has used, by default of all."""
    plugins = [plugin for plugin in summary.manifest.plugins if plugin.kind in (kinds or GROUPS)]
    return "".join(f" {ALLOW} {shlex.quote(plugin.name)}" for plugin in plugins)


def _report(path: Path) -> str:
    return f"fnnctl report {_quoted(path)}"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
