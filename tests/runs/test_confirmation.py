"""`search.confirm`: the leaders are trained again with several seeds, and the best on average is refitted."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
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
from fnnctl.records.trials import Confirmed, Result
from fnnctl.runs import confirmation as confirm_module
from fnnctl.runs import search as complete_module
from fnnctl.seeds import confirmation_seed
from fnnctl.stacks.confirmation_feed import ConfirmationFeed
from fnnctl.stacks.measures import ObjectiveMeasure
from fnnctl.stacks.work import train_fits
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
    found = confirmed_of(undisturbed)
    rows = sorted(
        (each["objective"], each["trial"]) for each in of_kind(undisturbed, "result") if each["objective"]
    )
    leaders = [trial for _, trial in rows[:3]]
    assert [(each["trial"], each["seed"]) for each in found] == [(n, s) for n in leaders for s in range(4)]
    assert len({each["objective"] for each in found}) == 12
    assert {each["budget"] for each in found} == {9}
    kinds = [each["record"] for each in records(undisturbed)]
    assert kinds[-13:] == ["end", *["confirmed"] * 12]


def test_a_network_is_the_one_that_its_rows_and_its_seed_give(config: Path, undisturbed: Path) -> None:
    """Trained alone, outside the search: own rows, own preprocessing, own weights, own early stopping."""
    ready = prepared(config)
    data, experiment = ready.loaded.data, ready.setup.experiment
    known = {each["number"]: each["assignment"] for each in of_kind(undisturbed, "trial")}
    for each in confirmed_of(undisturbed)[::5]:
        trial = ready.fits.fits(known[each["trial"]])[0].experiment
        draw = draws(ready.split, 4, stratify=True, seed=experiment.seed)[each["seed"]]
        seed = confirmation_seed(configuration_seed(trial), each["seed"])
        stack = train_fits(data, [Fit.of(data, trial, draw, seed=seed)], epochs=9)
        (measured,) = ObjectiveMeasure("log_loss", on_folds=False)(stack)
        assert (measured.objective, measured.epochs) == (each["objective"], each["epochs"])


def test_the_best_on_average_is_refitted_and_reported(
    config: Path, undisturbed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_trial: dict[int, list[Mapping[str, Any]]] = {}
    for each in confirmed_of(undisturbed):
        by_trial.setdefault(each["trial"], []).append(each)
    means = {trial: np.mean([each["objective"] for each in own]) for trial, own in by_trial.items()}
    winner = min(means, key=lambda trial: float(means[trial]))
    epochs = sorted(each["kept_epoch"] for each in by_trial[winner])[1]
    best = read_json(undisturbed / "manifest.json")["search"]["best"]
    assert (best["trial"], best["epochs"]) == (winner, epochs)
    refitted = yaml.safe_load((undisturbed / "best" / "resolved.yaml").read_text())
    assert refitted["training"]["epochs"] == epochs
    assert refitted["training"]["optimizer"]["learning_rate"] == best["configuration"][RATE]
    report = reported(undisturbed, capsys)
    assert report["best"]["trial"] == winner
    found = report["confirmed"]
    assert (found["winner"], found["complete"], found["networks"]) == (winner, True, 12)
    assert [each["trial"] for each in found["trials"]] == sorted(means, key=lambda n: float(means[n]))
    for each in found["trials"]:
        assert each["mean"] == pytest.approx(float(means[each["trial"]]))
    assert found["trials"][0]["p_holm"] is None
    assert found["trials"][1]["difference"] > 0
    assert report["trials_by_status"].keys() <= {"completed", "stopped early"}


def test_the_report_says_it_in_words(undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = reported(undisturbed, capsys)["confirmed"]["sentence"]
    for format_ in ("terminal", "markdown"):
        assert run(["report", str(undisturbed), "--format", format_, "--verbose"]) == 0
        told = " ".join(capsys.readouterr().out.split()).replace("\\", "")
        assert sentence[:40] in told
        assert "Confirmed log_loss: 3 trials, 4 seeds each" in told
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
    known = [[each["trial"], each["seed"]] for each in confirmed_of(undisturbed)]
    assert sorted(trained) == sorted(known[left:])
    before = (folder / "journal.jsonl").read_bytes()
    assert resume(folder) == 0, "nothing is left to do"
    assert (folder / "journal.jsonl").read_bytes() == before


def test_an_interrupt_keeps_what_is_done(
    config: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The signal arrives in the confirmation, which ends after the network that is being recorded."""

    class Interrupted(ConfirmationFeed):
        def run(self, networks: Any) -> Any:
            for count, each in enumerate(super().run(networks)):
                yield each
                if count == 4:
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

    with monkeypatch.context() as patch:
        patch.setattr(confirm_module, "ConfirmationFeed", Interrupted)
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
    trained = len(of_kind(folder, "result"))
    assert 2 <= trained < 8
    assert len(confirmed_of(folder)) == 4 * min(3, trained)
    before = confirmed_of(folder)
    assert resume(folder, "--executor", "serial") == 0
    assert_same_search(folder, undisturbed)
    for each in confirmed_of(undisturbed):
        assert each in confirmed_of(folder)
    assert confirmed_of(folder)[: len(before)] == before


