"""Training a search's leaders with several seeds, where not all goes well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from fnnctl.executors.serial import SerialExecutor
from fnnctl.records.trials import Confirmed, Trial
from fnnctl.trials import stack_runner
from fnnctl.trials.confirmation_source import ConfirmationSource, Network
from tests.program import read_json
from tests.runs import killing
from tests.runs.searching import RATE, of_kind, prepared, search, write_config

SEEDS = 3


def confirmed(config: Path, trials: list[Trial], *, stop_after: int = 10**9) -> list[Confirmed]:
    """The results with a serial executor that is asked to stop after some stacks."""
    stacks: list[object] = []
    fits = prepared(config).draws(SEEDS)
    executor = SerialExecutor(1, lambda done: len(stacks) >= stop_after)
    source = ConfirmationSource(fits, executor, metric="log_loss", budget=9, on_stack=stacks.append)
    return list(source.run([(trial, seed) for trial in trials for seed in range(SEEDS)]))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "x.yaml", data="wine")


def shape(number: int, *hidden: int, rate: float = 0.05) -> Trial:
    return Trial(number, {RATE: rate, "model.hidden": list(hidden)})


def test_results_are_in_the_order_of_the_leaders_whichever_train_together(config: Path) -> None:
    """The leaders 4 and 0 have one shape: their networks train before those of leader 2."""
    leaders = [shape(4, 8), shape(2, 4), shape(0, 8, rate=0.1)]
    found = confirmed(config, leaders)
    assert [(each.trial, each.seed) for each in found] == [(n, s) for n in (4, 2, 0) for s in range(SEEDS)]
    alone = [each for leader in leaders for each in confirmed(config, [leader])]
    assert found == alone
    assert {(each.train_rows, each.validation_rows) for each in found} == {(115, 27)}


def test_networks_differ_by_their_seeds_alone(config: Path) -> None:
    """A trial's number does not matter, and no two seeds have the same rows and weights."""
    first, second = (confirmed(config, [shape(number, 8)]) for number in (0, 1))
    assert [each.objective for each in first] == [each.objective for each in second]
    assert len({each.objective for each in first}) == SEEDS


def test_what_cannot_be_trained_is_a_result(config: Path) -> None:
    wrong = Trial(1, {RATE: 0.05, "model.hidden": [8], "training.batch_size": 0})
    found = confirmed(config, [wrong, shape(0, 8)])
    assert [each.objective is None for each in found] == [True] * SEEDS + [False] * SEEDS
    assert "training.batch_size" in (found[0].reason or "")
    assert {(each.epochs, each.kept_epoch) for each in found[:SEEDS]} == {(0, 0)}


def test_after_a_stop_there_are_the_results_that_came_in_their_turn(config: Path) -> None:
    leaders = [shape(0, 8), shape(1, 4), shape(2, 6)]
    assert confirmed(config, leaders, stop_after=0) == []
    found = confirmed(config, leaders, stop_after=1)
    assert [(each.trial, each.seed) for each in found] == [(0, seed) for seed in range(SEEDS)]


def test_a_loss_that_overflows_is_a_result(tmp_path: Path) -> None:
    config = write_config(tmp_path / "x.yaml", data="wine", training={"optimizer": {"name": "sgd"}})
    found = confirmed(config, [shape(0, 8, rate=1e6)])
    assert [each.objective for each in found] == [None] * SEEDS
    assert all((each.reason or "").startswith("the loss became non-finite in epoch") for each in found)


def test_a_leader_that_kills_its_worker_does_not_fail_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All leaders have one shape. Alone, those that do not kill their worker are trained."""
    config = write_config(
        tmp_path / "x.yaml",
        data="wine",
        search={
            "method": "grid", "trials": 3, "confirm": {"top": 3, "seeds": SEEDS},
            "space": {RATE: {"choice": [0.05, killing.DEADLY, 0.1]}},
        },
    )  # fmt: skip
    run = ConfirmationSource.run

    def run_deadly(source: ConfirmationSource, networks: Sequence[Network]) -> Iterator[Confirmed]:
        monkeypatch.setattr(stack_runner, "train_item", killing.killed_by_some)
        return run(source, networks)

    monkeypatch.setattr(ConfirmationSource, "run", run_deadly)
    folder = search(config, "--executor", "processes", "--workers", "2")
    (deadly,) = (
        each["number"] for each in of_kind(folder, "trial") if each["assignment"][RATE] == killing.DEADLY
    )
    reasons = {(each["trial"], each.get("reason")) for each in of_kind(folder, "confirmed")}
    assert reasons == {
        *((number, None) for number in {0, 1, 2} - {deadly}),
        (deadly, "its worker process was killed twice"),
    }
    assert read_json(folder / "manifest.json")["search"]["best"]["trial"] != deadly
