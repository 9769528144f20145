"""`fnnctl export`: which format, and what is refused before anything is exported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fnnctl.export import registry
from fnnctl.export.format import Exported, ExportFormat
from fnnctl.text import install_command
from tests.messages import Messages
from tests.program import Program

ONNX = "fnnctl.export.onnx.export"
pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second format, `words`, that exports any run to files that end with .txt."""
    words = ExportFormat(
        "words",
        "words",
        takes=lambda run: True,
        export=lambda run, to, context: Exported(
            "words", run.path, to or "nowhere", facts={"count": 2}, lines=(f"wrote {to}",)
        ),
        endings=(".txt",),
    )
    monkeypatch.setitem(registry.FORMATS, "words", words)


@pytest.mark.usefixtures("words")
def test_the_ending_selects_the_format(program: Program, iris: Path) -> None:
    run = program("train", str(iris), "--json").json["run"]
    by_ending = program("export", "iris", "--output", "a.txt", "--json")
    facts = {"largest_difference": None, "count": 2}
    assert by_ending.json == {"run": run, "format": "words", "output": "a.txt", **facts}
    assert program("export", "--output", "a.txt").err == "wrote a.txt\n"
    assert program("export", "--format", "words").err == "wrote None\n"


@pytest.mark.usefixtures("words")
def test_wrong_formats(program: Program, messages: Messages) -> None:
    for line in ("--format onxx", "--output a.zip", "--format onnx --output a.txt"):
        done = program("export", "latest", *line.split())
        assert (done.code, done.out) == (2, "")
        messages.check(done.err)


def test_wrong_runs(program: Program, iris: Path) -> None:
    def complaint(*arguments: str) -> str:
        done = program("export", *arguments)
        assert (done.code, done.out) == (2, "")
        return done.err

    assert "there is no run in the folder 'runs' yet" in complaint("--output", "a.onnx")
    folds = program("evaluate", str(iris), "--name", "folds", "--json").json["run"]
    run = program("train", str(iris), "--json").json["run"]
    assert "there is no run 'nothing'" in complaint("nothing", "--output", "a.onnx")
    assert complaint(run) == "name the file: --output model.onnx\n"
    assert f"'{run}/model.json' is a file of the run" in complaint(
        run, "--output", f"{run}/model.json", "--format", "onnx"
    )
    assert "is a folder" in complaint(run, "--output", "runs", "--format", "onnx")
    pytest.importorskip("onnx")
    assert "is a cross-validation, which saves no network" in complaint(folds, "--output", "a.onnx")


def test_a_library_that_is_not_installed(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("train", str(iris))
    for name in [name for name in sys.modules if name.split(".")[0] == "onnx" or name.startswith(ONNX)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnx", None)  # as if it were not installed
    done = program("export", "--output", "a.onnx", "--json")
    assert done.code == 2
    assert "--format onnx needs onnx: " in done.json["error"]["message"]
    assert done.json["error"]["message"].endswith(install_command("onnx"))
    assert not Path("a.onnx").exists()
