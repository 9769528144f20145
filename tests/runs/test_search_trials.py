"""Each trial of a search has the bits of `fnnctl train` with its printed configuration, or by its command."""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.modelling.saved_model import load_model
from fnnctl.store.folder import RunFolder
from tests.program import Program, assert_same_files, read_json, run_of
from tests.runs.extending import extend
from tests.runs.folding import table
from tests.runs.searching import (
    RATE,
    SPACE,
    Settings,
    leaderboard,
    of_kind,
    prepared,
    printed_words,
    search,
    trained_alone,
    write_config,
)

RATES = {RATE: {"log_uniform": [0.003, 0.3]}}
IMPATIENT = {"monitor": "validation_loss", "patience": 1}


def assert_trials_are_those_of_train(config: Path, folder: Path) -> int:
    """Check each trial's objective against a training alone, at its last or best epoch; count early stops."""
    setup = prepared(config).setup
    trials = {trial["number"]: trial["assignment"] for trial in of_kind(folder, "trial")}
    alone = {number: trained_alone(config, words) for number, words in printed_words(folder).items()}
    column = f"validation_{setup.settings.objective.metric}"
    stopped, before = 0, dict.fromkeys(trials, 0)
    for result in of_kind(folder, "result"):
        trained, start = alone[result["trial"]], before[result["trial"]]
        budget, status = result["budget"], result["status"]
        if status == "completed":
            assert result["objective"] == trained.history[column][budget - 1]
        elif status == "stopped early":
            stopped += 1
            stopping = setup.configs.experiment_of(trials[result["trial"]]).training.early_stopping
            restored = trained.best_epoch if stopping and stopping.restore_best else None
            assert trained.epochs <= budget
            assert result["objective"] == trained.history[column][(restored or trained.epochs) - 1]
        else:
            assert status == "diverged"
            assert trained.epochs <= budget
            assert not np.isfinite(trained.parameters).all() or not np.isfinite(trained.history[column][-1])
        before[result["trial"]] = end = start + result["epochs"]
        for name, values in result["facts"]["curve"].items():
            expected = trained.history[name.removeprefix("uncorrected_")][start:end]
            assert values == [value if np.isfinite(value) else None for value in expected]
    return stopped


ROWS_AND_BATCHES = {
    "data.scaling": {"choice": ["standardize", "minmax", "none"]},
    "training.batch_size": {"choice": [8, 32, "auto"]},
    "training.class_weights": {"choice": [None, "balanced"]},
    "training.max_rows": {"choice": [None, 60]},
}
CASES: dict[str, dict[str, Settings]] = {
    "layers, another metric": {"search": {"space": SPACE, "objective": {"metric": "f1_macro"}}},
    "dropout, noise, mixup, batch normalization, averaging ema": {
        "model": {"dropout": 0.2, "normalization": "batch"},
        "training": {"mixup": 0.2, "input_noise": 0.1, "averaging": "ema"},
    },
    "averaging swa, a cosine's horizon is the largest budget": {
        "training": {"averaging": "swa", "lr_schedule": {"name": "cosine"}}
    },
    "an adaptive schedule remembers": {
        "training": {"lr_schedule": {"name": "adaptive", "patience": 1, "monitor": "validation_loss"}}
    },
    "rows and batches": {"search": {"space": {**RATES, **ROWS_AND_BATCHES}}},
    "early stopping": {"training": {"early_stopping": IMPATIENT}},
    "early stopping without the best": {"training": {"early_stopping": {**IMPATIENT, "restore_best": False}}},
    "as wide as takes two threads": {
        "model": {"hidden": [330, 330]},
        "search": {"trials": 2, "budget": {"min_epochs": 1, "max_epochs": 2, "reduction_factor": 2}},
    },
}


@pytest.mark.parametrize("case", CASES)
def test_a_trial_trained_alone_has_its_score(tmp_path: Path, case: str) -> None:
    settings = CASES[case]
    config = write_config(
        tmp_path / "x.yaml",
        data="wine",
        model=settings.get("model"),
        training=settings.get("training"),
        search={"space": RATES, "trials": 6, **settings.get("search", {})},
    )
    folder = search(config)
    stopped = assert_trials_are_those_of_train(config, folder)
    assert (stopped > 0) == ("early stopping" in case)


def test_the_leaderboard_is_empty_where_a_trial_has_no_value(tmp_path: Path) -> None:
    momentum = {"uniform": [0.5, 0.99], "when": {"training.optimizer.name": "momentum"}}
    names = {"training.optimizer.name": {"choice": ["adam", "momentum"]}}
    space = {**names, "training.optimizer.momentum": momentum, **RATES}
    config = write_config(tmp_path / "x.yaml", search={"space": space, "trials": 5})
    folder = search(config)
    assert assert_trials_are_those_of_train(config, folder) == 0
    assert {len(trial["assignment"]) for trial in of_kind(folder, "trial")} == {2, 3}
    for row in leaderboard(folder):
        assert (row["training.optimizer.momentum"] == "") == (row["training.optimizer.name"] == "adam")


