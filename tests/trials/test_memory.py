"""A search is refused where the largest network that it may choose has no room, and only then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnnctl.training.memory import training_bytes
from tests.modelling.prepared import prepare
from tests.program import Program, SetMemory
from tests.runs.searching import write_config

LAYERS = {"depth": [1, 3], "width": [4, 60]}
MOMENTUM = {"uniform": [0.1, 0.9], "when": {"training.optimizer.name": "momentum"}}


def needed(config: Path, *words: str) -> int:
    """What training the config with these words takes."""
    prepared = prepare(config, words)
    return training_bytes(prepared.fit.settings, rows=len(prepared.data))


@pytest.mark.parametrize(
    ("space", "require", "largest"),
    [
        ({"model.hidden": LAYERS}, [], ["model.hidden=[60, 60, 60]"]),
        ({"model.hidden": {"choice": [[4], [900, 4], [30, 30]]}}, [], ["model.hidden=[900, 4]"]),
        ({"training.optimizer.name": {"choice": ["sgd", "momentum", "adam"]},
          "training.optimizer.momentum": MOMENTUM,
          "model.hidden": {**LAYERS, "when": {"training.optimizer.name": ["sgd", "momentum"]}}}, [],
         ["model.hidden=[60, 60, 60]", "training.optimizer={name: momentum, momentum: 0.1}"]),
        ({"training.batch_size": {"integer": [1, 100]}}, [], ["training.batch_size=100"]),
        ({"model.hidden": {**LAYERS, "per_layer": True, "activation": ["maxout", "relu"],
                           "normalization": ["batch", "none"]}}, [],
         ["model.hidden=[60, 60, 60]", "model.activation=maxout", "model.normalization=batch"]),
        ({"model.hidden": {"depth": [1, 8], "width": [4, 10**6], "log": True}}, "depth * width <= 512",
         ["model.hidden=[256, 256]"]),
        ({"model.hidden": {"depth": [1, 8], "width": [4, 10**4], "step": None}}, "depth * width <= 60",
         ["model.hidden=[60]"]),
        ({"model.hidden": {"depth": [2, 2], "width": [4, 300], "step": None, "per_layer": True}},
         ["width[0] <= 60", "width[1] == width[0] / 2"], ["model.hidden=[60, 30]"]),
        ({"training.batch_size": {"integer": [1, 9999]}, "model.hidden": {"choice": [[4], [60]]}},
         "batch_size <= 100", ["training.batch_size=100", "model.hidden=[60]"]),
    ],
)  # fmt: skip
def test_the_largest_network_that_the_space_allows(
    program: Program, tmp_path: Path, set_memory: SetMemory, space: Any, require: Any, largest: list[str]
) -> None:
    config = write_config(tmp_path / "x.yaml", search={"space": space, "require": require})
    most = needed(config, *largest)
    set_memory(most)
    assert program("check", str(config)).code == 0
    set_memory(most - 1)
    done = program("check", str(config))
    assert done.code == 2
    assert "search.space: with " in done.out
    assert "training this network of" in done.out


def test_every_command_that_searches_refuses_it_and_train_does_not(
    program: Program, tmp_path: Path, set_memory: SetMemory, no_figures: None
) -> None:
    config = write_config(tmp_path / "x.yaml", search={"space": {"model.hidden": LAYERS}})
    set_memory(needed(config, "model.hidden=[60, 60, 60]") - 1)
    for command in ("search", "plan"):
        done = program(command, str(config))
        assert (done.code, "search.space: with " in done.err) == (2, True)
    assert not (tmp_path / "runs").exists()
    assert program("train", str(config), "--quiet", "--set", "training.epochs=1").code == 0


@pytest.mark.parametrize(("first", "width"), [(None, 60), ([{"model.hidden": [90]}], 90)])
def test_the_winner_must_fit_with_all_its_members(
    program: Program, tmp_path: Path, set_memory: SetMemory, first: Any, width: int
) -> None:
    """It is trained again as an ensemble when the search is over: too late to find that it is too large."""
    settings = {"space": {"model.hidden": {"choice": [[4], [60]]}}, "start_from": first}
    config = write_config(tmp_path / "x.yaml", model={"ensemble": 40}, search=settings)
    largest = f"model.hidden=[{width}]"
    most = needed(config, largest)
    assert needed(config, largest, "model.ensemble=1") < most / 2
    set_memory(most)
    assert program("check", str(config)).code == 0
    set_memory(most - 1)
    done = program("check", str(config))
    assert done.code == 2
    assert f"model.ensemble: with {{model.hidden: [{width}]}}, training an ensemble of 40" in done.out
    assert program("check", str(config), "--set", "model.ensemble=4").code == 0


def test_of_many_layers_the_message_quotes_a_few(program: Program, tmp_path: Path) -> None:
    layers = {"depth": [0, 100], "width": [1, 1_000_000], "per_layer": True}
    config = write_config(tmp_path / "x.yaml", search={"space": {"model.hidden": layers}})
    (problem,) = program("check", str(config), "--json").json["problems"]
    quoted = ", ".join(["875001"] * 8)
    assert problem["message"].startswith(f"with {{model.hidden: [{quoted}, … (100 in all)]}}, training this")


def test_check_holds_the_total_against_the_number_of_trials(program: Program, tmp_path: Path) -> None:
    halving = {"trials": 9, "budget": {"total": 17, "reduction_factor": 3}}
    config = write_config(tmp_path / "x.yaml", search=halving)
    done = program("check", str(config), "--json")
    (problem,) = done.json["problems"]
    assert (done.code, problem["path"]) == (2, "search.budget.total")
    assert problem["message"] == "9 trials need at least 18 epochs in all, not 17"
    assert config.read_text().splitlines()[problem["line"] - 1].strip() == "total: 17"
    assert program("check", str(config), "--set", "search.budget.total=18").code == 0
