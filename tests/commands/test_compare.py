"""`compare`, and the gate `--not-worse-than`, on networks that were trained for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnnctl.cli import run
from tests.program import Program, read_json

CONFIG = """\
recipe: classic
data: {source: iris}
model: {hidden: [8]}
training: {epochs: 20, batch_size: 32, optimizer: {learning_rate: 0.02}}
evaluation: {cross_validation: {folds: 3, repeats: 2}}
"""
POOR = ("--set", "training.l2=100")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with trained, cross-validated, searched and evaluated networks, good ones and poor ones."""
    folder = tmp_path_factory.mktemp("compared")
    config, runs = folder / "good.yaml", ("--runs-dir", str(folder / "runs"), "--quiet")
    config.write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fnnctl.report.figures.drawing._draw", lambda *run, **present: ())
        commands = [
            ["train", str(config), "--name", "good"],
            ["train", str(config), *POOR, "--name", "poor"],
            ["train", str(config), "--name", "seed-8", "--seed", "8"],
            ["evaluate", str(config), "--name", "good-folds"],
            ["evaluate", str(config), *POOR, "--name", "poor-folds"],
            ["search", str(config), "--name", "searched", "--method", "random", "--set", "search.trials=2",
             "--set", "search.space={training.optimizer.learning_rate: {choice: [0.02, 0.03]}}"],
        ]  # fmt: skip
        for command in commands:
            assert run([*command, *runs]) == 0, command
    return folder


@pytest.fixture
def compared(program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.chdir(folder)
    return program


def test_two_test_parts_are_paired(compared: Program) -> None:
    done = compared("compare", "good", "poor")
    assert (done.code, done.err) == (0, "")
    assert "A is better than B by" in done.out
    assert "McNemar's exact test of the same 30 rows." in " ".join(done.out.split())
    found = compared("compare", "good", "poor", "--json").json
    assert found["comparisons"][0]["verdict"] == "better"
    assert found["settings"] == {"training.l2": ["0.0001", "100.0"]}
    scores = [read_json(Path(each, "metrics.json"))["test"]["accuracy"] for each in found["runs"]]
    assert [each["value"] for each in found["scores"]] == scores
    assert found["comparisons"][0]["difference"] == pytest.approx(scores[0] - scores[1])


def test_a_cross_validation_a_search_and_other_seeds(compared: Program) -> None:
    found = compared("compare", "good-folds", "poor-folds", "--metric", "log_loss", "--json").json
    (pair,) = found["comparisons"]
    assert (pair["verdict"], pair["paired"], pair["count"]) == ("better", True, 6)
    assert pair["difference"] < 0
    assert found["scores"][0]["value"] == pytest.approx(
        read_json(Path(found["runs"][0], "metrics.json"))["cross_validation"]["log_loss"]["mean"]
    )
    several = compared("compare", "good", "searched", "seed-8", "good-folds", "--json").json
    reasons = [pair["why_unpaired"] for pair in several["comparisons"]]
    assert reasons[0] is None
    assert reasons[1] == "the seeds differ, so the test parts have other rows"
    assert str(reasons[2]).startswith("a test part scores one network")
    assert [pair["verdict"] for pair in several["comparisons"]] == ["tie"] * 6
    assert several["scores"][1]["kind"] == "search"


def test_an_evaluation_on_a_file_is_paired_with_another(compared: Program, folder: Path) -> None:
    from fnnctl.data.builtin import builtin_path

    with builtin_path("iris") as path:
        for name in ("good", "poor"):
            done = compared("evaluate", name, "--data", str(path), "--name", f"{name}-all", "--quiet")
            assert done.code == 0, done.err
    found = compared("compare", "good-all", "poor-all", "--json").json
    assert found["comparisons"][0]["paired"] is True
    assert found["comparisons"][0]["count"] == 150
    assert found["settings"] == {"training.l2": ["0.0001", "100.0"]}


@pytest.mark.parametrize(
    ("ending", "start"), [("md", "# accuracy"), ("html", "<!doctype html>"), ("txt", "accuracy of 2 runs")]
)
def test_the_files_ending_selects_the_format(
    compared: Program, tmp_path: Path, ending: str, start: str
) -> None:
    done = compared("compare", "good", "poor", "--output", str(tmp_path / f"x.{ending}"))
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / f"x.{ending}").read_text().startswith(start)


