"""The command that a search's report prints for its best trial trains that trial again, to the bit."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.program import Program, read_json
from tests.runs.extending import extend
from tests.runs.folding import table
from tests.runs.searching import (
    RATE,
    of_kind,
    printed_words,
    search,
    trained_alone,
    write_config,
)

RATES = {RATE: {"log_uniform": [0.003, 0.3]}}
RANDOM = {"method": "random", "trials": 3, "budget": {"max_epochs": 4}, "space": RATES}
LATE = {"name": "swa", "start": 0.5}
SCHEDULES: list[Any] = ["cosine", {"name": "one_cycle", "first": 0.1}, "constant"]

CASES: dict[str, dict[str, Any]] = {
    "swa": {"training": {"averaging": LATE}},
    "a warm-up as long as the smaller budget allows": {
        "training": {"lr_schedule": {"name": "cosine", "warmup_epochs": 3}}
    },
    "a searched schedule": {"search": {"space": {**RATES, "training.lr_schedule": {"choice": SCHEDULES}}}},
    "a searched optimizer": {
        "training": {"lr_schedule": "cosine", "batch_size": "auto"},
        "search": {"space": {"training.optimizer": {"choice": ["adam", "lbfgs", "sgd"]}}},
    },
    "a horizon of the config's own": {"training": {"lr_schedule": "cosine", "horizon": 40}},
}


def printed_command(report: str) -> list[str]:
    """The words of the command, without the program's name."""
    lines = report.partition("Train it alone\n")[2].partition("\n\n")[0]
    program, *words = shlex.split(lines.replace("\\\n", " "))
    assert program == "fnnctl"
    return words


def column(run: Path, name: str) -> list[float]:
    return [float(row[name]) for row in table(run, "history.csv")]


@pytest.mark.parametrize("case", CASES)
def test_after_the_search_was_made_longer(
    program: Program, tmp_path: Path, no_figures: None, case: str
) -> None:
    settings = CASES[case]
    path, search_section = tmp_path / "my configs" / "x.yaml", {**RANDOM, **settings.get("search", {})}
    config = write_config(path, data="wine", training=settings.get("training"), search=search_section)
    folder = search(config)
    extend(folder, "budget.max_epochs=7")
    config.unlink()  # the report names the run's own files
    for number, words in printed_words(folder).items():
        trained = trained_alone(folder / "resolved.yaml", words)
        for result in of_kind(folder, "result"):
            if result["trial"] == number:
                assert result["objective"] == trained.history["validation_accuracy"][result["budget"] - 1]
    command = printed_command(program("report", str(folder), "--verbose").out)
    assert "CONFIG" not in command
    done = program(*command, "--json")
    assert done.code == 0, done.err
    best = read_json(folder / "manifest.json")["search"]["best"]
    curves = [
        result["facts"]["curve"] for result in of_kind(folder, "result") if result["trial"] == best["trial"]
    ]
    for name in ("train_loss", "validation_loss"):
        assert column(Path(done.json["run"]), name) == [loss for curve in curves for loss in curve[name]]


def test_the_command_is_one_command_in_a_narrow_terminal(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = {"model.hidden": {"choice": [[4] * 150]}}
    folder = search(
        write_config(tmp_path / "a b" / "x.yaml", search={**RANDOM, "space": {**RATES, **layers}})
    )
    monkeypatch.setenv("COLUMNS", "30")
    command = printed_command(program("report", str(folder), "--verbose").out)
    assert command[:2] == ["train", str(folder / "resolved.yaml")]
    assert f"model.hidden={[4] * 150}" in command
    assert program("report", str(folder), "--json").json["runs"][0]["best"]["config"] == command[1]


def test_the_refitted_winner_keeps_the_horizon(program: Program, tmp_path: Path, no_figures: None) -> None:
    """Each of its epochs has the learning rate that it had in the search, although the refit is shorter."""
    stopping = {"monitor": "validation_loss", "patience": 1, "tolerance": 10.0}
    config = write_config(
        tmp_path / "x.yaml", training={"lr_schedule": "cosine", "early_stopping": stopping}, search=RANDOM
    )
    best = search(config) / "best"
    winner = read_json(best.parent / "manifest.json")["search"]["best"]
    assert winner["epochs"] == 1
    # Half a cosine wave over the 4 epochs of the budget, of 4 steps each, before the fourth step.
    share = 0.5 * (1 + math.cos(math.pi * 3 / 16))
    assert column(best, "learning_rate") == [pytest.approx(winner["configuration"][RATE] * share)]
    done = program("train", str(best / "resolved.yaml"), "--json")
    assert (Path(done.json["run"]) / "model.npz").read_bytes() == (best / "model.npz").read_bytes()


def test_settings_that_only_some_trials_read_are_kept(tmp_path: Path) -> None:
    """The config is for adam, but has the momentum of another optimizer."""
    optimizer = {"name": "adam", "learning_rate": 0.01, "momentum": 0.2}
    names = {"training.optimizer.name": {"choice": ["adam", "momentum"]}}
    config = write_config(
        tmp_path / "x.yaml",
        training={"optimizer": optimizer},
        search={"method": "grid", "budget": {"max_epochs": 4}, "space": names, "trials": None},
    )
    undisturbed = search(config)
    for number, words in printed_words(undisturbed).items():
        trained = trained_alone(undisturbed / "resolved.yaml", words)
        (result,) = (record for record in of_kind(undisturbed, "result") if record["trial"] == number)
        assert result["facts"]["curve"]["validation_loss"] == trained.history["validation_loss"]


@pytest.mark.parametrize("patience", [20, 1])
def test_the_report_says_which_epoch_the_command_keeps(
    program: Program, tmp_path: Path, no_figures: None, patience: int
) -> None:
    """The rate is so large that the loss rises; with a patience of 1 the trial keeps its best weights too."""
    stopping = {"monitor": "validation_loss", "patience": patience}
    rates = {RATE: {"choice": [0.5]}}
    training = {"early_stopping": stopping}
    config = write_config(
        tmp_path / "x.yaml", data="wine", training=training, search={**RANDOM, "space": rates}
    )
    report = program("report", str(search(config)), "--verbose").out
    done = program(*printed_command(report), "--json")
    ended = read_json(Path(done.json["run"]) / "manifest.json")["training"]
    epoch = ended["best_epoch"]
    assert epoch < ended["epochs"]
    sentence = (
        f"The objective was measured after epoch 4, but epoch {epoch} was the best by what early stopping"
    )
    assert (sentence in " ".join(report.split())) == (patience == 20)
