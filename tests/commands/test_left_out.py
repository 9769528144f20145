"""The usual nightly start: new rows as the test part of an experiment that `init` wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.program import Program, only_run, read_json

CHANGE = ("--set", "data.test_source=new.csv")
NOTE = "data.split.test is left out: it has no effect beside --set data.test_source"
QUICK = ("--set", "recipe=classic", "--set", "training.epochs=2", "--no-figures")


@pytest.fixture(autouse=True)
def nightly(program: Program, tmp_path: Path) -> Path:
    rows = [f"{row % 7},{row % 5},{'ab'[(row % 7 + row % 5) % 2]}" for row in range(100)]
    for name in ("old", "new"):
        (tmp_path / f"{name}.csv").write_text("\n".join(["x,z,y", *rows]))
    assert program("init", "nightly.yaml", "--data", "old.csv", "--target", "y").code == 0
    return tmp_path / "nightly.yaml"


def test_a_run_keeps_the_file_and_leaves_out_the_setting(
    program: Program, tmp_path: Path, nightly: Path
) -> None:
    done = program("train", "nightly.yaml", *CHANGE, *QUICK)
    assert (done.code, done.err.count(NOTE)) == (0, 1)
    run = only_run(tmp_path)
    assert (run / "config.yaml").read_bytes() == nightly.read_bytes()
    data = yaml.safe_load((run / "resolved.yaml").read_text())["data"]
    assert "test" not in data["split"]
    assert data["test_source"] == str(tmp_path / "new.csv")
    assert read_json(run / "metrics.json")["test"]["support"] == 100
    assert NOTE in (run / "log.txt").read_text()
    assert program("train", str(run / "resolved.yaml"), "--no-figures").code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", "--folds", "2", "--repeats", "1", *QUICK),
        ("search", "--method", "random", "--max-trials", "2", "--workers", "1", "--set", "search={}", *QUICK),
        ("plan", "--method", "random", "--set", "search={}", "--set", "recipe=classic"),
    ],
)
def test_every_command_says_so(program: Program, command: tuple[str, ...]) -> None:
    space = ("--set", "search.space.training.l2={choice: [0.1, 0.2]}")
    more = space if "search={}" in command else ()
    done = program(command[0], "nightly.yaml", *command[1:], *more, *CHANGE)
    assert (done.code, done.err.count(NOTE)) == (0, 1), done.err


def test_check_says_so_in_every_form(program: Program) -> None:
    assert f"nightly.yaml: {NOTE}" in program("check", "nightly.yaml", *CHANGE).err
    explained = " ".join(program("check", "nightly.yaml", "--explain", *CHANGE).out.split())
    assert NOTE in explained
    answer = program("check", "nightly.yaml", "--json", *CHANGE).json
    (note,) = answer["notes"]
    assert answer["valid"]
    assert (note["file"], note["path"]) == ("nightly.yaml", "data.split.test")
    assert "test: 0.2" in Path("nightly.yaml").read_text().splitlines()[note["line"] - 1]


def test_a_setting_is_removed(program: Program, tmp_path: Path) -> None:
    done = program("train", "nightly.yaml", "--unset", "data.split.test", *CHANGE, *QUICK)
    assert (done.code, "left out" in done.err) == (0, False)
    assert "--unset data.split.test" in read_json(only_run(tmp_path) / "manifest.json")["command"]


def test_a_resumed_run_has_its_own_config(program: Program) -> None:
    for command in ("train", "search", "evaluate"):
        done = program(command, "--resume", "latest", "--unset", "data.split.test")
        assert (done.code, done.err) == (2, "--resume uses the run's own config: leave out --unset\n")
    assert program("evaluate", "run", "--unset", "seed").code == 2