def test_formats_json_and_quiet(compared: Program, tmp_path: Path) -> None:
    assert compared("compare", "good", "poor", "--quiet").out.startswith("A is better than B by")
    assert compared("compare", "good", "poor", "--format", "markdown").out.startswith("# accuracy of 2 runs")
    both = compared("compare", "good", "poor", "--json", "--output", str(tmp_path / "y.json"))
    assert both.json == json.loads((tmp_path / "y.json").read_text())
    assert compared("compare", "good", "poor", "--json", "--format", "html").code == 2


def test_the_gate_is_missed_by_a_worse_run_alone(compared: Program) -> None:
    missed = compared("report", "poor", "--not-worse-than", "good", "--json")
    assert missed.code == 1
    (gate,) = missed.json["gates"]
    assert (gate["passed"], gate["metric"], gate["threshold"]) == (False, "accuracy", None)
    assert gate["p_worse"] < 0.05
    assert "missed: accuracy is" in missed.err
    passed = compared("report", "good", "--not-worse-than", "poor", "--fail-under", "accuracy=0.5", "--json")
    assert passed.code == 0
    assert [gate["passed"] for gate in passed.json["gates"]] == [True, True]
    unpaired = compared("report", "seed-8", "--not-worse-than", "good", "--metric", "log_loss", "--json")
    assert unpaired.code == 0
    assert "not paired, because the seeds differ" in unpaired.err


def test_the_gate_with_a_margin_passes_only_what_is_shown(compared: Program, folder: Path) -> None:
    missed = compared("report", "poor", "--not-worse-than", "good", "--margin", "0.01", "--json")
    assert missed.code == 1
    (gate,) = missed.json["gates"]
    assert (gate["passed"], gate["margin"], gate["threshold"]) == (False, 0.01, None)
    assert gate["smallest_margin"] > 0.01
    assert "shown to be less than 0.01 worse than" in missed.err
    file = folder / "gates.xml"
    passed = compared("report", "good", "--not-worse-than", "poor", "--margin", "0.5", "--junit", str(file))
    assert passed.code == 0
    assert "wanted" in passed.out
    assert "less than 0.5 worse than" in passed.out
    text = file.read_text()
    assert "accuracy, less than 0.5 worse than" in text
    assert "an equally good run passes one of" in text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("compare", "compare needs two runs or more"),
        ("compare good", "compare needs two runs or more"),
        ("compare good good", "is named twice"),
        ("compare good nothing", "there is no run 'nothing'"),
        ("compare good poor --metric acuracy", "did you mean 'accuracy'?"),
        ("compare good good-folds --metric per_class.setosa.recall", "the folds of"),
        ("compare good poor --format pdf", "there is no report format 'pdf'"),
        ("report good --not-worse-than good", "is the run itself"),
        ("report good --not-worse-than nothing", "there is no run 'nothing'"),
        ("report good --not-worse-than poor --metric x", "'x' cannot be compared"),
        ("report good --metric accuracy", "--metric belongs to --not-worse-than RUN"),
        ("report good --margin 0.1", "--margin belongs to --not-worse-than RUN"),
        ("report good --not-worse-than poor --margin -0.1", "--margin: must be a number, 0 or more"),
        ("report good --not-worse-than poor --margin nan", "--margin: must be a number, 0 or more"),
        ("report good --not-worse-than poor --margin 5", "write 5 % as 0.05"),
    ],
)
def test_what_is_wrong_ends_with_2(compared: Program, line: str, words: str) -> None:
    done = compared(*line.split())
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1
