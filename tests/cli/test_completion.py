from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fnnctl.store.labels import change_labels
from fnnctl.store.promotions import promote
from tests.program import Program

FOLDERS = ("2026-01-01T00-00-00Z-iris-000001", "2026-01-02T00-00-00Z-wine-grid-000002")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FOLDERS:
        (tmp_path / "elsewhere" / name).mkdir(parents=True)
        (tmp_path / "elsewhere" / name / "manifest.json").write_text(json.dumps({}))
    for name in ("iris.yaml", "wine.yml", ".hidden.yaml", "iris.csv"):
        (tmp_path / name).write_text("")
    (tmp_path / "flowers.csv").write_text("petal width;species\n1;a\n")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a.yaml").write_text("")
    return tmp_path


def completed(program: Program, monkeypatch: pytest.MonkeyPatch, line: str) -> list[str]:
    """What bash is told when Tab is pressed at the end of a line."""
    words = line.split(" ")
    monkeypatch.setenv("_FNNCTL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    done = program()
    assert (done.code, done.err) == (0, "")
    return done.out.strip("\n").splitlines()


OPTIMIZERS = ["adagrad", "adadelta", "adam", "adamw"]
RUNS = ["latest", "wine-grid", "iris", *reversed(FOLDERS)]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fnnctl tr", ["train"]),
        ("fnnctl runs pr", ["prune", "promote"]),
        ("fnnctl help tr", ["train", "training"]),
        ("fnnctl help training.cli", ["training.clip_norm", "training.clip_value"]),
        ("fnnctl report --format m", ["markdown"]),
        ("fnnctl compare --format ", ["terminal", "markdown", "html", "json"]),
        ("fnnctl search --method h", ["halving", "hyperband"]),
        ("fnnctl train ", ["elsewhere/", "inside/", "iris.yaml", "wine.yml"]),
        ("fnnctl train i", ["inside/", "iris.yaml"]),
        ("fnnctl check inside/", ["inside/a.yaml"]),
        ("fnnctl train nowhere/", []),
        ("fnnctl report --runs-dir elsewhere ", RUNS),
        ("fnnctl report --runs-dir elsewhere w", ["wine-grid"]),
        ("fnnctl train --runs-dir elsewhere --resume 2026-01-02", [FOLDERS[1]]),
        ("fnnctl evaluate --runs-dir elsewhere i", ["inside/", "iris.yaml", "iris"]),
        ("fnnctl report --runs-dir iris.csv ", []),
        ("fnnctl report ", []),
        ("fnnctl report --runs-dir elsewhere --not-worse-than w", ["wine-grid"]),
        (
            "fnnctl train --set training.optimizer.w",
            ["training.optimizer.weight_decay=", "training.optimizer.weight_decay=0.01"],
        ),
        ("fnnctl train --set training.cli", ["training.clip_norm=", "training.clip_value="]),
        ("fnnctl train --set training.epo", ["training.epochs=", "training.epochs=200"]),
        (
            "fnnctl train --set model.residual=",
            ["model.residual=", "model.residual=true", "model.residual=false"],
        ),
        ("fnnctl train --set training.optimizer=ada", [f"training.optimizer={name}" for name in OPTIMIZERS]),
        ("fnnctl train --set training.optimizer = ada", OPTIMIZERS),
        ("fnnctl train --set training.optimizer.name = m", ["momentum"]),
        ("fnnctl train --set training.averaging =", ["ema", "swa", "null"]),
        ("fnnctl train --set no.such.setting=", ["no.such.setting="]),
        ("fnnctl train --set seed = 5", []),
        ("fnnctl train --unset training.cli", ["training.clip_norm", "training.clip_value"]),
        ("fnnctl report --metric ma", ["matthews_correlation", "maximum_calibration_error", "mae"]),
        ("fnnctl compare --metric roc", ["roc_auc_macro", "roc_auc_micro", "roc_auc_weighted", "roc_auc"]),
        ("fnnctl runs --sort s", ["status", "seed", "started", "subset_accuracy"]),
        ("fnnctl runs --sort config.training.l2", ["config.training.l2"]),
        ("fnnctl describe flowers.csv --target ", [r"petal\ width", "species"]),
        ("fnnctl init --data flowers.csv --delimiter ; --target s", ["species"]),
        ("fnnctl init --data penguins --target sp", ["species"]),
        ("fnnctl init --data nowhere.csv --target ", []),
        ("fnnctl init --target ", []),
    ],
)
def test_what_the_shell_suggests(
    program: Program, monkeypatch: pytest.MonkeyPatch, line: str, expected: list[str]
) -> None:
    assert completed(program, monkeypatch, line) == expected


def test_a_new_process_completes() -> None:
    words = {"_FNNCTL_COMPLETE": "complete_bash", "COMP_WORDS": "fnnctl\ntr", "COMP_CWORD": "1"}
    assert in_new_process(words) == "train\n"
    named_shell = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # not the one that runs the tests
    assert "_FNNCTL_COMPLETE=complete_bash" in in_new_process(named_shell, "--show-completion", "bash")


def in_new_process(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "fnnctl", *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_promoted_names_and_tags_are_suggested(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = folder / "elsewhere"
    promote(runs / FOLDERS[0], "champion", runs)
    change_labels(runs / FOLDERS[0], lambda labels: labels.with_tags(["paper", "draft"]))
    for line, expected in {
        "report --runs-dir elsewhere ": ["latest", "champion", *RUNS[1:]],
        "report --runs-dir elsewhere --not-worse-than ch": ["champion"],
        "runs promote --runs-dir elsewhere iris --as ": ["champion"],
        "runs promote --runs-dir elsewhere --withdraw c": ["champion"],
        "runs tag --runs-dir elsewhere champion --untag ": ["paper", "draft"],
        "runs tag --runs-dir elsewhere champion --untag p": ["paper"],
        "runs tag --runs-dir elsewhere champion p": [],
        "runs tag --runs-dir elsewhere nothing --untag ": [],
        "runs note --runs-dir elsewhere ch": ["champion"],
    }.items():
        assert completed(program, monkeypatch, f"fnnctl {line}") == expected, line
    (runs / "promoted.json").write_text("{")
    assert completed(program, monkeypatch, "fnnctl report --runs-dir elsewhere ") == RUNS
    assert completed(program, monkeypatch, "fnnctl runs tag --runs-dir elsewhere iris --untag ") == []
