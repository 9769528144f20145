from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from fnnctl.trials import forecast
from fnnctl.trials.estimate import SECONDS_OF_COMMAND, EpochCost, SearchCosts
from fnnctl.trials.forecast import first_jobs
from tests.program import Program
from tests.runs.searching import prepared, write_config

TICK = 0.01
SPACE = "  space: {training.optimizer.learning_rate: {log_uniform: [1e-3, 1e-1]}}\n"


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calibration's clock advances by 10 ms whenever it is read, so each epoch takes 10 ms."""
    ticks = count()
    costs = partial(SearchCosts, clock=lambda: TICK * next(ticks))
    monkeypatch.setattr(forecast, "SearchCosts", costs)


Plan = Callable[..., dict[str, Any]]


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "iris.yaml"
    path.write_text(
        "recipe: classic\ndata: {source: iris}\nmodel: {hidden: [4]}\nsearch:\n"
        "  compare_with_default: false\n  budget: {max_epochs: 9}\n" + SPACE
    )
    return str(path)


def changes(settings: Sequence[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


@pytest.fixture
def planned(program: Program, config: str) -> Plan:
    """`planned("random", "search.trials=3")`: the JSON plan of a method with these settings."""

    def plan(method: str, *settings: str, options: Sequence[str] = ()) -> dict[str, Any]:
        return program("plan", config, "--method", method, *changes(settings), *options, "--json").json

    return plan


def test_a_plan_by_hand(planned: Plan) -> None:
    """R = 9, η = 3: (9,1)(3,3)(1,9), (5,3)(1,9), (3,9); 9 + 2·3 + 6 = 21, 15 + 6 = 21, and 27 epochs."""
    plan = planned("hyperband")
    rungs = {
        bracket["bracket"]: [(rung["trials"], rung["epochs"]) for rung in bracket["rungs"]]
        for bracket in plan["brackets"]
    }
    assert rungs == {2: [(9, 1), (3, 3), (1, 9)], 1: [(5, 3), (1, 9)], 0: [(3, 9)]}
    assert (plan["method"], plan["trials"]) == ("hyperband", 17)
    assert plan["epochs_with_reuse"] == 21 + 21 + 27
    assert plan["epochs_from_scratch"] == 27 + 24 + 27
    assert planned("random", "search.space={training.l2: {choice: [0.0, 0.1]}}")["only_configurations"] == 2


def test_a_plan_names_the_sampler(planned: Plan, program: Program, config: str) -> None:
    """That auto chooses; and a part of the method's name can be set."""
    space = (
        "search.space={training.optimizer.name: {choice: [adam, momentum]}, "
        "training.optimizer.momentum: {uniform: [0.5, 0.9], when: {training.optimizer.name: momentum}}}"
    )
    for method, sampler in (("bayes", "tpe"), ("bohb", None), ("random", None)):
        plan = planned(method, space)
        assert (plan["method"], plan["sampler"]) == (method, sampler)
    assert "bayes (tpe): 50 trials" in program("plan", config, "--method", "bayes", "--set", space).out
    assert planned("bayes", "search.method.sampler=tpe")["method"] == "full_budget × tpe"


def test_a_plan_names_the_limit_that_hides_max_trials(program: Program, config: str) -> None:
    def told(*words: str) -> str:
        return program("plan", config, "--method", "asha", *words).out

    assert "asha: 50 trials, as search.trials allows no more: add --set search.trials=60\n" in told(
        "--max-trials", "60"
    )
    assert "asha: 3 trials\n" in told("--max-trials", "3")
    assert "asha: 60 trials\n" in told("--max-trials", "60", "--set", "search.trials=60")


def test_a_plan_for_people_writes_nothing(program: Program, config: str, tmp_path: Path) -> None:
    done = program("plan", config, "--max-trials", "4", "--simulate-workers", "3")
    assert done.code == 0
    assert "hyperband: 4 trials\n" in done.out
    assert "simulated on 3 workers: about" in done.out
    assert not (tmp_path / "runs").exists()


def test_a_plan_without_a_space_is_that_of_the_recipe(program: Program, iris: Path) -> None:
    plan = program("plan", str(iris), "--json").json
    assert (plan["method"], plan["sampler"], plan["trials"]) == ("bayes", "tpe", 18)
    assert plan["cost"] > 0


def test_a_members_share_of_a_stack() -> None:
    """3 s per stack and 2 s per member: 5 s alone, 2.75 s per member in a stack of four."""
    cost = EpochCost(per_stack=3.0, per_member=2.0)
    assert [cost.seconds(members) for members in (0.4, 1, 4, 8)] == [5.0, 5.0, 2.75, 2.375]


def test_costs_between_and_beyond_two_sizes() -> None:
    narrow, wide = EpochCost(1.0, 2.0), EpochCost(3.0, 10.0)
    assert narrow.mixed(wide, 0.5) == EpochCost(2.0, 6.0)
    assert narrow.mixed(wide, 0.0) == narrow
    assert narrow.mixed(wide, -1.0) == EpochCost(0.0, 0.0)
    assert narrow.mixed(wide, 2.0) == EpochCost(5.0, 18.0)


def test_more_epochs_are_estimated_to_take_longer(planned: Plan) -> None:
    """A stack of three trials, and the refit.

    It is known how early networks stop if they do so before the time for this is up.
    """

    def seconds(epochs: int, stopping: str = "null") -> float:
        settings = (f"search.budget.max_epochs={epochs}", f"training.early_stopping={stopping}")
        plan = planned("random", "search.trials=3", *settings, options=["--workers", "1"])
        return float(plan["seconds_estimated"]) - SECONDS_OF_COMMAND

    assert seconds(20) == pytest.approx(2 * 20 * TICK)
    assert seconds(200_000) == pytest.approx(2 * 200_000 * TICK)
    assert seconds(200_000, "{patience: 1, tolerance: 1e9}") == pytest.approx(2 * 2 * TICK)
    assert seconds(200_000, "{patience: 1000}") == seconds(200_000)


@pytest.mark.parametrize(("ensemble", "networks"), [("members: 3", 3), ("members: 3, plain_twins: true", 6)])
def test_the_refit_counts_all_networks(
    planned: Plan, monkeypatch: pytest.MonkeyPatch, ensemble: str, networks: int
) -> None:
    seconds = Mock(return_value=1.0)
    monkeypatch.setattr(SearchCosts, "seconds", seconds)
    planned("hyperband", "model.numeric_embedding=piecewise_linear", f"model.ensemble={{{ensemble}}}")
    assert [call.kwargs["members"] for call in seconds.call_args_list] == [networks]


def test_a_search_is_simulated_on_other_workers(planned: Plan) -> None:
    one, many = (
        planned("asha", options=["--simulate-workers", workers])["simulation"] for workers in ("1", "1000")
    )
    assert (one["workers"], many["workers"]) == (1, 1000)
    assert one["busy"] == pytest.approx(1.0)
    assert many["busy"] < 0.1
    assert one["jobs"] == many["jobs"] >= 50
    assert many["seconds"] < one["seconds"]


def test_a_simulated_trial_trains_only_its_own_epochs(planned: Plan) -> None:
    """Trials of three epochs train nothing at the second rung, of nine epochs."""
    space = "search.space={training.epochs: {choice: [3]}}"
    settings = ("search.objective={on: bags}", space, "model.ensemble={members: 2, bags: true}")
    three, nine = (
        planned(
            "halving", *settings, "search.trials=3", f"search.budget={{min_epochs: 3, max_epochs: {most}}}",
            options=["--simulate-workers", "1"],
        )["simulation"]["seconds"]
        for most in (3, 9)
    )  # fmt: skip
    assert nine == three > 0


def test_under_cross_validation_epochs_are_those_of_all_folds(planned: Plan) -> None:
    folds = "evaluation.cross_validation={folds: 2, repeats: 3}"
    plan = planned("random", "search.trials=3", "search.objective.on=cross_validation", folds)
    assert (plan["trials"], plan["fits"]) == (3, 18)
    assert plan["epochs_with_reuse"] == plan["epochs_from_scratch"] == 18 * 9


def test_a_confirmation_is_planned_beside_the_search(planned: Plan) -> None:
    alone = planned("random", "search.trials=4")
    assert alone["confirm"] is None
    plan = planned("random", "search.trials=4", "search.confirm={top: 3, seeds: 7}")
    assert plan["confirm"] == {"fits": 21, "epochs": 189}
    for name in ("trials", "fits", "epochs_from_scratch", "epochs_with_reuse"):
        assert plan[name] == alone[name]


def test_a_long_epoch_is_measured_by_its_first_steps(planned: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the 98 steps of an epoch one is taken, in 10 ms; a trial and the refit have nine epochs each."""
    monkeypatch.setattr("fnnctl.trials.estimate.SECONDS_OF_STEPS", 1e-9)
    one_row = ("training.batch_size=1", "training.early_stopping=null")
    seconds = planned("random", *one_row, options=["--max-trials", "1"])["seconds_estimated"]
    assert seconds == pytest.approx(SECONDS_OF_COMMAND + 2 * 9 * 98 * TICK, abs=1e-3)


def test_the_training_that_the_result_is_compared_with_counts(
    planned: Plan, program: Program, config: str
) -> None:
    """Beside three trials and the refit of 20 epochs each: a single network of 40, whose rows are theirs."""
    compared, options = "search.compare_with_default=true", ["--max-trials", "3", "--workers", "1"]
    settings = ("search.budget.max_epochs=20", "training.early_stopping=null", "training.epochs=40")
    without = planned("random", *settings, options=options)
    plan = planned("random", *settings, compared, options=options)
    assert plan["compare_with_default"] == {"fits": 1, "epochs": 40}
    assert plan["seconds_estimated"] == pytest.approx(SECONDS_OF_COMMAND + (2 * 20 + 40) * TICK)
    assert without["seconds_estimated"] == pytest.approx(SECONDS_OF_COMMAND + 2 * 20 * TICK)
    changed = {name for name, value in plan.items() if without[name] != value}
    assert changed == {"compare_with_default", "seconds_estimated"}
    text = program("plan", config, "--method", "random", *changes([*settings, compared])).out
    assert "up to 40 epochs more to compare the result with `fnnctl train`\n" in text
    assert planned("random", compared, "data.split.test=0")["compare_with_default"] is None


def test_a_default_trial_on_bags_is_not_trained_again(planned: Plan) -> None:
    """Unless a rung may leave it before its end, or it has fewer epochs than the config."""
    bags = [
        "search.compare_with_default=true", "search.objective={on: bags}", "training.epochs=9",
        "model.ensemble={members: 2, bags: true}", "search.start_from=defaults",
    ]  # fmt: skip
    for method, epochs, expected in (("random", 9, None), ("random", 8, 9), ("asha", 9, 9)):
        plan = planned(method, *bags, f"search.budget.max_epochs={epochs}", options=["--max-trials", "3"])
        assert plan["compare_with_default"] == (expected and {"fits": 1, "epochs": expected})


def test_a_cost_shortens_the_plan(planned: Plan, program: Program, config: str) -> None:
    """120 training rows without the validation part, (4 + 1)·4 + (4 + 1)·3 parameters, 9 epochs a trial."""
    trial = 9 * 35 * round(150 * 0.8 - 150 * 0.15)
    cost = f"search.budget.cost={3 * trial}"
    plan = planned("random", cost)
    assert (plan["trials"], plan["epochs_with_reuse"], plan["cost"]) == (3, 27, 3 * trial)
    assert plan["epochs_bound"] == "about"
    text = program("plan", config, "--method", "random", "--set", cost).out
    assert "random: about 3 trials\n" in text
    assert f"no trial begins after a cost of {3 * trial:.3g} epochs × rows × parameters\n" in text
    assert planned("random")["cost"] is None


@pytest.mark.parametrize("measured", [(None, 100), (100, None)])
def test_networks_on_a_sample_take_less_time(tmp_path: Path, measured: tuple[int | None, ...]) -> None:
    """The time of an epoch is that of its steps, whichever of the two is measured: 37 of 32 rows, or 4."""
    space = {"training.max_rows": {"choice": [None, 100]}}
    fits = prepared(write_config(tmp_path / "x.yaml", data="digits", search={"space": space})).fits
    trials = [{"training.max_rows": rows} for rows in measured]
    costs = SearchCosts(fits, trials, clock=partial(next, count()))
    seconds = {fit.trained_rows: costs.of(fit).seconds(1) for fit in map(fits.typical_fit, trials) if fit}
    assert sorted(seconds) == [100, 1168]
    assert seconds[1168] / seconds[100] == pytest.approx(37 / 4)


LIMITED = {
    "method": "bayes",
    "trials": 20,
    "concurrency": 8,
    "batch": 4,
    "budget": {"max_epochs": 4},
    "space": {"training.optimizer.learning_rate": {"log_uniform": [1e-3, 1e-1]}},
}


@pytest.mark.parametrize(
    ("seconds", "workers", "affordable"),
    [
        (3.2, 1, 8),  # a quarter is 0.8 s: of jobs of 4 epochs that take 10 ms each, all 8 fit
        (1.0, 1, 6),
        (0.2, 1, 1),
        (0.2, 2, 2),  # each worker has one
        (0.9, 2, 8),  # two workers are 1.8 times as fast
        (0.7, 2, 7),
    ],
)
def test_fewer_jobs_run_together_if_they_take_much_of_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, workers: int, affordable: int
) -> None:
    monkeypatch.setattr(forecast, "seconds_by_assignment", lambda fits, costs: lambda values: TICK)
    ready = prepared(write_config(tmp_path / "x.yaml", search=LIMITED))
    jobs = first_jobs(ready, time_limit=seconds, workers=workers)
    assert jobs is not None
    assert (jobs.affordable, jobs.are_too_many) == (affordable, affordable < 8)


def test_the_first_jobs_are_those_of_the_first_rung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "seconds_by_assignment", lambda fits, costs: lambda values: TICK)
    rungs = {"min_epochs": 1, "max_epochs": 9}
    ready = prepared(write_config(tmp_path / "x.yaml", search={**LIMITED, "method": "asha", "budget": rungs}))
    jobs = first_jobs(ready, time_limit=1.0, workers=1)
    assert jobs is not None
    assert jobs.seconds == pytest.approx([TICK * count for count in range(1, 9)])


def test_other_methods_do_not_count_the_jobs_under_way(tmp_path: Path) -> None:
    ready = prepared(write_config(tmp_path / "x.yaml", search={"method": "random"}))
    assert first_jobs(ready, time_limit=1e-9, workers=1) is None
