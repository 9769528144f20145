"""A model of several networks is restored from its two files, or the damaged one is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.errors import DataError
from fnnctl.modelling.model_description import TrainedPart, describe, model_files
from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.saved_model import load_model
from fnnctl.store.folder import RunFolder
from fnnctl.store.weights import array_list, to_npz
from tests.messages import Messages
from tests.modelling.prepared import Prepared, prepare
from tests.modelling.tampering import predicts_or_refuses, tamper
from tests.program import Program, only_run, read_json

STAGE = ["model.numeric_embedding=piecewise_linear", "model.scaling_layer=true"]
DIFFERENT: list[list[str]] = [
    [],
    ["data.scaling=minmax", "data.imputation=mean", "model.hidden=[5]", "model.normalization=batch"],
    ["data.scaling=minmax", "data.imputation=mean", "model.hidden=[]", "training.precision=float64"],
    STAGE,
    ["model.numeric_embedding={name: piecewise_linear, bins: 5}"],
]
WEIGHTS, MEMBERS = (5.0, 1.0, 2.0, 1.0, 1.0), (1, 3, 2, 2, 1)


@pytest.fixture(scope="module")
def parts(trained: Path) -> list[Prepared]:
    return [prepare(trained / "penguins.yaml", overrides) for overrides in DIFFERENT]


def both(parts: Sequence[Prepared]) -> tuple[Predictor, list[TrainedPart]]:
    """An ensemble of networks that differ in everything that may differ."""
    made = [
        part.part(members=members, weight=weight)
        for part, members, weight in zip(parts, MEMBERS, WEIGHTS, strict=True)
    ]
    predictor = Predictor.of_parts(parts[0].data.task, [part for part, _ in made])
    return predictor, [part for _, part in made]


def write(folder: Path, trained: Path, parts: Sequence[TrainedPart], **facts: object) -> RunFolder:
    folder.mkdir()
    (folder / "manifest.json").write_bytes((only_run(trained) / "manifest.json").read_bytes())
    arrays, description = model_files(parts)
    (folder / "model.npz").write_bytes(to_npz(arrays))
    (folder / "model.json").write_text(json.dumps({**description, **facts, "arrays": array_list(arrays)}))
    return RunFolder(folder)


def scores_of(predictor: Predictor, prepared: Prepared) -> np.ndarray:
    rows = np.arange(len(prepared.data))
    return np.concatenate(list(predictor.column_scores([(prepared.data.dataset, rows)])))


def silent(text: str) -> None:
    """Notes are not tested here."""


def test_it_predicts_as_before_it_was_written(parts: list[Prepared], trained: Path, tmp_path: Path) -> None:
    predictor, written = both(parts)
    saved = load_model(write(tmp_path / "run", trained, written), silent)
    assert scores_of(saved.predictor, parts[0]).tobytes() == scores_of(predictor, parts[0]).tobytes()
    assert saved.predictor.task == predictor.task
    assert saved.predictor.decoder == predictor.decoder
    assert [layout.size for layout in saved.layouts] == [
        part.layout.size for part in written for _ in part.parameters
    ]


def test_the_files_of_a_single_network_are_those_without_parts(parts: list[Prepared]) -> None:
    prepared = parts[1]
    _, part = prepared.part(weight=3.0)
    arrays, description = model_files([part])
    expected = part.layout.named_arrays(part.parameters[0], part.statistics[0])
    assert to_npz(arrays) == to_npz(expected)
    assert description == describe(prepared.fit, prepared.data, prepared.member).model_dump()


def test_the_temperature_of_the_whole_divides_the_combined_scores(
    parts: list[Prepared], trained: Path, tmp_path: Path
) -> None:
    _, written = both(parts)
    saved = load_model(write(tmp_path / "run", trained, written, temperature=2.5), silent)
    assert saved.predictor.decoder.temperature == 2.5
    cooler = written[1].description.model_copy(update={"temperature": 4.0})
    alone = replace(written[1], description=cooler)
    saved = load_model(write(tmp_path / "alone", trained, [alone], temperature=2.5), silent)
    assert saved.predictor.decoder.temperature == 10.0


NO_COLUMNS: dict[str, Any] = {"numeric": [], "categorical": []}
DAMAGE: dict[str, tuple[tuple[str | int, ...], dict[str, object]]] = {
    "no parts": ((), {"parts": []}),
    "no weight": (("parts", 0), {"weight": 0}),
    "an unknown fact of a part": (("parts", 0), {"share": 1}),
    "a layer without units": (("parts", 1, "network"), {"hidden": [{}]}),
    "an unknown fact of a network": (("parts", 1, "network"), {"bias": 1}),
    "another target": (("parts", 2, "network"), {"target": "sex"}),
    "other classes": (("parts", 2, "network"), {"classes": ["Gentoo", "Adelie", "Chinstrap"]}),
    "other inputs": (("parts", 1, "network"), {"inputs": 3}),
    "a damaged preprocessing": (("parts", 1, "network", "preprocessing"), {"numeric": 3}),
    "other columns": (
        ("parts", 1, "network"),
        {"inputs": 0, "features": [], "preprocessing": NO_COLUMNS},
    ),
    "more members": (("parts", 0), {"members": 2}),
    "fewer members": (("parts", 4), {"members": 0}),
    "no stage": (("parts", 3, "network"), {"stage": None}),
    "another number of embedded columns": (("parts", 3, "network", "stage", "numeric"), {"numbers": 2}),
    "a residual layer of another width": (
        ("parts", 3, "network"),
        {"hidden": [{"units": 5, "activation": "relu", "residual": True}]},
    ),
    "another precision": (("parts", 2, "network"), {"precision": "float32"}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_reported(
    name: str, parts: list[Prepared], trained: Path, tmp_path: Path, messages: Messages
) -> None:
    run = write(tmp_path / "run", trained, both(parts)[1])
    model: Any = read_json(run.path / "model.json")
    place, facts = DAMAGE[name]
    damaged = model
    for step in place:
        damaged = damaged[step]
    damaged |= facts
    (run.path / "model.json").write_text(json.dumps(model))
    with pytest.raises(DataError) as caught:
        load_model(run, silent)
    messages.check(caught.value)


def test_arrays_that_no_weight_can_be_or_that_belong_to_no_part(
    parts: list[Prepared], trained: Path, tmp_path: Path, messages: Messages
) -> None:
    written = both(parts)[1]
    run = write(tmp_path / "more", trained, written)
    model = read_json(run.path / "model.json")
    model["parts"].pop()
    (run.path / "model.json").write_text(json.dumps(model))
    written[1].parameters[2, 4] = np.nan
    for damaged in (run, write(tmp_path / "nan", trained, written)):
        with pytest.raises(DataError) as caught:
            load_model(damaged, silent)
        messages.check(caught.value)


@pytest.fixture
def ensemble(parts: list[Prepared], trained: Path, tmp_path: Path) -> Path:
    return write(tmp_path / "ensemble", trained, both(parts)[1]).path


@pytest.mark.usefixtures("no_figures")
def test_the_commands_use_it_like_any_other(ensemble: Path, trained: Path, program: Program) -> None:
    (ensemble / "resolved.yaml").write_bytes((only_run(trained) / "resolved.yaml").read_bytes())
    scored = program("evaluate", str(ensemble), "--data", str(trained / "penguins.csv"), "--json")
    metrics = scored.json["metrics"]["test"]
    predicted = program("predict", str(ensemble), str(trained / "penguins.csv"))
    labels = [line.split(",")[1] for line in predicted.out.splitlines()[1:]]
    truth = [line.split(",")[0] for line in (trained / "penguins.csv").read_text().splitlines()[1:]]
    assert metrics["support"] == len(truth)
    assert metrics["accuracy"] == pytest.approx(np.mean(np.array(labels) == truth))
    facts = read_json(Path(scored.json["run"]) / "manifest.json")["model"]
    assert (facts["networks"], facts["layers"][-1]) == (9, 3)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_ensemble_that_was_tampered_with_never_crashes(
    ensemble: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    """Any value of model.json replaced or removed: an error that names the file, or predictions."""
    whole = ensemble / "whole.json"
    if not whole.exists():
        whole.write_bytes((ensemble / "model.json").read_bytes())
    model = read_json(whole)
    tamper(model, data)
    predicts_or_refuses(ensemble, model, capsys)
