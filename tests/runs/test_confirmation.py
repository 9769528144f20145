"""`search.confirm`: the leaders are trained again with several seeds, and the best on average is refitted."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from fnnctl.cli import run
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.data.splits.draws import draws
from fnnctl.modelling.fit import Fit
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Confirmed, Result, non_finite_loss
from fnnctl.runs import confirmation as confirm_module
from fnnctl.runs import search as complete_module
from fnnctl.seeds import confirmation_seed
from fnnctl.stacks.work import train_fits
from fnnctl.trials.confirmation_source import ConfirmationSource
from fnnctl.trials.measures import ObjectiveMeasure
from tests.program import read_json
from tests.runs.confirming import RANDOM, SPACE, confirmed_of, reported
from tests.runs.extending import assert_same_outcome, extend, timeline
from tests.runs.killing import dying_after
from tests.runs.searching import (
    RATE,
    assert_same_search,
    of_kind,
    prepared,
    records,
    resume,
    search,
    write_config,
)

IMPATIENT = {"early_stopping": {"monitor": "validation_loss", "patience": 1}}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("confirm")
    return write_config(folder / "x.yaml", data="wine", training=IMPATIENT, search=RANDOM)


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Path:
    return search(config, "--executor", "serial")


def test_the_leaders_are_trained_with_every_seed_in_a_fixed_order(undisturbed: Path) -> None:
    networks = confirmed_of(undisturbed)
    rows = sorted(
        (result["objective"], result["trial"])
        for result in of_kind(undisturbed, "result")
        if result["objective"]
    )
    leaders = [trial for _, trial in rows[:3]]
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


def test_the_best_on_average_is_refitted_and_reported(
    config: Path, undisturbed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_trial: dict[int, list[Mapping[str, Any]]] = {}
    for network in confirmed_of(undisturbed):
        by_trial.setdefault(network["trial"], []).append(network)
    means = {
        trial: np.mean([network["objective"] for network in networks]) for trial, networks in by_trial.items()
    }
    winner = min(means, key=lambda trial: float(means[trial]))
    epochs = sorted(network["kept_epoch"] for network in by_trial[winner])[1]
    best = read_json(undisturbed / "manifest.json")["search"]["best"]
    assert (best["trial"], best["epochs"]) == (winner, epochs)
    refitted = yaml.safe_load((undisturbed / "best" / "resolved.yaml").read_text())
    assert refitted["training"]["epochs"] == epochs
    assert refitted["training"]["optimizer"]["learning_rate"] == best["configuration"][RATE]
    report = reported(undisturbed, capsys)
    assert report["best"]["trial"] == winner
    confirmed = report["confirmed"]
    assert (confirmed["winner"], confirmed["complete"], confirmed["networks"]) == (winner, True, 12)
    assert [trial["trial"] for trial in confirmed["trials"]] == sorted(means, key=lambda n: float(means[n]))
    for trial in confirmed["trials"]:
        assert trial["mean"] == pytest.approx(float(means[trial["trial"]]))
    assert confirmed["trials"][0]["p_holm"] is None
    assert confirmed["trials"][1]["difference"] > 0
    assert report["trials_by_status"].keys() <= {"completed", "stopped early"}


def test_the_report_says_it_in_words(undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = reported(undisturbed, capsys)["confirmed"]["sentence"]
    for format_ in ("terminal", "markdown"):
        assert run(["report", str(undisturbed), "--format", format_, "--verbose"]) == 0
        printed = " ".join(capsys.readouterr().out.split()).replace("\\", "")
        assert sentence[:40] in printed
        assert "Confirmed log loss: 3 trials, 4 seeds each" in printed
    assert sentence in (undisturbed / "log.txt").read_text()


def test_workers_change_nothing(config: Path, undisturbed: Path) -> None:
    folder = search(config, "--executor", "processes", "--workers", "2")
    assert (folder / "journal.jsonl").read_bytes() == (undisturbed / "journal.jsonl").read_bytes()
    assert_same_search(folder, undisturbed)


@pytest.mark.parametrize("left", [0, 6, 11])
def test_a_killed_confirmation_goes_on_where_it_was(config: Path, undisturbed: Path, left: int) -> None:
    with dying_after(left, adds="add_confirmed"):
        folder = search(config, "--executor", "serial", code=3)
    assert len(confirmed_of(folder)) == left
    assert not (folder / "best").exists()
    noted = len(timeline(folder))
    assert resume(folder) == 0
    assert (folder / "journal.jsonl").read_bytes() == (undisturbed / "journal.jsonl").read_bytes()
    assert_same_search(folder, undisturbed)
    trained = [pair for event in timeline(folder)[noted:] for pair in event["confirmed"]]
    pairs = [[network["trial"], network["seed"]] for network in confirmed_of(undisturbed)]
    assert sorted(trained) == sorted(pairs[left:])
    before = (folder / "journal.jsonl").read_bytes()
    assert resume(folder) == 0, "nothing is left to do"
    assert (folder / "journal.jsonl").read_bytes() == before


def test_an_interrupt_keeps_what_is_done(
    config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
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
    assert "search --resume" in capsys.readouterr().err
    assert read_json(folder / "manifest.json")["status"] == "interrupted"
    assert len(confirmed_of(folder)) == 5
    report = reported(folder, capsys)
    assert report["confirmed"]["networks"] == 5
    assert report["confirmed"]["winner"] is report["confirmed"]["verdict"] is None
    assert resume(folder) == 0
    assert_same_search(folder, undisturbed)


def test_a_time_limit_ends_the_trials_but_not_the_confirmation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock advances by an hour after the second result. The shapes differ, so not all train at once."""
    space = {**SPACE, "model.hidden": {"choice": [[3], [4], [5], [6], [7]]}}
    config = write_config(tmp_path / "x.yaml", data="wine", search={**RANDOM, "space": space})
    undisturbed = search(config, "--executor", "serial")
    results = [0]
    add = Standings.add

    def adds(standings: Standings, result: Result) -> None:
        add(standings, result)
        results[0] += 1

    with monkeypatch.context() as patch:
        patch.setattr(Standings, "add", adds)
        clock = SimpleNamespace(monotonic=lambda: 3600.0 * (results[0] > 1))
        for module in ("commands.search", "runs.search_session"):
            patch.setattr(f"fnnctl.{module}.time", clock)
        folder = search(config, "--time-limit", "60", "--executor", "serial")
    assert read_json(folder / "manifest.json")["search"]["end"] == "the time limit"
    trained = len(of_kind(folder, "result")) + len(of_kind(folder, "early result"))
    assert 2 <= trained < 8
    assert len(confirmed_of(folder)) == 4 * min(3, trained)
    before = confirmed_of(folder)
    assert resume(folder, "--executor", "serial") == 0
    assert_same_search(folder, undisturbed)
    for network in confirmed_of(undisturbed):
        assert network in confirmed_of(folder)
    assert confirmed_of(folder)[: len(before)] == before


