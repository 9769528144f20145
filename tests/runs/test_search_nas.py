"""A search for architectures prints the best one, which trains to the bits of its trial, and draws it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from fnnctl.cli import run
from fnnctl.config.yaml_text import CoreLoader
from fnnctl.report.figures.search_figures import SEARCH_FIGURES
from fnnctl.report.summary import summarize
from fnnctl.store.folder import RunFolder
from tests.program import read_json
from tests.runs.searching import of_kind, printed_words, search, trained_alone, write_config

LAYERS = {
    "depth": [1, 3],
    "width": [4, 16],
    "log": True,
    "per_layer": True,
    "activation": ["relu", "tanh"],
    "normalization": ["none", "batch", "layer"],
    "residual": [False, True],
}
SETTINGS = {
    "method": "nas",
    "trials": 20,
    "batch": 4,
    "concurrency": 8,
    "budget": {"max_epochs": 4},
    "space": {"model.hidden": LAYERS, "training.l2": {"log_uniform": [1e-6, 1e-2]}},
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dropout is not searched, and belongs to the printed architecture."""
    path = tmp_path_factory.mktemp("nas") / "x.yaml"
    return write_config(path, model={"dropout": 0.1, "activation": "selu"}, search=SETTINGS)


@pytest.fixture(scope="module")
def folder(config: Path) -> Path:
    return search(config, "--executor", "serial")


def report(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(["report", str(folder), "--format", "markdown"]) == 0
    return capsys.readouterr().out


def best(folder: Path) -> int:
    number: int = read_json(folder / "manifest.json")["search"]["best"]["trial"]
    return number


def test_the_printed_architecture_pasted_into_the_config_trains_to_the_bits_of_the_trial(
    config: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    architecture = re.search(
        r"## Its architecture in a config\n\n```yaml\n(.*?)\n```", report(folder, capsys), re.DOTALL
    )
    assert architecture
    pasted = yaml.load(architecture[1], CoreLoader)
    assert pasted["model"]["dropout"] == 0.1
    assert pasted["model"].keys() == {"hidden", "dropout"}, "every layer has its own activation"
    written = yaml.load(config.read_text(encoding="utf-8"), CoreLoader)
    pasted_config = tmp_path / "pasted.yaml"
    pasted_config.write_text(json.dumps({**written, **pasted}), encoding="utf-8")
    layers, *words = printed_words(folder)[best(folder)]
    assert layers.startswith("model.hidden=")
    alone = trained_alone(pasted_config, words)
    (result,) = (record for record in of_kind(folder, "result") if record["trial"] == best(folder))
    assert alone.history["validation_accuracy"][-1] == result["objective"]
    assert list(alone.history["validation_loss"]) == result["facts"]["curve"]["validation_loss"]


def test_the_report_says_how_rewards_rose(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = report(folder, capsys)
    objectives = [result["objective"] for result in of_kind(folder, "result")]
    assert f"mean accuracy {sum(objectives[:4]) / 4:.4f} of 4 trials" in text
    assert f"mean accuracy {sum(objectives[-4:]) / 4:.4f} of 4 trials" in text


def drawn(folder: Path) -> set[str]:
    """Which of the two figures of architectures there are."""
    run = RunFolder(folder)
    summary = summarize(run)
    figures = [figure for figure in SEARCH_FIGURES if figure.file in {"architecture.png", "reward.png"}]
    assert len(figures) == 2
    return {figure.file for figure in figures if figure.is_possible(summary) and figure.draw(run, summary)}


def test_the_best_architecture_and_the_rewards_are_drawn(folder: Path) -> None:
    assert drawn(folder) == {"architecture.png", "reward.png"}
    (figure,) = (figure for figure in SEARCH_FIGURES if figure.file == "architecture.png")
    layer = r"\d+ units? \(\w+\)"
    assert re.fullmatch(
        rf"\d hidden layers?, from the inputs to the outputs: {layer}(, {layer})*\.",
        figure.in_words(summarize(RunFolder(folder))),
    )


def test_a_space_without_layers_has_no_architecture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And without a controller there are no rewards."""
    space = {"training.l2": {"log_uniform": [1e-6, 1e-2]}}
    config = write_config(tmp_path / "x.yaml", search={**SETTINGS, "trials": 6, "space": space})
    folder = search(config, "--executor", "serial")
    assert drawn(folder) == {"reward.png"}
    assert "Its architecture" not in report(folder, capsys)
    assert drawn(search(config, "--method", "random", "--max-trials", "2")) == set()
