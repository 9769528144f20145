"""`search.confirm`: the leaders are trained again with several seeds, and the best on average is refitted.

That it is the same for any workers and after any kill is in tests/contracts.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import yaml

from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.data.splits.draws import draws
from fnnctl.modelling.fit import Fit
from fnnctl.runs import confirmation as confirm_module
from fnnctl.runs import search as search_module
from fnnctl.seeds import confirmation_seed
from fnnctl.stacks.work import train_fits
from fnnctl.trials.confirmation_source import ConfirmationSource
from fnnctl.trials.measures import ObjectiveMeasure
from tests.messages import Messages
from tests.program import Program, assert_same_files, read_json
from tests.runs.bagging import ended_search
from tests.runs.extending import assert_same_outcome, extend
from tests.runs.searching import (
    RATE,
    assert_same_search,
    decisions,
    of_kind,
    prepared,
    records,
    resume,
    search,
    write_config,
)

SPACE = {RATE: {"log_uniform": [0.003, 0.3]}, "model.hidden": {"choice": [[4], [6]]}}
RANDOM = {
    "method": "random", "trials": 8, "budget": {"max_epochs": 9}, "space": SPACE,
    "objective": {"metric": "log_loss"}, "confirm": {"top": 3, "seeds": 4},
}  # fmt: skip
IMPATIENT = {"early_stopping": {"monitor": "validation_loss", "patience": 1}}


def of_wine(folder: Path, **settings: Any) -> Path:
    """The config of a search."""
    return write_config(folder / "x.yaml", data="wine", search={**RANDOM, **settings})


def confirmed_of(folder: Path) -> list[Mapping[str, Any]]:
    return [
        {name: value for name, value in network.items() if name != "checksum"}
        for network in of_kind(folder, "confirmed")
    ]


def reported(folder: Path, program: Program) -> dict[str, Any]:
    report: dict[str, Any] = program("report", str(folder), "--json").json["runs"][0]
    return report


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("confirm")
    return write_config(folder / "x.yaml", data="wine", training=IMPATIENT, search=RANDOM)


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Path:
    return search(config, "--executor", "serial")


def test_the_leaders_are_trained_with_every_seed_in_a_fixed_order(undisturbed: Path) -> None:
    networks = confirmed_of(undisturbed)
    results = [result for result in of_kind(undisturbed, "result") if result["objective"]]
    leaders = [result["trial"] for result in sorted(results, key=itemgetter("objective", "trial"))[:3]]
    pairs = [(network["trial"], network["seed"]) for network in networks]
    assert pairs == [(trial, seed) for trial in leaders for seed in range(4)]
    assert len({network["objective"] for network in networks}) == 12
    assert {network["budget"] for network in networks} == {9}
    kinds = [record["record"] for record in records(undisturbed)]
    assert kinds[-13:] == ["end", *["confirmed"] * 12]


def test_a_network_is_the_one_that_its_rows_and_its_seed_give(config: Path, undisturbed: Path) -> None:
    """Trained alone, outside the search: own rows, own preprocessing, own weights, own early stopping."""
    ready = prepared(config)
    data, experiment = ready.loaded.data, ready.setup.experiment
    assignments = {trial["number"]: trial["assignment"] for trial in of_kind(undisturbed, "trial")}
    for network in confirmed_of(undisturbed)[::5]:
        trial = ready.fits.fits(assignments[network["trial"]])[0].experiment
        draw = draws(ready.split, 4, stratify=True, seed=experiment.seed)[network["seed"]]
        seed = confirmation_seed(configuration_seed(trial), network["seed"])
        stack = train_fits(data, [Fit.of(data, trial, draw, seed=seed)], epochs=9)
        (measured,) = ObjectiveMeasure("log_loss")(stack)
        assert (measured.objective, measured.epochs) == (network["objective"], network["epochs"])


def test_the_best_on_average_is_refitted_and_reported(undisturbed: Path, program: Program) -> None:
    by_trial: dict[int, list[Mapping[str, Any]]] = {}
    for network in confirmed_of(undisturbed):
        by_trial.setdefault(network["trial"], []).append(network)
    means = {
        trial: float(np.mean([network["objective"] for network in networks]))
        for trial, networks in by_trial.items()
    }
    winner = min(means, key=means.__getitem__)
    epochs = sorted(network["kept_epoch"] for network in by_trial[winner])[1]
    best = read_json(undisturbed / "manifest.json")["search"]["best"]
    assert (best["trial"], best["epochs"]) == (winner, epochs)
    refitted = yaml.safe_load((undisturbed / "best" / "resolved.yaml").read_text())
    assert refitted["training"]["epochs"] == epochs
    assert refitted["training"]["optimizer"]["learning_rate"] == best["configuration"][RATE]
    report = reported(undisturbed, program)
    confirmed = report["confirmed"]
    assert report["best"]["trial"] == winner
    assert (confirmed["winner"], confirmed["complete"], confirmed["networks"]) == (winner, True, 12)
    assert {trial["trial"]: trial["mean"] for trial in confirmed["trials"]} == pytest.approx(means)
    assert report["trials_by_status"].keys() <= {"completed", "stopped early"}
    assert confirmed["sentence"] in (undisturbed / "log.txt").read_text()


def test_an_interrupt_keeps_what_is_done(
    config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    """The signal arrives in the confirmation, which ends after the network that is being recorded."""

    class Interrupted(ConfirmationSource):
        def run(self, networks: Any) -> Any:
            for count, network in enumerate(super().run(networks)):
                yield network
                if count == 4:
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

    with monkeypatch.context() as patch:
        patch.setattr(confirm_module, "ConfirmationSource", Interrupted)
        folder = search(config, "--executor", "serial", code=143)
    assert read_json(folder / "manifest.json")["status"] == "interrupted"
    confirmed = reported(folder, program)["confirmed"]
    assert len(confirmed_of(folder)) == confirmed["networks"] == 5
    assert confirmed["winner"] is confirmed["verdict"] is None
    assert resume(folder) == 0
    assert_same_search(folder, undisturbed)


def test_a_time_limit_ends_the_trials_but_not_the_confirmation(tmp_path: Path) -> None:
    """The shapes differ, so not all trials train at once."""
    config = of_wine(tmp_path, space={**SPACE, "model.hidden": {"choice": [[3], [4], [5], [6], [7]]}})
    undisturbed = search(config, "--executor", "serial")
    folder = ended_search(config, 2, by="time")
    trained = len(of_kind(folder, "result")) + len(of_kind(folder, "early result"))
    assert 2 <= trained < 8
    before = confirmed_of(folder)
    assert len(before) == 4 * min(3, trained)
    assert resume(folder, "--executor", "serial") == 0
    assert decisions(folder) == decisions(undisturbed)
    assert_same_files(folder, undisturbed, "leaderboard.csv", "metrics.json", "best/model.npz")
    assert confirmed_of(folder)[: len(before)] == before
    assert all(network in confirmed_of(folder) for network in confirmed_of(undisturbed))


def test_an_extension_confirms_only_the_new_leaders_and_knows_its_former_winner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    """What is recorded for a trial at the same budget is used again.

    The search dies before it refits its new winner: best/ and metrics.json are still the former's.
    """
    config = of_wine(tmp_path, trials=3)
    folder = search(config, "--executor", "serial")
    first, former = confirmed_of(folder), reported(folder, program)["best"]
    assert read_json(folder / "best" / "manifest.json")["trial"] == former["trial"]
    assert former["metrics"] is not None
    with monkeypatch.context() as patch:
        patch.setattr(search_module, "write_winner", Mock(side_effect=OSError("the process dies here")))
        extend(folder, "trials=12", code=3)
    best = reported(folder, program)["best"]
    assert best["trial"] != former["trial"]
    assert (best["metrics"], best["test_objective"]) == (None, None)
    printed = " ".join(program("report", str(folder), "--verbose").out.split())
    assert f"not yet: best/ and the metrics below are those of trial {former['trial']}" in printed
    assert "after the refit" not in printed
    assert resume(folder) == 0
    refitted = reported(folder, program)["best"]
    assert refitted["trial"] == read_json(folder / "best" / "manifest.json")["trial"] == best["trial"]
    assert refitted["metrics"]["test"]["log_loss"] == refitted["test_objective"]

    at_once = search(config, "--executor", "serial", "--set", "search.trials=12")
    assert_same_outcome(folder, at_once)
    of_new = [network for network in confirmed_of(at_once) if network not in first]
    assert {network["trial"] for network in of_new}.isdisjoint(network["trial"] for network in first)
    networks = confirmed_of(folder)
    assert networks[: len(first)] == first
    by_key = itemgetter("trial", "seed")
    assert sorted(networks[len(first) :], key=by_key) == sorted(of_new, key=by_key)


def test_networks_that_diverge_are_counted_named_and_cannot_win(tmp_path: Path, program: Program) -> None:
    """After five epochs, where the search dropped it, a learning rate of 1 has a finite loss."""
    config = write_config(
        tmp_path / "x.yaml",
        data="diabetes",
        training={"optimizer": {"name": "sgd"}, "batch_size": 64},
        model={"hidden": []},
        search={
            "method": {"scheduler": "halving", "sampler": "grid"}, "budget": {"max_epochs": 15},
            "space": {RATE: {"choice": [0.01, 0.003, 1.0]}}, "trials": 3,
            "objective": {"metric": "mae"}, "confirm": {"top": 3, "seeds": 2},
        },
    )  # fmt: skip
    folder = search(config, "--executor", "serial")
    exploded = [network for network in confirmed_of(folder) if network["objective"] is None]
    assert [network["seed"] for network in exploded] == [0, 1]
    assert all("the loss became non-finite in epoch" in network["reason"] for network in exploded)
    confirmed = reported(folder, program)["confirmed"]
    last = confirmed["trials"][-1]
    assert (len(last["failed"]), last["mean"], last["optimism"]) == (2, None, None)
    assert confirmed["winner"] != last["trial"]


def test_draws_without_a_metric_are_left_out(tmp_path: Path, program: Program) -> None:
    """A sixth of the rows are of class b, and some validation parts have none: their ROC AUC is undefined."""
    rows = [f"{k % 7},{k % 5},{'b' if k % 6 == 0 else 'a'}" for k in range(48)]
    (tmp_path / "rare.csv").write_text("\n".join(["u,v,y", *rows]) + "\n")
    config = write_config(
        tmp_path / "x.yaml",
        data={"source": "rare.csv", "target": "y", "split": {"stratify": False, "validation": 0.2}},
        search={**RANDOM, "trials": 3, "objective": {"metric": "roc_auc_macro"}, "confirm": {"seeds": 8}},
        seed=1,
    )
    folder = search(config, "--executor", "serial")
    networks = confirmed_of(folder)
    left_out = sorted({network["seed"] for network in networks if network["is_undefined"]})
    assert 0 < len(left_out) < 7
    objectives = [network["objective"] for network in networks if network["seed"] in left_out]
    assert objectives == [None] * 3 * len(left_out)
    log = (folder / "log.txt").read_text()
    assert "warning: Macro ROC AUC is undefined on the validation rows of seed" in log
    confirmed = reported(folder, program)["confirmed"]
    assert confirmed["seeds_left_out"] == left_out
    assert confirmed["winner"] == read_json(folder / "manifest.json")["search"]["best"]["trial"]
    assert [trial["failed"] for trial in confirmed["trials"]] == [[], [], []]


def test_a_leader_that_was_dropped_early_is_trained_to_the_end(tmp_path: Path) -> None:
    """All leaders are compared after as many epochs, whatever the search had granted them."""
    search_section = {"method": "halving", "confirm": {"top": 3, "seeds": 2}}
    folder = search(write_config(tmp_path / "x.yaml", data="wine", search=search_section))
    confirmed = confirmed_of(folder)
    reached = {result["trial"]: result["budget"] for result in of_kind(folder, "result")}
    assert [reached[network["trial"]] for network in confirmed[::2]] == [9, 3, 3]
    assert {(network["budget"], network["epochs"]) for network in confirmed} == {(9, 9)}


def test_lost_networks_at_the_journals_end_are_noticed(tmp_path: Path, program: Program) -> None:
    folder = search(of_wine(tmp_path, trials=2))
    journal = folder / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-2]))
    done = program("report", str(folder))
    assert done.code == 2
    assert "has 6 confirming networks, and manifest.json says 8" in done.err


@pytest.mark.parametrize(
    ("metric", "sections"),
    [
        ("rmse", {"data": {"source": "diabetes", "split": {"bins": 4}}}),
        ("r2", {"data": "diabetes"}),
        ("per_class.versicolor.recall", {}),
        ("accuracy", {"evaluation": {"cross_validation": {"folds": 2, "repeats": 1}}}),
    ],
)
def test_every_objective_can_be_confirmed(
    tmp_path: Path, program: Program, metric: str, sections: dict[str, Any]
) -> None:
    on = "cross_validation" if "evaluation" in sections else "validation"
    plan = {**RANDOM, "trials": 4, "objective": {"metric": metric, "on": on}}
    folder = search(write_config(tmp_path / "x.yaml", **sections, search=plan), "--executor", "serial")
    report = reported(folder, program)
    assert report["confirmed"]["complete"]
    assert report["confirmed"]["winner"] == report["best"]["trial"]
    assert None not in {network["objective"] for network in confirmed_of(folder)}


def test_a_single_trial_has_nothing_to_confirm(tmp_path: Path, program: Program) -> None:
    folder = search(of_wine(tmp_path, trials=1), "--executor", "serial")
    assert confirmed_of(folder) == []
    assert reported(folder, program)["confirmed"] is None
    assert "Trial 0 is the only one with a result" in program("report", str(folder), "--verbose").out
    assert resume(folder) == 0
    extend(folder, "trials=2")
    assert len(confirmed_of(folder)) == 8


def test_a_search_that_confirms_nothing_has_the_header_of_before_the_setting(tmp_path: Path) -> None:
    folder = search(of_wine(tmp_path, trials=2, confirm=None))
    assert confirmed_of(folder) == []
    assert "confirm" not in records(folder)[0]["settings"]


@pytest.mark.parametrize(
    ("confirm", "split"), [({"top": 1}, {}), ({"top": 3}, {"validation": 0}), (True, {})]
)
def test_wrong_settings(
    tmp_path: Path, program: Program, messages: Messages, confirm: Any, split: dict[str, Any]
) -> None:
    settings = {**RANDOM, "confirm": confirm, "objective": {"on": "cross_validation"}}
    write_config(tmp_path / "x.yaml", data={"source": "wine", "split": split}, search=settings)
    done = program("check", "x.yaml")
    assert done.code == 2
    messages.check(done.out)
