"""`report`: formats, files and gates of a run that was trained for it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fnnctl.cli import run as run_program
from tests.program import Program

pytestmark = pytest.mark.usefixtures("no_figures")
PASSED, MISSED = ("--fail-under", "accuracy=0.1"), ("--fail-under", "accuracy=1.01")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reported")
    (folder / "iris.yaml").write_text(
        "data: {source: iris}\nmodel: {hidden: [8]}\ntraining: {epochs: 12}\nrecipe: classic\n"
    )
    options = ("--runs-dir", str(folder / "runs"), "--quiet", "--no-figures")
    for name in ("other", "iris"):
        assert run_program(["train", str(folder / "iris.yaml"), "--name", name, *options]) == 0
    return folder


@pytest.fixture
def report(program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """`report(…)` in a folder whose newest run is `iris`."""
    monkeypatch.chdir(folder)
    return lambda *arguments: program("report", *arguments)


def test_a_run_is_named_by_its_name_its_folder_or_not_at_all(report: Program, folder: Path) -> None:
    (path,) = (folder / "runs").glob("*-iris-*")
    expected = report().out
    assert expected.startswith("iris  completed")
    assert path.name in expected
    for name in ("latest", "iris", path.name[:-2], f"runs/{path.name}"):
        assert report(name).out == expected
    (entry,) = report("--json").json["runs"]
    assert (entry["kind"], entry["status"]) == ("train", "completed")
    assert report("iris.yaml").err.endswith("(did you mean 'iris', for its newest run?)\n")


def test_several_runs_stand_side_by_side(report: Program) -> None:
    lines = report("other", "iris").out.splitlines()
    assert [line.split()[1] for line in lines[1:3]] == ["other", "iris"]
    assert [line[:9] for line in lines if line[1:].startswith("  runs/")] == ["1  runs/2", "2  runs/2"]


@pytest.mark.parametrize(
    ("ending", "start"),
    [("md", "# iris"), ("txt", "iris  completed"), ("html", "<!doctype html>"), ("json", "{")],
)
def test_the_files_ending_selects_the_format(
    report: Program, tmp_path: Path, ending: str, start: str
) -> None:
    file = tmp_path / f"report.{ending}"
    done = report("-o", str(file), "--no-figures")
    assert (done.code, done.out) == (0, "")
    assert file.read_text().startswith(start)
    assert report("-o", "-").out.startswith("iris")


def test_with_json_the_object_is_printed_beside_any_file(report: Program, tmp_path: Path) -> None:
    expected = report("--json").json
    for name in ("r.md", "r.json", "r"):
        assert report("--json", "-o", str(tmp_path / name)).json == expected
    assert (tmp_path / "r.md").read_text().startswith("# iris")
    assert json.loads((tmp_path / "r.json").read_text()) == expected
    assert json.loads((tmp_path / "r").read_text()) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "md"], "there is no report format 'md'"),
        (["--json", "--format", "markdown"], "--json and --format markdown contradict each other"),
        (["--short", "--format", "json"], "--short: json is always complete; leave it out, or use terminal"),
        (["-o", "FOLDER/r.pdf"], "no report format has the ending"),
        (["-o", "FOLDER/r.md", "--junit", "FOLDER/j.xml", "--fail-under", "acuracy=0.1"], "mean 'accuracy'"),
    ],
)
def test_wrong_options_write_no_file(
    report: Program, tmp_path: Path, options: list[str], message: str
) -> None:
    done = report(*(option.replace("FOLDER", str(tmp_path)) for option in options))
    assert done.code == 2
    assert message in done.out + done.err
    assert list(tmp_path.iterdir()) == []


def test_a_missed_gate_ends_with_1(report: Program) -> None:
    passed = report(*PASSED, "--json")
    assert (passed.code, passed.json["gates"][0]["passed"]) == (0, True)
    missed = report(*MISSED, "--json")
    assert (missed.code, missed.json["gates"][0]["passed"]) == (1, False)
    assert missed.err.startswith("missed: accuracy is ")
    assert "wanted ≥ 1.01" in missed.err
    assert report("--fail-under", "validation.f1_macro=1.01").code == 1
    assert report("--fail-under", "log_loss=0.000001").code == 1
    assert report("--json").json["gates"] == []


def test_quiet_gates_are_alone(report: Program, tmp_path: Path) -> None:
    done = report("-q", *PASSED, *MISSED)
    passed, missed = done.out.splitlines()
    assert (done.code, done.err) == (1, "")
    assert passed.startswith("passed: accuracy is ")
    assert missed.endswith("wanted ≥ 1.01 (metrics are at most 1: write 1.01 % as accuracy=0.0101)")
    assert report("-q", *PASSED, *MISSED, "-o", str(tmp_path / "r.md")).out == done.out
    assert (tmp_path / "r.md").read_text().startswith("# iris\n")
    two = report("-q", "iris", "other", *PASSED)
    assert (two.code, len(two.out.splitlines())) == (0, 2)
    assert report("-q").out == report().out


def test_markdown_for_the_page_of_a_job(report: Program, tmp_path: Path) -> None:
    short = report("--short", "--format", "markdown", *PASSED)
    assert short.out.startswith("# iris: completed, all gates passed\n")
    assert len(short.out.splitlines()) <= 30
    report("--short", "-o", str(tmp_path / "r.md"), *PASSED)
    assert (tmp_path / "r.md").read_text().startswith("# iris: completed, all gates passed\n")


def test_junit_for_a_ci_system(report: Program, tmp_path: Path) -> None:
    gates = (*PASSED, "--fail-under", "loss=0")
    done = report("--junit", str(tmp_path / "j.xml"), *gates)
    assert done.code == 1
    assert done.out.startswith("iris  completed")
    root = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert [(case.attrib["name"], len(case)) for case in root.iter("testcase")] == [
        ("accuracy ≥ 0.1", 0),
        ("loss ≤ 0", 1),
    ]
    printed = report("--junit", "-", *gates)
    assert (printed.code, printed.out) == (1, (tmp_path / "j.xml").read_text(encoding="utf-8"))


def test_a_damaged_newest_run_is_no_reason_to_report_an_older_one(program: Program, iris: Path) -> None:
    program("train", str(iris), "--quiet")
    newest = Path(program("train", str(iris), "--quiet", "--name", "zzz").out.strip())
    (newest / "manifest.json").write_text("")
    done = program("report", *PASSED)
    assert done.code == 2
    assert newest.name in done.err
    assert program("runs").code == 0
