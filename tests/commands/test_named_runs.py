"""A command uses the run that is named, or else the latest one that it can use."""

from __future__ import annotations

import json
from pathlib import Path

from fnnctl.text import quoted
from tests.commands.tables import penguins, write_table
from tests.program import Program, read_json
from tests.runs.searching import write_config


def test_latest_skips_runs_without_a_network(program: Program, iris: Path) -> None:
    """`latest` is the last training, even if a cross-validation and a diverged training came after it."""
    run = program("train", str(iris), "--quiet").out.strip()
    program("evaluate", str(iris), "--folds", "2", "--repeats", "1", "--quiet")
    program("train", str(iris), "--set", "training.optimizer={name: sgd, learning_rate: 1e9}", "--quiet")
    for arguments in (["latest"], [], ["iris"]):
        done = program("evaluate", *arguments, "--json")
        assert (done.code, done.json["run"]) == (0, run)


def test_a_search_stands_for_its_winner(program: Program, tmp_path: Path) -> None:
    data = write_table(tmp_path / "penguins.csv", *penguins())
    source = {"source": str(data), "target": "species"}
    run = program("search", str(write_config(tmp_path / "x.yaml", data=source)), "--quiet").out.strip()
    for arguments in (["latest"], [], ["x"], [run], [f"{run}/best"]):
        done = program("evaluate", *arguments, "--json")
        assert (done.code, done.json["run"]) == (0, f"{run}/best")
        assert done.json["metrics"]["test"] == read_json(Path(run, "metrics.json"))["test"]
    note = f"note: {run} is a search: using the network of its winner, {run}/best"
    assert program("evaluate").err.splitlines() == [
        note,
        "the metrics equal those in metrics.json, to the last digit",
    ]
    predicted = program("predict", f"{run}/best", str(data)).out
    for arguments in (["latest"], [], ["x"], [run]):
        done = program("predict", *arguments, str(data))
        assert (done.code, done.out, done.err.strip()) == (0, predicted, note)
    scored = program("evaluate", run, "--data", str(data), "--json")
    assert f"`fnnctl evaluate {run}/best` scores only the test part" in scored.err


def test_a_search_without_a_winner_has_no_network(program: Program, tmp_path: Path) -> None:
    config = write_config(tmp_path / "x.yaml")
    done = program("search", str(config), "--time-limit", "0", "--quiet")
    assert done.code == 4
    (run,) = (tmp_path / "runs").iterdir()
    done = program("predict", "latest", str(config))
    assert (done.code, done.err) == (2, f"runs/{run.name} is a search without a winner yet (failed)\n")


def test_a_resume_is_of_the_latest_run_of_the_commands_kind(
    program: Program, tmp_path: Path, no_figures: None
) -> None:
    config = str(write_config(tmp_path / "x.yaml"))
    run = program("train", config, "--quiet").out.strip()
    searched = program("search", config, "--quiet").out.strip()
    program("evaluate", config, "--folds", "2", "--repeats", "1", "--quiet")
    for command, expected in {"train": run, "search": searched}.items():
        for name in ("latest", "x"):
            done = program(command, "--resume", name, "--quiet")
            assert (done.code, done.out.strip()) == (0, expected)


def test_data_that_are_missing_are_reported(program: Program, iris: Path) -> None:
    run = program("train", str(iris), "--quiet").out.strip()
    for name in ("latest", "iris", run):
        done = program("predict", name)
        assert (done.code, done.err) == (2, f"{quoted(name)} is a run: also name the rows to predict\n")
    assert program("predict").err == "name the rows to predict: fnnctl predict [RUN] DATA\n"
    assert program("predict", "none.csv").err.startswith("DATA: there is no file 'none.csv'")
    three = program("predict", run, "a.csv", "b.csv")
    assert (three.code, three.err) == (2, "b.csv: `fnnctl predict` takes one RUN and DATA at a time\n")
    assert program("report", "iris.yaml").err.endswith("(did you mean 'iris', for its newest run?)\n")
    for name in ("latest", "iris", run):
        swapped = program("predict", "none.csv", name)
        assert (swapped.code, swapped.err) == (2, f"the run comes first: fnnctl predict {name} none.csv\n")


def test_a_run_that_is_left_out_is_named(program: Program, iris: Path, tmp_path: Path) -> None:
    run = program("train", str(iris), "--quiet").out.strip()
    (tmp_path / "rows.csv").write_text(
        "sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n5,3,1,0.2\n"
    )
    done = program("predict", "rows.csv")
    assert (done.code, done.err) == (0, f"note: predicting with {run}, the newest run with a network\n")
    assert program("predict", "rows.csv", "--quiet").err == ""
    assert program("predict", "latest", "rows.csv").err == ""


def test_a_config_that_is_left_out_is_fnnctl_yaml(program: Program, tmp_path: Path) -> None:
    write_config(tmp_path / "fnnctl.yaml", search={"trials": 3})
    for command in (
        ["check"],
        ["plan"],
        ["train", "--quiet"],
        ["search", "--quiet"],
        ["evaluate", "--folds", "2"],
    ):
        assert program(*command).code == 0, command
    kinds = [entry["kind"] for entry in program("runs", "--json").json["runs"]]
    assert kinds == ["train", "search", "cross_validation"]
    (tmp_path / "fnnctl.yaml").unlink()
    for command in (["check"], ["plan"], ["train"], ["search"], ["evaluate", "--folds", "2"]):
        done = program(*command)
        assert done.code == 2
        assert "fnnctl.yaml: there is no such file; `fnnctl init` writes" in done.out + done.err


def test_a_run_that_stands_for_itself_is_damaged(program: Program, iris: Path, tmp_path: Path) -> None:
    """An evaluation that names itself, and a search whose winner is the search."""
    run = Path(program("train", str(iris), "--quiet").out.strip())
    manifest = read_json(run / "manifest.json")
    evaluated = {"run": str(run.absolute()), "sha256": "0" * 64}
    for facts in ({"kind": "evaluation", "evaluated": evaluated}, {"kind": "search"}):
        (run / "best").unlink(missing_ok=True)
        (run / "best").symlink_to(run.absolute())
        (run / "manifest.json").write_text(json.dumps({**manifest, **facts}))
        for command in (["evaluate"], ["evaluate", str(run)], ["predict", str(run), str(iris)]):
            done = program(*command)
            assert done.code == 2
            assert f"which is not a training but of kind '{facts['kind']}'" in done.err
