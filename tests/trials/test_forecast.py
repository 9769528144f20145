from __future__ import annotations

from functools import partial
from itertools import count
from pathlib import Path

import pytest

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
    monkeypatch.setattr("fnnctl.trials.forecast.SearchCosts", costs)


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "iris.yaml"
    path.write_text(
        "recipe: classic\ndata: {source: iris}\nmodel: {hidden: [4]}\nsearch:\n"
        "  compare_with_default: false\n  budget: {max_epochs: 9}\n" + SPACE
    )
    return str(path)


def test_a_plan_by_hand(program: Program, config: str) -> None:
    """R = 9, η = 3: (9,1)(3,3)(1,9), (5,3)(1,9), (3,9); 9 + 2·3 + 6 = 21, 15 + 6 = 21, and 27 epochs."""
    planned = program("plan", config, "--method", "hyperband", "--json").json
    rungs = [[(rung["trials"], rung["epochs"]) for rung in each["rungs"]] for each in planned["brackets"]]
    assert rungs == [[(9, 1), (3, 3), (1, 9)], [(5, 3), (1, 9)], [(3, 9)]]
    assert [bracket["bracket"] for bracket in planned["brackets"]] == [2, 1, 0]
    assert (planned["method"], planned["trials"]) == ("hyperband", 17)
    assert planned["epochs_with_reuse"] == 21 + 21 + 27
    assert planned["epochs_from_scratch"] == 27 + 24 + 27
    assert planned["seconds_estimated"] > 0


def test_a_plan_names_the_sampler_that_auto_chooses(program: Program, config: str) -> None:
    space = (
        "search.space={training.optimizer.name: {choice: [adam, momentum]}, "
        "training.optimizer.momentum: {uniform: [0.5, 0.9], when: {training.optimizer.name: momentum}}}"
    )
    for method, sampler in (("bayes", "tpe"), ("bohb", None), ("random", None)):
        planned = program("plan", config, "--method", method, "--set", space, "--json").json
        assert (planned["method"], planned["sampler"]) == (method, sampler)
    assert "bayes (tpe): 50 trials" in program("plan", config, "--method", "bayes", "--set", space).out


def test_a_part_of_the_methods_name_can_be_set(program: Program, config: str) -> None:
    planned = program(
        "plan", config, "--method", "bayes", "--set", "search.method.sampler=tpe", "--json"
    ).json
    assert planned["method"] == "full_budget × tpe"


def test_a_plan_shrinks_with_a_finite_space(program: Program, config: str) -> None:
    few = "search.space={training.l2: {choice: [0.0, 0.1]}}"
    planned = program("plan", config, "--method", "random", "--set", few, "--json").json
    assert planned["trials"] == planned["only_configurations"] == 2
    text = program("plan", config, "--method", "random", "--set", few).out
    assert "random: 2 trials, as the space has only 2 configurations" in text


def test_a_plan_names_the_limit_that_hides_max_trials(program: Program, config: str) -> None:
    def told(*words: str) -> str:
        return program("plan", config, "--method", "asha", *words).out

    assert "asha: 50 trials, as search.trials allows no more: add --set search.trials=60\n" in told(
        "--max-trials", "60"
    )
    assert "asha: 3 trials\n" in told("--max-trials", "3")
    assert "asha: 60 trials\n" in told("--max-trials", "60", "--set", "search.trials=60")


def test_a_plan_for_people_writes_nothing(program: Program, config: str, tmp_path: Path) -> None:
    done = program("plan", config, "--max-trials", "4")
    assert done.code == 0
    assert "hyperband: 4 trials\n" in done.out
    assert not (tmp_path / "runs").exists()


def test_a_plan_without_a_space_is_that_of_the_recipe(program: Program, iris: Path) -> None:
    planned = program("plan", str(iris), "--json").json
    assert (planned["method"], planned["sampler"], planned["trials"]) == ("bayes", "tpe", 18)
    assert planned["cost"] > 0


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


