"""`fnnctl report --partial-dependence N` and `--pair A,B`: what a run's network does with its columns."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fnnctl.modelling.explanations import partial_dependence as module
from tests.commands.tables import penguins, write_table
from tests.messages import Messages
from tests.program import Program, only_run, run_of
from tests.runs.folding import table
from tests.runs.searching import RATE, search, write_config

FILES = {"partial_dependence.csv", "partial_dependence.png", "pair_dependence.csv", "pair_dependence.png"}


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of the run on penguins, in `runs` of the working directory; its data are elsewhere."""
    return Path(shutil.copytree(only_run(trained), tmp_path / "runs" / only_run(trained).name))


@pytest.mark.figures
def test_a_run_gets_tables_and_figures(run: Path, program: Program) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    done = program("report", "--partial-dependence", "2", "--pair", "island,year", "--pair", "sex, year")
    assert done.code == 0, done.err
    assert "Importance of the columns" not in done.out
    important = [row["column"] for row in table(run, "feature_importance.csv")][:2]
    curves, pairs = table(run, "partial_dependence.csv"), table(run, "pair_dependence.csv")
    assert [*dict.fromkeys(row["column"] for row in curves)] == important
    assert {row["class"] for row in curves} == {"Adelie", "Chinstrap", "Gentoo"}
    named = [*dict.fromkeys((row["column_1"], row["column_2"]) for row in pairs)]
    assert named == [("island", "year"), ("sex", "year")]
    after = {path.name: path.read_bytes() for path in run.iterdir()}
    new = {*FILES, "feature_importance.csv", "feature_importance.png"}
    assert {name: content for name, content in after.items() if name not in new} == before
    assert all(after[name].startswith(b"\x89PNG") for name in new if name.endswith(".png"))
    (run / "partial_dependence.png").unlink()
    again = program("report", "--verbose")
    assert "partial_dependence.csv" in again.out
    assert "Partial dependence on columns" not in again.out
    assert (run / "partial_dependence.png").read_bytes() == after["partial_dependence.png"]


def test_the_report_shows_what_was_measured(run: Path, program: Program) -> None:
    """The importance, too, if that is asked for; it is the same again."""
    options = ("report", "--partial-dependence", "1", "--pair", "island,year", "--json")
    first, second = (program(*options).json["runs"][0] for _ in range(2))
    assert first == second
    assert "feature_importance" not in first
    (curves,), (pair,) = first["partial_dependence"], first["pair_dependence"]
    assert pair["columns"] == ["island", "year"]
    rows = table(run, "partial_dependence.csv")
    means = [mean for curve in curves["curves"] for mean in curve["mean"]]
    assert means == [float(row["mean"]) for row in rows]
    assert first["partial_dependence_rows"]["part"] == "train"
    both = program(*options, "--importance").json["runs"][0]
    assert both["partial_dependence"] == first["partial_dependence"]
    assert both["feature_importance"][0]["column"] == curves["column"]


def test_a_pair_needs_no_importance(run: Path, program: Program) -> None:
    done = program("report", "--pair", "island,year", "--no-figures")
    assert done.code == 0, done.err
    assert {path.name for path in run.iterdir()} & {*FILES, "feature_importance.csv"} == {
        "pair_dependence.csv"
    }


def test_an_evaluation_is_measured_on_its_file(run: Path, program: Program, tmp_path: Path) -> None:
    names, rows = penguins()
    write_table(tmp_path / "new.csv", names, rows[:100])
    evaluation = run_of(program, "evaluate", run.name, "--data", "new.csv")
    entry = program("report", str(evaluation), "--partial-dependence", "1", "--json").json["runs"][0]
    measured = entry["partial_dependence_rows"]
    assert (measured["part"], measured["rows"], len(measured["individual"])) == ("file", 100, 50)
    assert (evaluation / "partial_dependence.csv").exists()
    assert not (run / "partial_dependence.csv").exists()


def test_a_search_stands_for_its_winner(program: Program, tmp_path: Path) -> None:
    space = {RATE: {"log_uniform": [0.01, 0.1]}}
    folder = search(
        write_config(tmp_path / "x.yaml", search={"method": "random", "trials": 2, "space": space})
    )
    entry = program("report", str(folder), "--partial-dependence", "1", "--json").json["runs"][0]
    assert len(entry["partial_dependence"]) == 1
    assert "best/partial_dependence.csv" in entry["files"]


def test_rows_of_a_file_are_drawn_from_all_its_blocks(
    run: Path, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 40)
    monkeypatch.setattr("fnnctl.data.row_encoder.MOST_ROWS", 64)
    write_table(tmp_path / "new.csv", *penguins())
    evaluation = run_of(program, "evaluate", run.name, "--data", "new.csv")
    done = program("report", str(evaluation), "--pair", "island,year", "--json")
    numbers = done.json["runs"][0]["partial_dependence_rows"]["individual"]
    assert numbers == sorted({*numbers})
    assert len(numbers) == 40
    assert numbers[-1] > 200
    assert "partial dependence is measured on 40 of the 344 rows of " in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("--partial-dependence", "0"),
        ("--partial-dependence", "all"),
        ("--pair", "island"),
        ("--pair", "island,sex,year"),
        ("--pair", ""),
        ("--pair", "island,"),
        ("--pair", '"island,year'),
        ("--pair", "island,island"),
        ("--pair", "island,yaer"),
        ("--pair", "island,species"),
        ("--pair", "island,sepal_length_cm"),
    ],
)
def test_mistakes(run: Path, program: Program, messages: Messages, words: tuple[str, ...]) -> None:
    done = program("report", *words)
    assert (done.code, done.out) == (2, "")
    assert not FILES & {path.name for path in run.iterdir()}
    messages.check(done.err.replace(run.name, "RUN"))


def test_without_a_network_or_rows_there_is_an_error(
    program: Program, tmp_path: Path, messages: Messages
) -> None:
    write_table(tmp_path / "penguins.csv", *penguins())
    (tmp_path / "x.yaml").write_text(
        "recipe: classic\ndata: {source: penguins.csv, target: species, split: {test: 0, validation: 0}}\n"
        "training: {epochs: 1, early_stopping: null}\n"
    )
    nothing = run_of(program, "train", "x.yaml")
    for words in (("--partial-dependence", "2"), ("--pair", "island,year")):
        done = program("report", str(nothing), *words)
        messages.check(f"{done.code} {done.err}".replace(nothing.name, "RUN"))
    folds = run_of(
        program, "evaluate", "x.yaml", "--set", "evaluation.cross_validation={folds: 2, repeats: 1}"
    )
    done = program("report", str(folds), "--pair", "island,year")
    messages.check(f"{done.code} {done.err}".replace(folds.name, "RUN"))
