"""A search that starts from given configurations: from the command line, with every method."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fnnctl.training.memory import training_bytes
from tests.messages import Messages
from tests.modelling.prepared import prepare
from tests.program import Program, SetMemory
from tests.runs.killing import dying_after
from tests.runs.searching import (
    RATE,
    assert_same_search,
    decisions,
    leaderboard,
    of_kind,
    prepared,
    resume,
    search,
    write_config,
)

HIDDEN, L2 = "model.hidden", "training.l2"
FEW = {HIDDEN: {"choice": [[4], [5], [6]]}, L2: {"choice": [0.0, 0.01]}}
GIVEN = [{HIDDEN: [5]}, {HIDDEN: [9, 3], L2: 0.5}, {HIDDEN: [5], L2: 0.0}]
FIRST = [{HIDDEN: [5], L2: 0.0}, {HIDDEN: [9, 3], L2: 0.5}]


def write(path: Path, **settings: Any) -> Path:
    return write_config(path, training={"l2": 0.0}, search={"trials": 5, "space": FEW, **settings})


def assignments(folder: Path) -> list[Mapping[str, Any]]:
    return [record["assignment"] for record in of_kind(folder, "trial")]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search of other settings besides."""
    space = {**FEW, RATE: {"log_uniform": [0.003, 0.3]}}
    config = write_config(tmp_path_factory.mktemp("earlier") / "earlier.yaml", search={"space": space})
    return search(config, "--method", "random", "--set", "search.trials=12")


NUMBERS_OF_TRIALS = [
    ("random", 100), ("grid", 100), ("hyperband", 100), ("halving", 100), ("bayes", 100), ("random", 5),
    ("hyperband", 5), ("asha", 5),
]  # fmt: skip
"""Some methods with all trials, and some with fewer than the space has."""


@pytest.mark.parametrize(("method", "trials"), NUMBERS_OF_TRIALS)
def test_the_first_trials_are_the_given_ones_and_the_plan_counts_them(
    program: Program, tmp_path: Path, method: str, trials: int
) -> None:
    """There are six configurations in the space, of which one is given, and one more is given outside."""
    config = write(tmp_path / "x.yaml", start_from=GIVEN, trials=trials)
    planned = program("plan", str(config), "--method", method, "--json").json
    folder = search(config, "--method", method)
    tried = assignments(folder)
    assert [record["number"] for record in of_kind(folder, "trial")] == list(range(len(tried)))
    assert tried[:2] == FIRST
    key = prepared(config).setup.configs.key_of
    assert len({key(assignment) for assignment in tried}) == len(tried) == planned["trials"]
    assert planned["trials"] == (5 if trials == 5 and method not in {"hyperband", "bohb"} else 7)
    if method != "asha":  # which promotes more, if promotions turn out wrong
        jobs = [(record["rung"], record["budget"]) for record in of_kind(folder, "result")]
        rungs = [rung for bracket in planned["brackets"] for rung in bracket["rungs"]]
        assert len(jobs) == sum(rung["trials"] for rung in rungs)


def test_the_configs_own_settings(tmp_path: Path) -> None:
    """Even if no more are tried. A resume cannot change that."""
    folder = search(write(tmp_path / "x.yaml", start_from="defaults"), "--max-trials", "1")
    assert assignments(folder) == [{HIDDEN: [6], L2: 0.0}]
    assert resume(folder, "--set", "search.start_from=null") == 2


def test_the_best_on_a_sample_are_trained_on_all_rows(tmp_path: Path, program: Program) -> None:
    rows = "training.max_rows"
    first = [{rows: 30, RATE: rate} for rate in (0.001, 0.01, 0.1, 0.003, 0.03, 0.0003)]
    settings = {
        "method": {"scheduler": "full_budget", "sampler": "sample_first"},
        "trials": None,
        "budget": {},
        "space": {rows: {"choice": [None, 30]}, RATE: {"log_uniform": [1e-4, 1.0]}},
        "start_from": first,
    }
    folder = search(write_config(tmp_path / "x.yaml", search=settings), "--executor", "serial")
    best = [row for row in leaderboard(folder) if row[rows] == "30"][:2]
    repeated = [{rows: None, RATE: float(row[RATE])} for row in best]
    assert assignments(folder) == [*first, *repeated]
    plan = program("plan", "x.yaml", "--json").json
    assert (plan["trials"], plan["epochs_with_reuse"], plan["only_configurations"]) == (8, 72, None)


