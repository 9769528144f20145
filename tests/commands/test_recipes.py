"""Whatever trains an experiment sees the values of its recipe, and repeats them to the bit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fnnctl.config.reading.resolved import FORMER_FIRST_LINE
from tests.program import Program
from tests.recipes import SetRecipe
from tests.runs.extending import assert_same_outcome, extend
from tests.runs.killing import dying_after
from tests.runs.searching import (
    assert_same_search,
    of_kind,
    resume,
    search,
    write_config,
)

VALUES: dict[str, Any] = {
    "data.scaling": "robust",
    "model.hidden": [6, 6],
    "training.epochs": 7,
    "training.batch_size": 32,
    "training.optimizer.name": "adamw",
    "training.optimizer.learning_rate": 0.02,
    "training.lr_schedule.name": "cosine",
    "model.dropout": 0.1,
    "training.label_smoothing": 0.1,
    "model.ensemble.members": 2,
    "training.early_stopping.monitor": "validation_accuracy",
    "training.early_stopping.patience": 5,
}
SAME = ("predictions.csv", "model.npz", "history.csv", "resolved.yaml", "metrics.json")


@pytest.fixture(autouse=True)
def recipe(set_recipe: SetRecipe, no_figures: None) -> None:
    """A small recipe `default`, so that the tests do not depend on its constants."""
    set_recipe(VALUES)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text("recipe: default\ndata: {source: iris}\n")
    return path


def trained(program: Program, config: Path | str, *arguments: str) -> Path:
    done = program("train", str(config), "--json", *arguments)
    assert done.code == 0, done.err
    return Path(done.json["run"])


def test_training_from_resolved_yaml_repeats_the_bits(
    program: Program, config: Path, set_recipe: SetRecipe
) -> None:
    run = trained(program, config)
    resolved = yaml.safe_load((run / "resolved.yaml").read_text())
    assert (resolved["recipe"], resolved["complete"], resolved["training"]["epochs"]) == ("default", True, 7)
    assert resolved["model"]["ensemble"]["members"] == 2
    set_recipe({"model.hidden": [3]})
    again = trained(program, run / "resolved.yaml")
    for name in SAME:
        assert (again / name).read_bytes() == (run / name).read_bytes(), name


def test_another_recipe_for_a_resolve_is_refused(program: Program, config: Path) -> None:
    run = trained(program, config)
    done = program("check", str(run / "resolved.yaml"), "--set", "recipe=fast")
    assert done.code == 2
    assert done.out.startswith("--set: recipe: has no effect: the config is complete, so no recipe fills in")


def write_as_before(resolved: Path) -> None:
    """Rewrite a file as fnnctl 0.2 wrote it: without nulls that are defaults, and without the mark."""
    lines = resolved.read_text().splitlines()[1:]
    kept = [
        line
        for line in lines
        if line != "complete: true" and (not line.endswith(": null") or line.strip() == "patience: null")
    ]
    assert len(kept) < len(lines)
    first = f"{FORMER_FIRST_LINE}`fnnctl train` with this file repeats the run."
    resolved.write_text("\n".join([first, *kept, ""]))


@pytest.mark.parametrize("patience", [5, None])
def test_a_resolved_yaml_of_a_former_version_repeats_the_bits(
    program: Program, config: Path, set_recipe: SetRecipe, patience: int | None
) -> None:
    """What it lacks is null, whatever a recipe says now."""
    before = {**VALUES, "training.early_stopping.patience": patience}
    set_recipe(before)
    run = trained(program, config)
    written = {name: (run / name).read_bytes() for name in SAME}
    write_as_before(run / "resolved.yaml")
    set_recipe({"training.clip_norm": 0.001})
    again = trained(program, run / "resolved.yaml")
    for name in SAME:
        assert (again / name).read_bytes() == written[name], name


SPACE = {"model.hidden": {"depth": [1, 2], "width": [4, 8]}}


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    """A search of layers; everything else is the recipe's."""
    path = write_config(tmp_path / "x.yaml", recipe="default", search={"space": SPACE})
    written = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**written, "model": {}, "training": {}}, sort_keys=False))
    return path


def test_the_refit_has_the_recipes_members(searched: Path) -> None:
    folder = search(searched, "--executor", "serial")
    best = yaml.safe_load((folder / "best" / "resolved.yaml").read_text())
    assert best["model"]["ensemble"]["members"] == 2
    assert best["training"]["optimizer"]["name"] == "adamw"


