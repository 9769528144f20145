"""What topics say of a run."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console

from fnnctl.records.history import SearchHistory
from fnnctl.report.blocks import Block, Facts, Figure, Notes, Table
from fnnctl.report.formats.terminal import block_text
from fnnctl.report.summary import Summary
from fnnctl.report.topics.registry import run_document
from fnnctl.report.topics.topic import ABOUT, SUMMARY
from fnnctl.store.journal import JournalRecord
from fnnctl.store.manifest import Manifest
from tests.report.searches import read

Topic: TypeAlias = Callable[[Summary], Iterable[Block]]


def by_title(blocks: Iterable[Block]) -> dict[str, Any]:
    """The blocks that are not empty, except figures, by their titles."""
    return {block.title: block for block in blocks if not isinstance(block, Figure) and block.rows}


def said(topic: Topic, summary: Summary) -> dict[str, Any]:
    """What a topic says."""
    return by_title(topic(summary))


def complete(summary: Summary) -> dict[str, Any]:
    """What a complete report says."""
    return by_title(run_document(summary).blocks)


def tables(summary: Summary, *topics: Topic) -> list[Table]:
    """The tables of the topics."""
    blocks = (block for topic in topics for block in said(topic, summary).values())
    return [block for block in blocks if isinstance(block, Table)]


def sentences(summary: Summary) -> tuple[str, ...]:
    """The sentences of a short report's summary."""
    notes = by_title(run_document(summary, short=True).blocks).get(ABOUT)
    return notes.rows if isinstance(notes, Notes) else ()


def facts(summary: Summary) -> dict[str, str]:
    """The facts of a short report's summary, in their order."""
    found = by_title(run_document(summary, short=True).blocks).get(SUMMARY)
    return dict(found.rows) if isinstance(found, Facts) else {}


def searched(records: Sequence[JournalRecord] | SearchHistory) -> Summary:
    """A search with these records or this history, and without a folder."""
    search = records if isinstance(records, SearchHistory) else read(records)
    manifest = Manifest(status="completed", kind="search", name="rates", started="2026-11-24T13:24:05Z")
    return Summary(Path("runs/x"), manifest, False, None, None, None, (), search=search)


def shown(blocks: Iterable[Block]) -> str:
    """The blocks as a wide terminal shows them, with their kinds; of a table, all its forms."""
    lines = []
    for block in by_title(blocks).values():
        for kind, form in _forms(block):
            console = Console(file=io.StringIO(), width=1000)
            console.print(block_text(form, None))
            assert isinstance(console.file, io.StringIO)
            first, *others = (line.rstrip() for line in console.file.getvalue().splitlines() if line.strip())
            lines += [f"{kind}: {first}", *others]
    return "\n".join(lines)


def _forms(block: Block) -> Iterator[tuple[str, Block]]:
    if not isinstance(block, Table):
        yield type(block).__name__, block
        return
    whole = replace(block, narrow=None, short=None)
    yield "Table", whole
    for kind, form in (("narrow", block.narrow), ("short", block.short)):
        if form not in (None, whole):
            yield kind, form
