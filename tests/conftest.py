"""Hypothesis profiles, the option `--no-skips`, and the fixtures of `tests.program` and `tests.recipes`."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    # Threads that wait for each other on a busy machine took most of the time; NumPy is not imported yet.
    os.environ.setdefault(_variable, "1")

EXAMPLES = os.environ.get("FNNCTL_EXAMPLES")
"""The number of random examples per property test; without it, 25 examples that are always the same."""

# The machine may be busy, so the time of an example, or of making one, says nothing about the code.
settings.register_profile(
    "fnnctl",
    deadline=None,
    max_examples=int(EXAMPLES or 25),
    derandomize=not EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fnnctl")

pytest_plugins = ["tests.messages", "tests.plugin_packages", "tests.program", "tests.recipes"]


def pytest_configure() -> None:
    """A shell that starts the tests in the background lets them, and all that they start, ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips", action="store_true", help="a skipped test fails: every optional library must be there"
    )


@pytest.fixture(scope="session", autouse=True)
def _no_drawing_process() -> Generator[None]:
    """Commands that a test runs in its own process draw their figures there, too: matplotlib is loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fnnctl.report.figures.drawer.start_process", lambda search: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _cheap_runs() -> Generator[None]:
    """A run waits for no disk and asks no git: both took a third of its time, and have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)
        commit = {"commit": "0123456789abcdef0123456789abcdef01234567", "dirty": False}
        patch.setattr("fnnctl.store.provenance.git_state", lambda: commit)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without the garbage collector, which then also leaves out what they consist of.

    They stay until the end. To look through millions of their objects again and again took 40 % of the
    collection's time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


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
