from __future__ import annotations

import copy
import csv
import itertools
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fnnctl
from fnnctl import Predictor, Run
from fnnctl.cli import run
from fnnctl.errors import DataError, UsageError

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

COLOURS = ("red", "green", "blue")
SHORT = {"model": {"hidden": [6], "ensemble": 2}, "training": {"epochs": 3}}


def table(rows: int) -> dict[str, list[Any]]:
    """Numbers with missing ones, texts, and classes that follow from both."""
    rng = np.random.default_rng(0)
    size: list[Any] = np.round(rng.normal(size=rows), 3).tolist()
    colour: list[Any] = [COLOURS[k] for k in rng.integers(3, size=rows)]
    count = rng.integers(50, size=rows).tolist()
    kind = ["yes" if x > 0 or text == "red" else "no" for x, text in zip(size, colour, strict=True)]
    size[3] = colour[5] = None
    return {"size": size, "colour": colour, "count": count, "kind": kind}


def records(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs")
    return fnnctl.train(SHORT, table(120), settings={"data.target": "kind"}, runs_dir=folder)


@pytest.fixture(scope="module")
def predictor(trained: Run) -> Predictor:
    return trained.predictor


def test_it_says_what_it_reads_and_predicts(predictor: Predictor) -> None:
    assert predictor.feature_names == ("size", "count", "colour")
    assert predictor.classes == ("no", "yes")
    assert predictor.target == "kind"


def test_all_forms_of_rows_give_the_bits_of_the_command(
    trained: Run, predictor: Predictor, tmp_path: Path
) -> None:
    rows = table(20)
    rows["colour"][7] = "violet"  # no training row has it
    with (tmp_path / "new.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows)
        writer.writerows(
            ["" if cell is None else cell for cell in row] for row in zip(*rows.values(), strict=True)
        )
    command = ["predict", str(trained.path), str(tmp_path / "new.csv"), "--output", str(tmp_path / "out.csv")]
    assert run([*command, "--quiet"]) == 0
    lines = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    labels = [line["prediction"] for line in lines]
    probabilities = [[float(line[f"p_{name}"]) for name in ("no", "yes")] for line in lines]

    forms: list[Any] = [rows, records(rows), {name: np.array(rows[name]) for name in ("count",)} | rows]
    for form in forms:
        assert predictor.predict(form).tolist() == labels
        assert predictor.predict_proba(form).tolist() == probabilities
    one_by_one = [predictor.predict_proba(record).tolist()[0] for record in records(rows)]
    assert one_by_one == probabilities
    logs = np.log(np.array(probabilities))
    assert predictor.decision(rows) == pytest.approx(logs[:, 1] - logs[:, 0])


def test_numbers_alone_may_be_an_array() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    X[4, 1] = np.nan
    classes = fnnctl.train(SHORT, (X, np.digitize(X[:, 0], [-0.5, 0.5]))).predictor
    values = classes.predict_proba(X)
    assert values.shape == (90, 3)
    assert classes.decision(X[:2]).shape == (2, 3)
    assert classes.predict_proba(X[7:8]).tolist() == values[7:8].tolist()
    assert classes.predict_proba(np.asfortranarray(X)).tolist() == values.tolist()
    assert classes.predict_proba(X.astype(np.float32)[:5]) == pytest.approx(values[:5], abs=1e-5)
    names = dict(zip(classes.feature_names, X[7].tolist(), strict=True))
    assert classes.predict_proba(names).tolist() == values[7:8].tolist()


def test_a_regression_predicts_numbers() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    numbers = fnnctl.train(SHORT, (X, X[:, 0] * 100 + 0.5)).predictor
    assert numbers.classes is None
    assert numbers.predict(X[:4]).dtype == np.float64
    for method in (numbers.predict_proba, numbers.decision):
        with pytest.raises(UsageError, match="a regression has no probabilities"):
            method(X)


CELLS = {
    "size": st.one_of(
        st.none(), st.floats(), st.integers(), st.booleans(), st.sampled_from(["1", " 2.5 ", "NA", "", "x"]),
        st.just(10**400), st.just(np.float32(0.1)),
    ),
    "colour": st.one_of(
        st.none(), st.sampled_from(["red", " blue ", " NA ", "violet", "\0", "", "1", "1.0"]),
        st.integers(0, 3), st.booleans(), st.floats(0, 3),
    ),
    "count": st.one_of(st.none(), st.integers(-(2**70), 2**70), st.just(-999), st.just(-999.0)),
}  # fmt: skip


@pytest.mark.parametrize("missing", [["", "NA"], ["", "-999"]], ids=["texts", "a number"])
def test_a_record_is_read_like_a_table_of_one_row(missing: list[str]) -> None:
    settings = {"data": {"target": "kind", "missing_values": missing}}
    rows = table(60)
    rows["colour"][:9] = ["1", "2", "3"] * 3
    predictor = fnnctl.train(SHORT, rows, settings=settings).predictor

    @given(st.fixed_dictionaries(CELLS))
    def compare(record: dict[str, Any]) -> None:
        answers: list[Any] = []
        for form in (record, {name: [value] for name, value in record.items()}):
            try:
                answers.append(predictor.predict_proba(form).tolist())
            except DataError as error:
                answers.append(error.message)
        assert answers[0] == answers[1]

    compare()


def test_an_array_is_read_like_a_table() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    predictor = fnnctl.train(SHORT, (X, X[:, 0] > 0)).predictor
    for value in (np.inf, -np.inf, np.nan, 1e308):
        X[7, 1] = value
        answers: list[Any] = []
        for form in (X, dict(zip(predictor.feature_names, X.T.tolist(), strict=True))):
            try:
                answers.append(predictor.predict_proba(form).tolist())
            except DataError as error:
                answers.append(type(error))
        assert answers[0] == answers[1]


def test_numbers_that_are_categories_may_be_spelled_otherwise() -> None:
    """Whole numbers become fractions in pandas as soon as a value is missing."""
    codes = [1, 2, 30] * 20
    rows = {"code": codes, "y": ["a" if code == 2 else "b" for code in codes]}
    settings = {"data": {"target": "y", "columns": {"categorical": ["code"]}}}
    predictor = fnnctl.train(SHORT, rows, settings=settings).predictor
    (expected,) = predictor.predict_proba({"code": "2"}).tolist()
    for form in ({"code": 2}, {"code": 2.0}, {"code": "2.0"}, {"code": [2.0]}, {"code": np.array([2.0])}):
        assert predictor.predict_proba(form).tolist() == [expected]
    assert predictor.predict_proba({"code": [2.0, None]}).tolist()[0] == expected


def test_predictors_can_be_pickled_and_copied(predictor: Predictor) -> None:
    rows = records(table(9))
    expected = predictor.predict_proba(rows).tolist()
    for other in (pickle.loads(pickle.dumps(predictor)), copy.deepcopy(predictor)):
        assert other.predict_proba(rows).tolist() == expected


def test_threads_get_the_same_bits(predictor: Predictor) -> None:
    rows = records(table(40))
    expected = predictor.predict_proba(rows).tolist()
    wrong: list[int] = []

    def predict() -> None:
        for k in itertools.islice(itertools.cycle(range(40)), 200):
            if predictor.predict_proba(rows[k]).tolist()[0] != expected[k]:
                wrong.append(k)

    threads = [threading.Thread(target=predict) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


RECORD = {"size": 0.5, "colour": "red", "count": 3}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"size": 0.5, "colour": "red"}, "the column 'count' is missing"),
        ([{**RECORD}, {"size": 0.5, "count": 3, "color": "red"}], "the column 'colour' is missing .*'color'"),
        ({"size": [0.5], "colour": ["red"]}, "the column 'count' is missing"),
        ({**RECORD, "size": "large"}, "'large'"),
        ({**RECORD, "size": [1, 2]}, "is a single value"),
        ([], "there are no rows"),
        ([RECORD, 3], "type dict"),
        (np.zeros((2, 3)), "an array has numbers only, but the network also needs 'colour'"),
        (3, "type int is no data"),
        (None, "there are no data"),
        ("new.csv", "is a path, not data"),
    ],
)
def test_other_rows_are_refused(predictor: Predictor, rows: Any, words: str) -> None:
    with pytest.raises((DataError, UsageError), match=words):
        predictor.predict(rows)


