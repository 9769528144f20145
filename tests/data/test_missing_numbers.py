"""A number that is declared to be a missing value is one wherever it equals a number, by any way in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fnnctl
from tests.memory import load, load_file, write_csv

SPELLINGS = ["-999", "-999.0", "-9.99e2", "-00999", " -999.000 "]
SETTINGS: dict[str, Any] = {"missing_values": ["", "-999"], "target": "y"}
LABELS = ["a", "b"] * 12


def numeric(dataset: Any, name: str) -> list[float]:
    return list(dataset.numbers(slice(None), [dataset.numeric_names.index(name)])[:, 0])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_missing_among_numbers(spelling: str, tmp_path: Path) -> None:
    columns = {
        "plain": ["1", "2.5", spelling] * 8,
        "late": [*["1.5"] * 20, "0.25", spelling, "$3", "-999"],
        "price": ["$1,250", "$3", spelling] * 8,
        "percent": ["5 %", "7 %", spelling] * 8,
        "declared": ["1", spelling, "3"] * 8,
        "y": LABELS,
    }
    settings = {**SETTINGS, "columns": {"numeric": ["declared"]}}
    for dataset in (load_file(write_csv(tmp_path / "t.csv", columns), **settings), load(columns, **settings)):
        missing = {name: int(np.isnan(numeric(dataset, name)).sum()) for name in dataset.numeric_names}
        assert missing == {"plain": 8, "late": 2, "price": 8, "percent": 8, "declared": 8}
        assert {name: dataset.types[name].missing for name in missing} == missing
        assert numeric(dataset, "price")[:2] == [1250, 3]


def test_a_formatted_number_may_equal_the_missing_value(tmp_path: Path) -> None:
    """A percentage may not: -999 is no -99,900 %."""
    columns = {"comma": ["1,5", "-999,0", "2,25"] * 8, "share": ["1%", "-99900%", "-999"] * 8, "y": LABELS}
    dataset = load_file(write_csv(tmp_path / "t.csv", columns), **SETTINGS)
    np.testing.assert_array_equal(numeric(dataset, "share")[:3], [0.01, -999, np.nan])
    assert numeric(dataset, "comma")[:2] == [1.5, pytest.approx(np.nan, nan_ok=True)]
    assert (dataset.types["comma"].missing, dataset.types["comma"].unique) == (8, 2)


def test_among_texts_only_the_exact_text_is_missing(tmp_path: Path) -> None:
    columns = {"kind": ["red", "-999", "-999.0", "blue"] * 6, "y": LABELS}
    typed = {**columns, "number": np.arange(24.0)}
    for dataset in (load_file(write_csv(tmp_path / "t.csv", columns), **SETTINGS), load(typed, **SETTINGS)):
        assert dataset.categories == (("-999.0", "blue", "red"),)
        assert int((dataset.categorical[:, 0] < 0).sum()) == 6


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_target_of_numbers_has_missing_ones(spelling: str, tmp_path: Path) -> None:
    target = [f"{number / 7:.3f}" for number in range(20)]
    columns = {"x": [*map(str, range(24))], "y": [*target, spelling, "-999", "7.5", spelling]}
    dataset = load_file(write_csv(tmp_path / "t.csv", columns), **SETTINGS)
    assert len(dataset) == 21
    assert "-999" not in {text.strip() for text in dataset.target.texts}
    commas = {"x": columns["x"], "y": [text.replace(".", ",") for text in columns["y"]]}
    if "e" not in spelling:
        assert len(load_file(write_csv(tmp_path / "c.csv", commas), **SETTINGS)) == 21
    labels = {"x": columns["x"], "y": ["a", "b", spelling] * 8}
    texts = load_file(write_csv(tmp_path / "l.csv", labels), **SETTINGS).target.texts
    assert texts == (("a", "b") if spelling == "-999" else tuple(sorted(["a", "b", spelling.strip()])))


@pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")
def test_a_row_has_one_answer_by_every_way_in(tmp_path: Path) -> None:
    """The code is of single precision, in which it is another number than in double precision."""
    x = np.random.default_rng(0).normal(size=(80, 2)).round(2)
    x[::5, 1] = np.nan
    table = {"x0": x[:, 0], "x1": x[:, 1], "y": np.where(x[:, 0] > 0, "p", "q")}
    settings = {"recipe": "classic", "training.epochs": 1, "data.missing_values": ["", "-999.9"]}
    run = fnnctl.train(settings, table, settings={"data.target": "y"})

    def answer(rows: Any) -> float:
        return float(run.predictor.predict_proba(rows)[0, 0])

    expected = answer({"x0": 0.5, "x1": None})
    assert answer({"x0": 0.5, "x1": 1.0}) != expected
    numbers = np.array([[0.5, -999.9]])
    single = numbers.astype(np.float32)
    rows: list[Any] = [
        numbers, single, {"x0": 0.5, "x1": -999.9}, [{"x0": 0.5, "x1": np.float64(-999.9)}],
        {"x0": ["0.5"], "x1": ["-9.999E+2"]}, {"x0": [0.5], "x1": [-999.9]}, {"x0": [0.5], "x1": ["-999.90"]},
        {"x0": single[:, 0], "x1": single[:, 1]},
    ]  # fmt: skip
    assert [answer(row) for row in rows] == [expected] * len(rows)
    assert single[0, 1] == np.float32(-999.9), "the caller's array is as it was"
    labelled = {"x0": ["0.5", "1"], "x1": ["-999.90", "1"], "y": ["p", "q"]}
    of_memory = run.evaluate(labelled).predictions["p_p"]
    assert of_memory == run.evaluate(write_csv(tmp_path / "new.csv", labelled)).predictions["p_p"]
    assert of_memory[0] == pytest.approx(expected, rel=1e-6)
