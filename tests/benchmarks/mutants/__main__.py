"""How strong are the tests: how many small faults in the program do they notice?

    pip install coverage
    python -m tests.benchmarks.mutants record FOLDER [TESTS…] [--workers 2]
    python -m tests.benchmarks.mutants draw FILE --packages report,runs [--count 100] [--seed 0]
    python -m tests.benchmarks.mutants run FILE --coverage FOLDER --results RESULTS [--workers 2]
        [--again FORMER]
    python -m tests.benchmarks.mutants compare BEFORE AFTER

`record` runs the tests (all, if none are named) and keeps in FOLDER which lines each of them runs. `draw`
draws mutants of packages, from the sites of their files, and writes them to FILE, a line each. `run` changes
one file after the other in copies of the project, runs the tests that reach the line, and appends a line to
RESULTS; an interrupted run goes on where it was. With --again, only the mutants that were caught there.
`compare` lists those that were caught before and are not any more, and counts by package.

A mutant is found again if lines around it change, and is "gone" if its function has changed too much.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

from tests.benchmarks.mutants.covering import FOLDER
from tests.benchmarks.mutants.running import CAUGHT, GONE, Coverage, copy_project, outcome
from tests.benchmarks.mutants.sites import Mutant, Site, sites_of

ROOT = Path(__file__).parents[3]


def main(words: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(words)
    status: int = options.run(options)
    return status


def _record(options: argparse.Namespace) -> int:
    options.folder.mkdir(parents=True)
    plugin = ["-p", "tests.benchmarks.mutants.covering", "-n", str(options.workers), "--dist", "worksteal"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *options.tests],
        cwd=ROOT,
        env={**os.environ, FOLDER: str(options.folder.resolve())},
        check=False,
    ).returncode


def _draw(options: argparse.Namespace) -> int:
    with options.file.open("x", encoding="utf-8") as file:
        for package in options.packages.split(","):
            files = sorted((ROOT / "fnnctl" / package).rglob("*.py"))
            mutants = [mutant for path in files for mutant in _sites(path.relative_to(ROOT).as_posix())]
            drawn = random.Random(f"{options.seed} {package}").sample(
                mutants, min(options.count, len(mutants))
            )
            file.writelines(json.dumps(asdict(mutant)) + "\n" for mutant in sorted(drawn))
            print(f"{package}: {len(drawn)} of {len(mutants)}")
    return 0


def _run(options: argparse.Namespace) -> int:
    mutants = [Mutant(**json.loads(line)) for line in _lines(options.file)]
    if options.again:
        caught = _caught(_read(options.again))
        mutants = [mutant for mutant in mutants if mutant in caught]
    known = _read(options.results)
    coverage = Coverage.read(options.coverage, ROOT)
    projects: SimpleQueue[Path] = SimpleQueue()
    with (
        tempfile.TemporaryDirectory() as folder,
        options.results.open("a", encoding="utf-8") as results,
        ThreadPoolExecutor(options.workers) as executor,
    ):
        for number in range(options.workers):
            projects.put(copy_project(ROOT, Path(folder, str(number))))

        def judge(mutant: Mutant) -> None:
            site, project = _sites(mutant.file).get(mutant), projects.get()
            try:
                result, test = outcome(site, coverage, project) if site else (GONE, "")
            finally:
                projects.put(project)
            results.write(json.dumps({**asdict(mutant), "outcome": result, "test": test}) + "\n")
            results.flush()

        for _ in executor.map(judge, [mutant for mutant in mutants if mutant not in known]):
            pass
    _count(_read(options.results))
    return 0


def _compare(options: argparse.Namespace) -> int:
    before, after = _read(options.before), _read(options.after)
    lost = sorted(_caught(before) - _caught(after))
    for mutant in lost:
        print(f"{mutant.file}, {mutant.scope}: {mutant.original!r} as {mutant.replacement!r}", end="; ")
        print(f"{before[mutant]['test']}, then {after.get(mutant, {}).get('outcome')}")
    _count(before)
    _count(after)
    return bool(lost)


def _sites(file: str) -> dict[Mutant, Site]:
    """The mutants of a file as it is now; none if it does not exist any more."""
    path = ROOT / file
    return {site.mutant: site for site in sites_of(file, path.read_bytes())} if path.exists() else {}


def _caught(results: dict[Mutant, dict[str, str]]) -> set[Mutant]:
    return {mutant for mutant, line in results.items() if line["outcome"] == CAUGHT}


def _count(results: dict[Mutant, dict[str, str]]) -> None:
    counts = Counter((mutant.file.split("/")[1], line["outcome"]) for mutant, line in results.items())
    for package in sorted({package for package, _ in counts}):
        outcomes = (
            f"{number} {outcome}" for (name, outcome), number in sorted(counts.items()) if name == package
        )
        print(package, *outcomes)


def _read(file: Path) -> dict[Mutant, dict[str, str]]:
    lines = [json.loads(line) for line in _lines(file)] if file.exists() else []
    names = Mutant.__slots__
    return {
        Mutant(**{name: line[name] for name in names}): {key: line[key] for key in line if key not in names}
        for line in lines
    }


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.mutants")
    commands = parser.add_subparsers(dest="what", required=True)
    command = commands.add_parser("record")
    command.set_defaults(run=_record)
    command.add_argument("folder", type=Path)
    command.add_argument("tests", nargs="*")
    command.add_argument("--workers", type=int, default=2)
    command = commands.add_parser("draw")
    command.set_defaults(run=_draw)
    command.add_argument("file", type=Path)
    command.add_argument("--packages", required=True)
    command.add_argument("--count", type=int, default=100)
    command.add_argument("--seed", type=int, default=0)
    command = commands.add_parser("run")
    command.set_defaults(run=_run)
    command.add_argument("file", type=Path)
    command.add_argument("--coverage", type=Path, required=True)
    command.add_argument("--results", type=Path, required=True)
    command.add_argument("--again", type=Path, help="results of a former run")
    command.add_argument("--workers", type=int, default=2)
    command = commands.add_parser("compare")
    command.set_defaults(run=_compare)
    command.add_argument("before", type=Path)
    command.add_argument("after", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
