"""The README is correct: its commands run, its YAML trains, its messages are the program's."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from fnnctl.cli import run
from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.schema.description.schema_tree import (
    all_settings,
    choices_of,
    forms_of,
    homes_of,
    schema_at,
    words_of,
)

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("fnnctl ")]
    assert len(lines) >= 5
    for line in lines:
        assert run(shlex.split(line, comments=True)[1:]) == 0, line


def test_yaml_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in blocks("yaml"):
        Path("readme.yaml").write_text(text, encoding="utf-8")
        assert run(["train", "readme.yaml", "--quiet", "--set", "training.epochs=1"]) == 0


def test_messages_are_the_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(
        "data:\n  source: iris\n  spilt: {test: 0.3}\nmodel:\n  hidden: [64, -3]\n\n"
        "training:\n  learning_rate: 0.01\n  epochs: no\n"
    )
    assert run(["check", "bad.yaml"]) == 2
    printed = capsys.readouterr().out.splitlines()
    shown = [line for block in blocks("text") for line in block.splitlines() if line.startswith("bad.yaml:")]
    assert shown == printed


def test_predictions_are_the_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Texts, notes, and numbers except for their last digits, which depend on the processor."""
    (rows,) = blocks("csv")
    shown = [block for block in blocks("text") if block.startswith("$ fnnctl predict")]
    monkeypatch.chdir(tmp_path)
    Path("trees.csv").write_text(rows)
    assert run(["train", str(ROOT / "configs" / "own-csv.yaml"), "--quiet"]) == 0
    capsys.readouterr()
    for block in shown:
        command, *lines = block.splitlines()
        assert run(shlex.split(command)[2:]) == 0
        printed = capsys.readouterr()
        found = [*printed.err.splitlines(), *printed.out.splitlines()]
        for line, expected in zip(found, lines, strict=True):
            assert re.sub(r"\d\.\d+", "", line) == re.sub(r"\d\.\d+", "", expected)
            numbers, wanted = ([*map(float, re.findall(r"\d\.\d+", text))] for text in (line, expected))
            assert numbers == pytest.approx(wanted, abs=1e-3)
    assert len(shown) == 2
    Path("trees.csv").write_text(rows.replace("2.6", "tall"))
    assert run(["predict", "latest", "trees.csv"]) == 2
    assert f"`{capsys.readouterr().err.splitlines()[-1]}`" in README


def test_what_is_said_about_a_table_is_the_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first lines of a description, and what `init` decides."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    for start in ("$ fnnctl describe", "$ fnnctl init"):
        (shown,) = (block for block in blocks("text") if block.startswith(start))
        command, *lines = shown.splitlines()
        assert run(shlex.split(command)[2:]) == 0
        printed = capsys.readouterr()
        assert (printed.out or printed.err).splitlines()[: len(lines)] == lines


def test_a_plan_is_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Compares the part of the plan that the README shows."""
    (shown,) = (block for block in blocks("text") if block.startswith("$ fnnctl plan"))
    command, *lines = shown.splitlines()
    words = shlex.split(command)[2:]
    assert run([words[0], str(ROOT / words[1])]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in printed[: len(lines)]] == lines


def test_what_can_be_chosen_is_complete_and_spelled_as_in_the_config() -> None:
    section = README.split("### What you can choose\n")[1].split("\n###")[0]
    listed = section[section.index("- **") : section.index("\n\nA choice")]
    words = set(re.findall(r"`([^`]+)`", listed))
    for word in words:
        assert homes_of(word.rpartition(".")[2]) if "." in word else homes_of(word) + choices_of(word), word
    for path in words & {"model.activation", "model.initialization", "model.initial_biases",
                         "model.normalization", "model.numeric_embedding", "model.output",
                         "training.optimizer", "training.lr_schedule", "training.averaging"}:  # fmt: skip
        choices = {choice for form in forms_of(schema_at(parse_path(path), {})) for choice in words_of(form)}
        assert choices <= words, path
    every = {format_path(path) for path in all_settings() if path[0] != "data" and len(path) == 2}
    ways = {"batch_size", "shuffle", "precision", "threads"}
    assert {path for path in every if path.rpartition(".")[2] not in ways} <= words


def test_linked_files_exist() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).is_file(), target
