"""The runner of a search's jobs, where not all goes well."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.builtin import builtin_path
from fnnctl.errors import MachineError, Problem
from fnnctl.executors.serial import SerialExecutor
from fnnctl.messages import Message
from fnnctl.records.journal import Header, Journal
from fnnctl.records.trials import Job, JobKey, Result, Status, Trial
from fnnctl.runs import search as search_module
from fnnctl.search.loop import run_search
from fnnctl.store.trial_checkpoints import TrialCheckpoints
from fnnctl.trials import stack_runner
from fnnctl.trials.source import TrialSettings, TrialSource
from tests.program import assert_same_files, read_json
from tests.runs import killing
from tests.runs.searching import (
    RATE,
    assert_same_search,
    leaderboard,
    of_kind,
    prepared,
    search,
    write_config,
)

PROCESSES = ("--executor", "processes", "--workers", "2")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Its data are a file of the folder, beside which a killed worker leaves a mark."""
    with builtin_path("iris") as path:
        shutil.copy(path, tmp_path / "iris.csv")
    data = {"source": "iris.csv", "target": "species"}
    return write_config(
        tmp_path / "x.yaml", data=data, search={"space": {RATE: {"log_uniform": [0.003, 0.3]}}}
    )


def over(*rates: float) -> list[str]:
    """The words of a grid search over these learning rates."""
    space = f"search.space={{{RATE}: {{choice: {list(rates)}}}}}"
    return ["--method", "grid", "--set", space, "--set", "search.trials=null"]


