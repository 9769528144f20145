"""The order of reports, and a made topic in every format."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from fnnctl.console.output import Output
from fnnctl.errors import DataError
from fnnctl.report.blocks import FIGURES, Block, Notes, Table
from fnnctl.report.figures.registry import registered_figures
from fnnctl.report.formats.registry import runs_report
from fnnctl.report.summary import Summary, headline, summarize
from fnnctl.report.topics import registry
from fnnctl.report.topics.registry import CONTENTS, JSON_ENTRIES, json_entries, run_document
from fnnctl.report.topics.topic import Heading, Reports, Topic
from fnnctl.store.run import OpenRun
from tests.messages import Messages
from tests.report.searches import halving, start_search
from tests.report.topics.said import complete, shown


def test_every_topic_is_a_function_and_every_figure_has_a_heading() -> None:
    topics = [topic for heading in CONTENTS for topic in heading.topics]
    functions = [topic.function for topic in (*topics, *JSON_ENTRIES)]
    assert len({*functions}) == len(functions)
    for function in functions:
        module, name = function.split(".")
        assert callable(getattr(import_module(f"fnnctl.report.topics.{module}"), name))
    places = {figure.place for figure in registered_figures(is_search=True)}
    assert FIGURES in places <= {heading.title for heading in CONTENTS}


def test_what_a_finished_run_says(summary: Summary, messages: Messages) -> None:
    """Sections that the topics' own tests have are there by their titles."""
    assert headline(summary).endswith("UTC, took 1 min 23 s")
    sections = complete(summary)
    messages.check("\n".join(sections))
    messages.check(shown(sections[title] for title in ("Warnings", "Data", "Training")))
    assert ("git commit", "4f2a with uncommitted changes") in sections["Provenance"].rows
    assert {("roc_curve.png", "ROC curves"), ("calibration.png", "reliability diagram")} <= {
        *sections["Files"].rows
    }


def test_a_run_that_has_just_begun_has_few_sections(
    start_run: Callable[..., OpenRun], messages: Messages
) -> None:
    summary = summarize(start_run())
    assert "took" not in headline(summary)
    messages.check("\n".join(complete(summary)))


@pytest.mark.parametrize("kind", ["train", "search"])
def test_a_short_report_is_a_part_of_the_complete_one(
    kind: str, finished_run: Callable[..., OpenRun], tmp_path: Any
) -> None:
    """Except for the commands that show more."""
    run = finished_run() if kind == "train" else start_search(tmp_path, halving())
    short, whole = ([*run_document(summarize(run), short=is_short).blocks] for is_short in (True, False))
    more = [block.title for block in short if block not in whole]
    assert more == ["Show everything", *(["Write a page"] if kind == "train" else [])]
    assert [block for block in whole if block in short] == [block for block in short if block in whole]


@pytest.mark.parametrize(("part", "problem"), [
    ({"accuracy": "high"}, "test.accuracy must be a number or null"),
    ({"best_f1": 0.5}, "test.best_f1 must be an object or null"),
    ({"best_f1": {"threshold": None}}, "test.best_f1.threshold must be a number"),
])  # fmt: skip
def test_metrics_of_an_unknown_kind_are_damage(
    measured: Callable[..., Summary], part: dict[str, Any], problem: str
) -> None:
    with pytest.raises(DataError, match=re.escape(problem)):
        measured(part)


def weather(summary: Summary) -> Iterator[Block]:
    yield Notes("Weather", (f"It rained on {summary.manifest.name}.",))


def rain(_: Summary) -> Iterator[Block]:
    yield Table("Rain", ("hour", "amount"), (("1", "2.5"),))


def test_a_made_topic_is_in_every_format(summary: Summary, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("fnnctl.report.topics.made")
    vars(module).update(weather=weather, rain=rain, json_entries=lambda _: {"rain": 2.5})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    made = Heading("Weather", "columns", (Topic("made.weather", Reports.ALL), Topic("made.rain")))
    monkeypatch.setattr(registry, "CONTENTS", (*CONTENTS, made))
    monkeypatch.setattr(registry, "JSON_ENTRIES", (*JSON_ENTRIES, Topic("made.json_entries")))
    report = runs_report([summary])
    texts = [Output().rendered(report.terminal(80, short=short), plain=True) for short in (False, True)]
    texts += [report.text("markdown"), report.text("html"), report.text("markdown", short=True)]
    assert all("It rained on flowers-mlp." in text for text in texts)
    assert ["2.5" in text for text in texts] == [True, False, True, True, False]
    assert json_entries(summary)["rain"] == 2.5
