"""Tables with formats, from a config to predictions: each conversion is told, saved, and done again."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.program import Program, only_run, read_json

ROWS = 60
RNG = np.random.default_rng(17)
AMOUNTS = np.round(RNG.normal(0, 3000, ROWS), 2).tolist()
SHARES = RNG.integers(0, 1000, ROWS).tolist()
MOMENTS = [datetime(2023, 1, 30, 6) + timedelta(hours=int(h)) for h in RNG.integers(0, 9000, ROWS)]
TRUTHS = RNG.integers(0, 2, ROWS).tolist()
LABELS = ["high" if amount > 0 else "low" for amount in AMOUNTS]


def european(amount: float) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def brackets(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 0 else f"(${-amount:,.2f})"


COLUMNS: dict[str, tuple[list[str], list[str]]] = {
    "currency": ([brackets(a) for a in AMOUNTS], [f"{a:.2f}" for a in AMOUNTS]),
    "thousands": ([f"{a:,.2f}" for a in AMOUNTS], [f"{a:.2f}" for a in AMOUNTS]),
    "blanks": ([f"{a:,.2f}".replace(",", "\u202f") for a in AMOUNTS], [f"{a:.2f}" for a in AMOUNTS]),
    "european": ([f"{european(a)} €" for a in AMOUNTS], [f"{a:.2f}" for a in AMOUNTS]),
    "percent": ([f"{s / 10}%" for s in SHARES], [repr(float(f"{s / 10}e-2")) for s in SHARES]),
    "truth": (
        [("yes", "no", "TRUE", "f", "YES", "yes", "no")[2 * (n % 2) + t if n % 9 else 1 - t] for n, t in
         enumerate(TRUTHS)],
        [],
    ),
    "date": (
        [f"{m:%d/%m/%Y %H:%M}" for m in MOMENTS],
        [f"{m.isoformat()}Z" for m in MOMENTS],
    ),
    "named": ([f"{m:%b} {m.day}, {m.year}" for m in MOMENTS], [f"{m:%Y-%m-%d}" for m in MOMENTS]),
    "time": ([f"{m:%I:%M %p}" for m in MOMENTS], [f"{m:%H:%M:%S}" for m in MOMENTS]),
}  # fmt: skip
COLUMNS["truth"] = (COLUMNS["truth"][0], [text.upper() for text in COLUMNS["truth"][0]])


def write(path: Path, header: Sequence[str], *columns: Sequence[object]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *zip(*columns, strict=True)])
    return path


Train = Callable[..., Path]


@pytest.fixture
def train(program: Program, tmp_path: Path, no_figures: None) -> Train:
    """Train a tiny network on the table, and return the run."""

    def train_on(data: Path, more: str = "") -> Path:
        config = tmp_path / "c.yaml"
        config.write_text(
            f"recipe: classic\ndata: {{source: {data.name}, target: y{more}}}\n"
            "model: {hidden: [3]}\ntraining: {epochs: 3}\n"
        )
        done = program("train", str(config))
        assert done.code == 0, done.err
        return only_run(tmp_path)

    return train_on


@pytest.mark.parametrize("name", COLUMNS)
def test_a_formatted_and_a_plain_file_have_the_same_predictions(
    program: Program, train: Train, tmp_path: Path, name: str
) -> None:
    formatted, plain = COLUMNS[name]
    run = train(write(tmp_path / "a.csv", ("c", "y"), formatted, LABELS))
    predictions = [
        program("predict", str(run), str(write(tmp_path / "new.csv", ("c",), texts)))
        for texts in (formatted, plain)
    ]
    assert predictions[0].code == 0, predictions[0].err
    assert predictions[0].out == predictions[1].out
    assert len(set(predictions[0].out.splitlines())) > 2
    (form,) = read_json(run / "model.json")["table"]["formats"]
    assert form == "c"
    scored = program("evaluate", str(run), "--data", str(tmp_path / "a.csv"))
    assert scored.code == 0, scored.err


def test_a_regression_target_is_converted_everywhere(program: Program, train: Train, tmp_path: Path) -> None:
    formatted, plain = COLUMNS["currency"]
    data = write(tmp_path / "a.csv", ("c", "y"), SHARES, formatted)
    run = train(data)
    assert "y: '" in (run / "log.txt").read_text()
    assert list(read_json(run / "model.json")["table"]["formats"]) == ["y"]
    for name, texts in (("same.csv", formatted), ("plain.csv", plain)):
        new = write(tmp_path / name, ("c", "y"), SHARES, texts)
        done = program("evaluate", str(run), "--data", str(new), "--json")
        assert done.code == 0, done.err
    new = write(tmp_path / "wrong.csv", ("c", "y"), SHARES[:2], ["$5", "five"])
    done = program("evaluate", str(run), "--data", str(new))
    assert done.code == 2
    assert "wrong.csv:3: " in done.err
    assert "'five' is not a number" in done.err


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        (
            [*COLUMNS["currency"][0][:-1], "about $5"],
            2,
            f"a.csv:{ROWS + 1}: most values of the target 'y' are numbers, but 'about $5' is not",
        ),
        ([("10%", "20%")[truth] for truth in TRUTHS], 0, "2 classes"),
    ],
    ids=["a misspelt amount", "classes with a percent sign"],
)
def test_the_target_is_what_most_of_its_values_are(
    program: Program, tmp_path: Path, target: list[str], code: int, words: str
) -> None:
    write(tmp_path / "a.csv", ("c", "y"), SHARES, target)
    (tmp_path / "c.yaml").write_text("data: {source: a.csv, target: y}\n")
    done = program("check", str(tmp_path / "c.yaml"))
    assert (done.code, words in done.out + done.err) == (code, True)
    assert "another notation" not in done.err


def test_conversions_are_told_once_and_logged(program: Program, train: Train, tmp_path: Path) -> None:
    columns = [COLUMNS[name][0] for name in ("currency", "date", "truth")]
    data = write(tmp_path / "a.csv", ("", "c", "d", "t", "y"), range(ROWS), *columns, LABELS)
    run = train(data)
    log = (run / "log.txt").read_text()
    for words in (
        "numbers in another notation: c: '",
        "dates and times as numbers: d: '",
        "one category for all spellings: t: '",
        "the first column is ignored: it has no name",
    ):
        assert log.count(words) == 1
    assert "warning: column" not in log
    checked = program("check", str(tmp_path / "c.yaml")).err
    assert checked.count("c.yaml: numbers in another notation: ") == 1
    validated = program("evaluate", str(tmp_path / "c.yaml"), "--folds", "2", "--repeats", "1")
    assert validated.err.count("numbers in another notation: ") == 1
    done = program("predict", str(run), str(data))
    assert "a.csv: the first column has no name and is ignored\n" in done.err


def test_what_cannot_be_read_is_an_error_with_its_line(
    program: Program, train: Train, tmp_path: Path
) -> None:
    columns = [COLUMNS[name][0] for name in ("currency", "date", "truth")]
    run = str(train(write(tmp_path / "a.csv", ("c", "d", "t", "y"), *columns, LABELS)))
    new = tmp_path / "new.csv"
    write(new, ("c", "d", "t"), ["$5", "€6"], ["30/01/2023", "soon"], ["yes", "maybe"])
    done = program("predict", run, str(new))
    assert (done.code, done.out) == (2, "")
    assert "new.csv:3: column 'c': '€6' is not a number with a decimal point" in done.err
    assert "new.csv:3: column 'd': 'soon' is not a date as in the training data" in done.err
    write(new, ("c", "d", "t"), ["$5"], ["30/01/2023"], ["maybe"])
    done = program("predict", run, str(new))
    assert (done.code, "'maybe'" in done.err) == (0, True)


def test_the_classes_yes_and_no_have_one_spelling_each(
    program: Program, train: Train, tmp_path: Path
) -> None:
    spellings = ["yes" if n % 5 else "Y" for n in range(ROWS)]
    spellings = [text if label == "high" else "no" for text, label in zip(spellings, LABELS, strict=True)]
    run = train(write(tmp_path / "a.csv", ("c", "y"), SHARES, spellings))
    assert read_json(run / "model.json")["classes"] == ["no", "yes"]
    assert "one category for all spellings: y: 'Y' is read as yes" in (run / "log.txt").read_text()
    other = ["TRUE" if text != "no" else "N" for text in spellings]
    new = write(tmp_path / "new.csv", ("c", "y"), SHARES, other)
    scores = [
        program("evaluate", str(run), "--data", str(file), "--json").json["metrics"]["test"]["accuracy"]
        for file in (tmp_path / "a.csv", new)
    ]
    assert scores[0] == scores[1]
    assert "to the last digit" in program("evaluate", str(run)).err
    made = program("init", "--data", "a.csv", "--target", "y")
    assert "2 classes: " in made.err


PERCENTAGES = [f"{number}.0%" for number in range(ROWS)]
NOT_5000 = "new.csv:2: column '{}': '50' has no percent sign and would be 5,000 %: write 50% or a fraction"


def test_a_plain_50_is_not_taken_for_5000_percent(program: Program, train: Train, tmp_path: Path) -> None:
    """Neither in a column nor in the target, of new rows or of a test file."""
    run = train(write(tmp_path / "a.csv", ("p", "y"), PERCENTAGES, PERCENTAGES))
    new = str(write(tmp_path / "new.csv", ("p", "y"), ["50"], ["50"]))
    done = program("predict", str(run), new)
    assert (done.code, done.out, NOT_5000.format("p") in done.err) == (2, "", True)
    write(tmp_path / "new.csv", ("p", "y"), ["50%"], ["50"])
    assert NOT_5000.format("y") in program("evaluate", str(run), "--data", new).err
    (tmp_path / "t.yaml").write_text("data: {source: a.csv, target: y, test_source: new.csv}\n")
    assert NOT_5000.format("y") in program("check", "t.yaml").out


def test_codes_with_a_zero_in_front_are_codes_in_new_rows_too(
    program: Program, train: Train, tmp_path: Path
) -> None:
    zips = [("02139", "10115")[truth] for truth in TRUTHS]
    run = train(write(tmp_path / "a.csv", ("zip", "y"), zips, LABELS))
    assert [each["name"] for each in read_json(run / "model.json")["preprocessing"]["categorical"]] == ["zip"]
    assert "zip: '02139' is read as a category" in (run / "log.txt").read_text()
    new = write(tmp_path / "new.csv", ("zip",), ["10115", "2139"])  # a spreadsheet has cut the zero off
    done = program("predict", str(run), str(new))
    assert (done.code, "(the first is '2139')" in done.err) == (0, True)
