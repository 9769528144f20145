"""What the data or the scores give cause to say is said once, by every command that trains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.commands.settings import given, run_of
from tests.program import Program, only_run, read_json

pytestmark = pytest.mark.usefixtures("no_figures")

NOT_BETTER = "is not better than always predicting"
LEAK = "the column 'code' alone predicts the target: accuracy 1 on held-out rows"
CONTINUOUS = "which look continuous, so this is a regression"
COMMANDS = {
    "train": (),
    "evaluate": ("--folds", "3", "--repeats", "1", "--workers", "1"),
    "search": ("--workers", "1"),
}
CONFIG = """\
recipe: classic
data: {source: t.csv, target: TARGET, columns: {ignore: [OTHERS]}}
model: {hidden: [4]}
training: {epochs: 5}
search: {method: grid, space: {training.l2: {choice: [0.1, 0.2]}}}
"""


def write(folder: Path, target: str, *ignored: str) -> str:
    """Two classes that have nothing to do with `noise`, that `code` gives away, and a price."""
    values = np.random.default_rng(0).normal(size=200)
    lines = [
        f"1,{value:.3f},{row % 2 + 5},{'yn'[row % 2]},{row * 1.37:.2f}" for row, value in enumerate(values)
    ]
    (folder / "t.csv").write_text("\n".join(["constant,noise,code,label,price", *lines]), encoding="utf-8")
    config = CONFIG.replace("TARGET", target).replace("OTHERS", ", ".join(ignored))
    (folder / "x.yaml").write_text(config)
    return "x.yaml"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_network_that_knows_nothing(program: Program, tmp_path: Path, command: str) -> None:
    """Warnings about the scores come before those about the data."""
    done = program(command, write(tmp_path, "label", "code", "price"), *COMMANDS[command])
    assert (done.code, done.err.count(NOT_BETTER)) == (0, 1)
    run = only_run(tmp_path)
    warnings = read_json(run / "manifest.json")["warnings"]
    assert NOT_BETTER in warnings[0]
    assert "'constant'" in warnings[-1]
    beginnings = {"evaluate": "out of fold", "search": "the refitted trial "}
    assert beginnings.get(command, "") in warnings[0]
    assert NOT_BETTER in " ".join(program("report", str(run), "--verbose").out.split())
    folder = run / "best" if command == "search" else run
    assert NOT_BETTER in " ".join(read_json(folder / "manifest.json")["warnings"])


def test_a_network_that_knows_nothing_is_evaluated(program: Program, tmp_path: Path) -> None:
    run = run_of(program, "train", write(tmp_path, "label", "code", "price"))
    assert "is not better than" in program("report", str(run)).out  # the short report cuts it at 80 columns
    (warning,) = (text for text in read_json(run / "manifest.json")["warnings"] if NOT_BETTER in text)
    assert f"warning: {warning}" in program("evaluate", str(run)).err
    on_file = program("evaluate", str(run), "--data", "t.csv", "--json")
    assert "on t.csv" in on_file.err
    assert NOT_BETTER in " ".join(read_json(Path(on_file.json["run"], "manifest.json"))["warnings"])


def test_a_network_with_weights_in_the_loss_need_not_be_right_in_most_rows(
    program: Program, tmp_path: Path
) -> None:
    config = write(tmp_path, "label", "code", "price")
    assert NOT_BETTER not in program("train", config, *given("training.class_weights={y: 2}")).err
    assert NOT_BETTER not in program("evaluate", "latest", "--data", "t.csv").err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_column_that_gives_the_target_away(program: Program, tmp_path: Path, command: str) -> None:
    done = program(command, write(tmp_path, "label", "price"), *COMMANDS[command])
    assert (done.code, done.err.count(f"warning: {LEAK}")) == (0, 1)
    run = only_run(tmp_path)
    manifest = read_json(run / "manifest.json")
    assert LEAK in " ".join(manifest["warnings"])
    best = manifest["data"]["best_column"]
    assert (best["name"], best["metric"], best["score"]) == ("code", "accuracy", 1.0)
    assert "code: accuracy 1 on held-out rows" in program("report", str(run), "--verbose").out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_note_is_no_warning(program: Program, tmp_path: Path, command: str) -> None:
    done = program(command, write(tmp_path, "price", "label"), *COMMANDS[command])
    assert done.code == 0
    (line,) = (line for line in done.err.splitlines() if CONTINUOUS in line)
    assert line.startswith("the target 'price' has 200 distinct numbers")
    run = only_run(tmp_path)
    assert (run / "log.txt").read_text(encoding="utf-8").count(CONTINUOUS) == 1
    assert CONTINUOUS not in " ".join(read_json(run / "manifest.json")["warnings"])


def test_check_says_both_unless_the_config_does(program: Program, tmp_path: Path) -> None:
    config = write(tmp_path, "label", "price")
    assert f"x.yaml: warning: {LEAK}" in program("check", config).err
    assert "alone predicts" not in program("check", config, *given("data.columns.ignore=[code]")).err
    config = write(tmp_path, "price", "label")
    assert "x.yaml: the target 'price' has 200 distinct numbers" in program("check", config).err
    assert CONTINUOUS not in program("check", config, *given("data.task=regression")).err


@pytest.mark.parametrize(("wrong", "is_said"), [(6, True), (45, False)])
def test_a_column_that_does_as_well_as_the_network(
    program: Program, tmp_path: Path, wrong: int, is_said: bool
) -> None:
    """It is not so good that it is mentioned before; the network has no time to be trained."""
    config, rng = write(tmp_path, "label"), np.random.default_rng(1)
    values = np.arange(200) % 2
    values[:wrong] ^= 1
    lines = [f"{rng.normal():.3f},{value},{'yn'[row % 2]}" for row, value in enumerate(values.tolist())]
    lines = [lines[place] for place in rng.permutation(200).tolist()]
    (tmp_path / "t.csv").write_text("\n".join(["a,spent,label", *lines]), encoding="utf-8")
    quick = given("training.epochs=1", "training.optimizer.learning_rate=1e-6")
    done = program("train", config, *quick)
    assert done.code == 0
    sentence = "the column 'spent' alone does as well as the network: accuracy 0.9"
    assert done.err.count(f"warning: {sentence}") == is_said
    assert (sentence in " ".join(read_json(only_run(tmp_path) / "manifest.json")["warnings"])) is is_said


def test_a_class_that_is_hardly_found(program: Program, tmp_path: Path) -> None:
    """Most rows of the rare class look like others; a few can be told, which beats the baseline."""
    lines = [f"{row % 10},{'rare' if row % 10 == 0 and row % 3 else 'common'}" for row in range(600)]
    lines += [f"{100 + row % 3},third" for row in range(60)]
    config = write(tmp_path, "label")
    (tmp_path / "t.csv").write_text("\n".join(["a,label", *lines]), encoding="utf-8")
    settings = given("training.optimizer.learning_rate=0.05", "training.epochs=20")
    rows = "rows of the class 'rare' "
    done = program("train", config, *settings)
    assert (done.code, done.err.count(rows), done.err.count(NOT_BETTER)) == (0, 1, 0)
    warnings = " ".join(read_json(only_run(tmp_path) / "manifest.json")["warnings"])
    assert rows in warnings
    assert "class_weights: balanced" in warnings
    assert program("evaluate", "latest").err.count(rows) == 1
    assert program("evaluate", config, *settings, *COMMANDS["evaluate"]).err.count(f"{rows}out of fold") == 1
