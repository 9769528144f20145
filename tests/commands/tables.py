"""Tables for the tests of new rows: the penguins as a user's CSV file, and training on it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from fnnctl.data.builtin import builtin_path
from tests.program import Program

HEADER = "island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex,year\n"
ROW = "Biscoe,41,18,190,4000,male,2008\n"

Row = dict[str, str]


def penguins(classes: Sequence[str] = ("Adelie", "Chinstrap", "Gentoo")) -> tuple[list[str], list[Row]]:
    with builtin_path("penguins") as path, path.open(newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), [row for row in reader if row["species"] in classes]


def write_table(path: Path, names: Sequence[str], rows: Sequence[Row]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n", extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def train(program: Program, source: Path, changes: dict[str, str], target: str = "species") -> Path:
    config = source.with_suffix(".yaml")
    config.write_text(
        f"data: {{source: {source.name}, target: {target}}}\n"
        "recipe: classic\nmodel: {hidden: [8, 8]}\ntraining: {epochs: 3}\n"
    )
    options = [text for path, value in changes.items() for text in ("--set", f"{path}={value}")]
    done = program("train", str(config), "--quiet", *options)
    assert done.code == 0, done.err
    return Path(done.out.strip())


def table_of(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text, newline="")))