def test_more_epochs_are_estimated_to_take_longer(program: Program, config: str) -> None:
    """A stack of three trials, and the refit.

    It is known how early networks stop if they do so before the time for this is up.
    """

    def seconds(epochs: int, stopping: str = "null") -> float:
        changes = ["--workers", "1", "--set", "search.trials=3"]
        changes += ["--set", f"search.budget.max_epochs={epochs}"]
        changes += ["--set", f"training.early_stopping={stopping}"]
        planned = program("plan", config, "--method", "random", *changes, "--json").json
        estimated: float = planned["seconds_estimated"]
        return estimated

    assert seconds(20) == pytest.approx(SECONDS_OF_COMMAND + 2 * 20 * TICK)
    assert seconds(200_000) == pytest.approx(SECONDS_OF_COMMAND + 2 * 200_000 * TICK)
    stopped = seconds(200_000, stopping="{patience: 1, tolerance: 1e9}")
    assert stopped == pytest.approx(SECONDS_OF_COMMAND + 2 * 2 * TICK)
    assert seconds(200_000, stopping="{patience: 1000}") == seconds(200_000)


@pytest.mark.parametrize(("ensemble", "networks"), [("members: 3", 3), ("members: 3, plain_twins: true", 6)])
def test_the_refit_counts_all_networks(
    program: Program, config: str, monkeypatch: pytest.MonkeyPatch, ensemble: str, networks: int
) -> None:
    counted = []

    def seconds(costs: SearchCosts, rungs: object, *, members: int, **others: int) -> float:
        counted.append(members)
        return 1.0

    monkeypatch.setattr(SearchCosts, "seconds", seconds)
    settings = ("model.numeric_embedding=piecewise_linear", f"model.ensemble={{{ensemble}}}")
    assert program("plan", config, *(word for setting in settings for word in ("--set", setting))).code == 0
    assert counted == [networks]


def test_a_search_is_simulated_on_other_workers(program: Program, config: str) -> None:
    def simulated(*arguments: str) -> dict[str, float]:
        planned = program("plan", config, "--method", "asha", "--json", *arguments).json
        found: dict[str, float] = planned["simulation"]
        return found

    one, many = simulated("--simulate-workers", "1"), simulated("--simulate-workers", "1000")
    assert (one["workers"], many["workers"]) == (1, 1000)
    assert one["busy"] == pytest.approx(1.0)
    assert many["busy"] < 0.1
    assert one["jobs"] == many["jobs"] >= 50
    assert many["seconds"] < one["seconds"]


def test_a_simulated_trial_trains_only_its_own_epochs(program: Program, config: str) -> None:
    """Trials of three epochs train nothing at the second rung, of nine epochs."""

    def seconds(most: int) -> float:
        rungs = f"budget: {{min_epochs: 3, max_epochs: {most}}}, method: halving, trials: 3"
        search = f"search={{objective: {{on: bags}}, {rungs}, space: {{training.epochs: {{choice: [3]}}}}}}"
        changes = ["--set", search, "--set", "model.ensemble={members: 2, bags: true}"]
        planned = program("plan", config, *changes, "--simulate-workers", "1", "--json").json
        assert planned["method"] == "halving"
        simulated: float = planned["simulation"]["seconds"]
        return simulated

    assert seconds(9) == seconds(3) > 0


def test_a_simulation_is_printed(program: Program, config: str) -> None:
    done = program("plan", config, "--simulate-workers", "3")
    assert "simulated on 3 workers: about" in done.out


def test_under_cross_validation_epochs_are_those_of_all_folds(program: Program, config: str) -> None:
    changes = ["--set", "search.trials=3", "--set", "search.objective.on=cross_validation"]
    changes += ["--set", "evaluation.cross_validation={folds: 2, repeats: 3}"]
    planned = program("plan", config, "--method", "random", *changes, "--json").json
    assert (planned["trials"], planned["fits"]) == (3, 18)
    assert planned["epochs_with_reuse"] == planned["epochs_from_scratch"] == 18 * 9


def test_a_confirmation_is_planned_beside_the_search(program: Program, config: str) -> None:
    arguments = ("plan", config, "--method", "random", "--set", "search.trials=4", "--json")
    alone = program(*arguments).json
    assert alone["confirm"] is None
    planned = program(*arguments, "--set", "search.confirm={top: 3, seeds: 7}").json
    assert planned["confirm"] == {"fits": 21, "epochs": 189}
    assert {
        name: planned[name] for name in ("trials", "fits", "epochs_from_scratch", "epochs_with_reuse")
    } == {name: alone[name] for name in ("trials", "fits", "epochs_from_scratch", "epochs_with_reuse")}


