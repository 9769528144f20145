"""Every topic's sections in the documents of a run, and a made topic that is registered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fnnctl.console.output import Output
from fnnctl.errors import DataError
from fnnctl.report.document import Document
from fnnctl.report.formats.json_report import json_report
from fnnctl.report.formats.registry import TEXT_FORMATS
from fnnctl.report.formats.short_terminal import short_terminal_report
from fnnctl.report.formats.terminal import terminal_report
from fnnctl.report.sections import SUMMARY, Formats, Notes, Section, TableSection
from fnnctl.report.summary import Summary, headline, summarize
from fnnctl.report.topics import registry
from fnnctl.report.topics.registry import (
    CONTENTS,
    page_document,
    search_topics,
    short_document,
    text_document,
    topics_of,
)
from fnnctl.report.topics.topic import Topic
from fnnctl.store.run import OpenRun
from tests.report.searches import halving
from tests.report.topics.said import searched


def titles(document: Document) -> list[str]:
    return [section.title for section in document.sections]


def those_of(expected: list[str], found: list[str]) -> list[str]:
    """The titles found that are among those expected, in their order: other topics may have sections, too."""
    return [title for title in found if title in expected]


def test_every_topic_has_a_place_in_the_contents() -> None:
    topics = (*registry.TOPICS, *search_topics())
    assert {topic.heading for topic in topics} <= {*CONTENTS}


def test_the_topics_of_a_search_are_listed_once() -> None:
    topics = [*topics_of(searched(halving()))]
    assert len({*topics}) == len(topics) > len(search_topics())


def test_the_sections_of_a_finished_run(finished_run: Callable[..., OpenRun]) -> None:
    summary = summarize(finished_run())
    assert headline(summary).endswith("UTC, took 1 min 23 s")
    expected = [
        "Metrics",
        "Classes on the test part",
        "Confusion matrix on the test part",
        "About the scores",
        "Warnings",
        "Most confidently wrong; row numbers as in predictions.csv, from 0",
        "Data",
        "Training",
        "Search for better settings",
        "Predict new rows",
        "Repeat the run",
        "Compare with another run",
        "Provenance",
        "Files",
    ]
    assert those_of(expected, titles(text_document(summary))) == expected
    assert {*titles(page_document(summary))} - {*titles(text_document(summary))} >= {
        "How good it is", "Network", "The lowest F1", "What is confused most often", "Model card",
        "The config's notes fill in what is not stated",
    }  # fmt: skip


def test_a_run_that_has_just_begun_has_few_sections(start_run: Callable[..., OpenRun]) -> None:
    summary = summarize(start_run())
    assert "took" not in headline(summary)
    expected = ["Why it is not complete", "Warnings", "Data", "Training", "Provenance", "Files"]
    found = titles(text_document(summary))
    assert those_of(expected, found) == expected
    assert not {"Metrics", "About the scores", "Predict new rows"} & {*found}


@pytest.mark.parametrize(("part", "problem"), [
    ({"accuracy": "high"}, "test.accuracy must be a number or null"),
    ({"best_f1": 0.5}, "test.best_f1 must be an object or null"),
    ({"best_f1": {"threshold": None}}, "test.best_f1.threshold must be a number"),
])  # fmt: skip
def test_metrics_of_an_unknown_kind_are_damage(
    start_run: Callable[..., OpenRun], part: dict[str, Any], problem: str
) -> None:
    run = start_run()
    run.write_metrics({"test": part})
    with pytest.raises(DataError, match=re.escape(problem)):
        summarize(run)


def made_highlights(summary: Summary) -> Iterator[Section]:
    yield Notes("Weather", (f"It rained on {summary.manifest.name}.",), priority=65)


def made_details(summary: Summary) -> Iterator[Section]:
    yield TableSection("Rain", ("hour", "amount"), (("1", "2.5"),), formats=Formats.ALL)


def test_a_made_topic_is_in_every_format(
    finished_run: Callable[..., OpenRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Topic("Weather", made_highlights, made_details, lambda _: {"rain": 2.5})
    monkeypatch.setattr(registry, "TOPICS", (*registry.TOPICS, made))
    monkeypatch.setattr(registry, "CONTENTS", {**CONTENTS, "Weather": "columns"})
    monkeypatch.setattr("fnnctl.report.html.report.CONTENTS", {**CONTENTS, "Weather": "columns"})
    summary = summarize(finished_run())
    full, short = terminal_report([text_document(summary)]), short_terminal_report([short_document(summary)])
    texts = [Output().rendered(report, plain=True) for report in (full, short)]
    texts += [TEXT_FORMATS[name].text([summary], (), Path()) for name in ("markdown", "html")]
    short_markdown = TEXT_FORMATS["markdown"].short
    assert short_markdown is not None
    texts.append(short_markdown([summary], (), Path()))
    assert all("It rained on flowers-mlp." in text for text in texts)
    assert ["2.5" in text for text in texts] == [True, False, True, True, False]
    assert json_report([summary])["runs"][0]["rain"] == 2.5


def test_a_summary_has_the_order_of_short_reports() -> None:
    sections = page_document(searched(halving())).sections
    priorities = [section.priority for section in sections if section.heading == SUMMARY]
    assert priorities == sorted(priorities, key=lambda priority: priority or 0)
    assert len(priorities) > 2
