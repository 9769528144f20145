"""A run's network is scored on new rows, in a file or in memory."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fnnctl
from fnnctl import Run
from fnnctl.cli import run as command
from fnnctl.errors import DataError, UsageError
from tests.messages import Messages
from tests.program import only_run

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

SETTINGS = {"data.target": "kind", "model": {"hidden": [4], "ensemble": 1}, "training.epochs": 20}


def table(seed: int, rows: int = 60) -> dict[str, list[str]]:
    """A table of texts, as a CSV file has them: a number, a category with missing values, and the target."""
    rng = np.random.default_rng(seed)
    size, noise = rng.normal(size=rows), rng.normal(size=rows)
    return {
        "size": [f"{value:.4f}" for value in size],
        "colour": ["" if value > 1 else "blue" if value > 0 else "white" for value in noise],
        "kind": [
            "large" if value + 0.5 * other > 0 else "small" for value, other in zip(size, noise, strict=True)
        ],
    }


@pytest.fixture(scope="module")
def trained() -> Run:
    return fnnctl.train(data=table(0, 200), settings=SETTINGS)


@pytest.fixture
def new_rows(tmp_path: Path) -> Path:
    file, rows = tmp_path / "new.csv", table(1)
    file.write_text(
        "\n".join(",".join(row) for row in (list(rows), *zip(*rows.values(), strict=True))) + "\n"
    )
    return file


@pytest.mark.parametrize("threshold", [None, 0.3])
def test_an_evaluation_has_the_bits_of_the_command(
    trained: Run, new_rows: Path, tmp_path: Path, threshold: float | None
) -> None:
    saved = trained.save(tmp_path / "saved").path
    options = [] if threshold is None else ["--threshold", str(threshold)]
    runs = ["--runs-dir", str(tmp_path / "runs"), "--no-figures"]
    assert command(["evaluate", str(saved), "--data", str(new_rows), *options, *runs]) == 0
    by_command = fnnctl.load_run(only_run(tmp_path))
    for data in (new_rows, table(1)):
        evaluated = trained.evaluate(data, threshold=threshold)
        assert (evaluated.kind, evaluated.status, evaluated.path) == ("evaluation", "completed", None)
        assert evaluated.metrics == by_command.metrics
        assert evaluated.predictions == by_command.predictions
    assert evaluated.metrics["test"]["support"] == 60
    assert evaluated.metrics["train"] is None
    assert evaluated.name == "memory on new rows"


def test_an_evaluation_is_a_run_in_a_folder_if_there_is_one(trained: Run, tmp_path: Path) -> None:
    on_disk = trained.save(tmp_path / "kept").evaluate(table(1), name="spring", runs_dir=tmp_path / "runs")
    assert fnnctl.load_run("spring", tmp_path / "runs").metrics == on_disk.metrics
    assert on_disk.predictor.predict({"size": 3.0, "colour": "blue"})[0] == "large"


def test_an_evaluation_outlives_the_run_but_not_its_network(trained: Run) -> None:
    run = fnnctl.train(data=table(0), settings={**SETTINGS, "training.epochs": 1})
    evaluated = run.evaluate(table(1))
    del run
    assert "in memory" in evaluated.report()
    assert "memory:/" not in evaluated.report()
    assert evaluated.to_dict()["evaluated"]["run"] is None
    with pytest.raises(UsageError, match="a network that was in memory"):
        evaluated.predictor  # noqa: B018
    assert fnnctl.compare(evaluated, trained.evaluate(table(1))).verdicts


def test_rows_that_were_trained_on_are_warned_of(trained: Run) -> None:
    assert "the network was trained on these data" in trained.evaluate(table(0, 200)).warnings[0]
    assert not any("trained on" in warning for warning in trained.evaluate(table(1)).warnings)


def test_rows_that_cannot_be_scored_are_refused(trained: Run) -> None:
    rows = table(1)
    with pytest.raises(DataError, match="'kind'"):
        trained.evaluate({name: rows[name] for name in ("size", "colour")})
    with pytest.raises(DataError, match="'huge'"):
        trained.evaluate({**rows, "kind": ["huge", *rows["kind"][1:]]})


def test_predictions_are_columns(trained: Run, tmp_path: Path) -> None:
    """They have the values of the file, with their types."""
    predictions = trained.predictions
    saved = trained.save(tmp_path / "run").path
    assert saved is not None
    columns, *lines = csv.reader((saved / "predictions.csv").read_text().splitlines())
    assert list(predictions) == columns == ["row", "label", "prediction", "p_large", "p_small"]
    assert predictions["row"] == [int(line[0]) for line in lines]
    assert predictions["label"] == [line[1] for line in lines]
    assert predictions["p_large"] == [float(line[3]) for line in lines]
    hits = map(str.__eq__, predictions["label"], predictions["prediction"])
    assert sum(hits) / len(lines) == trained.metrics["test"]["accuracy"]


def test_predictions_of_other_runs() -> None:
    rows = table(0)
    numbers = {"size": rows["size"], "twice": [2 * float(value) for value in rows["size"]]}
    settings = {**SETTINGS, "data.target": "twice", "training.epochs": 1}
    regression = fnnctl.train(data=numbers, settings=settings).predictions
    assert list(regression) == ["row", "target", "prediction"]
    assert all(isinstance(value, float) for value in regression["prediction"])
    few = {"training.epochs": 1, "evaluation.cross_validation.folds": 3}
    folds = fnnctl.evaluate(data=rows, settings=SETTINGS | few, workers=1).predictions
    assert set(folds["fold"]) == {1, 2, 3}
    assert sorted(folds["row"])[-1] == 59


def test_the_importance_of_columns(trained: Run, new_rows: Path, tmp_path: Path) -> None:
    """Of the run's test part and of new rows; the numbers are those of the command."""
    importance = trained.importance(table(0, 200))
    assert importance["column"][0] == "size"
    assert set(importance["part"]) == {"test"}
    assert importance["rows"] == [len(trained.predictions["row"])] * 2
    with pytest.raises(UsageError, match="hand them over again"):
        trained.importance()
    with pytest.raises(DataError, match="has changed"):
        trained.importance(table(2, 200))
    evaluated = trained.save(tmp_path / "saved").evaluate(new_rows, runs_dir=tmp_path / "runs")
    measured = evaluated.importance()
    assert command(["report", str(evaluated.path), "--importance", "--no-figures", "--quiet"]) == 0
    with (tmp_path / "runs" / Path(str(evaluated.path)).name / "feature_importance.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["accuracy"]) for row in rows] == measured["accuracy"]
    in_memory = trained.save(tmp_path / "again").evaluate(table(1))
    assert in_memory.importance(table(1)) == measured


def test_the_partial_dependence(trained: Run, new_rows: Path, tmp_path: Path) -> None:
    """On the run's training rows, and on new rows; the numbers are those of the command."""
    result = trained.partial_dependence(1, pairs=[("colour", "size")], data=table(0, 200))
    assert [curves["column"] for curves in result["partial_dependence"]] == ["size"]
    assert result["pair_dependence"][0]["values"][0] == ["blue", "white", None]
    assert trained.partial_dependence(["colour"], data=table(0, 200))["pair_dependence"] == []
    with pytest.raises(UsageError, match="hand them over again"):
        trained.partial_dependence()
    evaluated = trained.save(tmp_path / "saved").evaluate(new_rows, runs_dir=tmp_path / "runs")
    measured = evaluated.partial_dependence(["size"])["partial_dependence"][0]
    assert command(["report", str(evaluated.path), "--partial-dependence", "1", "--no-figures", "-q"]) == 0
    with (tmp_path / "runs" / Path(str(evaluated.path)).name / "partial_dependence.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["mean"]) for row in rows] == measured["curves"][0]["mean"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"columns": 0},
        {"columns": -1},
        {"columns": "size"},
        {"columns": True},
        {"columns": ["size", 3]},
        {"columns": ["sise"]},
        {"pairs": ["size", "colour"]},
        {"pairs": ("size", "colour")},
        {"pairs": [("size", "colour", "size")]},
        {"pairs": [("size", "size")]},
    ],
)
def test_wrong_arguments_of_the_partial_dependence(
    trained: Run, messages: Messages, arguments: dict[str, Any]
) -> None:
    with pytest.raises(UsageError) as raised:
        trained.partial_dependence(**arguments, data=table(0, 200))
    messages.check(str(raised.value).replace(str(trained.folder.path), "RUN"))