def test_an_empty_list_stays_empty(tmp_path: Path) -> None:
    """In resolved.yaml, too: null would give a sampler that learns the config's own settings."""
    folder = search(write(tmp_path / "x.yaml", start_from=[]), "--method", "bayes", "--max-trials", "1")
    assert assignments(folder) != [{HIDDEN: [6], L2: 0.0}]
    assert assignments(search(folder / "resolved.yaml", "--max-trials", "1")) == assignments(folder)
    assert resume(folder, "--max-trials", "3") == 0
    assert len(assignments(folder)) == 3


def test_without_it_nothing_changes(tmp_path: Path) -> None:
    """A list is part of the configuration's digest, and null is not, so older searches can be resumed."""
    variants: list[dict[str, Any]] = [{}, {"start_from": None}, {"start_from": GIVEN}]
    digests = [
        prepared(write(tmp_path / f"{number}.yaml", **settings), "name=x").setup.header("", {}).configuration
        for number, settings in enumerate(variants)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_a_runs_best_trials_as_far_as_they_are_searched(tmp_path: Path, earlier: Path) -> None:
    config = write(tmp_path / "x.yaml", start_from=str(earlier), trials=12)
    folder = search(config, "--method", "random")
    rows = leaderboard(earlier)[:10]
    best = [{HIDDEN: yaml.safe_load(row[HIDDEN]), L2: float(row[L2])} for row in rows]
    distinct = [trial for number, trial in enumerate(best) if trial not in best[:number]]
    assert assignments(folder)[: len(distinct)] == distinct
    resolved = yaml.safe_load((folder / "resolved.yaml").read_text())
    assert resolved["search"]["start_from"] == distinct


def test_neither_a_repetition_nor_a_resume_needs_the_run(tmp_path: Path, earlier: Path) -> None:
    gone = shutil.copytree(earlier, tmp_path / "runs" / earlier.name)
    config = write(tmp_path / "x.yaml", start_from="earlier")
    undisturbed = search(config)
    with dying_after(3):
        cut = search(config, "--executor", "serial", code=3)
    shutil.rmtree(gone)
    assert resume(cut) == 0
    assert_same_search(cut, undisturbed)
    assert decisions(search(undisturbed / "resolved.yaml")) == decisions(undisturbed)


def test_runs_that_cannot_be_started_from(program: Program, tmp_path: Path, messages: Messages) -> None:
    write(tmp_path / "x.yaml", start_from=None)
    program("train", "x.yaml", "--quiet", "--name", "trained")
    program("search", "x.yaml", "--quiet", "--name", "empty", "--time-limit", "0")
    space = "search.space={training.l1: {choice: [0.0, 0.1, 0.2]}}"
    program("search", "x.yaml", "--quiet", "--name", "other", "--set", space)
    for name in ("nothing", "default", "trained", "empty", "other"):
        write(tmp_path / "x.yaml", start_from=name)
        done = [program(command, "x.yaml") for command in ("check", "plan", "search")]
        assert [outcome.code for outcome in done] == [2, 2, 2]
        (text,) = {outcome.out + outcome.err for outcome in done}
        messages.check(re.sub(r"runs/[^ ,:;]*", "RUN", text))


@pytest.mark.parametrize("command", ["check", "plan"])
def test_runs_are_looked_up_in_their_folder(
    program: Program, tmp_path: Path, earlier: Path, command: str
) -> None:
    config = str(write(tmp_path / "x.yaml", start_from="latest"))
    assert program(command, config).code == 2
    assert program(command, config, "--runs-dir", str(earlier.parent)).code == 0


def test_a_network_outside_the_space_must_fit_into_memory(
    program: Program, tmp_path: Path, set_memory: SetMemory
) -> None:
    config = write(tmp_path / "x.yaml", start_from=[{HIDDEN: [800]}])
    large = prepare(config, ["model.hidden=[800]"])
    needed = training_bytes(large.fit.settings, rows=len(large.data))
    set_memory(needed - 1)
    done = program("check", str(config))
    assert done.code == 2
    assert "search.start_from: with {model.hidden: [800], training.l2: 0.0}, " in done.out
