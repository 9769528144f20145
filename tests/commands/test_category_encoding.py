"""`data.category_encoding: target`: networks read statistics of the target per category."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

import fnnctl
from fnnctl.executors.registry import ExecutorKind
from tests.program import Interrupt, Program, read_json
from tests.runs.ensembles import WORKERS, assert_same_folds, run_of
from tests.runs.folding import SMALL
from tests.runs.resuming import assert_same_bits, resumed_from
from tests.runs.searching import leaderboard

pytestmark = pytest.mark.usefixtures("no_figures")

TEXT = """\
recipe: classic
data: {source: own.csv, target: label, category_encoding: target, columns: {ignore: [amount]}}
model:
  hidden: [6]
  numeric_embedding: {name: piecewise_linear, bins: 4, size: 3, edges: target, code: both}
  ensemble: {members: 3, bags: true, plain_twins: true}
training: {epochs: 8, batch_size: 32}
"""
NUMBERS = ("data.target=amount", "data.columns.ignore=[label]")
ONE = ("model.ensemble=1",)
VARIANTS = {
    "twins": (),
    "one network": ONE,
    "numbers": NUMBERS,
    "no hidden layer": (*ONE, "model.hidden=[]"),
    "a scaling layer": (*ONE, "model.scaling_layer=true"),
    "residual": ("model.hidden=[11, 11]", "model.residual=true"),
    "lbfgs": (*ONE, "training.optimizer=lbfgs", "training.batch_size=auto"),
    "one batch": (*ONE, "training.batch_size=300"),
    "float64": ("training.precision=float64",),
    "shared weights": ("model.ensemble={members: 3, share_weights: true}",),
    "averages": ("training.averaging=ema",),
    "weights": ("data.weights=share", "training.class_weights=balanced"),
    "a sample": ("training.max_rows=120",),
    "noise": (*ONE, "model.numeric_embedding=none", "training.input_noise=0.1", "training.mixup=0.2"),
    "one column": (*ONE, "model.numeric_embedding=none", "data.columns.ignore=[amount, number, share]"),
    "an id": ("data.columns.ignore=[amount, place]", "data.columns.categorical=[number]"),
}


def write_table(path: Path, rows: int = 300, seed: int = 0) -> list[dict[str, str]]:
    """Two classes and an amount, which depend on one of 25 places, some of them missing."""
    rng = np.random.default_rng(seed)
    effects = np.random.default_rng(9).normal(size=25)
    table = []
    for _ in range(rows):
        place, number = int(rng.integers(0, 25)), rng.normal()
        score = 2 * effects[place] + number
        table.append(
            {
                "place": "" if rng.random() < 0.1 else f"p{place}",
                "number": f"{number:.5f}",
                "share": str(rng.integers(0, 3)),
                "label": "yes" if score + rng.normal() > 0 else "no",
                "amount": f"{score + rng.normal():.4f}",
            }
        )
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)
    return table


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path / "own.csv")
    path = tmp_path / "own.yaml"
    path.write_text(TEXT)
    return path


def words(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_saved_model_and_the_resolved_settings_repeat_a_run(
    program: Program, config: Path, variant: str
) -> None:
    run = run_of(program, "train", str(config), *words(*VARIANTS[variant]))
    done = program("evaluate", str(run), "--json")
    assert done.code == 0, done.err
    assert done.json["metrics"]["test"] == read_json(run / "metrics.json")["test"]
    again = run_of(program, "train", str(run / "resolved.yaml"))
    for name in ("model.npz", "model.json", "predictions.csv", "history.csv", "metrics.json"):
        assert (run / name).read_bytes() == (again / name).read_bytes(), name


@pytest.mark.parametrize(("target", "other"), [("label", "amount"), ("amount", "label")])
def test_a_network_reads_places_that_have_no_feature_of_their_own(
    program: Program, config: Path, target: str, other: str
) -> None:
    losses = []
    for ignored in (other, f"{other}, place"):
        data = (f"data.target={target}", f"data.columns.ignore=[{ignored}]")
        training = ("training.epochs=30", "training.optimizer.learning_rate=0.02")
        settings = (*ONE, *data, *training, "model.numeric_embedding=none")
        run = run_of(program, "train", str(config), *words(*settings))
        losses.append(read_json(run / "metrics.json")["test"]["loss"])
        columns = read_json(run / "model.json")["preprocessing"]["categorical"]
        assert [column["categories"] for column in columns] == [[]] * len(columns)
    assert losses[0] < 0.9 * losses[1]


def test_a_table_of_nothing_but_an_id_is_refused(program: Program, config: Path) -> None:
    data = ("data.columns={ignore: [amount, place, share], categorical: [number]}",)
    refused = program("train", str(config), *words(*ONE, *data, "model.numeric_embedding=none"))
    assert refused.code == 2
    assert "each category is in one training row alone; write one_hot" in refused.err
    assert not Path("runs").exists()


@pytest.mark.parametrize("settings", [(), NUMBERS])
def test_unseen_and_missing_places_are_predicted_and_rows_alone_as_together(
    program: Program, config: Path, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    run = run_of(program, "train", str(config), *words(*settings))
    rows = write_table(tmp_path / "new.csv", 40, seed=1)
    for k, place in enumerate(["nowhere", "", "elsewhere", "p3"]):
        rows[k] |= {"place": place, "number": "0.5", "share": "1"}
    together = predicted(program, run, rows)
    first_unknown, missing, second_unknown, known = (tuple(cells) for cells in together[:4])
    assert first_unknown == second_unknown
    assert len({first_unknown, missing, known}) == 3
    assert [predicted(program, run, [row])[0] for row in rows[:6]] == together[:6]
    assert predicted(program, run, rows[:7]) == together[:7]
    assert predicted(program, run, rows * 40) == together * 40


def predicted(program: Program, run: Path, rows: list[dict[str, str]]) -> list[list[str]]:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["place", "number", "share"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    Path("rows.csv").write_text(text.getvalue())
    done = program("predict", str(run), "rows.csv")
    assert done.code == 0, done.err
    return [line.split(",")[1:] for line in done.out.splitlines()[1:]]  # without the row's number


SPACE = "search={method: grid, space: {data.category_encoding: {choice: [one_hot, target]}}}"
BOTH = (
    *ONE,
    SPACE,
    "search.ensemble={size: 8}",
    "data.max_categories=12",
    "training.optimizer.learning_rate=0.02",
)


@pytest.mark.parametrize("command", ["train", "search"])
def test_records_are_predicted_as_rows_of_a_file(program: Program, config: Path, command: str) -> None:
    """Also by networks of both encodings, which know other places."""
    settings = ONE if command == "train" else BOTH
    run = run_of(program, command, str(config), *words(*settings))
    run = run if command == "train" else run / "ensemble"
    if command == "search":
        parts = read_json(run / "model.json")["parts"]
        columns = [part["network"]["preprocessing"]["categorical"][0] for part in parts]
        assert {bool(column["coded"]) for column in columns} == {True, False}
    places = ["nowhere", "", *(f"p{k}" for k in range(25))]
    rows = [{"place": place, "number": "0.5", "share": "1"} for place in places]
    expected = np.array([cells[1:] for cells in predicted(program, run, rows)], float)
    records = [{"place": place or None, "number": 0.5, "share": 1.0} for place in places]
    predictor = fnnctl.load_run(run).predictor
    np.testing.assert_array_equal(predictor.predict_proba(records), expected)
    one_by_one = [predictor.predict_proba(record)[0] for record in records]
    np.testing.assert_array_equal(one_by_one, expected)
    assert len(np.unique(expected[:, 0])) > 10


@pytest.mark.usefixtures("keep_all")
def test_an_interrupted_training_ends_with_the_bits_of_an_uninterrupted_one(
    program: Program, config: Path, interrupt: Interrupt
) -> None:
    undisturbed = run_of(program, "train", str(config), "--runs-dir", "undisturbed")
    run = interrupt(5)
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == ["epoch 5"]
    assert_same_bits(run, undisturbed)


@pytest.mark.parametrize("plan", WORKERS)
def test_a_cross_validation_has_the_same_bits_for_all_workers_and_stacks(
    program: Program,
    config: Path,
    plan: tuple[ExecutorKind, int, list[list[int]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All places are in the training part of every fold."""
    assert_same_folds(program, ("evaluate", str(config), *SMALL, *words(*ONE)), plan, monkeypatch)


