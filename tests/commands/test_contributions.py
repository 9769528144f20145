"""`predict --contributions`: which columns moved each prediction, and how far."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.commands.tables import HEADER, ROW, penguins, table_of, train, write_table
from tests.messages import Messages
from tests.program import Program, only_run


@pytest.fixture
def new(tmp_path: Path) -> str:
    """Rows of all classes, of which some lack values."""
    names, rows = penguins()
    return str(write_table(tmp_path / "new.csv", names, rows[::30]))


def log_odds(row: dict[str, str], name: str) -> float:
    p = float(row[f"p_{name}"])
    return math.log(p / (1 - p))


def test_contributions_follow_the_prediction_and_sum_to_its_log_odds(
    trained: Path, new: str, program: Program
) -> None:
    run = str(only_run(trained))
    plain = program("predict", run, new).out.splitlines()
    done = program("predict", run, new, "--contributions", "2")
    assert done.code == 0
    assert done.out.splitlines()[0] == f"{plain[0]},base,column_1,effect_1,column_2,effect_2,effect_other"
    for line, expected in zip(done.out.splitlines(), plain, strict=True):
        assert line.startswith(f"{expected},")
    for row in table_of(done.out):
        effects = [float(row[name]) for name in ("base", "effect_1", "effect_2", "effect_other")]
        assert sum(effects) == pytest.approx(log_odds(row, row["prediction"]), abs=1e-6)
        assert abs(effects[1]) >= abs(effects[2])


def test_the_base_is_the_mean_of_the_background(trained: Path, new: str, program: Program) -> None:
    run = str(only_run(trained))
    background = table_of(program("predict", run, new).out)
    done = program("predict", run, new, "--contributions", "1", "--background", new)
    for row in table_of(done.out):
        odds = [log_odds(other, row["prediction"]) for other in background]
        assert float(row["base"]) == pytest.approx(sum(odds) / len(odds), abs=1e-9)


def test_a_background_row_has_no_effects_on_itself(trained: Path, program: Program) -> None:
    Path("new.csv").write_text(HEADER + ROW)
    words = ("predict", str(only_run(trained)), "new.csv", "--contributions", "9", "--background", "new.csv")
    (row,) = table_of(program(*words, "--digits", "12").out)
    assert {row[f"column_{k}"] for k in range(1, 8)} == {*HEADER.strip().split(",")}  # no more than there are
    assert {row[name] for name in row if name.startswith("effect_")} == {"0.000000000000"}


def test_kept_columns_give_way_and_the_classes_may_be_fewer(trained: Path, program: Program) -> None:
    Path("new.csv").write_text("base,effect_1," + HEADER + "x,y," + ROW)
    words = ("--contributions", "1", "--keep", "base,effect_1", "--top", "1")
    done = program("predict", str(only_run(trained)), "new.csv", *words)
    header = "row,input_base,input_effect_1,prediction,top_1,p_top_1,base,column_1,effect_1"
    assert done.out.splitlines()[0] == f"{header},effect_other"
    assert done.out.splitlines()[1].startswith("0,x,y,")


def test_parts_of_a_date_and_categories_are_one_column(program: Program) -> None:
    names, rows = penguins()
    for k, row in enumerate(rows):
        row["year"] = f"2008-{1 + k % 12:02}-{1 + k % 28:02}"
    run = train(program, write_table(Path("dates.csv"), names, rows), {})
    done = program("predict", str(run), "dates.csv", "--contributions", "99")
    row = table_of(done.out)[0]
    assert {row[name] for name in row if name.startswith("column_")} == {*names} - {"species"}


def test_kept_rows_replace_the_training_data(program: Program, new: str) -> None:
    names, rows = penguins()
    table = write_table(Path("own.csv"), names, rows)
    runs = [train(program, table, {"model.background_rows": count}) for count in ("0", "100")]
    words = (new, "--contributions", "3")
    read, kept = (program("predict", str(run), *words).out for run in runs)
    assert read == kept
    table.unlink()
    assert program("predict", str(runs[1]), *words).out == kept


def test_more_kept_rows_are_all_used(program: Program, new: str) -> None:
    names, rows = penguins()
    table = write_table(Path("own.csv"), names, rows)
    bases = []
    for count in ("100", "150"):
        run = train(program, table, {"model.background_rows": count})
        done = program("predict", str(run), new, "--contributions", "1", "--threshold", "0.5")
        assert done.code == 2  # there are three classes
        bases.append(table_of(program("predict", str(run), new, "--contributions", "1").out)[0]["base"])
    assert bases[0] != bases[1]


def test_of_many_background_rows_some_are_used(
    trained: Path, new: str, program: Program, messages: Messages
) -> None:
    words = ("--contributions", "1", "--background", str(trained / "penguins.csv"))
    done = program("predict", str(only_run(trained)), new, *words)
    assert done.code == 0
    messages.check(done.err.replace(str(trained), "."))


def test_wrong_arguments_have_a_message(
    trained: Path, new: str, program: Program, messages: Messages
) -> None:
    run = str(only_run(trained))
    Path("header.csv").write_text(HEADER)
    Path("short.csv").write_text("sex\nmale\n")
    Path("background.csv").write_text(HEADER + ROW)
    for words in (
        (new, "--background", "background.csv"),
        ("-", "--contributions", "1", "--background", "-"),
        (new, "--contributions", "1", "--background", "gone.csv"),
        (new, "--contributions", "1", "--background", "header.csv"),
        (new, "--contributions", "1", "--background", "short.csv"),
        (new, "--contributions", "1", "--background", "background.csv", "-o", "background.csv"),
        (new, "--contributions", "1", "--background", "background.csv", "--drift", "background.csv"),
        (new, "--contributions", "0"),
    ):
        done = program("predict", run, *words)
        assert (done.code, done.out) == (2, "")
        messages.check(done.err)
    assert Path("background.csv").read_text() == HEADER + ROW


def test_training_rows_that_are_gone_or_have_changed_have_a_message(
    program: Program, new: str, messages: Messages
) -> None:
    names, rows = penguins()
    table = write_table(Path("own.csv"), names, rows)
    run = train(program, table, {})
    write_table(table, names, rows[1:])
    for _ in range(2):
        done = program("predict", str(run), new, "--contributions", "1")
        assert (done.code, done.out) == (2, "")
        messages.check(done.err.replace(str(run), "RUN"))
        table.unlink(missing_ok=True)
