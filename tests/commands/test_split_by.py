"""`data.split.by`: every command divides the rows in the order of the column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from fnnctl.store import names
from tests.program import Program, read_json
from tests.runs.folding import table

pytestmark = pytest.mark.usefixtures("no_figures")

ROWS, DAYS = 120, 24
CONFIG = """\
recipe: classic
data: {source: own.csv, target: y, split: {by: day}}
model: {hidden: [4]}
training: {epochs: 6}
evaluation: {cross_validation: {folds: 3, repeats: 2}}
search:
  method: random
  trials: 3
  objective: {on: cross_validation}
  confirm: {top: 2, seeds: 3}
  space: {training.l2: {log_uniform: [1e-5, 1e-1]}}
"""
DAY = np.random.default_rng(0).permutation(np.arange(ROWS) % DAYS)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A table with five rows a day, in random order, and its config."""
    x = np.random.default_rng(1).normal(size=ROWS)
    lines = [f"{day},{value:.3f},{'no' if value < 0 else 'yes'}" for day, value in zip(DAY, x, strict=True)]
    (tmp_path / "own.csv").write_text("\n".join(["day,x,y", *lines]) + "\n")
    path = tmp_path / "own.yaml"
    path.write_text(CONFIG)
    return path


def run_of(done_out: str) -> Path:
    return Path(yaml.safe_load(done_out)["run"])


def days_of_test(run: Path) -> set[int]:
    return {int(DAY[int(row["row"])]) for row in table(run, names.PREDICTIONS)}


@pytest.mark.parametrize("ignored", [False, True])
def test_the_last_days_are_tested(program: Program, own: Path, ignored: bool) -> None:
    options = ["--set", "data.columns.ignore=[day]"] if ignored else []
    done = program("train", str(own), *options, "--json")
    line = "test part: the last 25 rows by 'day', from 19 on; validation part: the 20 rows before, from 15 on"
    assert line in done.err
    run = run_of(done.out)
    assert line in (run / "log.txt").read_text()
    assert days_of_test(run) == {19, 20, 21, 22, 23}
    assert len(table(run, names.PREDICTIONS)) == 25
    described = yaml.safe_load((run / names.RESOLVED).read_text())
    assert described["data"]["split"] == {"validation": 0.15, "test": 0.2, "by": "day"}
    (own.parent / "new.csv").write_text("x\n0.5\n" if ignored else "day,x\n30,0.5\n")
    assert program("predict", str(run), "new.csv").code == 0


def test_folds_chain_forward_and_do_not_test_the_first_days(program: Program, own: Path) -> None:
    done = program("evaluate", str(own), "--workers", "1", "--json")
    assert (
        "folds by 'day': each trains on earlier rows only; the first 30 rows, up to 5, are never tested"
    ) in done.err
    run = run_of(done.out)
    predictions = table(run, names.PREDICTIONS)
    assert len(predictions) == 2 * 90
    for row in predictions:
        assert DAY[int(row["row"])] // 6 == int(row["fold"])
    folds = table(run, names.CROSS_VALIDATION)
    sizes = [[int(fold[f"{part}_rows"]) for part in ("train", "validation", "test")] for fold in folds]
    assert sizes == 2 * [[25, 5, 30], [50, 10, 30], [75, 15, 30]]
    assert len({fold["loss"] for fold in folds}) == 6  # repeats have other weights
    facts = read_json(run / names.MANIFEST)["cross_validation"]
    assert facts == {"folds": 3, "repeats": 2, "stratify": False, "by": "day"}
    assert "3, in the order of 'day'; 2 repeats" in program("report", str(run), "--verbose").out
    resolved = run_of(program("evaluate", str(run / names.RESOLVED), "--workers", "1", "--json").out)
    assert (resolved / names.CROSS_VALIDATION).read_bytes() == (run / names.CROSS_VALIDATION).read_bytes()


def test_a_search_learns_from_earlier_days_only(program: Program, own: Path) -> None:
    done = program("search", str(own), "--workers", "1", "--json")
    assert done.code == 0
    assert "test part: the last 25 rows by 'day', from 19 on" in done.err
    run = run_of(done.out)
    assert days_of_test(run / names.BEST) == {19, 20, 21, 22, 23}
    parts = read_json(run / names.BEST / names.MANIFEST)["data"]["parts"]
    assert parts == {"train": 95, "validation": 0, "test": 25}
    records = [yaml.safe_load(line) for line in (run / names.JOURNAL).read_text().splitlines()]
    confirmed = [record for record in records if record["record"] == "confirmed"]
    assert {(each["train_rows"], each["validation_rows"]) for each in confirmed} == {(75, 20)}
    assert len(confirmed) == 6
    assert program("plan", str(own)).code == 0


def test_check_says_where_the_parts_begin_or_what_is_wrong(program: Program, own: Path) -> None:
    assert "own.yaml: test part: the last 25 rows by 'day', from 19 on" in program("check", str(own)).err
    text = own.parent / "own.csv"
    text.write_text(text.read_text().replace(f"\n{DAY[0]},", "\n,", 1))
    done = program("train", str(own))
    assert done.code == 2
    assert "the column 'day', which data.split.by names, has 1 row without a value: fill them in" in done.err
    assert not (own.parent / "runs").exists()
