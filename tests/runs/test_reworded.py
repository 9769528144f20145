"""Nothing depends on words: with all sentences replaced by their kinds, the program does the same."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.cli import run
from fnnctl.runs.ensemble import NO_ENSEMBLE
from fnnctl.trials.schemes.validation import ValidationPart
from tests.program import AtEpoch, Program, read_json
from tests.rewording import is_replaced, reworded
from tests.runs.searching import RATE, leaderboard, records, resume, search, write_config

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


WORDS = {"reason", "warnings", "end", "error", "stopped_because"}
"""The keys whose values are sentences, or lists of them."""
TIMES = {"seconds", "started", "finished", "at", "command", "run", "config"}


def without_words(value: Any) -> Any:
    """A JSON value without sentences, times and names of folders; of a list of sentences its length stays."""
    if isinstance(value, Mapping):
        return {
            key: (len(inner) if isinstance(inner, list) else inner is not None)
            if key in WORDS
            else without_words(inner)
            for key, inner in value.items()
            if key not in TIMES
        }
    return [without_words(inner) for inner in value] if isinstance(value, list) else value


def outcome(folder: Path, program: Program) -> Mapping[str, Any]:
    """All that a run has, apart from words: files, facts, kinds, bits and the report."""
    files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    files = [name for name in files if not name.startswith("checkpoints/")]  # they have random names
    bits = [name for name in files if name.endswith(("model.npz", "metrics.json", "leaderboard.csv"))]
    facts = [name for name in files if name.endswith("manifest.json")]
    report = program("report", str(folder), "--format", "json", "--no-figures").json
    return {
        "files": files,
        "bits": {name: (folder / name).read_bytes() for name in bits},
        "manifests": {name: without_words(read_json(folder / name)) for name in facts},
        "report": without_words(report),
    }


def useless_table(folder: Path) -> Path:
    """A table that says nothing about its target, with a constant column and an id."""
    rng = np.random.default_rng(3)
    rows = [f"{number},1,{rng.normal():.4f},{'ab'[number % 3 == 0]}" for number in range(150)]
    path = folder / "table.csv"
    path.write_text("\n".join(["id,same,x,y", *rows]) + "\n", encoding="utf-8")
    return path


def trained(folder: Path, at_epoch: AtEpoch) -> Path:
    """The run of a training that is interrupted and resumed."""
    folder.mkdir()
    config = folder / "useless.yaml"
    config.write_text(
        f"recipe: classic\nseed: 1\ndata: {{source: {useless_table(folder.parent)}, target: y}}\n"
        "model: {hidden: [4], calibration: temperature, threshold: f1}\n"
        "training: {epochs: 6, batch_size: 32}\n",
        encoding="utf-8",
    )
    at_epoch(3, lambda: signal.raise_signal(signal.SIGINT))
    arguments = ["--quiet", "--no-figures"]
    assert run(["train", str(config), "--runs-dir", str(folder / "runs"), *arguments]) == 130
    (path,) = (folder / "runs").iterdir()
    assert read_json(path / "manifest.json")["error_kind"] == "interrupted"
    assert run(["train", "--resume", str(path), *arguments]) == 0
    return path


def test_a_training_that_is_resumed(tmp_path: Path, at_epoch: AtEpoch, program: Program) -> None:
    first = trained(tmp_path / "first", at_epoch)
    with reworded():
        second = trained(tmp_path / "second", at_epoch)
        expected = outcome(second, program)
    words, kinds = (read_json(second / "manifest.json")[name] for name in ("warnings", "warning_kinds"))
    assert kinds == ["random_order", "row_id", "constant_columns"]
    assert [word.split()[0] for word in words] == [f"[{kind}" for kind in kinds]
    actual = outcome(first, program)
    assert not any(map(is_replaced, read_json(first / "manifest.json")["warnings"]))
    assert actual == expected


def searched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A search in which trials diverge and the ensemble overflows at first; it is resumed, then extended."""
    config = write_config(
        folder / "x.yaml",
        data={"source": str(useless_table(folder.parent)), "target": "y"},
        training={"optimizer": {"name": "sgd"}},
        search={
            "method": "random",
            "trials": 6,
            "space": {RATE: {"choice": [0.01, 0.1, 1e3, 1e6, 0.3, 0.02]}},
            "ensemble": {"size": 3},
            "stop_when": {"no_improvement": 5},
            "start_from": "defaults",
            "compare_with_default": True,
        },
    )
    with monkeypatch.context() as patch:
        patch.setattr(ValidationPart, "select", lambda *arguments, **settings: None)
        path = search(config, "--executor", "serial", "--max-trials", "5")
    assert NO_ENSEMBLE in read_json(path / "manifest.json")["warning_kinds"]
    assert not (path / "ensemble").exists()
    assert resume(path, "--executor", "serial") == 0  # it lacks nothing: the search said that it has none
    assert not (path / "ensemble").exists()
    assert resume(path, "--executor", "serial", "--max-trials", "6") == 0
    assert (path / "ensemble").exists()
    return path


