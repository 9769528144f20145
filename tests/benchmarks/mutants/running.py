"""Runs, for a mutant, the tests that reach the changed line, until one of them fails."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import pytest
from coverage import CoverageData

from tests.benchmarks.mutants.covering import SECONDS
from tests.benchmarks.mutants.sites import Site

COPIED: Final = ("fnnctl", "tests", "configs", "docs", ".github", "README.md", "LICENSE", "pyproject.toml")
MOST_SECONDS: Final = 12.0
"""Of the tests of a mutant, when the coverage was recorded. Those of its own folder come first. A survivor
takes all of this time, and a test that comes later may still notice it: try those that are lost by hand."""
START_SECONDS: Final = 60.0
SLOWER: Final = 5.0
"""A mutant whose tests take longer than START_SECONDS and SLOWER times their recorded seconds never ends;
judgement: a machine with other work is slower, and an endless loop is rare."""
PRELOADED: Final = (
    "numpy",
    "pytest",
    "hypothesis",
    "pydantic",
    "typer",
    "rich.console",
    "yaml",
    "matplotlib.figure",
)
"""What a server imports once, and each process that it forks has: never a module of the project."""
CAUGHT, SURVIVED, UNREACHED, GONE = "caught", "survived", "unreached", "gone"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What `covering` has recorded."""

    data: CoverageData
    seconds: dict[str, float]
    """By test, of those that passed."""
    root: Path

    @classmethod
    def read(cls, folder: Path, root: Path) -> Coverage:
        data = CoverageData(no_disk=True)
        for file in sorted(folder.glob("coverage.*")):
            part = CoverageData(str(file))
            part.read()
            data.update(part)
        seconds: dict[str, float] = {}
        for file in sorted(folder.glob(f"{SECONDS}-*.json")):
            seconds |= json.loads(file.read_text(encoding="utf-8"))
        return cls(data, seconds, root)

    def tests_of(self, site: Site) -> list[str]:
        """The tests that run the mutant's line, the nearest and fastest first, up to MOST_SECONDS in all.

        Lines that run at import, or below a cached function, are known of whichever test came first: after
        the tests of a line come those of its file.
        """
        contexts = self.data.contexts_by_lineno(str(self.root / site.mutant.file))
        if site.line not in contexts:
            return []
        in_file = {test for tests in contexts.values() for test in tests}
        reaching = set(contexts[site.line]) if site.in_function else in_file
        mirrored = site.mutant.file.replace("fnnctl/", "tests/", 1)
        near = (str(Path(mirrored).with_name(f"test_{Path(mirrored).name}")), str(Path(mirrored).parent))

        def distance(test: str) -> tuple[bool, bool, bool, float]:
            is_far = test not in reaching
            return is_far, not test.startswith(near[0]), not test.startswith(near[1]), self.seconds[test]

        chosen: list[str] = []
        total = 0.0
        for test in sorted((test for test in in_file if test in self.seconds), key=distance):
            total += self.seconds[test]
            if chosen and total > MOST_SECONDS:
                break
            chosen.append(test)
        return chosen


@contextmanager
def applied(site: Site, project: Path) -> Iterator[None]:
    """The project's file with the change; afterwards as it was, with its time, by which Python knows it."""
    file = project / site.mutant.file
    source, status = file.read_bytes(), file.stat()
    file.write_bytes(site.applied_to(source))
    try:
        yield
    finally:
        file.write_bytes(source)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def outcome(site: Site, coverage: Coverage, project: Path) -> tuple[str, str]:
    """Whether a test of the copied project catches the mutant, and the test that does."""
    tests = coverage.tests_of(site)
    if not tests:
        return UNREACHED, ""
    seconds = START_SECONDS + SLOWER * sum(coverage.seconds[test] for test in tests)
    with applied(site, project):
        failed = _first_failure(project, tests, seconds)
    return (SURVIVED, "") if failed is None else (CAUGHT, failed)


def _first_failure(project: Path, tests: Sequence[str], seconds: float) -> str | None:
    """The first test that fails; "time" if they take too long, "import" if they can't even be collected."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run_tests, args=(project, tests, sender))
    process.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            return "time"
        failed: str | None = receiver.recv()
    except EOFError:
        return "import"
    else:
        return failed
    finally:
        receiver.close()
        with suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()


def _run_tests(project: Path, tests: Sequence[str], sender: Connection) -> None:
    """Run the tests of the copied project in this process until one fails, and send its name or None."""
    os.setsid()  # for killpg
    os.chdir(project)
    os.environ["PYTHONPATH"] = str(project)
    sys.path.insert(0, str(project))
    for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
        del sys.modules[name]
    sys.dont_write_bytecode = True
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    options = (
        "-x -q -p no:cacheprovider -p no:xdist --tb=no --assert=plain --override-ini addopts= "
        "--import-mode=importlib"
    )
    failures = _Failures()
    code = pytest.main([*options.split(), *tests], plugins=[failures])
    sender.send(None if code == pytest.ExitCode.OK else failures.first)
    sender.close()
    os._exit(0)


class _Failures:
    """A pytest plugin that remembers the first test that failed."""

    first = "import"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.first == "import":
            self.first = report.nodeid


def copy_project(root: Path, folder: Path) -> Path:
    """A copy of the project to change, whose modules are compiled."""
    for name in COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.exists():
            shutil.copy2(source, folder / name)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "fnnctl", "tests"], cwd=folder, check=True)
    return folder
