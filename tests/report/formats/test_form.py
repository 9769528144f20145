from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import UsageError
from fnnctl.report.formats.form import ReportForm


def resolved(form: ReportForm, *options: str, has_gates: bool = True) -> ReportForm:
    return form.resolve(is_json="json" in options, is_verbose="verbose" in options, has_gates=has_gates)


def test_the_format_is_chosen_and_a_dash_is_standard_output() -> None:
    assert resolved(ReportForm()).format == "terminal"
    assert resolved(ReportForm(), "json").format == "json"
    assert resolved(ReportForm(file=Path("r.md"))).format == "markdown"
    assert resolved(ReportForm(file=Path("-"))) == ReportForm("terminal", None)


@pytest.mark.parametrize(
    ("form", "options", "message"),
    [
        (ReportForm("markdown"), ("json",), "--json and --format markdown contradict each other"),
        (ReportForm("json", short=True), (), "--short: json is always complete; leave it out"),
        (ReportForm(short=True), ("verbose",), "--short and --verbose contradict each other"),
        (ReportForm(junit=Path("-")), ("json",), "--junit - and --json both write to standard output"),
        (ReportForm("markdown", junit=Path("-")), (), "--junit - and --format markdown both write"),
        (ReportForm("markdown", Path("a"), junit=Path("./a")), (), "--junit and --output name the same file"),
    ],
)
def test_options_that_contradict_each_other(form: ReportForm, options: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolved(form, *options)
    assert message in str(caught.value)


def test_junit_needs_a_gate_and_says_how_to_set_one() -> None:
    with pytest.raises(UsageError, match="--junit reports on gates: add --fail-under METRIC=VALUE"):
        resolved(ReportForm(junit=Path("j.xml")), has_gates=False)


def test_what_does_not_contradict() -> None:
    assert resolved(ReportForm("markdown", short=True), "verbose").short
    assert resolved(ReportForm(file=Path("r.md"), junit=Path("-"))).junit == Path("-")
    assert resolved(ReportForm(short=True)).short
