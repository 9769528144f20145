"""Drift of new rows: what `predict`, `describe` and `evaluate` say of it, and what is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fnnctl.modelling.drift import DriftCounter
from tests.commands.tables import Row, penguins, table_of, train, write_table
from tests.messages import Messages
from tests.program import Program, only_run

FORMER = Path(__file__).parents[1] / "former_runs" / "0.10.1"
SHIFTED = ["body_mass_g", "island", "species"]
"""The last one is the predictions."""
Change = Callable[[Row, int], Row]


@pytest.fixture(scope="module")
def rows() -> tuple[list[str], list[Row]]:
    return penguins()


def heavier(row: Row, number: int) -> Row:
    """In another unit, with a new island in a quarter of the rows."""
    mass = "" if row["body_mass_g"] in ("", "NA") else f"{float(row['body_mass_g']) / 1000:g}"
    return {**row, "body_mass_g": mass, "island": "Ross" if number % 4 == 0 else row["island"]}


@pytest.fixture
def shifted(tmp_path: Path, rows: tuple[list[str], list[Row]]) -> Path:
    names, table = rows
    changed = [heavier(row, number) for number, row in enumerate(table)]
    return write_table(tmp_path / "shifted.csv", names, changed)


def read(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["column"]: row for row in csv.DictReader(file)}


def test_rows_that_are_like_the_training_rows(program: Program, trained: Path, messages: Messages) -> None:
    done = program("predict", str(only_run(trained)), str(trained / "penguins.csv"), "--drift", "d.csv")
    assert done.code == 0
    messages.check(done.err.replace(str(trained), "<trained>"))
    drift = read(Path("d.csv"))
    assert [*drift] == [
        "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year", "island", "sex",
        "species",
    ]  # fmt: skip
    assert {row["shifted"] for row in drift.values()} == {"false"}
    assert (drift["species"]["kind"], drift["island"]["kind"]) == ("prediction", "categorical")


def test_a_shift_fails_after_the_predictions_are_written(
    program: Program, trained: Path, shifted: Path, messages: Messages
) -> None:
    run = str(only_run(trained))
    plain = program("predict", run, str(shifted)).out
    done = program("predict", run, "shifted.csv", "--drift", "d.csv", "--fail-on-drift", "--quiet")
    assert (done.code, done.out) == (1, plain)
    messages.check(done.err)
    drift = read(Path("d.csv"))
    assert [name for name, row in drift.items() if row["shifted"] == "true"] == SHIFTED
    assert (drift["island"]["new_unseen"], drift["sex"]["new_unseen"]) == (str(86 / 344), "0.0")
    assert program("predict", run, "shifted.csv", "--drift", "d.csv").code == 0
    assert program("predict", run, "shifted.csv", "--fail-on-drift", "--drift-psi", "99").code == 0
    assert program("predict", run, "shifted.csv", "--fail-on-drift", "--drift-p", "0").code == 0


def test_the_drift_does_not_depend_on_workers_or_the_form_of_the_rows(
    program: Program,
    trained: Path,
    shifted: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also with contributions, whose rows are scored in another way."""
    run = str(only_run(trained))
    expected = program("predict", run, "shifted.csv", "--drift", "alone.csv", "--workers", "1").out
    monkeypatch.setattr("fnnctl.data.tables.csv_file.SMALL_BYTES", 0)
    monkeypatch.setattr("fnnctl.data.tables.csv_file.CHUNK_BYTES", 2000)
    monkeypatch.setattr("fnnctl.stacks.prediction_workers.WORTH_VALUES", 1)
    monkeypatch.setattr("fnnctl.stacks.prediction_workers.ITEM_ROWS", 50)
    monkeypatch.setattr("fnnctl.executors.processes.can_fork", lambda: True)
    done = program("predict", run, "shifted.csv", "--drift", "workers.csv", "--workers", "2")
    assert done.out == expected
    few = ("--background", "shifted.csv", "--contributions", "1", "--workers", "1")
    program("predict", run, "shifted.csv", "--drift", "contributions.csv", *few)
    for name in ("workers", "contributions"):
        assert Path(f"{name}.csv").read_text() == Path("alone.csv").read_text()


def test_json_has_the_bins(program: Program, trained: Path, shifted: Path) -> None:
    words = ("shifted.csv", "--fail-on-drift", "--output", "p.csv", "--json")
    done = program("predict", str(only_run(trained)), *words)
    assert done.code == 1
    drift = done.json["drift"]
    assert drift["shifted"] == 3
    (island,) = (column for column in drift["columns"] if column["column"] == "island")
    assert island["bins"][-2]["bin"] == "(unseen values)"
    assert (island["bins"][-2]["trained"], island["bins"][-2]["new"]) == (0, 86)
    assert sum(of_bin["new"] for of_bin in island["bins"]) == 344