def test_a_search_of_a_former_version_is_resumed_and_extended(searched: Path, set_recipe: SetRecipe) -> None:
    """Its header has the digest of settings without the mark that they are complete."""
    plan = "method: random, trials: 2, budget: {max_epochs: 4}"
    random = ["--set", f"search={{{plan}, space: {{model.dropout: {{uniform: [0, 0.5]}}}}}}"]
    undisturbed = search(searched, "--executor", "serial", *random)
    at_once = search(searched, "--executor", "serial", *random, "--set", "search.trials=4")
    with dying_after(1, counted=lambda result: True):
        folder = search(searched, "--executor", "serial", *random, code=3)
    write_as_before(folder / "resolved.yaml")
    set_recipe({"training.clip_norm": 0.001})
    assert resume(folder, "--executor", "serial") == 0
    assert_same_search(folder, undisturbed)
    (header,), (expected,) = of_kind(folder, "header"), of_kind(undisturbed, "header")
    assert header["configuration"] == expected["configuration"]
    write_as_before(folder / "resolved.yaml")
    extend(folder, "trials=4")
    assert_same_outcome(folder, at_once)


def test_check_explains_where_settings_come_from(program: Program, config: Path) -> None:
    done = program("check", str(config), "--explain", "--set", "training.optimizer=sgd")
    assert done.code == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == "setting value from"
    assert "training.epochs 7 recipe" in lines
    assert "training.optimizer sgd --set" in lines
    assert "training.optimizer.learning_rate 0.1 schema" in lines
    assert "model.dropout 0.1 recipe" in lines
    told = "training.optimizer is set, and the recipe's value was tuned for adamw"
    assert " ".join(lines).endswith(
        f"training.optimizer.learning_rate does not have the recipe's value: {told}"
    )
    assert "; an ensemble of 2 networks of 93 parameters each\n" in done.err
    assert done.err.endswith("c.yaml: recipe default; without its training.optimizer.learning_rate\n")


def test_check_explains_in_json(program: Program, config: Path) -> None:
    answer = program("check", str(config), "--explain", "--json").json
    assert (answer["valid"], answer["problems"]) == (True, [])
    members = {"file": str(config), "path": "model.ensemble.members", "value": 2, "from": "recipe"}
    assert members in answer["settings"]


def test_check_explains_the_calibration(program: Program, config: Path, set_recipe: SetRecipe) -> None:
    set_recipe({"training.label_smoothing": 0.1, "model.calibration": "shrunk_temperature"})
    explained = " ".join(program("check", str(config), "--explain").out.split())
    assert "model.calibration: shrunk_temperature divides all scores by one number, so that" in explained


def test_commands_that_train_say_which_values_are_left_out(program: Program, config: Path) -> None:
    words = ["--set", "training.optimizer=sgd"]
    line = "recipe default; without its training.optimizer.learning_rate"
    done = program("train", str(config), *words)
    assert done.err.splitlines().count(line) == 1
    log = next((config.parent / "runs").iterdir()) / "log.txt"
    assert log.read_text().count(line) == 1
    folds = ["--set", "evaluation.cross_validation={folds: 2, repeats: 1}"]
    assert line in program("evaluate", str(config), *words, *folds).err.splitlines()
    told = program("check", str(config), *words, "--json")
    assert (told.json, told.err.splitlines()[-1]) == (
        {"valid": True, "problems": [], "warnings": [], "notes": []},
        f"{config}: {line}",
    )
    assert "recipe" not in program("train", str(config), "--set", "recipe=classic").err
    assert ": recipe" not in program("check", str(config), "--set", "recipe=classic").err
    resumed = program("train", "--resume", "latest")
    assert "recipe" not in resumed.err


def test_check_says_what_a_search_would_train(program: Program, searched: Path) -> None:
    """Trials have one network; the recipe's members are for `train` and for the refit."""
    told = program("check", str(searched)).err
    assert "; an ensemble of 2 networks of " in told
    assert re.search(r": search: each trial trains one network on \d+ rows \(\d+ validation\), ", told)
    assert " parameters as configured, and the winner is refitted as an ensemble of 2 networks; " in told
    assert told.splitlines()[-1].endswith(": recipe default")
    words = ["--set", "search.objective.on=cross_validation", "--set", "model.ensemble=1"]
    alone = program("check", str(searched), *words).err
    assert ": search: each trial trains one network per fold, " in alone
    assert "refitted" not in alone
