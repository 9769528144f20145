"""Hypothesis profiles, the option `--no-skips`, and the fixtures of `tests.program`."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

EXAMPLES = os.environ.get("FNNCTL_EXAMPLES")
"""How many examples a property test runs, drawn anew each time; by default 25, always the same."""

# A machine may be busy: how long an example takes says nothing about the code.
settings.register_profile("fnnctl", deadline=None, max_examples=int(EXAMPLES or 25), derandomize=not EXAMPLES)
settings.load_profile("fnnctl")

pytest_plugins = ["tests.program"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips", action="store_true", help="a skipped test fails: every optional library must be there"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.config.getoption("--no-skips") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped, with --no-skips: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if collector.config.getoption("--no-skips") and report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped, with --no-skips: {report.longrepr}"
    return report
