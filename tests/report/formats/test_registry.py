from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import UsageError
from fnnctl.report.formats.form import ReportForm
from fnnctl.report.formats.registry import chosen_format
from tests.messages import Messages


@pytest.mark.parametrize(
    ("wanted", "file", "expected"),
    [
        (None, None, "terminal"),
        (None, "r.md", "markdown"),
        (None, "r.2026.JSON", "json"),
        (None, "r.HTML", "html"),
        (None, "r.txt", "terminal"),
        (None, "report", "terminal"),
        (None, "/dev/stdout", "terminal"),
        ("markdown", None, "markdown"),
        ("markdown", "summary", "markdown"),
        ("markdown", "r.md", "markdown"),
        ("terminal", "r.log", "terminal"),
    ],
)
def test_the_wanted_format_or_that_of_the_ending(wanted: str | None, file: str | None, expected: str) -> None:
    assert chosen_format(wanted, Path(file) if file else None) == expected


def test_without_either_there_is_a_default() -> None:
    assert chosen_format(None, Path("report"), default="json") == "json"
    assert chosen_format(None, Path("r.md"), default="json") == "markdown"


@pytest.mark.parametrize(
    ("wanted", "file"),
    [(None, "r.pdf"), (None, "r.htm"), ("md", None), ("jsn", None), ("pdf", "r.html"), ("json", "r.md")],
)
def test_refused_values(messages: Messages, wanted: str | None, file: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        chosen_format(wanted, Path(file) if file else None)
    messages.check(caught.value)


def resolved(form: ReportForm, *options: str, has_gates: bool = True) -> ReportForm:
    return form.resolve(is_json="json" in options, is_verbose="verbose" in options, has_gates=has_gates)


def test_the_format_is_chosen_and_a_dash_is_standard_output() -> None:
    assert resolved(ReportForm()).format == "terminal"
    assert resolved(ReportForm(), "json").format == "json"
    assert resolved(ReportForm(file=Path("r.md"))).format == "markdown"
    assert resolved(ReportForm(file=Path("-"))) == ReportForm("terminal", None)


STDOUT = Path("-")


@pytest.mark.parametrize(
    ("form", "options"),
    [
        pytest.param(ReportForm("markdown"), ["json"], id="--format --json"),
        pytest.param(ReportForm("json", short=True), [], id="--format json --short"),
        pytest.param(ReportForm(short=True), ["verbose"], id="--short --verbose"),
        pytest.param(ReportForm(junit=STDOUT), ["json"], id="--junit - --json"),
        pytest.param(ReportForm("markdown", junit=STDOUT), [], id="--junit - --format markdown"),
        pytest.param(ReportForm("markdown", Path("a"), junit=Path("./a")), [], id="--junit a --output a"),
    ],
)
def test_options_that_contradict_each_other(messages: Messages, form: ReportForm, options: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        resolved(form, *options)
    messages.check(caught.value)


def test_junit_needs_a_gate_and_says_how_to_set_one() -> None:
    with pytest.raises(UsageError, match="--junit reports on gates: add --fail-under METRIC=VALUE"):
        resolved(ReportForm(junit=Path("j.xml")), has_gates=False)


def test_what_does_not_contradict() -> None:
    assert resolved(ReportForm("markdown", short=True), "verbose").short
    assert resolved(ReportForm(file=Path("r.md"), junit=STDOUT)).junit == STDOUT
    assert resolved(ReportForm(short=True)).short
