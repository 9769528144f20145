"""What topics say of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fnnctl.records.history import SearchHistory
from fnnctl.report.sections import SUMMARY, DefinitionList, Notes, Section, TableSection
from fnnctl.report.summary import Summary
from fnnctl.report.topics.registry import short_document
from fnnctl.report.topics.topic import Topic
from fnnctl.store.journal import JournalRecord
from fnnctl.store.manifest import Manifest
from tests.report.searches import read


def said(topic: Topic, summary: Summary) -> dict[str, Section]:
    """The topic's sections that are not empty, by their titles; those of a summary are not among them."""
    sections = (*topic.highlights(summary), *topic.details(summary))
    return {section.title: section for section in sections if section.rows and section.heading != SUMMARY}


def tables(topic: Topic, summary: Summary) -> list[TableSection]:
    """The topic's tables."""
    return [section for section in said(topic, summary).values() if isinstance(section, TableSection)]


def sentences(summary: Summary, topic: Topic | None = None) -> tuple[str, ...]:
    """The sentences of a summary, of one topic or of all."""
    sections = topic.highlights(summary) if topic else short_document(summary).highlights
    notes = (section for section in sections if isinstance(section, Notes) and section.priority)
    return tuple(row for section in notes for row in section.rows)


def facts(summary: Summary) -> dict[str, str]:
    """The facts of a summary, in their order."""
    sections = short_document(summary).highlights
    return dict(row for section in sections if isinstance(section, DefinitionList) for row in section.rows)


def searched(records: Sequence[JournalRecord] | SearchHistory) -> Summary:
    """A search with these records or this history, and without a folder."""
    search = records if isinstance(records, SearchHistory) else read(records)
    manifest = Manifest(status="completed", kind="search", name="rates", started="2026-11-24T13:24:05Z")
    return Summary(Path("runs/x"), manifest, False, None, None, None, (), search=search)
