"""`data.category_encoding: target`: networks read statistics of the target per category."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from fnnctl import load_run
from fnnctl.arrays import FloatArray
from tests.commands.settings import given, run_of
from tests.program import Program, read_json
from tests.runs.searching import leaderboard

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = """\
recipe: classic
data: {source: own.csv, target: label, category_encoding: target, columns: {ignore: [amount]}}
model: {hidden: [6]}
training: {epochs: 30, batch_size: 32, optimizer: {learning_rate: 0.02}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two classes and an amount, which depend on one of 25 places, some of them missing."""
    rng = np.random.default_rng(0)
    effects = np.random.default_rng(9).normal(size=25)
    with (tmp_path / "own.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["place", "number", "share", "label", "amount"])
        for _ in range(300):
            place, number = int(rng.integers(0, 25)), rng.normal()
            score = 2 * effects[place] + number
            label, amount = "yes" if score + rng.normal() > 0 else "no", f"{score + rng.normal():.4f}"
            cell = "" if rng.random() < 0.1 else f"p{place}"
            writer.writerow([cell, f"{number:.5f}", rng.integers(0, 3), label, amount])
    (tmp_path / "own.yaml").write_text(CONFIG)
    return tmp_path / "own.yaml"


@pytest.mark.parametrize(("target", "ignored"), [("label", "amount"), ("amount", "label")])
def test_a_network_reads_places_that_have_no_feature_of_their_own(
    program: Program, config: Path, target: str, ignored: str
) -> None:
    losses = []
    for names in (ignored, f"{ignored}, place"):
        settings = (f"data.target={target}", f"data.columns.ignore=[{names}]")
        run = run_of(program, "train", config, *settings)
        losses.append(read_json(run / "metrics.json")["test"]["loss"])
        columns = read_json(run / "model.json")["preprocessing"]["categorical"]
        assert [column["categories"] for column in columns] == [[]] * len(columns)
    assert losses[0] < 0.9 * losses[1]


def test_a_table_of_nothing_but_an_id_is_refused(program: Program, config: Path) -> None:
    columns = "data.columns={ignore: [amount, place, share], categorical: [number]}"
    refused = program("train", str(config), *given(columns))
    assert refused.code == 2
    assert "each category is in one training row alone; write one_hot" in refused.err
    assert not Path("runs").exists()


def test_networks_of_both_encodings_predict_records_as_rows_of_a_file(program: Program, config: Path) -> None:
    """They know other places; the same is predicted for all places that no training row has."""
    search = (
        "search={method: grid, space: {data.category_encoding: {choice: [one_hot, target]}}, "
        "ensemble: {size: 8}}"
    )
    run = run_of(program, "search", config, search, "data.max_categories=12", "training.epochs=8")
    rows = leaderboard(run)
    assert {row["data.category_encoding"] for row in rows} == {"one_hot", "target"}
    assert len({row["objective"] for row in rows}) == 2
    parts = read_json(run / "ensemble" / "model.json")["parts"]
    columns = [part["network"]["preprocessing"]["categorical"][0] for part in parts]
    assert {bool(column["coded"]) for column in columns} == {True, False}
    places = ["nowhere", "elsewhere", "", *(f"p{k}" for k in range(25))]
    expected = predicted(program, run / "ensemble", places)
    records = [{"place": place or None, "number": 0.5, "share": 1.0} for place in places]
    predictor = load_run(run / "ensemble").predictor
    np.testing.assert_array_equal(predictor.predict_proba(records), expected)
    one_by_one = [predictor.predict_proba(record)[0] for record in records]
    np.testing.assert_array_equal(one_by_one, expected)
    unknown, unknown_too, missing, known = expected[:4, 0]
    assert unknown == unknown_too
    assert len({unknown, missing, known}) == 3
    assert len(np.unique(expected[:, 0])) > 10
    np.testing.assert_array_equal(
        predicted(program, run / "ensemble", places * 40), np.tile(expected, (40, 1))
    )


def predicted(program: Program, run: Path, places: list[str]) -> FloatArray:
    """The probabilities of rows with these places."""
    rows = "".join(f"{place},0.5,1\n" for place in places)
    Path("rows.csv").write_text(f"place,number,share\n{rows}")
    done = program("predict", str(run), "rows.csv")
    assert done.code == 0, done.err
    return np.array([line.split(",")[2:] for line in done.out.splitlines()[1:]], float)


def test_the_importance_of_a_column_is_that_of_its_code_too(program: Program, config: Path) -> None:
    """Of no place there are 100 rows, so the column has no other feature, but for missing ones."""
    importance = load_run(run_of(program, "train", config)).importance()
    losses = dict(zip(importance["column"], importance["log_loss"], strict=True))
    assert losses["place"] > losses["number"] > losses["share"]