def test_a_threshold_does_not_shift_the_predictions(program: Program, tmp_path: Path) -> None:
    """They are compared as the model itself decides."""
    source = write_table(tmp_path / "two.csv", *penguins(("Adelie", "Gentoo")))
    run = train(program, source, {})
    done = program("predict", str(run), "two.csv", "--threshold", "0", "--drift", "d.csv")
    assert {row["prediction"] for row in table_of(done.out)} == {"Gentoo"}
    assert read(Path("d.csv"))["species"]["shifted"] == "false"


def test_without_the_options_nothing_is_counted(
    program: Program, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DriftCounter, "count", lambda *_: pytest.fail("counted"))
    assert program("predict", str(only_run(trained)), str(trained / "penguins.csv")).code == 0


MISTAKES: list[Sequence[str]] = [
    ("--drift-psi", "0.2"),
    ("--drift-p", "0.05", "--drift-psi", "0.2"),
    ("--drift", "shifted.csv"),
    ("--drift", "p.csv", "--output", "p.csv"),
    ("--drift", "nowhere/d.csv"),
    ("--drift", "."),
    ("--drift", "-"),
    ("--drift",),
    ("--drift", "d.csv", "--drift-psi", "-1"),
    ("--drift", "d.csv", "--drift-psi", "10%"),
    ("--drift", "d.csv", "--drift-p", "2"),
    ("--drift", "d.csv", "--drift-p", "small"),
    ("--fail-on-drift=yes",),
    ("--drift", "d.csv", "--drft-p", "0.1"),
]


def test_mistakes_write_nothing(program: Program, trained: Path, shifted: Path, messages: Messages) -> None:
    run = str(only_run(trained))
    for words in MISTAKES:
        done = program("predict", run, "shifted.csv", *words)
        assert (done.code, done.out) == (2, "")
        messages.check(done.err.replace(str(trained), "<trained>"))
    done = program("predict", run, "shifted.csv", "--drift", f"{run}/metrics.json")
    assert done.code == 2
    assert [path.name for path in Path().iterdir()] == ["shifted.csv"]


def test_models_of_former_versions_keep_no_histograms(program: Program, messages: Messages) -> None:
    run, table = str(FORMER / "default"), str(FORMER / "table.csv")
    for words in (("predict", run, table, "--fail-on-drift"), ("describe", table, "--against", run)):
        done = program(*words)
        assert (done.code, done.out) == (2, "")
        messages.check(done.err.replace(str(FORMER), "<former>"))


def test_describe_compares_a_table_with_a_run(
    program: Program, trained: Path, shifted: Path, messages: Messages
) -> None:
    words = ("describe", "shifted.csv", "--against", str(only_run(trained)))
    shown = program(*words).out
    messages.check(shown[: shown.index("\nColumns\n")])
    drift = program(*words, "--json").json["drift"]
    assert [column["column"] for column in drift["columns"] if column["shifted"]] == SHIFTED
    assert program("describe", "shifted.csv", "--json").json["drift"] is None
    alike = program("describe", "penguins", *words[2:], "--json").json["drift"]
    assert alike["shifted"] == 0


def test_describe_refuses_what_the_network_cannot_read(
    program: Program, trained: Path, shifted: Path, messages: Messages
) -> None:
    run = str(only_run(trained))
    Path("other.csv").write_text("a,b\n1,2\n3,4\n")
    for words in (
        ("other.csv", "--against", run),
        ("shifted.csv", "--against", "nothing"),
        ("shifted.csv", "--against"),
    ):
        done = program("describe", *words)
        assert (done.code, done.out) == (2, "")
        messages.check(done.err.replace(str(trained), "<trained>"))


def test_an_evaluation_reports_the_drift(
    program: Program, trained: Path, shifted: Path, messages: Messages
) -> None:
    done = program("evaluate", str(only_run(trained)), "--data", "shifted.csv", "--json")
    run = Path(done.json["run"])
    messages.check([line for line in done.err.splitlines() if "have shifted" in line])
    assert [name for name, row in read(run / "drift.csv").items() if row["shifted"] == "true"] == SHIFTED
    (entry,) = program("report", str(run), "--json").json["runs"]
    assert entry["drift"]["shifted"] == 3
    shown = program("report", str(run), "--verbose").out
    messages.check(shown[shown.index("\nDrift") : shown.index("\nData")])
    for ending in ("md", "html"):
        assert program("report", str(run), "--output", f"r.{ending}", "--no-figures").code == 0
        assert "Drift: are the scored rows like the training rows?" in Path(f"r.{ending}").read_text()