def test_the_training_table_itself_can_be_predicted() -> None:
    """With its target, an identifier, weights, and what the settings leave out."""
    rows = table(60) | {"id": [f"u{k}" for k in range(60)], "weight": [1.0] * 60, "note": ["x", "y"] * 30}
    settings = {"data": {"target": "kind", "weights": "weight", "columns": {"ignore": ["note"]}}}
    predictor = fnnctl.train(SHORT, rows, settings=settings).predictor
    assert predictor.feature_names == ("size", "count", "colour")
    labels = predictor.predict(rows).tolist()
    assert [predictor.predict(record)[0] for record in records(rows)] == labels


def test_other_columns_are_ignored_and_noted_once(caplog: pytest.LogCaptureFixture) -> None:
    predictor = fnnctl.train(SHORT, table(60), settings={"data.target": "kind"}).predictor
    expected = predictor.predict_proba(RECORD).tolist()
    with caplog.at_level("INFO", logger="fnnctl"):
        caplog.clear()
        for rows in (
            {**RECORD, "weight": 1},
            [{**RECORD, "weight": 1}],
            {name: [value] for name, value in {**RECORD, "weight": "x"}.items()},
        ):
            assert predictor.predict_proba(rows).tolist() == expected
    note = "memory: a column is ignored, because the network was not trained with it: 'weight'"
    assert [record.getMessage() for record in caplog.records] == [note]


def test_values_that_are_too_large_are_refused(predictor: Predictor) -> None:
    with pytest.raises(DataError, match=r"row 1 .* too large"):
        predictor.predict([RECORD, {**RECORD, "size": 1e308}])
