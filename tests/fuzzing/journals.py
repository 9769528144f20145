"""Damaged journals of searches: torn, reordered, repeated, of other versions, with wrong types.

Runs are listed and reported on; now and then the search goes on.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from fnnctl.commands.runs import runs as list_runs
from fnnctl.commands.search import resume_search
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.errors import FnnctlError
from fnnctl.records.history import read_search
from fnnctl.records.journal import Journal
from fnnctl.report.formats.registry import HTML, JSON, runs_report
from fnnctl.report.listing.table import table_columns, usual_columns
from fnnctl.report.summary import summarize
from fnnctl.runs.search_session import SearchOptions
from fnnctl.store.folder import RunFolder
from fnnctl.store.journal import JournalFile, journal_bytes
from tests.fuzzing.small_runs import read_files, searched_runs, write_files
from tests.fuzzing.trying import Kind
from tests.fuzzing.values import changed, changed_bytes, wild

_JOURNAL: Final = "journal.jsonl"
_OTHERS: Final = (
    "timeline.jsonl",
    "manifest.json",
    "metrics.json",
    "history.csv",
    "leaderboard.csv",
    "resolved.yaml",
)
_RESUMED: Final = 40
"""One in so many searches goes on."""
_REPORTED: Final = 4


@dataclass(frozen=True, slots=True)
class JournalCase:
    """Files of a search, and what is done with them."""

    run: str
    changed_files: dict[str, bytes]
    format: str
    is_reported: bool
    is_resumed: bool


def journal_kind(folder: Path) -> Kind:
    """The journals of searches in the folder."""
    runs = searched_runs(folder)
    originals = {name: read_files(path, (_JOURNAL, *_OTHERS)) for name, path in runs.items()}
    records = {name: _records(files[_JOURNAL]) for name, files in originals.items()}

    def make(rng: Random) -> JournalCase:
        name = rng.choice(list(runs))
        if rng.random() < 0.8:
            files = {_JOURNAL: damaged_journal(name, records, rng)}
        else:
            file = rng.choice([each for each in originals[name] if each != _JOURNAL])
            files = {file: _file(originals[name][file], rng)}
        return JournalCase(
            name,
            files,
            rng.choice((JSON, "markdown", HTML, "terminal")),
            rng.randrange(_REPORTED) == 0,
            rng.randrange(_RESUMED) == 0,
        )

    def attempt(case: JournalCase) -> str:
        run = runs[case.run]
        try:
            write_files(run, case.changed_files)
            return _attempt(case, run, folder)
        finally:
            write_files(run, originals[case.run])
            (run / "journal.torn").unlink(missing_ok=True)

    return Kind("journals", make, attempt)


def _records(content: bytes) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in content.splitlines()]
    return [{key: value for key, value in line.items() if key != "checksum"} for line in lines]


def damaged_journal(name: str, records: Mapping[str, list[dict[str, Any]]], rng: Random) -> bytes:
    """A journal with other records, whose checksums are right; or with other bytes."""
    records = deepcopy(dict(records))  # they are changed in place
    lines: list[Any] = records[name].copy()
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        place, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(10):
            case 0:
                del lines[place]
            case 1:
                lines.insert(other, deepcopy(lines[place]))
            case 2:
                lines[place], lines[other] = lines[other], lines[place]
            case 3:
                del lines[place:]
            case 4:
                lines.insert(place, rng.choice(records[rng.choice(list(records))]))
            case 5:
                lines[place] = (
                    wild(rng) if rng.random() < 0.3 else {"record": rng.choice(("x", "result", 3, None))}
                )
            case _ if isinstance(lines[place], dict):
                changed(lines[place], rng)
        if not lines:
            lines = [records[name][0]]
    try:
        content = journal_bytes(line if isinstance(line, dict) else {"record": line} for line in lines)
    except (ValueError, TypeError):
        content = b""
    return changed_bytes(content, rng) if rng.random() < 0.15 else content


def _file(content: bytes, rng: Random) -> bytes:
    if content.startswith(b"{") and rng.random() < 0.8:
        try:
            value = json.loads(content)
            changed(value, rng)
            return json.dumps(value).encode()
        except ValueError:
            return changed_bytes(content, rng)
    return changed_bytes(content, rng)


def _attempt(case: JournalCase, run: Path, folder: Path) -> str:
    listed = list_runs(folder / "runs").runs
    table_columns(usual_columns(listed), listed)
    read_search(RunFolder(run))
    if case.is_reported:
        report = runs_report([summarize(RunFolder(run))])
        if case.format == "terminal":
            Output(quiet=True).rendered(report.terminal(100))
        else:
            report.text(case.format)
    journal = run.with_suffix(".copy")
    try:
        journal.write_bytes((run / _JOURNAL).read_bytes())
        file = JournalFile(journal)
        try:
            Journal(file)
        finally:
            file.close()
    finally:
        journal.unlink()
        journal.with_name("journal.torn").unlink(missing_ok=True)
    if not case.is_resumed:
        return "read"
    copied = folder / "resumed" / run.name
    try:
        shutil.copytree(run, copied)
        resume_search(str(copied), (), SearchOptions(executor="serial"), Context(folder / "resumed"))
    except FnnctlError as error:
        if error.exit_code not in (2, 4):
            raise
        return "read, and not resumed"
    finally:
        shutil.rmtree(copied.parent)
    return "resumed"
