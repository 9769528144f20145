"""What a run says first: short on a terminal, for every kind of run; and for CI."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path

import numpy as np

from tests.program import Done, Program

MAX_LINES = 25


def lines_of(done: Done) -> list[str]:
    lines = done.out.rstrip("\n").split("\n")
    assert len(lines) <= MAX_LINES
    return lines


def commands_of(lines: list[str]) -> list[list[str]]:
    """The commands in a report, split as by a shell, without `fnnctl` and without comments."""
    found = [shlex.split(line, comments=True) for line in lines if line.startswith("  fnnctl ")]
    return [words[1:] for words in found]


def write_table(path: Path, classes: tuple[str, ...], rows: int) -> None:
    draw = np.random.default_rng(5)
    labels = np.arange(rows) % len(classes)
    inputs = draw.normal(size=(len(classes), 3))[labels] + draw.normal(size=(rows, 3))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "y", "z", "label"])
        writer.writerows(
            [*values.round(3), classes[label]] for values, label in zip(inputs, labels, strict=True)
        )


def test_the_commands_at_the_end_of_a_training_work(program: Program, iris: Path) -> None:
    lines = lines_of(program("train", str(iris), "--name", "a name", "--set", "training.epochs=100"))
    assert lines[0] == "a name  completed"
    everything, search, predict, *_ = commands_of(lines)
    assert everything[-1] == "--verbose"
    long = program(*everything).out
    assert "Confusion matrix" in long
    options = ["--name", "a name", "--set", "training.epochs=100", "--time-limit", "300"]
    assert search == ["search", str(iris), *options]
    assert search in commands_of(long.splitlines())
    (repeat,) = (words for words in commands_of(long.splitlines()) if words[0] == "train")
    again = lines_of(program(*repeat))
    assert again[6:12] == lines[6:12]  # the same scores
    assert (predict[0], predict[2]) == ("predict", "DATA")
    assert program(*predict[:2], "iris.csv").code == 2  # there is no such file, but the command is understood


def test_a_regression_and_a_training_that_diverged(program: Program, tmp_path: Path) -> None:
    config = tmp_path / "x.yaml"
    config.write_text(
        "data: {source: diabetes}\nmodel: {hidden: [4]}\ntraining: {epochs: 3}\nrecipe: classic\n"
    )
    text = "\n".join(lines_of(program("train", str(config))))
    assert "RMSE" in text
    assert "lowest" not in text
    rate = "training.optimizer={name: sgd, learning_rate: 1.0e+6}"
    assert program("train", str(config), "--set", rate, "--set", "training.epochs=20").code == 4
    lines = lines_of(program("report"))
    assert lines[0].endswith("failed")
    assert any("training diverged" in line for line in lines)
    assert [words[0] for words in commands_of(lines)] == ["report", "report"]


def test_an_evaluation_of_another_threshold_names_itself(program: Program, tmp_path: Path) -> None:
    write_table(tmp_path / "x.csv", ("no", "yes"), 80)
    config = tmp_path / "x.yaml"
    config.write_text("data: {source: x.csv, target: label}\nmodel: {hidden: [4]}\ntraining: {epochs: 3}\n")
    run = Path(program("train", str(config), "--quiet").out.strip())
    lines = lines_of(program("evaluate", str(run), "--threshold", "0.25"))
    ((*words,),) = commands_of(lines)
    assert words == ["evaluate", str(run), "--threshold", "0.25", "--verbose"]
    assert "threshold" in program(*words).out
