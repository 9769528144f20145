"""JUnit XML as its readers see it; the rules are those of the schema of Ant's JUnit task, by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from fnnctl.report.formats.junit import junit_report
from fnnctl.report.gates import GateResult, gate_results, parse_gates
from fnnctl.report.summary import Summary, summarize
from fnnctl.store.run import OpenRun
from tests.report.formats.documents import HOSTILE

ATTRIBUTES = {
    "testsuites": set(),
    "testsuite": {
        "name", "id", "package", "hostname", "timestamp", "tests", "failures", "errors", "time",
    },
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "system-out": set(),
    "system-err": set(),
}  # fmt: skip
CHILDREN = {
    "testsuites": "(testsuite )*",
    "testsuite": "properties (testcase )*system-out system-err ",
    "properties": "(property )*",
    "testcase": "(failure )?",
}
"""The children of each element in their order, as a regular expression."""


def check_schema(element: Element) -> None:
    assert set(element.attrib) == ATTRIBUTES[element.tag]
    children = "".join(f"{child.tag} " for child in element)
    assert re.fullmatch(CHILDREN.get(element.tag, ""), children)
    if element.tag == "testsuite":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.attrib["timestamp"])
        cases = element.findall("testcase")
        assert int(element.attrib["tests"]) == len(cases)
        assert int(element.attrib["failures"]) == len(element.findall("testcase/failure"))
        assert element.attrib["errors"] == "0"
        assert len({(case.attrib["name"], case.attrib["classname"]) for case in cases}) == len(cases)
    assert float(element.attrib.get("time", 0)) >= 0
    for child in element:
        check_schema(child)


def parsed(text: str) -> Element:
    root = ElementTree.fromstring(text)
    check_schema(root)
    return root


def test_each_gate_is_a_case_and_each_run_a_suite(finished_run: Callable[..., OpenRun]) -> None:
    summaries = [summarize(finished_run("first")), summarize(finished_run("second"))]
    gates = parse_gates(["accuracy=0.5", "loss=0.1"])
    results = [result for summary in summaries for result in gate_results(gates, summary)]
    root = parsed(junit_report(summaries, results))
    assert [suite.attrib["name"] for suite in root] == ["first", "second"]
    suite = root[0]
    assert (suite.attrib["tests"], suite.attrib["failures"], suite.attrib["time"]) == ("2", "1", "83.200")
    assert {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")} == {
        "run": str(summaries[0].path),
        "kind": "train",
        "status": "completed",
    }
    passed, missed = suite.findall("testcase")
    assert (passed.attrib["name"], passed.attrib["classname"]) == ("accuracy ≥ 0.5", "fnnctl.first")
    assert passed.find("failure") is None
    failure = missed.find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "loss is 0.25, wanted ≤ 0.1", "type": "missed gate"}
    assert suite.findtext("system-out") == (
        "passed: accuracy is 0.9, wanted ≥ 0.5\nmissed: loss is 0.25, wanted ≤ 0.1"
    )


def test_a_case_has_the_same_name_whatever_was_measured(summary: Summary) -> None:
    name = "accuracy, not worse than old"
    result = GateResult(str(summary.path), name, "accuracy", 0.9, "0.9", None, "not worse than 0.8", True, "")
    (case,) = parsed(junit_report([summary], [result]))[0].findall("testcase")
    assert case.attrib["name"] == name


def with_texts(summary: Summary, text: str) -> tuple[list[Summary], list[GateResult]]:
    manifest = summary.manifest.model_copy(update={"name": text})
    result = GateResult(str(summary.path), text, text, 0.5, text, None, text, False, text)
    return [replace(summary, manifest=manifest)], [result]


@pytest.mark.parametrize("name", [*HOSTILE, "a]]><b&\"'"])
def test_hostile_names_give_valid_xml(summary: Summary, name: str) -> None:
    text = junit_report(*with_texts(summary, name))
    (suite,) = parsed(text)
    assert "<script" not in text
    assert "\x1b" not in text
    (failure,) = suite.findall("testcase/failure")
    shown = [suite.attrib["name"], failure.text]
    assert shown == [name] * 2 or not name.isprintable()
