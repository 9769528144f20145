"""The runner of a search's jobs, where not all goes well."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fnnctl.commands import search as search_module
from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.builtin import builtin_path
from fnnctl.search.loop import run_search
from fnnctl.stacks import trial_runner
from tests.commands import killing
from tests.commands.searching import (
    RATE,
    assert_same_search,
    leaderboard,
    of_kind,
    search,
    write_config,
)
from tests.program import read_json

PROCESSES = ("--executor", "processes", "--workers", "2")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    with builtin_path("iris") as path:
        shutil.copy(path, tmp_path / "iris.csv")
    with (tmp_path / "iris.csv").open(newline="") as file:
        target = next(csv.reader(io.StringIO(file.readline())))[-1]
    return write_config(
        tmp_path / "x.yaml",
        data={"source": "iris.csv", "target": target},
        search={"space": {RATE: {"log_uniform": [0.003, 0.3]}}},
    )


def test_a_killed_workers_jobs_are_done_again(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed = search(config, "--executor", "serial")
    monkeypatch.setattr(trial_runner, "train_item", killing.killed_once)
    folder = search(config, *PROCESSES)
    assert (config.parent / "killed").exists()
    assert (folder / "journal.jsonl").read_bytes() == (undisturbed / "journal.jsonl").read_bytes()
    assert_same_search(folder, undisturbed)


def test_what_kills_two_workers_has_failed_and_the_search_goes_on(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that trained in one stack with it are not to blame."""
    space = f"search.space={{{RATE}: {{choice: [0.01, 0.02, {killing.DEADLY}, 0.05]}}}}"
    arguments = ("--method", "grid", "--set", space, "--set", "search.trials=null")
    healthy = search(config, *arguments, "--executor", "serial")
    monkeypatch.setattr(trial_runner, "train_item", killing.killed_by_some)
    folder = search(config, *arguments, *PROCESSES)
    trials = {trial["number"]: trial["assignment"][RATE] for trial in of_kind(folder, "trial")}
    for own, other in zip(of_kind(folder, "result"), of_kind(healthy, "result"), strict=True):
        if trials[own["trial"]] == killing.DEADLY:
            assert (own["status"], own["epochs"], own["objective"]) == ("failed", 0, None)
            assert own["reason"] == "its worker process was killed twice"
        else:
            assert {**own, "checksum": 0} == {**other, "checksum": 0}
    assert leaderboard(folder)[-1]["status"] == "failed"
    assert read_json(folder / "manifest.json")["status"] == "completed"


def test_a_refused_configuration_is_a_failed_trial(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a rule would that no one saw before the search had begun."""
    experiment_of = TrialConfigs.experiment_of

    def refuses(configs: TrialConfigs, assignment: Mapping[str, Any]) -> Experiment:
        if assignment.get(RATE) == 0.02:
            raise RefusedConfigurationError({("training", "optimizer", "learning_rate"): "not this one"})
        return experiment_of(configs, assignment)

    def searches(*arguments: Any, **settings: Any) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(TrialConfigs, "experiment_of", refuses)
            return run_search(*arguments, **settings)

    monkeypatch.setattr(search_module, "run_search", searches)
    space = f"search.space={{{RATE}: {{choice: [0.01, 0.02, 0.05]}}}}"
    folder = search(config, "--method", "grid", "--set", space, "--set", "search.trials=null")
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