def test_a_long_epoch_is_measured_by_its_first_steps(
    program: Program, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the 98 steps of an epoch one is taken, in 10 ms; a trial and the refit have nine epochs each."""
    monkeypatch.setattr("fnnctl.trials.estimate.SECONDS_OF_STEPS", 1e-9)
    one_row = ["--set", "training.batch_size=1", "--set", "training.early_stopping=null"]
    planned = program("plan", config, "--method", "random", "--max-trials", "1", *one_row, "--json").json
    assert planned["seconds_estimated"] == pytest.approx(SECONDS_OF_COMMAND + 2 * 9 * 98 * TICK, abs=1e-3)


def test_the_training_that_the_result_is_compared_with_counts(program: Program, config: str) -> None:
    """Beside three trials and the refit of 20 epochs each: a single network of 40, whose rows are theirs."""
    words = ["plan", config, "--method", "random", "--max-trials", "3", "--workers", "1"]
    words += ["--set", "search.budget.max_epochs=20", "--set", "training.early_stopping=null"]
    words += ["--set", "training.epochs=40", "--set"]
    without = program(*words, "search.compare_with_default=false", "--json").json
    planned = program(*words, "search.compare_with_default=true", "--json").json
    assert planned["compare_with_default"] == {"fits": 1, "epochs": 40}
    assert planned["seconds_estimated"] == pytest.approx(SECONDS_OF_COMMAND + (2 * 20 + 40) * TICK)
    assert without["seconds_estimated"] == pytest.approx(SECONDS_OF_COMMAND + 2 * 20 * TICK)
    changed = {name for name, value in planned.items() if without[name] != value}
    assert changed == {"compare_with_default", "seconds_estimated"}
    text = program(*words, "search.compare_with_default=true").out
    assert "up to 40 epochs more to compare the result with `fnnctl train`\n" in text
    no_test = program(*words, "search.compare_with_default=true", "--set", "data.split.test=0", "--json").json
    assert no_test["compare_with_default"] is None


def test_a_default_trial_on_bags_is_not_trained_again(program: Program, config: str) -> None:
    """Unless a rung may leave it before its end, or it has fewer epochs than the config."""
    bags = ["--set", "search.compare_with_default=true", "--set", "search.objective={on: bags}"]
    bags += ["--set", "model.ensemble={members: 2, bags: true}", "--set", "search.start_from=defaults"]
    for method, epochs, expected in (("random", 9, None), ("random", 8, 9), ("asha", 9, 9)):
        words = ["--method", method, "--set", f"search.budget.max_epochs={epochs}"]
        words += ["--set", "training.epochs=9", "--max-trials", "3"]
        planned = program("plan", config, *bags, *words, "--json").json
        assert planned["compare_with_default"] == (expected and {"fits": 1, "epochs": expected})


def test_a_cost_shortens_the_plan(program: Program, config: str) -> None:
    """120 training rows without the validation part, (4 + 1)·4 + (4 + 1)·3 parameters, 9 epochs a trial."""
    trial = 9 * 35 * round(150 * 0.8 - 150 * 0.15)
    words = ["plan", config, "--method", "random", "--set", f"search.budget.cost={3 * trial}"]
    planned = program(*words, "--json").json
    assert (planned["trials"], planned["epochs_with_reuse"], planned["cost"]) == (3, 27, 3 * trial)
    assert planned["epochs_bound"] == "about"
    text = program(*words).out
    assert "random: about 3 trials\n" in text
    assert f"no trial begins after a cost of {3 * trial:.3g} epochs × rows × parameters\n" in text
    assert program("plan", config, "--method", "random", "--json").json["cost"] is None


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
    monkeypatch.setattr(
        "fnnctl.trials.forecast.seconds_by_assignment", lambda fits, costs: lambda values: TICK
    )
    ready = prepared(write_config(tmp_path / "x.yaml", search=LIMITED))
    jobs = first_jobs(ready, time_limit=seconds, workers=workers)
    assert jobs is not None
    assert (jobs.affordable, jobs.are_too_many) == (affordable, affordable < 8)


def test_the_first_jobs_are_those_of_the_first_rung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "fnnctl.trials.forecast.seconds_by_assignment", lambda fits, costs: lambda values: TICK
    )
    rungs = {"min_epochs": 1, "max_epochs": 9}
    ready = prepared(write_config(tmp_path / "x.yaml", search={**LIMITED, "method": "asha", "budget": rungs}))
    jobs = first_jobs(ready, time_limit=1.0, workers=1)
    assert jobs is not None
    assert jobs.seconds == pytest.approx([TICK * count for count in range(1, 9)])


def test_other_methods_do_not_count_the_jobs_under_way(tmp_path: Path) -> None:
    ready = prepared(write_config(tmp_path / "x.yaml", search={"method": "random"}))
    assert first_jobs(ready, time_limit=1e-9, workers=1) is None
