"""check, init, datasets, schema, and what ends a command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.config.sources import BUILTIN_NAMES
from tests.program import Program
from tests.waiting import DEADLINE


def test_init_writes_a_config_that_is_valid_and_never_overwrites(program: Program, tmp_path: Path) -> None:
    assert program("init").code == 0
    assert program("check").code == 0
    (tmp_path / "fnnctl.yaml").write_text("mine")
    again = program("init")
    assert again.code == 2
    assert "overwritten" in again.err
    assert (tmp_path / "fnnctl.yaml").read_text() == "mine"
    assert program("init", "other.yaml").code == 0


def test_check_prints_every_problem_of_every_file(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("data: {source: iris}\nseed: x\ntraining: {epochs: 0}\n")
    (tmp_path / "b.yaml").write_text("recipe: classic\ndata: {source: iris}\n")
    (tmp_path / "c.yaml").write_text("data: {source: none.csv, target: y}\n")
    done = program("check", "a.yaml", "b.yaml", "c.yaml")
    assert done.code == 2
    lines = done.out.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["a.yaml:2", "a.yaml:3", "c.yaml:1"]
    assert "b.yaml: valid" in done.err
    assert not (tmp_path / "runs").exists()


def test_check_tells_warnings_as_text_and_as_json(program: Program, tmp_path: Path) -> None:
    rows = "".join(f"{i * i % 7},1,{'ab'[i % 2]}\n" for i in range(40))
    (tmp_path / "rows.csv").write_text(f"x,same,y\n{rows}")
    (tmp_path / "a.yaml").write_text("recipe: classic\ndata: {source: rows.csv, target: y}\n")
    (warning,) = program("check", "a.yaml", "--json").json["warnings"]
    assert (warning["file"], warning["line"], warning["path"]) == ("a.yaml", None, None)
    assert "'same'" in warning["message"]
    assert f"a.yaml: warning: {warning['message']}" in program("check", "a.yaml").err.splitlines()


def test_check_looks_into_the_search(program: Program, tmp_path: Path) -> None:
    text = (
        "data: {source: iris}\nsearch:\n  objective: {metric: per_class.setsa.recall}\n"
        "  space:\n    training.l2: {uniform: [-1, 1]}\nrecipe: classic\n"
    )
    (tmp_path / "a.yaml").write_text(text)
    done = program("check", "a.yaml", "--json")
    assert (done.code, done.json["valid"]) == (2, False)
    assert done.json["problems"] == [
        {
            "file": "a.yaml",
            "line": 5,
            "path": "search.space.training.l2.uniform[0]",
            "message": "must be a number from 0 to 1000000, not -1.0",
        },
        {
            "file": "a.yaml",
            "line": 3,
            "path": "search.objective.metric",
            "message": "there is no class 'setsa' (did you mean 'setosa'?)",
        },
    ]
    mended = program("check", "a.yaml", "--set", "search.space={training.l2: {uniform: [0, 1]}}",
                     "--set", "search.objective.metric=per_class.setosa.recall")  # fmt: skip
    assert (mended.code, mended.out) == (0, "")
    assert "; hyperband over training.l2" in mended.err
    assert program("train", "a.yaml", "--quiet", "--set", "training.epochs=1").code == 0


def test_runs_dir_from_the_environment(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FNNCTL_RUNS_DIR", str(tmp_path / "elsewhere"))
    program("train", str(iris), "--quiet")
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1
    assert not (tmp_path / "runs").exists()


def test_datasets(program: Program) -> None:
    listed = program("datasets", "--json").json["datasets"]
    assert [entry["name"] for entry in listed] == [*BUILTIN_NAMES]
    assert {entry["name"] for entry in listed if entry["task"] == "regression"} == {"diabetes"}
    assert all(entry["licence"] and entry["source"] for entry in listed)
    assert "penguins" in program("datasets").out


@pytest.mark.extra
def test_schema_accepts_what_check_accepts(program: Program) -> None:
    validator = pytest.importorskip("jsonschema").Draft7Validator(json.loads(program("schema").out))
    validator.check_schema(validator.schema)
    program("init")
    document = read_yaml(Path("fnnctl.yaml").read_text())  # as editors do: 1e-6 is a number in YAML 1.2
    validator.validate(document.value)


def test_version(program: Program) -> None:
    for option in ("--version", "-V"):
        done = program(option)
        assert (done.code, done.out) == (0, "fnnctl 0.14.0\n")


@pytest.mark.parametrize("raised", [KeyboardInterrupt, typer.Abort])
def test_an_abort_ends_with_130(
    program: Program, raised: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in a command that has nothing to keep."""

    def interrupted(output: object) -> None:
        raise raised

    monkeypatch.setattr("fnnctl.commands.datasets.datasets", interrupted)
    done = program("datasets")
    assert (done.code, done.out, done.err.strip()) == (130, "", "")


def test_ctrl_c_while_a_table_is_read_ends_with_130_and_leaves_no_run(tmp_path: Path) -> None:
    """The table is read slowly, so the command is reading when the signal arrives."""
    table, runs = tmp_path / "t.csv", tmp_path / "runs"
    table.write_text("x,y\n" + "1,a\n2,b\n" * 50)
    script = (
        "import time\n"
        "from fnnctl.__main__ import main\n"
        "from fnnctl.data.tables import table\n"
        "def slow(*arguments, **options):\n"
        "    print('reading', flush=True)\n"
        f"    time.sleep({10 * DEADLINE})\n"
        "table._Pass.add = slow\n"
        "main()\n"
    )
    config = tmp_path / "c.yaml"
    config.write_text("data: {source: t.csv, target: y}\n")
    command = [sys.executable, "-c", script, "train", str(config), "--runs-dir", str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert not list(runs.glob("*"))
