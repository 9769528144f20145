"""Quantiles from a config to predictions: columns, metrics, intervals, and what is refused."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

import fnnctl
from fnnctl.errors import UsageError
from tests.messages import Messages
from tests.program import Program, only_run, read_json

pytestmark = [
    pytest.mark.usefixtures("no_figures"),
    pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning"),
]

LEVELS = ("0.1", "0.5", "0.9")
CONFIG = """\
recipe: classic
data: {source: t.csv, target: y, split: {validation: 0}, target_transform: TRANSFORM}
model: {hidden: [8], clip_outputs: true, output: quantile, ensemble: {members: 3, bags: true}}
training: {epochs: 12, batch_size: 32, optimizer: {learning_rate: 0.02}}
"""


def write(rows: int = 300, transform: str = "none") -> str:
    """Positive amounts whose spread grows with the column a; a column is called like a new one."""
    rng = np.random.default_rng(0)
    a, noise = rng.uniform(0, 2, rows), rng.normal(size=rows)
    y = np.exp(1 + 0.5 * a + (0.1 + 0.4 * a) * noise)
    lines = [f"{x:.4f},{e:.4f},{t:.4f}" for x, e, t in zip(a, rng.normal(size=rows), y, strict=True)]
    Path("t.csv").write_text("\n".join(["a,q_0.1,y", *lines]) + "\n")
    Path("t.yaml").write_text(CONFIG.replace("TRANSFORM", transform))
    return "t.yaml"


def without_name(text: str) -> str:
    """A text in which the only run has no name of its own."""
    return text.replace(str(only_run(Path())), "RUN")


def rows_of(path: Path | str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("transform", ["none", "log", "quantile"])
def test_predictions_have_a_column_per_level_and_never_cross(program: Program, transform: str) -> None:
    assert program("train", write(transform=transform), "--quiet").code == 0
    assert program("predict", "latest", "t.csv", "--output", "p.csv", "--quiet").code == 0
    rows, limits = rows_of("p.csv"), [float(row["y"]) for row in rows_of("t.csv")]
    assert [*rows[0]] == ["row", "prediction", "q_0.1", "q_0.5", "q_0.9"]
    assert all(row["prediction"] == row["q_0.5"] for row in rows)
    values = np.array([[float(row[f"q_{level}"]) for level in LEVELS] for row in rows])
    assert (np.diff(values, axis=1) >= 0).all()
    assert values.min() >= min(limits)
    assert values.max() <= max(limits)
    test = read_json(only_run(Path()) / "metrics.json")["test"]
    stored = rows_of(only_run(Path()) / "predictions.csv")
    targets = [float(row["target"]) for row in stored]
    for level in LEVELS:
        quantiles = [float(row[f"q_{level}"]) for row in stored]
        expected = mean_pinball_loss(targets, quantiles, alpha=float(level))
        assert test["levels"][level]["pinball"] == pytest.approx(expected, rel=1e-9)
        assert test["levels"][level]["coverage"] == np.mean(np.array(targets) <= quantiles)
    assert test["pinball"] == pytest.approx(np.mean([test["levels"][level]["pinball"] for level in LEVELS]))
    assert test["pinball"] < test["baseline"]["pinball"]


def test_a_pair_is_adjusted_for_its_coverage(program: Program, messages: Messages) -> None:
    assert program("train", write(), "--quiet").code == 0
    done = program("predict", "latest", "t.csv", "--coverage", "0.8", "--output", "p.csv")
    messages.check(done.err)
    rows = rows_of("p.csv")
    assert [*rows[0]][-2:] == ["low", "high"]
    pairs = (("low", "q_0.1"), ("high", "q_0.9"))
    moves = {tuple(round(float(row[end]) - float(row[level]), 9) for end, level in pairs) for row in rows}
    assert len(moves) == 1, "all rows have the same limits, as there are fewer than 1,000"
    measured = [row for row in rows_of(only_run(Path()) / "coverage.csv") if not row["part"]]
    assert [row["coverage"] for row in measured] == ["0.8"]
    for coverage in ("0.9", "0.4"):
        done = program("predict", "latest", "t.csv", "--coverage", coverage)
        assert done.code == 2
        messages.check(without_name(done.err))


def test_without_a_pair_there_are_no_intervals(program: Program, messages: Messages) -> None:
    assert program("train", write(), "--quiet", "--set", "model.output.levels=[0.5, 0.9]").code == 0
    assert not (only_run(Path()) / "coverage.csv").exists()
    messages.check(without_name(program("predict", "latest", "t.csv", "--coverage", "0.8").err))


def test_the_report_has_a_line_per_level(program: Program, messages: Messages) -> None:
    assert program("train", write(), "--quiet").code == 0
    text = program("report", "latest", "--verbose").out
    messages.check(text[text.index("Quantiles") :].split("\n\n")[0])
    entry = json.loads(program("report", "latest", "--json").out)
    (report,) = entry.get("runs", [entry])
    assert {*report["metrics"]["test"]["levels"]} == {*LEVELS}
    assert program("report", "latest", "--fail-under", "levels.0.9.coverage=0.5").code == 0
    assert program("report", "latest", "--fail-under", "pinball=1e-6").code == 1


def test_other_levels_are_not_compared_by_their_pinball_loss(program: Program, messages: Messages) -> None:
    write()
    outputs = {
        "first": "quantile",
        "again": "quantile",
        "other": "{name: quantile, levels: [0.2, 0.5]}",
        "median": "absolute",
    }
    runs = {}
    for name, output in outputs.items():
        assert (
            program("train", "t.yaml", "--quiet", "--name", name, "--set", f"model.output={output}").code == 0
        )
        (runs[name],) = map(str, Path("runs").glob(f"*-{name}-*"))
    assert program("compare", runs["first"], runs["again"], "--metric", "pinball").code == 0
    assert program("compare", runs["first"], runs["median"], "--metric", "mae").code == 0
    for name in ("other", "median"):
        done = program("compare", runs["first"], runs[name], "--metric", "pinball")
        assert done.code == 2
        messages.check(done.err.replace(runs["first"], "FIRST").replace(runs[name], "OTHER"))


def test_folds_have_quantiles(program: Program) -> None:
    write(120)
    words = ("--set", "evaluation.cross_validation.folds=3", "--quiet")
    assert program("evaluate", "t.yaml", *words).code == 0
    metrics = read_json(only_run(Path()) / "metrics.json")
    assert {*metrics["test"]["levels"]} == {*LEVELS}
    assert metrics["cross_validation"]["pinball"]["mean"] < metrics["cross_validation"]["baseline"]["pinball"]
    rows = rows_of(only_run(Path()) / "predictions.csv")
    assert [*rows[0]] == ["repeat", "fold", "row", "target", "prediction", "q_0.1", "q_0.5", "q_0.9"]


def test_python_has_what_the_command_writes(program: Program, messages: Messages) -> None:
    run = fnnctl.train(write(), runs_dir="runs")
    predictor, columns = run.predictor, rows_of("t.csv")
    rows = {name: [float(row[name]) for row in columns] for name in ("a", "q_0.1")}
    assert predictor.levels == (0.1, 0.5, 0.9)
    quantiles = predictor.predict_quantiles(rows)
    assert program("predict", str(run.path), "t.csv", "--coverage", "0.8", "--output", "p.csv").code == 0
    written = rows_of("p.csv")
    for index, level in enumerate(LEVELS):
        assert quantiles[:, index].tolist() == [float(row[f"q_{level}"]) for row in written]
    assert predictor.predict(rows).tolist() == quantiles[:, 1].tolist()
    ends = [(float(row["low"]), float(row["high"])) for row in written]
    assert predictor.predict_interval(rows, 0.8).tolist() == [[*pair] for pair in ends]
    with pytest.raises(UsageError) as error:
        predictor.predict_interval(rows, 0.9)
    messages.check(str(error.value).replace(str(run.path), "RUN"))
    means = fnnctl.train("t.yaml", settings={"model.output": "squared"}).predictor
    assert means.levels is None
    with pytest.raises(UsageError) as error:
        means.predict_quantiles(rows)
    messages.check(str(error.value))


def test_levels_of_many_rows_rise(program: Program) -> None:
    """With twenty levels, of which many are close."""
    levels = [round(0.05 * k, 2) for k in range(1, 20)]
    assert program("train", write(), "--quiet", "--set", f"model.output.levels={levels}").code == 0
    assert program("predict", "latest", "t.csv", "--output", "p.csv").code == 0
    for row in rows_of("p.csv"):
        values = [float(row[f"q_{level}"]) for level in levels]
        assert all(low <= high for low, high in pairwise(values))
