from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fnnctl.metrics.partial_dependence import Curves, Grid, PartialDependence, Surface
from fnnctl.report.summary import Summary
from fnnctl.report.topics.partial_dependence import dependence, json_entries
from fnnctl.store.documents import to_json
from fnnctl.store.facts import TargetFacts
from fnnctl.store.manifest import DataFacts
from tests.messages import Messages
from tests.report.searches import header
from tests.report.topics.said import searched, shown

NAN = float("nan")
SIZE = Grid("size", "number", ("1", "0.30000000000000004", ""), (1.0, 0.30000000000000004, NAN), 2)
CITY = Grid("city", "category", ("Bern", "Rome"), (0.0, 1.0), 5000)
FLAT = Grid("flat", "number", ("7",), (7.0,), 1)
NUMBERS = PartialDependence(
    "train",
    1000,
    (3,),
    (
        Curves(
            SIZE,
            np.array([600, 300, 100]),
            (),
            np.array([[0.5, 0.25, 2.0]]),
            np.array([[[1.0], [2.0], [3.0]]]),
        ),
        Curves(CITY, np.array([200, 113]), (), np.array([[0.5, 0.25]]), np.array([[[1.0], [2.0]]])),
        Curves(FLAT, np.array([1000]), (), np.array([[0.5]]), np.array([[[1.0]]])),
    ),
    (Surface((CITY, SIZE), np.arange(6).reshape(2, 3), (), np.arange(6.0).reshape(1, 2, 3)),),
)
CLASSES = replace(
    NUMBERS,
    part="file",
    columns=(
        Curves(
            SIZE,
            np.array([6, 3, 1]),
            ("a", "b"),
            np.array([[0.5, 0.25, 1], [0.5, 0.75, 0]]),
            np.zeros((2, 3, 0)),
        ),
    ),
    pairs=(),
    individual=(),
)


def measured(result: PartialDependence | None, *classes: str) -> Summary:
    summary = searched([header()])
    facts = DataFacts(
        name="t",
        source="t.csv",
        sha256="",
        target="kind",
        classes=list(classes),
        rows=9,
        numeric=1,
        categorical=0,
    )
    return replace(summary, manifest=summary.manifest.model_copy(update={"data": facts}), dependence=result)


@pytest.mark.parametrize(
    ("result", "classes"),
    [
        pytest.param(NUMBERS, [], id="a regression"),
        pytest.param(replace(NUMBERS, columns=()), ["no", "yes"], id="a pair alone, and two classes"),
        pytest.param(CLASSES, [*"abcdefgh"], id="many classes, and a file"),
    ],
)
def test_the_section(messages: Messages, result: PartialDependence, classes: list[str]) -> None:
    messages.check(shown(dependence(measured(result, *classes))))


def several() -> Summary:
    """A number, and eight classes, each with columns of its own."""
    of_targets = {
        "price": replace(NUMBERS, columns=NUMBERS.columns[:2]),
        "grade": replace(CLASSES, rows=1000),
    }
    summary = measured(PartialDependence("train", 1000, (3,), of_targets=of_targets))
    data, targets = summary.manifest.data, [("price", []), ("grade", [*"abcdefgh"])]
    assert data is not None
    facts = [TargetFacts(name=name, task="regression", classes=classes) for name, classes in targets]
    manifest = summary.manifest.model_copy(update={"data": data.model_copy(update={"targets": facts})})
    return replace(summary, manifest=manifest)


def test_the_section_of_several_targets(messages: Messages) -> None:
    messages.check(shown(dependence(several())))


def test_the_json_object_has_the_values_of_each_target() -> None:
    value = json_entries(several())
    assert json.loads(to_json(value)) == value
    price, grade = (value["partial_dependence_targets"][target] for target in ("price", "grade"))
    assert [entry["column"] for entry in price["partial_dependence"]] == ["size", "city"]
    assert [curve["class"] for curve in grade["partial_dependence"][0]["curves"]] == ["a", "b"]
    assert price["pair_dependence"] == json_entries(measured(NUMBERS))["pair_dependence"]
    assert value["partial_dependence"] == value["pair_dependence"] == grade["pair_dependence"] == []
    assert value["partial_dependence_rows"] == {"part": "train", "rows": 1000, "individual": [3]}


def test_the_json_object() -> None:
    value = json_entries(measured(NUMBERS))
    assert json.loads(to_json(value)) == value
    first, second, _ = value["partial_dependence"]
    assert (first["column"], first["kind"], first["distinct"]) == ("size", "number", 2)
    assert (first["values"], first["rows"]) == ([1.0, 0.30000000000000004, None], [600, 300, 100])
    assert first["curves"] == [{"class": None, "mean": [0.5, 0.25, 2.0], "individual": [[1.0, 2.0, 3.0]]}]
    assert second["values"] == ["Bern", "Rome"]
    assert value["pair_dependence"] == [
        {
            "columns": ["city", "size"],
            "kinds": ["category", "number"],
            "values": [["Bern", "Rome"], [1.0, 0.30000000000000004, None]],
            "rows": [[0, 1, 2], [3, 4, 5]],
            "surfaces": [{"class": None, "mean": [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]}],
        }
    ]
    assert value["partial_dependence_rows"] == {"part": "train", "rows": 1000, "individual": [3]}


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert ([*dependence(measured(None))], json_entries(measured(None))) == ([], {})
