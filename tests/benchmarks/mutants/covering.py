"""A pytest plugin that records which lines of fnnctl each test runs, and how long it takes.

    pytest -p tests.benchmarks.mutants.covering

The environment variable says where the files go: one of coverage and one of seconds per process of pytest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Final

import coverage
import pytest

FOLDER: Final = "MUTANTS_COVERAGE"
"""The environment variable."""
SECONDS: Final = "seconds"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder(Path(os.environ[FOLDER])))


class Recorder:
    """Records one process of pytest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._coverage = coverage.Coverage(
            data_file=str(folder / "coverage"), data_suffix=True, source=["fnnctl"], messages=False
        )
        self._coverage.set_option("run:disable_warnings", ["no-data-collected"])  # by xdist's controller
        self._coverage.start()
        self._seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed:
            self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_unconfigure(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        file = self._folder / f"{SECONDS}-{os.getpid()}.json"
        file.write_text(json.dumps(self._seconds), encoding="utf-8")