def test_an_extension_confirms_only_the_new_leaders(tmp_path: Path) -> None:
    """What is recorded for a trial at the same budget is used again."""
    config = write_config(tmp_path / "x.yaml", data="wine", search={**RANDOM, "trials": 3})
    folder = search(config, "--executor", "serial")
    first = confirmed_of(folder)
    extend(folder, "trials=12")
    found = confirmed_of(folder)
    assert found[: len(first)] == first
    at_once = search(config, "--executor", "serial", "--set", "search.trials=12")
    assert_same_outcome(folder, at_once)
    wanted = {(each["trial"], each["seed"]): each for each in confirmed_of(at_once)}
    new = {trial for trial, _ in wanted} - {each["trial"] for each in first}
    assert len(new) > 0
    assert {each["trial"] for each in found[len(first) :]} == new
    assert {key: each for key, each in wanted.items() if key[0] in new} == {
        (each["trial"], each["seed"]): each for each in found[len(first) :]
    }


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
        patch.setattr(complete_module, "refit_winner", dies)
        extend(folder, "trials=12", code=3)
    best = reported(folder, capsys)["best"]
    assert best["trial"] != former["trial"]
    assert (best["metrics"], best["test_objective"]) == (None, None)
    assert run(["report", str(folder), "--verbose"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"not yet: best/ and the metrics below are those of trial {former['trial']}" in told
    assert "after the refit" not in told
    assert resume(folder) == 0
    found = reported(folder, capsys)["best"]
    assert found["trial"] == read_json(folder / "best" / "manifest.json")["trial"] == best["trial"]
    assert found["metrics"]["test"]["log_loss"] == found["test_objective"]


def test_more_epochs_confirm_the_leaders_anew(tmp_path: Path) -> None:
    config = write_config(
        tmp_path / "x.yaml", data="wine", search={**RANDOM, "trials": 3, "keep_checkpoints": True}
    )
    folder = search(config, "--executor", "serial")
    extend(folder, "budget.max_epochs=12")
    assert [each["budget"] for each in confirmed_of(folder)] == [9] * 12 + [12] * 12
    at_once = search(config, "--executor", "serial", "--set", "search.budget.max_epochs=12")
    assert confirmed_of(at_once) == confirmed_of(folder)[12:]
    assert (folder / "best" / "model.npz").read_bytes() == (at_once / "best" / "model.npz").read_bytes()


def test_a_leader_that_diverges_with_a_seed_cannot_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The best of the search is made to diverge with one seed."""
    measured = ConfirmationFeed._measured

    def diverges(self: ConfirmationFeed, trial: Any, seed: int, fit: Any) -> Confirmed:
        if trial.number == 0 and seed == 2:
            return self._failed(trial, seed, "the loss became non-finite in epoch 3")
        return measured(self, trial, seed, fit)

    monkeypatch.setattr(ConfirmationFeed, "_measured", diverges)
    space = {RATE: {"choice": [0.1, 0.01]}}
    config = write_config(
        tmp_path / "x.yaml", data="wine", search={**RANDOM, "method": "grid", "trials": 2, "space": space}
    )
    folder = search(config, "--executor", "serial")
    found = reported(folder, capsys)["confirmed"]
    assert (found["winner"], found["verdict"]) == (1, None)
    assert found["trials"][-1]["failed"] == [{"seed": 2, "reason": "the loss became non-finite in epoch 3"}]
    assert "Trial 0 has no result with 1 of 4 seeds" in found["sentence"]
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
    exploded = [each for each in confirmed_of(folder) if each["objective"] is None]
    assert [each["seed"] for each in exploded] == [0, 1]
    assert all("the loss became non-finite in epoch" in each["reason"] for each in exploded)
    found = reported(folder, capsys)["confirmed"]
    assert len(found["trials"][-1]["failed"]) == 2
    assert found["trials"][-1]["mean"] is None
    assert found["winner"] != found["trials"][-1]["trial"]
    assert found["trials"][-1]["optimism"] is None


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
    left_out = sorted({each["seed"] for each in networks if each["is_undefined"]})
    assert 0 < len(left_out) < 7
    assert [each["objective"] for each in networks if each["seed"] in left_out] == [None] * 3 * len(left_out)
    told = (folder / "log.txt").read_text()
    assert "warning: roc_auc_macro is undefined on the validation rows of seed" in told
    found = reported(folder, capsys)["confirmed"]
    assert found["seeds_left_out"] == left_out
    assert found["winner"] == read_json(folder / "manifest.json")["search"]["best"]["trial"]
    assert [each["failed"] for each in found["trials"]] == [[], [], []]


def test_a_leader_that_was_dropped_early_is_trained_to_the_end(tmp_path: Path) -> None:
    """All leaders are compared after as many epochs, whatever the search had granted them."""
    config = write_config(
        tmp_path / "x.yaml", data="wine", search={"method": "halving", "confirm": {"top": 3, "seeds": 2}}
    )
    folder = search(config, "--executor", "serial")
    found = confirmed_of(folder)
    reached = {each["trial"]: each["budget"] for each in of_kind(folder, "result")}
    assert [reached[each["trial"]] for each in found[::2]] == [9, 3, 3]
    assert {(each["budget"], each["epochs"]) for each in found} == {(9, 9)}


def test_lost_networks_at_the_journals_end_are_noticed(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = search(config, "--executor", "serial")
    journal = folder / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-2]))
    assert run(["report", str(folder)]) == 2
    assert "has 10 confirming networks, and manifest.json says 12" in capsys.readouterr().err