def test_a_metric_that_the_history_has_not(program: Program, tmp_path: Path, no_figures: None) -> None:
    """The metric is measured as `fnnctl train` measures the validation part."""
    settings = {"space": RATES, "trials": 2, "objective": {"metric": "per_class.class_1.recall"}}
    folder = search(write_config(tmp_path / "x.yaml", data="wine", search=settings), "--method", "random")
    for result in of_kind(folder, "result"):
        words = [text for word in printed_words(folder)[result["trial"]] for text in ("--set", word)]
        metrics = program("train", "x.yaml", "--json", "--runs-dir", "alone", *words).json["metrics"]
        assert result["objective"] == metrics["validation"]["per_class"]["class_1"]["recall"]


def test_a_trial_that_stopped_early_keeps_its_value_at_no_cost(tmp_path: Path) -> None:
    """A stopped trial is not trained or recorded again, counts in every higher rung, and can win."""
    config = write_config(
        tmp_path / "x.yaml",
        training={"early_stopping": {"monitor": "validation_loss", "patience": 1, "tolerance": 10.0}},
        search={"space": RATES},
    )
    folder = search(config)
    results = of_kind(folder, "result")
    assert [(result["budget"], result["status"], result["epochs"]) for result in results] == [
        *[(1, "completed", 1)] * 9,
        *[(3, "stopped early", 1)] * 3,
    ]
    board = leaderboard(folder)
    best = read_json(folder / "manifest.json")["search"]["best"]
    assert [row["status"] for row in board].count("stopped early") == 3
    candidates = [row for row in board if row["status"] == "stopped early"]
    assert best["trial"] == int(candidates[0]["trial"])
    assert of_kind(folder, "end")[0]["reason"] == "complete"


def test_diverged_trials_are_results(tmp_path: Path) -> None:
    """They have a reason, rank last, do not affect other trials, and are not promoted."""
    space = {RATE: {"choice": [0.01, 1e3, 0.02]}, "model.hidden": {"choice": [[6], [4]]}}
    training = {"optimizer": {"name": "sgd"}}
    config = write_config(tmp_path / "x.yaml", training=training, search={"space": space, "trials": 6})
    folder = search(config, "--method", "random")
    trials = {trial["number"]: trial["assignment"] for trial in of_kind(folder, "trial")}
    diverged = [result for result in of_kind(folder, "result") if result["status"] == "diverged"]
    numbers = {result["trial"] for result in diverged}
    assert {trials[number][RATE] for number in numbers} == {1e3}
    assert {result["reason_kind"] for result in diverged} == {"non_finite_loss"}
    last = leaderboard(folder)[-len(numbers) :]
    assert {int(row["trial"]) for row in last} == numbers
    assert {row["objective"] for row in last} == {""}
    assert_trials_are_those_of_train(config, folder)


def test_the_objective_of_folds_is_their_mean(tmp_path: Path) -> None:
    on_folds = {"space": RATES, "trials": 4, "objective": {"on": "cross_validation"}}
    evaluation = {"cross_validation": {"folds": 4, "repeats": 1}}
    config = write_config(tmp_path / "x.yaml", data="wine", search=on_folds, evaluation=evaluation)
    folder = search(config)
    for result in of_kind(folder, "result"):
        assert "curve" not in result["facts"]
        assert result["objective"] == pytest.approx(np.mean(result["facts"]["folds"]), rel=1e-15)
        assert len(result["facts"]["folds"]) == 4
    assert read_json(folder / "metrics.json")["test"]["support"] == prepared(config).split.test.size


def test_one_diverged_fold_diverges_its_trial(tmp_path: Path) -> None:
    """Training on one extreme row diverges: this happens in all folds except the one that tests the row."""
    rows = ["1e30,0,a", *(f"{k % 7},{k % 5},{'ab'[k % 2]}" for k in range(1, 40))]
    (tmp_path / "far.csv").write_text("\n".join(["x,y,label", *rows]) + "\n")
    split = {"validation": 0.0, "test": 0.0}
    rates = {"training.l2": {"choice": [0.001, 0.01]}}
    config = write_config(
        tmp_path / "x.yaml",
        data={"source": "far.csv", "target": "label", "scaling": "none", "split": split},
        search={"space": rates, "objective": {"on": "cross_validation"}, "trials": None, "budget": {}},
        evaluation={"cross_validation": {"folds": 2, "repeats": 1}},
        training={"epochs": 3, "optimizer": {"name": "sgd"}},
    )
    folder = search(config, "--method", "grid", code=4)
    reasons = [result["reason"] for result in of_kind(folder, "result")]
    assert reasons == ["the loss became non-finite in 1 of 2 folds"] * 2


