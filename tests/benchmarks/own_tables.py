"""From a CSV to a scored model without touching the config: does it work, what is built, and what is said?

    python -m tests.benchmarks.own_tables [--tables FOLDER] [--only glass,dates] [--keep FOLDER] [--full]

Runs `init --data TABLE --target TARGET` and `train` in an empty folder for each made table of `tests.messy`,
and for each CSV file of FOLDER, whose target is the column y. Prints one line per table: the exit codes, the
columns used and left out, parameters per network, the score beside the baseline, and seconds; then all
warnings (with --full, all messages). A message of `tests.messy` that is missing is named.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.benchmarks.commands import fnnctl
from tests.benchmarks.recipe.tables import TARGET, find_tables, name_of
from tests.messy import MESSY

MAX_PARAMETERS = 200_000


@dataclass(frozen=True, slots=True)
class Case:
    """A table to be trained on."""

    name: str
    file: Path
    target: str
    expected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the two commands did."""

    codes: tuple[int, int]
    messages: tuple[str, ...]
    parameters: int
    columns: int
    ignored: tuple[str, ...]
    score: str
    seconds: float
    missing: tuple[str, ...]


def cases(tables: Path | None, made: Path) -> Iterator[Case]:
    """The made tables, written to the folder `made`, and those of the folder `tables`."""
    for name, messy in MESSY.items():
        (made / name).mkdir()
        (made / name / messy.name).write_bytes(messy.make())
        yield Case(name, made / name / messy.name, messy.target, messy.expected)
    for file in find_tables(tables) if tables else ():
        yield Case(name_of(file), file, TARGET)


def try_out(case: Case, folder: Path) -> Outcome:
    """Run both commands in `folder`, which is empty."""
    options: dict[str, Any] = {"folder": folder, "check": False, "COLUMNS": "500"}
    first = fnnctl("init", "--data", str(case.file), "--target", case.target, **options)
    second = fnnctl("train", "--json", **options)
    seconds = first.seconds + second.seconds
    said = [line for line in (first.stderr + second.stderr).splitlines() if line.strip()]
    text = "\n".join(said)
    missing = tuple(each for each in case.expected if not re.search(each, text))
    codes = (first.code, second.code)
    if any(codes):
        return Outcome(codes, tuple(said), 0, 0, (), "", seconds, missing)
    written = yaml.safe_load((folder / "fnnctl.yaml").read_text(encoding="utf-8"))
    ignored = tuple(written["data"].get("columns", {}).get("ignore", ()))
    run = Path(json.loads(second.stdout)["run"])
    manifest = json.loads((folder / run / "manifest.json").read_text(encoding="utf-8"))
    parameters = manifest["model"]["parameters"] // manifest["model"]["networks"]
    columns = manifest["data"]["numeric"] + manifest["data"]["categorical"]
    return Outcome(codes, tuple(said), parameters, columns, ignored, _score(folder / run), seconds, missing)


def _score(run: Path) -> str:
    test = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["test"]
    if test is None:
        return "no test part"
    metric = "r2" if "r2" in test else "accuracy"
    return f"{metric} {test[metric]:.3f} ({test['baseline'][metric]:.3f})"


def _printed(case: Case, outcome: Outcome, *, full: bool) -> None:
    failed = "" if outcome.codes == (0, 0) else f"  FAILED {outcome.codes}"
    large = "  TOO LARGE" if outcome.parameters > MAX_PARAMETERS else ""
    print(
        f"{case.name:16} {outcome.columns:5} columns, {outcome.parameters:8,} parameters, {outcome.score:28} "
        f"{outcome.seconds:5.1f} s{failed}{large}"
    )
    if outcome.ignored:
        print(f"    ignored: {', '.join(outcome.ignored)}")
    for line in outcome.messages:
        if full or failed or "warning" in line:
            print(f"    {line}")
    for expression in outcome.missing:
        print(f"    NOT SAID: {expression}")


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.own_tables")
    parser.add_argument("--tables", type=Path, help="a folder of CSV files with the target y")
    parser.add_argument("--only", default="", help="names of tables, separated by commas")
    parser.add_argument("--keep", type=Path, help="keep all files in this folder, which does not exist")
    parser.add_argument("--full", action="store_true", help="print notes, too")
    given = parser.parse_args(words)
    only = {name for name in given.only.split(",") if name}
    with tempfile.TemporaryDirectory() as temporary:
        base = given.keep or Path(temporary) / "all"
        (base / "made").mkdir(parents=True)
        for case in cases(given.tables and given.tables.resolve(), (base / "made").resolve()):
            if not only or case.name in only:
                folder = base / case.name
                folder.mkdir()
                _printed(case, try_out(case, folder), full=given.full)


if __name__ == "__main__":
    main()
