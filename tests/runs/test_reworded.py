"""Nothing depends on words: with all sentences replaced by their kinds, the program does the same."""

from __future__ import annotations

import json
import signal
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.cli import run
from fnnctl.messages import Message
from fnnctl.runs import ensemble as ensemble_module
from fnnctl.runs.ensemble import NO_ENSEMBLE
from tests.program import AtEpoch, read_json
from tests.runs.searching import RATE, leaderboard, records, resume, search, write_config

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@contextmanager
def reworded() -> Iterator[None]:
    """A context in which each sentence is its kind, with a number that tells two of one kind apart."""
    with pytest.MonkeyPatch.context() as patch:
        written = Message.__init__

        def replaced(message: Message, kind: str, sentence: str, *arguments: Any, **options: Any) -> None:
            words = sentence if is_replaced(sentence) else f"[{kind} {zlib.crc32(sentence.encode())}]"
            written(message, kind, words, *arguments, **options)

        constants = {
            id(value): value
            for name, module in list(sys.modules.items())
            if name.startswith("fnnctl")
            for value in vars(module).values()
            if isinstance(value, Message)
        }
        sentences = [(message, str(message)) for message in constants.values()]
        patch.setattr(Message, "__init__", replaced)
        for message, sentence in sentences:
            object.__setattr__(message, "sentence", f"[{message.kind} {zlib.crc32(sentence.encode())}]")
        try:
            yield
        finally:
            for message, sentence in sentences:
                object.__setattr__(message, "sentence", sentence)


def is_replaced(sentence: str) -> bool:
    return sentence.startswith("[") and sentence.endswith("]")


def manifests(folder: Path) -> dict[str, Mapping[str, Any]]:
    """The manifests of a run and of those inside it, by folder."""
    files = sorted(folder.rglob("manifest.json"))
    return {file.parent.relative_to(folder).as_posix(): read_json(file) for file in files}


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


def differences(actual: Any, expected: Any, path: str = "") -> list[str]:
    """The paths at which two values differ."""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping) and actual.keys() == expected.keys():
        return [line for key in actual for line in differences(actual[key], expected[key], f"{path}/{key}")]
    if isinstance(actual, list) and isinstance(expected, list) and len(actual) == len(expected):
        pairs = enumerate(zip(actual, expected, strict=True))
        return [line for key, pair in pairs for line in differences(*pair, f"{path}/{key}")]
    return [] if actual == expected else [f"{path}: {str(actual)[:200]} != {str(expected)[:200]}"]


def report(folder: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON report of a run, without words."""
    capsys.readouterr()
    assert run(["report", str(folder), "--format", "json", "--no-figures"]) == 0
    return without_words(json.loads(capsys.readouterr().out))


def outcome(folder: Path, capsys: pytest.CaptureFixture[str]) -> Mapping[str, Any]:
    """All that a run has, apart from words: files, facts, kinds, bits and the report."""
    files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    files = [name for name in files if not name.startswith("checkpoints/")]  # they have random names
    bits = [name for name in files if name.endswith(("model.npz", "metrics.json", "leaderboard.csv"))]
    return {
        "files": files,
        "bits": {name: (folder / name).read_bytes() for name in bits},
        "manifests": {name: without_words(facts) for name, facts in manifests(folder).items()},
        "report": report(folder, capsys),
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


def test_a_training_that_is_resumed(
    tmp_path: Path, at_epoch: AtEpoch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = trained(tmp_path / "first", at_epoch)
    with reworded():
        second = trained(tmp_path / "second", at_epoch)
        expected = outcome(second, capsys)
    words, kinds = (read_json(second / "manifest.json")[name] for name in ("warnings", "warning_kinds"))
    assert kinds == ["random_order", "row_id", "constant_columns"]
    assert [word.split()[0] for word in words] == [f"[{kind}" for kind in kinds]
    actual = outcome(first, capsys)
    assert not any(map(is_replaced, read_json(first / "manifest.json")["warnings"]))
    assert differences(actual, expected) == []


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
        patch.setattr(ensemble_module, "_select_on_validation", lambda *arguments: None)
        path = search(config, "--executor", "serial", "--max-trials", "5")
    assert NO_ENSEMBLE in read_json(path / "manifest.json")["warning_kinds"]
    assert not (path / "ensemble").exists()
    assert resume(path, "--executor", "serial") == 0  # it lacks nothing: the search said that it has none
    assert not (path / "ensemble").exists()
    assert resume(path, "--executor", "serial", "--max-trials", "6") == 0
    assert (path / "ensemble").exists()
    return path


def test_a_search_that_is_resumed_and_extended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = searched(tmp_path / "first", monkeypatch)
    with reworded():
        second = searched(tmp_path / "second", monkeypatch)
        expected = outcome(second, capsys)
    actual = outcome(first, capsys)
    assert leaderboard(first) == leaderboard(second)
    journals = [[without_words(record) for record in records(folder)] for folder in (first, second)]
    assert [record for record in journals[0] if "configuration" not in record] == [
        record for record in journals[1] if "configuration" not in record
    ]
    assert {record.get("reason_kind") for record in journals[1]} >= {None, "non_finite_loss", "complete"}
    assert all(is_replaced(record["reason"]) for record in records(second) if "reason" in record)
    assert NO_ENSEMBLE not in read_json(second / "manifest.json")["warning_kinds"]
    assert differences(actual, expected) == []