def test_an_extension_confirms_only_the_new_leaders(tmp_path: Path) -> None:
    """What is recorded for a trial at the same budget is used again."""
    config = write_config(tmp_path / "x.yaml", data="wine", search={**RANDOM, "trials": 3})
    folder = search(config, "--executor", "serial")
    first = confirmed_of(folder)
    extend(folder, "trials=12")
    networks = confirmed_of(folder)
    assert networks[: len(first)] == first
    at_once = search(config, "--executor", "serial", "--set", "search.trials=12")
    assert_same_outcome(folder, at_once)
    of_new = [network for network in confirmed_of(at_once) if network not in first]
    assert of_new
    assert {network["trial"] for network in of_new}.isdisjoint(network["trial"] for network in first)
    by_key = itemgetter("trial", "seed")
    assert sorted(networks[len(first) :], key=by_key) == sorted(of_new, key=by_key)


def test_the_scores_of_a_former_winner_are_not_those_of_the_best_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An extended search dies before it refits its new winner; best/ and metrics.json are the former's."""
    config = write_config(tmp_path / "x.yaml", data="wine", search={**RANDOM, "trials": 3})
    folder = search(config, "--executor", "serial")
    former = reported(folder, capsys)["best"]
    assert read_json(folder / "best" / "manifest.json")["trial"] == former["trial"]
    assert former["metrics"] is not None

    def dies(*arguments: object, **settings: object) -> None:
        raise OSError("the process dies here")

    with monkeypatch.context() as patch:
        patch.setattr(complete_module, "write_winner", dies)
        extend(folder, "trials=12", code=3)
    best = reported(folder, capsys)["best"]
    assert best["trial"] != former["trial"]
    assert (best["metrics"], best["test_objective"]) == (None, None)
    assert run(["report", str(folder), "--verbose"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"not yet: best/ and the metrics below are those of trial {former['trial']}" in printed
    assert "after the refit" not in printed
    assert resume(folder) == 0
    refitted = reported(folder, capsys)["best"]
    assert refitted["trial"] == read_json(folder / "best" / "manifest.json")["trial"] == best["trial"]
    assert refitted["metrics"]["test"]["log_loss"] == refitted["test_objective"]


def test_more_epochs_confirm_the_leaders_anew(tmp_path: Path) -> None:
    config = write_config(
        tmp_path / "x.yaml", data="wine", search={**RANDOM, "trials": 3, "keep_checkpoints": True}
    )
    folder = search(config, "--executor", "serial")
    extend(folder, "budget.max_epochs=12")
    assert [network["budget"] for network in confirmed_of(folder)] == [9] * 12 + [12] * 12
    at_once = search(config, "--executor", "serial", "--set", "search.budget.max_epochs=12")
    assert confirmed_of(at_once) == confirmed_of(folder)[12:]
    assert (folder / "best" / "model.npz").read_bytes() == (at_once / "best" / "model.npz").read_bytes()


def test_a_leader_that_diverges_with_a_seed_cannot_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The best of the search is made to diverge with one seed."""
    measured = ConfirmationSource._measured

    def diverges(self: ConfirmationSource, trial: Any, seed: int, fit: Any) -> Confirmed:
        if trial.number == 0 and seed == 2:
            return self._failed(trial, seed, non_finite_loss("in epoch 3"))
        return measured(self, trial, seed, fit)

    monkeypatch.setattr(ConfirmationSource, "_measured", diverges)
    space = {RATE: {"choice": [0.1, 0.01]}}
    config = write_config(
        tmp_path / "x.yaml", data="wine", search={**RANDOM, "method": "grid", "trials": 2, "space": space}
    )
    folder = search(config, "--executor", "serial")
    confirmed = reported(folder, capsys)["confirmed"]
    assert (confirmed["winner"], confirmed["verdict"]) == (1, None)
    assert confirmed["trials"][-1]["failed"] == [
        {"seed": 2, "reason": "the loss became non-finite in epoch 3"}
    ]
    assert "trial 0 has no result with 1 of 4 seeds" in confirmed["sentence"]
    assert read_json(folder / "manifest.json")["search"]["best"]["trial"] == 1


def test_networks_that_diverge_are_counted_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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
    confirmed = reported(folder, capsys)["confirmed"]
    assert len(confirmed["trials"][-1]["failed"]) == 2
    assert confirmed["trials"][-1]["mean"] is None
    assert confirmed["winner"] != confirmed["trials"][-1]["trial"]
    assert confirmed["trials"][-1]["optimism"] is None


def test_draws_without_a_metric_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
    confirmed = reported(folder, capsys)["confirmed"]
    assert confirmed["seeds_left_out"] == left_out
    assert confirmed["winner"] == read_json(folder / "manifest.json")["search"]["best"]["trial"]
    assert [trial["failed"] for trial in confirmed["trials"]] == [[], [], []]


def test_a_leader_that_was_dropped_early_is_trained_to_the_end(tmp_path: Path) -> None:
    """All leaders are compared after as many epochs, whatever the search had granted them."""
    config = write_config(
        tmp_path / "x.yaml", data="wine", search={"method": "halving", "confirm": {"top": 3, "seeds": 2}}
    )
    folder = search(config, "--executor", "serial")
    confirmed = confirmed_of(folder)
    reached = {each["trial"]: each["budget"] for each in of_kind(folder, "result")}
    assert [reached[each["trial"]] for each in confirmed[::2]] == [9, 3, 3]
    assert {(each["budget"], each["epochs"]) for each in confirmed} == {(9, 9)}


def test_lost_networks_at_the_journals_end_are_noticed(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = search(config, "--executor", "serial")
    journal = folder / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-2]))
    assert run(["report", str(folder)]) == 2
    assert "has 10 confirming networks, and manifest.json says 12" in capsys.readouterr().err
