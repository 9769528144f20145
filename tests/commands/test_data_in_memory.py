"""A run on data in memory has the bits of one on a file; commands that need its rows say why they cannot."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl import load_run, train
from fnnctl.data.builtin import builtin_path
from fnnctl.data.in_memory import memory_data
from fnnctl.errors import DataError
from tests.program import Program, read_json

pytestmark = [
    pytest.mark.usefixtures("no_figures"),
    pytest.mark.filterwarnings("ignore::fnnctl.errors.FnnctlWarning"),
]
SETTINGS: dict[str, Any] = {
    "recipe": "classic",
    "data": {"source": "memory", "target": "species"},
    "training": {"epochs": 3},
}


@pytest.fixture(scope="module")
def penguins() -> dict[str, list[str]]:
    with builtin_path("penguins") as path, path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def test_a_run_records_the_digest_and_repeats_with_the_same_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y, weights = rng.normal(size=(60, 2)), np.repeat(["a", "b"], 30), np.repeat([1.0, 2.0, 3.0], 20)
    run = train(SETTINGS | {"data": {}}, (X, y, weights), runs_dir=tmp_path)
    assert run.path is not None
    data = read_json(run.path / "manifest.json")["data"]
    digest = memory_data((X, y, weights)).sha256
    assert (data["source"], data["sha256"], data["target"]) == ("memory", digest, "y")
    resolved = run.path / "resolved.yaml"
    assert re.search(rf"^  source: memory\n  sha256: {digest}$", resolved.read_text(), re.MULTILINE)
    again = train(resolved, (X.tolist(), y.tolist(), weights), runs_dir=tmp_path)
    assert again.path is not None
    assert (again.path / "model.npz").read_bytes() == (run.path / "model.npz").read_bytes()
    for other in ((X, y), (X, y[::-1], weights), (X + 1e-12, y, weights), (X, y, weights[::-1])):
        with pytest.raises(DataError, match=r"memory has changed: its SHA-256 is now"):
            train(resolved, other, runs_dir=tmp_path)


def test_commands_that_need_the_rows_say_what_to_do(program: Program, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.repeat(["a", "b"], 30)
    run = train(SETTINGS | {"data": {}}, (X, y), runs_dir=tmp_path / "runs")
    path = str(run.path)
    for command, message in (
        (
            ["train", f"{path}/resolved.yaml"],
            "resolved.yaml:\\d+: data.source: the data were in the memory",
        ),
        (["check", f"{path}/resolved.yaml"], "data.source: the data were in the memory of a Python program"),
        (["evaluate", path], "was trained on data in the memory of a Python program: add --data FILE"),
        (["report", path, "--importance"], "trained on data in the memory of a Python program: report on an"),
        (["train", "--set", "data.source=memory", f"{path}/resolved.yaml"], "the memory of a Python program"),
    ):
        done = program(*command)
        assert done.code == 2, command
        assert re.search(message, " ".join((done.out + done.err).split())), done.err
    report = program("report", path, "--verbose").out
    assert "fnnctl predict" in report
    assert "Repeat the run" not in report
    np.savetxt(tmp_path / "new.csv", X[:3], delimiter=",", header="x0,x1", comments="")
    predicted = program("predict", path, "new.csv")
    assert predicted.code == 0
    assert len(predicted.out.splitlines()) == 4
    assert load_run(path).predictor.predict(X[:3]).tolist() == [
        line.split(",")[1] for line in predicted.out.splitlines()[1:]
    ]


def test_a_test_file_may_stay_a_file(tmp_path: Path, penguins: dict[str, list[str]]) -> None:
    test = {name: values[::3] for name, values in penguins.items()}
    with (tmp_path / "test.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows([[*test], *zip(*test.values(), strict=True)])
    data = {"target": "species", "test_source": str(tmp_path / "test.csv"), "delimiter": ";"}
    run = train(SETTINGS | {"data": data}, penguins)
    assert run.metrics["test"]["support"] == len(test["species"])
    with pytest.raises(DataError, match=r"is a table, but data\.source contains arrays"):
        train(SETTINGS | {"data": {"test_source": data["test_source"]}}, (np.eye(9), list("abcabcabc")))
