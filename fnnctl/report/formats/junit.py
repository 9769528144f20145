"""The gates' results as JUnit XML, which CI systems show beside those of tests.

Several schemas are in use. What is written here is valid in the strictest of them (that of the JUnit task of
Ant), and so in the others: `testsuites` has no attributes, and every suite has `properties`, `system-out` and
`system-err`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from fnnctl.report.gates import GateResult
from fnnctl.report.summary import Summary
from fnnctl.text import REPLACEMENT, plain_text

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no character in XML 1.0, not even as a reference."""
UNKNOWN_HOST: Final = "localhost"
"""What the schema prescribes where the host is not known."""


def junit_report(summaries: Sequence[Summary], results: Sequence[GateResult]) -> str:
    """One suite per run, with one case per gate.

    The time of a suite is the run's, in seconds; a case takes none.
    """
    root = Element("testsuites")
    for index, summary in enumerate(summaries):
        _add_suite(root, index, summary, [result for result in results if result.run == str(summary.path)])
    ElementTree.indent(root)
    return DECLARATION + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_suite(root: Element, index: int, summary: Summary, results: Sequence[GateResult]) -> None:
    manifest = summary.manifest
    name = _legal(manifest.name)
    suite = SubElement(
        root,
        "testsuite",
        {
            "name": name,
            "id": str(index),
            "package": "fnnctl",
            "hostname": UNKNOWN_HOST,
            "timestamp": _legal(manifest.started[:19]),
            "tests": str(len(results)),
            "failures": str(sum(not result.passed for result in results)),
            "errors": "0",
            "time": f"{manifest.seconds.total or 0:.3f}",
        },
    )
    properties = SubElement(suite, "properties")
    values = {"run": str(summary.path), "kind": manifest.kind, "status": summary.displayed_status}
    for key, value in values.items():
        SubElement(properties, "property", {"name": key, "value": _legal(value)})
    for result in results:
        case = _case(result, name)
        suite.append(case)
    SubElement(suite, "system-out").text = "\n".join(
        _legal(f"{result.result}: {result.message}") for result in results
    )
    SubElement(suite, "system-err")


def _case(result: GateResult, suite: str) -> Element:
    # CI systems follow a case from run to run by its name, so that it has no measured number.
    name = _legal(result.name if result.threshold is None else f"{result.name} {result.condition}")
    case = Element("testcase", {"name": name, "classname": f"fnnctl.{suite}", "time": "0.000"})
    if not result.passed:
        message = _legal(result.message)
        SubElement(case, "failure", {"message": message, "type": "missed gate"}).text = message
    return case


def _legal(text: str) -> str:
    """The text on one line, with characters that XML can hold; others are replaced."""
    return _ILLEGAL.sub(REPLACEMENT, plain_text(text))