def test_a_search_that_is_resumed_and_extended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = searched(tmp_path / "first", monkeypatch)
    with reworded():
        second = searched(tmp_path / "second", monkeypatch)
        expected = outcome(second, program)
    actual = outcome(first, program)
    assert leaderboard(first) == leaderboard(second)
    journals = [[without_words(record) for record in records(folder)] for folder in (first, second)]
    assert [record for record in journals[0] if "configuration" not in record] == [
        record for record in journals[1] if "configuration" not in record
    ]
    assert {record.get("reason_kind") for record in journals[1]} >= {None, "non_finite_loss", "complete"}
    assert all(is_replaced(record["reason"]) for record in records(second) if "reason" in record)
    assert NO_ENSEMBLE not in read_json(second / "manifest.json")["warning_kinds"]
    assert actual == expected


@dataclass(frozen=True)
class Checked:
    """A config, and the kinds of the problems in the answer of `fnnctl check` to it."""

    config: str
    kinds: set[str]
    arguments: Sequence[str] = ()
    code: int = 0


CLASSIC = "recipe: classic\ndata: {source: table.csv, target: y}\n"
DEFAULT = "data: {source: table.csv, target: y}\n"
ON_VALIDATION = "data: {source: table.csv, target: y, split: {validation: 0.2}}\n"
BY_GROUP = "data: {source: table.csv, target: y, split: {group: kind}}\n"
SEARCH = "search: {method: random, trials: 3, space: {%s}}\n"
CHECKS = {
    "no bags beside a share of validation rows": Checked(ON_VALIDATION, {"no_effect"}),
    "no embedding beside mixup": Checked(DEFAULT + "training: {mixup: 0.2}\n", {"input"}),
    "too few groups for bags": Checked(BY_GROUP, {"input"}),
    "values that suit only adam": Checked(DEFAULT, {"unsuited"}, ("--set", "training.optimizer=sgd")),
    "settings that contradict others": Checked(
        CLASSIC + "model: {hidden: [], residual: true}\ntraining: {max_norm: 2}\n", {"no_effect"}, code=2
    ),
    "wrong names and values": Checked(
        CLASSIC + "training: {optimzer: adam, epochs: -1}\n", {"wrong_value", "unknown_setting"}, code=2
    ),
    "a condition that is missing": Checked(
        CLASSIC + SEARCH % "training.optimizer.name: {choice: [adam, momentum]}, "
        "training.optimizer.momentum: {uniform: [0.1, 0.9]}",
        {"input"},
        code=2,
    ),
    "a search on validation rows": Checked(ON_VALIDATION + "search: {}\n", {"no_effect"}),
    "a search on bags of a single network": Checked(
        DEFAULT + "model: {ensemble: 1}\n" + SEARCH % "training.l2: {log_uniform: [1e-5, 1e-2]}",
        {"no_bags"},
        ("--set", "search.objective.on=bags"),
        code=2,
    ),
    "nothing is left to search": Checked(
        ON_VALIDATION + "model: {hidden: [], numeric_embedding: none}\n"
        "training: {optimizer: lbfgs, l2: 0, label_smoothing: 0}\nsearch: {}\n",
        {"input"},
        code=2,
    ),
}


@pytest.fixture
def table(tmp_path: Path) -> None:
    """`table.csv` in the folder: groups, numbers, and a target that depends on a number and on noise."""
    rng = np.random.default_rng(5)
    numbers = rng.normal(size=(200, 3))
    rows = [
        f"{'uvw'[number % 3]},{x:.3f},{z:.3f},{'ab'[int(x + noise > 0.3)]}"
        for number, (x, z, noise) in enumerate(numbers)
    ]
    (tmp_path / "table.csv").write_text("\n".join(["kind,x,z,y", *rows]) + "\n", encoding="utf-8")


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("case", CHECKS)
def test_a_config_that_is_checked(case: str, program: Program, tmp_path: Path) -> None:
    checked = CHECKS[case]
    (tmp_path / "x.yaml").write_text(checked.config, encoding="utf-8")
    command = ("check", "x.yaml", *checked.arguments, "--explain")
    plain, notes = program(*command, "--json"), program(*command).err
    with reworded() as rewording:
        replaced, replaced_notes = program(*command, "--json"), program(*command).err
    assert plain.code == replaced.code == checked.code
    assert rewording.kinds(replaced.out) == checked.kinds
    assert rewording.restore(replaced.json) == plain.json
    assert rewording.restore(replaced_notes) == notes


FEW_EPOCHS = "model: {ensemble: {members: 3}, hidden: [4]}\ntraining: {epochs: 2}\n"
RUNS = {
    "a recipe without bags": ("train", ON_VALIDATION + FEW_EPOCHS),
    "a search on validation rows": ("search", ON_VALIDATION + FEW_EPOCHS + "search: {trials: 2}\n"),
}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("case", RUNS)
def test_a_run_whose_recipe_leaves_values_out(case: str, program: Program, tmp_path: Path) -> None:
    command, config = RUNS[case]
    (tmp_path / "x.yaml").write_text(config, encoding="utf-8")

    def done(folder: str) -> Path:
        assert program(command, "x.yaml", "--runs-dir", folder, "--no-figures").code == 0
        (path,) = (tmp_path / folder).iterdir()
        return path

    plain = done("plain")
    with reworded():
        replaced = done("reworded")
        expected = outcome(replaced, program)
    assert outcome(plain, program) == expected
    assert (plain / "resolved.yaml").read_bytes() == (replaced / "resolved.yaml").read_bytes()