def test_folds_with_other_codes_cannot_train_together_and_need_not(program: Program, config: Path) -> None:
    """With 60 rows, folds lack places."""
    write_table(Path("own.csv"), 60)
    runs = [
        run_of(program, "evaluate", str(config), *SMALL, *words(*ONE), "--workers", workers)
        for workers in ("1", "2")
    ]
    assert len({(run / "metrics.json").read_bytes() for run in runs}) == 1


def test_a_search_varies_the_encoding(program: Program, config: Path) -> None:
    run = run_of(program, "search", str(config), *words(*ONE, SPACE))
    rows = leaderboard(run)
    assert {row["data.category_encoding"] for row in rows} == {"one_hot", "target"}
    assert len({row["objective"] for row in rows}) == 2


def test_the_importance_of_a_column_is_that_of_its_code_too(program: Program, config: Path) -> None:
    """Of no place there are 100 rows, so the column has no other feature, but for missing ones."""
    run = run_of(program, "train", str(config), *words(*ONE, "training.epochs=30"))
    assert read_json(run / "model.json")["preprocessing"]["categorical"][0]["categories"] == []
    importance = fnnctl.load_run(run).importance()
    losses = dict(zip(importance["column"], importance["log_loss"], strict=True))
    assert losses["place"] > losses["number"] > losses["share"]


def test_check_says_where_the_value_comes_from(program: Program, config: Path) -> None:
    write_table(Path("own.csv"), 10_000)
    config.write_text("data: {source: own.csv, target: label, columns: {ignore: [amount]}}\n")
    explained = program("check", str(config), "--explain").out
    (line,) = [line for line in explained.splitlines() if "data.category_encoding" in line]
    assert line.split()[-2:] == ["target", "recipe"]
    config.write_text(config.read_text().replace("label,", "label, category_encoding: one_hot,"))
    explained = program("check", str(config), "--explain").out
    (line,) = [line for line in explained.splitlines() if "data.category_encoding" in line]
    assert line.split()[-2:] == ["one_hot", f"{config}:1"]
