"""A model of several networks is restored from its two files, or the damaged one is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
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
from tests.modelling.prepared import Prepared, prepare
from tests.modelling.tampering import predicts_or_refuses, tamper
from tests.program import Program, only_run, read_json

STAGE = [
    "model.numeric_embedding=piecewise_linear",
    "model.scaling_layer=true",
]
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
    _, written = both(parts)
    cooler = written[1].description.model_copy(update={"temperature": 4.0})
    alone = TrainedPart(cooler, written[1].layout, written[1].parameters, written[1].statistics)
    saved = load_model(write(tmp_path / "alone", trained, [alone], temperature=2.5), silent)
    assert saved.predictor.decoder.temperature == 10.0


def part(model: dict[str, Any], **facts: object) -> None:
    model["parts"][0] |= facts


def network(model: dict[str, Any], part: int, **facts: object) -> None:
    model["parts"][part]["network"] |= facts


NO_COLUMNS: dict[str, Any] = {"numeric": [], "categorical": []}
NOT_FITTING = "model.npz: does not fit model.json: "


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(parts=[]), "model.json: is damaged: parts: has too few entries"),
        (lambda m: part(m, weight=0), r"is damaged: parts\.0\.weight: must be above"),
        (lambda m: part(m, share=1), r"parts\.0\.share: is unknown to this version"),
        (lambda m: network(m, 1, hidden=[{}]), r"parts\.1\.network\.hidden\.0\.units: is missing"),
        (lambda m: network(m, 1, bias=1), r"parts\.1\.network\.bias: is unknown"),
        (lambda m: network(m, 2, target="sex"), r"parts\.2\.network\.target: it differs from that of"),
        (
            lambda m: network(m, 2, classes=["Gentoo", "Adelie", "Chinstrap"]),
            r"parts\.2\.network\.classes: it differs from that of the first part",
        ),
        (lambda m: network(m, 1, inputs=3), r"parts\.1\.network\.features: they differ from those of"),
        (
            lambda m: m["parts"][1]["network"]["preprocessing"].update(numeric=3),
            r"model\.json: is damaged: parts\.1\.network\.preprocessing\.numeric: ",
        ),
        (
            lambda m: network(m, 1, inputs=0, features=[], preprocessing=NO_COLUMNS),
            r"parts\.1\.network\.preprocessing: its columns are not those of the first part",
        ),
        (lambda m: part(m, members=2), NOT_FITTING + "part 1, member 2: the arrays contain 0 numbers"),
        (
            lambda m: m["parts"].pop(),
            NOT_FITTING + r"the array 'part_5\.member_1\.weights_1' belongs to none of its parts",
        ),
        (
            lambda m: m["parts"][3]["network"].update(stage=None),
            r"parts\.3\.network\.stage\.numeric: the preprocessing has other features of bins",
        ),
        (
            lambda m: m["parts"][3]["network"]["stage"]["numeric"].update(numbers=2),
            r"parts\.3\.network\.stage\.numeric\.numbers: the preprocessing has another number of numeric",
        ),
        (
            lambda m: m["parts"][3]["network"]["hidden"][0].update(
                units=m["parts"][3]["network"]["inputs"], residual=True
            ),
            r"parts\.3\.network\.hidden\.0\.residual: the layer's numbers of units and inputs differ",
        ),
        (
            lambda m: network(m, 2, precision="float32"),
            NOT_FITTING + "part 3, member 1: the type of the arrays is float64, not float32",
        ),
    ],
)  # fmt: skip
def test_damage_is_reported(
    parts: list[Prepared],
    trained: Path,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], object],
    message: str,
) -> None:
    run = write(tmp_path / "run", trained, both(parts)[1])
    model = read_json(run.path / "model.json")
    change(model)
    (run.path / "model.json").write_text(json.dumps(model))
    with pytest.raises(DataError, match=message):
        load_model(run, silent)


def test_a_weight_that_is_not_finite(parts: list[Prepared], trained: Path, tmp_path: Path) -> None:
    written = both(parts)[1]
    written[1].parameters[2, 4] = np.nan
    with pytest.raises(DataError, match="part 2, member 3: a weight is NaN or infinite"):
        load_model(write(tmp_path / "run", trained, written), silent)


@pytest.fixture
def ensemble(parts: list[Prepared], trained: Path, tmp_path: Path) -> Path:
    return write(tmp_path / "ensemble", trained, both(parts)[1]).path


@pytest.mark.usefixtures("no_figures")
def test_the_commands_use_it_like_any_other(ensemble: Path, trained: Path, program: Program) -> None:
    (ensemble / "resolved.yaml").write_bytes((only_run(trained) / "resolved.yaml").read_bytes())
    assert program("evaluate", str(ensemble), "--json").code == 0
    scored = program("evaluate", str(ensemble), "--data", str(trained / "penguins.csv"), "--json")
    metrics = scored.json["metrics"]["test"]
    predicted = program("predict", str(ensemble), str(trained / "penguins.csv"))
    lines = [line.split(",") for line in predicted.out.splitlines()[1:]]
    truth = [line.split(",")[0] for line in (trained / "penguins.csv").read_text().splitlines()[1:]]
    assert len(lines) == metrics["support"] == len(truth)
    right = sum(line[1] == species for line, species in zip(lines, truth, strict=True))
    assert metrics["accuracy"] == pytest.approx(right / len(lines))
    facts = read_json(Path(scored.json["run"]) / "manifest.json")["model"]
    assert (facts["networks"], facts["layers"][-1]) == (9, 3)
    assert "9, averaged" in program("report", scored.json["run"], "--verbose").out


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
