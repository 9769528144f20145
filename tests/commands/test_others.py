"""init, check, report, runs, datasets, schema, and the options that all commands share."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.config.schema.data import BUILTIN_NAMES
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


def test_check_json_of_a_valid_config(program: Program, iris: Path) -> None:
    answer = {"valid": True, "problems": [], "warnings": [], "notes": []}
    assert program("check", str(iris), "--json").json == answer


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


def test_report_formats_and_gates(program: Program, iris: Path, tmp_path: Path) -> None:
    run = program("train", str(iris), "--quiet").out.strip()
    name = Path(run).name
    assert name in program("report").out
    assert name in program("report", name[:20], "--format", "markdown").out
    shaped = program("report", run, "--json").json
    assert shaped["runs"][0]["kind"] == "train"
    assert shaped["runs"][0]["status"] == "completed"
    assert shaped["gates"] == []
    passed = program("report", "latest", "--fail-under", "accuracy=0.5", "--json")
    assert (passed.code, passed.json["gates"][0]["passed"]) == (0, True)
    missed = program("report", "--fail-under", "validation.f1_macro=1.01", "--json")
    assert (missed.code, missed.json["gates"][0]["passed"]) == (1, False)
    loss = program("report", "--fail-under", "log_loss=0.000001")
    assert loss.code == 1
    unknown = program("report", "--fail-under", "acuracy=0.5")
    assert unknown.code == 2
    assert "did you mean 'accuracy'" in unknown.err
    assert program("report", "--format", "md").code == 2
    assert program("report", "--format", "markdown", "-o", "r.md").out == ""
    assert (tmp_path / "r.md").read_text().startswith("# iris")


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


@pytest.mark.parametrize("arguments", [("trian",), ("train", "--jsn"), ("report", "a", "--format")])
def test_wrong_usage_ends_with_2(program: Program, arguments: tuple[str, ...]) -> None:
    done = program(*arguments)
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1


def test_version(program: Program) -> None:
    for option in ("--version", "-V"):
        done = program(option)
        assert (done.code, done.out) == (0, "fnnctl 0.10.0\n")


@pytest.mark.parametrize(
    "command",
    ["init", "check", "train", "predict", "evaluate", "report", "runs", "datasets", "schema"],
)
def test_every_command_has_help(program: Program, command: str) -> None:
    done = program(command, "--help")
    assert done.code == 0
    assert "--help" in done.out


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


def test_a_damaged_newest_run_is_no_reason_to_report_an_older_one(program: Program, iris: Path) -> None:
    program("train", str(iris), "--quiet")
    newest = Path(program("train", str(iris), "--quiet", "--name", "zzz").out.strip())
    (newest / "manifest.json").write_text("")
    done = program("report", "--fail-under", "accuracy=0.1")
    assert done.code == 2
    assert newest.name in done.err
    assert program("runs").code == 0


def test_the_files_ending_selects_the_format(program: Program, iris: Path, tmp_path: Path) -> None:
    program("train", str(iris), "--quiet")
    program("report", "-o", "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["runs"]
    program("report", "-o", "r.md")
    assert (tmp_path / "r.md").read_text().startswith("# ")
    program("report", "-o", "r.txt")
    assert (tmp_path / "r.txt").read_text().startswith("iris  completed")
    assert program("report", "-o", "-").out.startswith("iris")


def test_a_file_of_an_ending_without_a_format_is_not_written(
    program: Program, iris: Path, tmp_path: Path
) -> None:
    program("train", str(iris), "--quiet")
    for name in ("r.docx", "r.pdf"):
        done = program("report", "-o", name)
        assert done.code == 2
        assert "no report format has the ending" in done.err
        assert not (tmp_path / name).exists()


def test_with_json_the_object_is_printed_beside_any_file(
    program: Program, iris: Path, tmp_path: Path
) -> None:
    program("train", str(iris), "--quiet")
    shown = program("report", "--json").json
    for name in ("r.md", "r.json", "r"):
        assert program("report", "--json", "-o", name).json == shown
    assert (tmp_path / "r.md").read_text().startswith("# iris")
    assert json.loads((tmp_path / "r.json").read_text()) == shown
    assert json.loads((tmp_path / "r").read_text()) == shown
    done = program("report", "--json", "--format", "markdown")
    assert (done.code, done.json["error"]["message"]) == (
        2,
        "--json and --format markdown contradict each other: leave one out",
    )


def test_a_missed_gate_is_reported_on_standard_error(program: Program, iris: Path) -> None:
    program("train", str(iris), "--quiet")
    done = program("report", "--json", "--fail-under", "accuracy=1.5")
    assert done.code == 1
    assert done.err.startswith("missed: accuracy is ")
    assert "wanted ≥ 1.5" in done.err