def test_folds_that_stop_early_wait_for_the_others(tmp_path: Path) -> None:
    """A stopped fold keeps its value at every higher rung, and the trial continues with the other folds."""
    config = write_config(
        tmp_path / "x.yaml",
        data="wine",
        training={"early_stopping": IMPATIENT},
        search={"space": {RATE: {"log_uniform": [0.02, 0.5]}}, "objective": {"on": "cross_validation"}},
        evaluation={"cross_validation": {"folds": 4, "repeats": 1}},
    )
    results = {(result["trial"], result["budget"]): result for result in of_kind(search(config), "result")}
    went_on = 0
    for (trial, budget), result in results.items():
        later = [results[trial, more] for more in (3, 9) if more > budget and (trial, more) in results]
        for fold, epochs, kept in result["facts"].get("ended", []):
            assert kept <= epochs <= budget
            values = {result_at_more["facts"]["folds"][fold] for result_at_more in later}
            assert values <= {result["facts"]["folds"][fold]}
            went_on += len(later)
    assert went_on


RANDOM = {"method": "random", "trials": 2, "budget": {"max_epochs": 4}, "space": RATES}
LATE = {"name": "swa", "start": 0.5}
SCHEDULES: list[Any] = ["cosine", {"name": "one_cycle", "first": 0.1}, "constant"]

EXTENDED: dict[str, dict[str, Any]] = {
    "swa": {"training": {"averaging": LATE}},
    "a warm-up as long as the smaller budget allows": {
        "training": {"lr_schedule": {"name": "cosine", "warmup_epochs": 3}}
    },
    "a searched schedule": {"search": {"space": {**RATES, "training.lr_schedule": {"choice": SCHEDULES}}}},
    "a searched optimizer": {
        "training": {"lr_schedule": "cosine", "batch_size": "auto"},
        "search": {
            "trials": 3,
            "space": {"training.optimizer": {"choice": ["adam", "lbfgs", "sgd", "rmsprop"]}},
        },
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


@pytest.mark.parametrize("case", EXTENDED)
def test_after_the_search_was_made_longer(
    program: Program, tmp_path: Path, no_figures: None, case: str
) -> None:
    settings = EXTENDED[case]
    path, search_section = tmp_path / "my configs" / "x.yaml", {**RANDOM, **settings.get("search", {})}
    config = write_config(path, data="wine", training=settings.get("training"), search=search_section)
    folder = search(config)
    extend(folder, "budget.max_epochs=7")
    config.unlink()  # the report names the run's own files
    assert_trials_are_those_of_train(folder / "resolved.yaml", folder)
    command = printed_command(program("report", str(folder), "--verbose").out)
    run = run_of(program, *command)
    best = read_json(folder / "manifest.json")["search"]["best"]["trial"]
    curves = [result["facts"]["curve"] for result in of_kind(folder, "result") if result["trial"] == best]
    for name in ("train_loss", "validation_loss"):
        assert column(run, name) == [loss for curve in curves for loss in curve[name]]


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
    assert_same_files(run_of(program, "train", str(best / "resolved.yaml")), best, "model.npz")


def test_settings_that_only_some_trials_read_are_kept(tmp_path: Path) -> None:
    """The config is for adam, but has the momentum of another optimizer."""
    optimizer = {"name": "adam", "learning_rate": 0.01, "momentum": 0.2}
    names = {"training.optimizer.name": {"choice": ["adam", "momentum"]}}
    config = write_config(
        tmp_path / "x.yaml",
        training={"optimizer": optimizer},
        search={"method": "grid", "budget": {"max_epochs": 4}, "space": names, "trials": None},
    )
    folder = search(config)
    assert_trials_are_those_of_train(folder / "resolved.yaml", folder)


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


@pytest.fixture(scope="module")
def of_ensembles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search with `model.ensemble`: trials have one network each, and its winner has all members."""
    path = tmp_path_factory.mktemp("ensembles") / "x.yaml"
    return search(write_config(path, model={"ensemble": 3}, search=RANDOM))


def test_with_an_ensemble_trials_are_those_without_it_and_the_winner_has_all_members(
    of_ensembles: Path, tmp_path: Path
) -> None:
    plain = search(write_config(tmp_path / "x.yaml", search=RANDOM))
    for kind in ("trial", "result"):
        assert of_kind(of_ensembles, kind) == of_kind(plain, kind)
    facts, best = (read_json(path / "manifest.json") for path in (of_ensembles, of_ensembles / "best"))
    assert (facts["model"]["networks"], best["model"]["networks"]) == (1, 3)
    layouts = load_model(RunFolder(of_ensembles / "best"), lambda text: None).layouts
    assert len(layouts) == 3


def test_with_an_ensemble_the_printed_words_train_one_network(of_ensembles: Path, program: Program) -> None:
    assert all("model.ensemble=1" in words for words in printed_words(of_ensembles).values())
    assert_trials_are_those_of_train(of_ensembles / "resolved.yaml", of_ensembles)
    report = program("report", str(of_ensembles), "--verbose").out
    assert re.search(r"refitted as +an ensemble of 3 networks", report)
    assert "model.ensemble=1" in printed_command(report)