def test_a_killed_workers_jobs_are_done_again(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = search(config, "--executor", "serial")
    monkeypatch.setattr(stack_runner, "train_item", killing.killed_once)
    folder = search(config, *PROCESSES)
    assert (config.parent / "killed").exists()
    assert_same_files(folder, undisturbed, "journal.jsonl")
    assert_same_search(folder, undisturbed)


@pytest.mark.parametrize(
    ("work", "end"),
    [(killing.killed_by_some, "was killed"), (killing.without_memory_for_some, "ran out of memory")],
)
def test_what_kills_two_workers_has_failed_and_the_search_goes_on(
    config: Path, monkeypatch: pytest.MonkeyPatch, work: Any, end: str
) -> None:
    """Those that trained in one stack with it are not to blame."""
    arguments = over(0.01, 0.02, killing.DEADLY, 0.05)
    healthy = search(config, *arguments, "--executor", "serial")
    monkeypatch.setattr(stack_runner, "train_item", work)
    folder = search(config, *arguments, *PROCESSES)
    trials = {trial["number"]: trial["assignment"][RATE] for trial in of_kind(folder, "trial")}
    for own, other in zip(of_kind(folder, "result"), of_kind(healthy, "result"), strict=True):
        if trials[own["trial"]] == killing.DEADLY:
            assert (own["status"], own["epochs"], own["objective"]) == ("failed", 0, None)
            assert own["reason"] == f"its worker process {end} twice"
        else:
            assert {**own, "checksum": 0} == {**other, "checksum": 0}
    assert leaderboard(folder)[-1]["status"] == "failed"
    assert read_json(folder / "manifest.json")["status"] == "completed"


def test_a_refused_configuration_is_a_failed_trial(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a rule would that no one saw before the search had begun."""
    experiment_of = TrialConfigs.experiment_of

    def refuses(configs: TrialConfigs, assignment: Mapping[str, Any]) -> Experiment:
        if assignment.get(RATE) == 0.02:
            path = ("training", "optimizer", "learning_rate")
            raise InvalidConfigurationError({path: Problem("not this one")})
        return experiment_of(configs, assignment)

    def searches(*arguments: Any, **settings: Any) -> Message:
        with monkeypatch.context() as patch:
            patch.setattr(TrialConfigs, "experiment_of", refuses)
            return run_search(*arguments, **settings)

    monkeypatch.setattr(search_module, "run_search", searches)
    folder = search(config, *over(0.01, 0.02, 0.05))
    (failed,) = [each for each in of_kind(folder, "result") if each["status"] == "failed"]
    assert failed["reason"] == f"{RATE}: not this one"
    assert failed["epochs"] == 0
    assert leaderboard(folder)[-1][RATE] == "0.02"


def test_a_metric_without_a_value_fails_its_trial(tmp_path: Path) -> None:
    """No row of the class is in the validation part, so that there is no ROC curve."""
    rows = ["x,y,label", *(f"{k % 7},{k % 5},{'ab'[k % 2]}" for k in range(40)), "9,9,rare", "9,8,rare"]
    (tmp_path / "rare.csv").write_text("\n".join(rows) + "\n")
    config = write_config(
        tmp_path / "x.yaml",
        data={"source": "rare.csv", "target": "label", "split": {"stratify": False, "validation": 0.1}},
        search={
            "space": {RATE: {"choice": [0.01, 0.02]}},
            "objective": {"metric": "per_class.rare.roc_auc"},
            "trials": None,
        },
    )
    folder = search(config, "--method", "grid", code=4)
    reasons = {each["reason"] for each in of_kind(folder, "result")}
    assert reasons == {"per_class.rare.roc_auc is undefined here"}


RATES = (0.01, 0.02, 0.05, 0.1)


class Bench:
    """A runner without a search: jobs are given to it by hand."""

    def __init__(self, config: Path, folder: Path, **settings: Any) -> None:
        self.fits = prepared(config).fits
        self.folder = folder
        folder.mkdir()
        self.journal = Journal()
        self.journal.begin(Header("3fa9", None, {}, {}))
        self.trials = [Trial(number, {RATE: rate}) for number, rate in enumerate(RATES)]
        self.journal.begin_trials(self.trials)
        self.events: list[tuple[tuple[int, ...], int, int]] = []
        self.checkpoints = TrialCheckpoints(folder)
        defaults = {"metric": "log_loss", "max_epochs": 9, "keep_checkpoints": False}
        self.runner = TrialSource(
            TrialSettings(**{**defaults, **settings}),
            self.fits,
            self.checkpoints,
            self.journal,
            SerialExecutor(1, lambda done: False),
            on_stack=lambda event: self.events.append((tuple(event["trials"]), event["from"], event["to"])),
        )

    def job(self, number: int, start: int, stop: int) -> Job:
        return Job(self.trials[number], 0, start, stop)

    def do(self, *jobs: Job, due: int = 1) -> dict[JobKey, Result]:
        """Submit jobs, wait for all of them and record their results."""
        for job in jobs:
            self.runner.submit(job, due)
        found: dict[JobKey, Result] = {}
        while len(found) < len(jobs):
            results = self.runner.collect()
            assert results
            found |= {result.key: result for result in results}
        for result in found.values():
            self.journal.add_result(result)
        return found


@pytest.fixture
def bench(config: Path, tmp_path: Path) -> Bench:
    return Bench(config, tmp_path / "search")


def test_virtual_time_is_what_training_takes(config: Path, bench: Bench) -> None:
    """Epochs, times rows, times parameters: (4 + 1)·6 + (6 + 1)·3 for iris, of which 98 rows train."""
    assert bench.fits.rows[0].split(bench.fits.data.strata, None).train.size == 98
    cost = bench.runner.cost(bench.job(0, 0, 1))
    assert cost == 98 * (30 + 21)
    assert bench.runner.cost(bench.job(1, 3, 9)) == 6 * cost
    wrong = Job(Trial(9, {"model.output": "logistic"}), 0, 0, 9)
    assert bench.runner.cost(wrong) == 0


def test_what_waits_together_trains_together(bench: Bench) -> None:
    bench.do(*(bench.job(number, 0, 1) for number in range(4)))
    assert bench.events == [((0, 1, 2, 3), 0, 1)]
    bench.do(bench.job(1, 1, 3), bench.job(3, 1, 3), bench.job(2, 1, 9))
    assert bench.events[1:] == [((1, 3), 1, 3), ((2,), 1, 9)]


def test_the_most_urgent_job_is_done_first(bench: Bench) -> None:
    bench.runner.submit(bench.job(0, 0, 9), 9)
    bench.runner.submit(bench.job(1, 0, 3), 3)
    assert [result.key for result in bench.runner.collect()] == [(1, 3)]
    bench.runner.submit(bench.job(2, 0, 1), 1)
    assert [result.key for _ in range(2) for result in bench.runner.collect()] == [(2, 1), (0, 9)]
    assert bench.runner.collect() == []


def test_a_job_that_was_cut_up_gives_the_same(config: Path, bench: Bench, tmp_path: Path) -> None:
    """In other company and with checkpoints of several files."""
    at_once = Bench(config, tmp_path / "at once").do(bench.job(2, 0, 9))
    bench.do(bench.job(0, 0, 1), bench.job(2, 0, 1))
    bench.do(bench.job(3, 0, 1))
    bench.do(bench.job(2, 1, 3), bench.job(3, 1, 3))
    (own,) = bench.do(bench.job(2, 3, 9)).values()
    assert own.objective == at_once[2, 9].objective
    assert (own.facts or {})["checkpoint"] == (at_once[2, 9].facts or {})["checkpoint"]


def test_released_checkpoints_are_removed(config: Path, bench: Bench, tmp_path: Path) -> None:
    """Unless the user wants to keep them; those of the last rung are not written otherwise."""
    keeping = Bench(config, tmp_path / "keeping", keep_checkpoints=True)
    for each, left in ((bench, 0), (keeping, 2)):
        each.do(each.job(0, 0, 1), each.job(1, 0, 1))
        each.runner.release([(0, 1)])
        assert len(list((each.folder / "checkpoints").iterdir())) == 1
        each.do(each.job(1, 1, 9))
        each.runner.release([(1, 1)])
        assert len(list((each.folder / "checkpoints").iterdir())) == left


def test_a_lost_checkpoint_is_trained_again_while_other_jobs_go_on(
    config: Path, bench: Bench, tmp_path: Path
) -> None:
    undisturbed = Bench(config, tmp_path / "undisturbed")
    for each in (undisturbed, bench):
        each.do(*(each.job(number, 0, 3) for number in range(4)))
    whole = undisturbed.do(*(undisturbed.job(number, 3, 9) for number in range(3)))
    bench.checkpoints.release([(1, 3), (2, 3)])
    bench.events.clear()
    for number in range(3):
        bench.runner.submit(bench.job(number, 3, 9), 9)
    assert [result.key for result in bench.runner.collect()] == [(0, 9)], "it waits for no other trial"
    bench.runner.submit(bench.job(3, 3, 9), 20)
    found = bench.runner.collect()
    assert [result.key for result in found] == [(1, 9), (2, 9), (3, 9)]
    assert bench.events == [((0,), 3, 9), ((1, 2), 0, 3), ((1, 2, 3), 3, 9)]
    assert list(found[:2]) == [whole[1, 9], whole[2, 9]]
    assert bench.runner.collect() == []


def test_a_checkpoint_that_comes_out_differently_is_refused(bench: Bench) -> None:
    recorded = bench.do(bench.job(0, 0, 3), bench.job(1, 0, 3))
    bench.checkpoints.clear()
    result = recorded[0, 3]
    bench.journal.results[0, 3] = replace(result, objective=(result.objective or 0.0) + 1e-9)
    bench.runner.submit(bench.job(0, 3, 9), 9)
    with pytest.raises(MachineError, match="trial 0, trained again because its checkpoint or its weights"):
        bench.runner.collect()


def test_a_fit_that_stopped_early_is_not_trained_again(tmp_path: Path) -> None:
    """Of a trial on folds: the others go on without it, even from a lost checkpoint."""
    config = write_config(
        tmp_path / "x.yaml",
        training={"early_stopping": {"monitor": "validation_loss", "patience": 1}},
        evaluation={"cross_validation": {"folds": 4, "repeats": 1}},
        search={
            "space": {RATE: {"log_uniform": [0.003, 0.3]}},
            "objective": {"on": "cross_validation"},
            "budget": {"max_epochs": 100},
        },
    )
    benches = [Bench(config, tmp_path / name, max_epochs=100) for name in ("undisturbed", "lost")]
    results = []
    for bench, lost in zip(benches, (False, True), strict=True):
        jobs = [bench.job(number, 0, 20) for number in range(4)]
        first = bench.do(*jobs)
        going = {
            result.trial: (result.facts or {}).get("ended", ())
            for result in first.values()
            if result.status is Status.COMPLETED
        }
        assert any(going.values()), "a fold has ended, another has not"
        if lost:
            bench.checkpoints.clear()
        results.append(bench.do(*(bench.job(number, 20, 60) for number in going)))
    assert results[0] == results[1]
