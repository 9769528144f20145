"""The commands that continue from a run: repeating it, using it, comparing it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fnnctl.report.answer.values import NextCommand
from fnnctl.report.summary import Summary
from fnnctl.store import names
from fnnctl.store.folder import RunFolder

CONTINUED_BY: Final = {"train": "train", "cross_validation": "evaluate", "search": "search"}
"""The command that starts a run of each kind, and can resume it."""
UNFINISHED: Final = frozenset({"interrupted", "died"})


def next_commands(summary: Summary) -> list[NextCommand]:
    """The commands, the most important one first; none of them fails for this kind of run."""
    found = [*_resume(summary), NextCommand("show everything", f"{_report(summary.path)} --verbose")]
    if summary.alive:
        return found
    if not summary.manifest.diverged:  # it would diverge again
        found += _repeat(summary)
    if summary.metrics is not None:
        found += _predict(summary)
    if summary.part_metrics("test") is not None:  # without it there is nothing that could be compared
        found.append(NextCommand("compare with another run", f"fnnctl compare {_quoted(summary.path)} RUN"))
    found.append(NextCommand("write a page", f"{_report(summary.path)} --output report.html"))
    return found


def _resume(summary: Summary) -> Iterator[NextCommand]:
    command = CONTINUED_BY.get(summary.manifest.kind)
    if summary.shown_status in UNFINISHED and command:
        yield NextCommand("continue the run", f"fnnctl {command} --resume {_quoted(summary.path)}")


def _repeat(summary: Summary) -> Iterator[NextCommand]:
    manifest = summary.manifest
    if manifest.evaluated is not None:
        yield from _evaluate_again(summary)
    elif names.RESOLVED in summary.files:
        command = "search" if manifest.selection else CONTINUED_BY.get(manifest.kind)
        if command:
            config = _quoted(summary.path / names.RESOLVED)
            what = "repeat the search" if command == "search" else "repeat the run"
            yield NextCommand(what, f"fnnctl {command} {config}{_trial_limit(summary)}")


def _trial_limit(summary: Summary) -> str:
    """The option that limits the trials of the search; no setting of the config stands for it."""
    search = summary.search
    if search is None and summary.manifest.selection:  # the ensemble of a search, inside its folder
        from fnnctl.records.history import read_search

        parent = RunFolder(summary.path.parent)
        search = read_search(parent) if names.JOURNAL in parent.files() else None
    limit = search.settings.get("max_trials") if search else None
    return f" --max-trials {limit}" if limit else ""


def _evaluate_again(summary: Summary) -> Iterator[NextCommand]:
    """The command that scored the file; its options are those that the manifest has recorded."""
    evaluated, data = summary.manifest.evaluated, summary.manifest.data
    if evaluated is None or data is None:
        return
    options = {
        "--threshold": evaluated.threshold,
        "--delimiter": evaluated.delimiter,
        "--encoding": evaluated.encoding,
    }
    words = [f"{name} {shlex.quote(str(value))}" for name, value in options.items() if value is not None]
    command = f"fnnctl evaluate {shlex.quote(evaluated.run)} --data {shlex.quote(data.source)}"
    yield NextCommand("repeat the evaluation", " ".join([command, *words]))


def _predict(summary: Summary) -> Iterator[NextCommand]:
    if summary.manifest.evaluated is None and {names.WEIGHTS, names.BEST} & {*summary.files}:
        yield NextCommand("predict new rows", f"fnnctl predict {_quoted(summary.path)} DATA")


def _report(path: Path) -> str:
    return f"fnnctl report {_quoted(path)}"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
