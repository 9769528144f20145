"""Runs, for a mutant, the tests that reach the changed line, until one of them fails."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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

        Lines that run at import are known of whichever test came first: their tests are those of the file.
        """
        contexts = self.data.contexts_by_lineno(str(self.root / site.mutant.file))
        reaching = set(contexts.get(site.line, ()))
        if not site.in_function:
            reaching = {test for tests in contexts.values() for test in tests}
        mirrored = site.mutant.file.replace("fnnctl/", "tests/", 1)
        near = (str(Path(mirrored).with_name(f"test_{Path(mirrored).name}")), str(Path(mirrored).parent))

        def distance(test: str) -> tuple[bool, bool, float]:
            return not test.startswith(near[0]), not test.startswith(near[1]), self.seconds[test]

        chosen: list[str] = []
        total = 0.0
        for test in sorted((test for test in reaching if test in self.seconds), key=distance):
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
        try:
            done = _pytest(project, tests, seconds)
        except subprocess.TimeoutExpired:
            return CAUGHT, "time"
    if done.returncode == 0:
        return SURVIVED, ""
    failed = [line.removeprefix("FAILED ") for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    return CAUGHT, failed[0].split(" - ")[0] if failed else "import"


def _pytest(project: Path, tests: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
    options = (
        "-x -q -rf -p no:cacheprovider -p no:xdist --tb=no --assert=plain --override-ini addopts= "
        "--import-mode=importlib"
    )
    return subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *options.split(), *tests],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


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
