"""The contract of all kinds of searches: the same decisions and files for any workers and after any kill."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.executors.clusters import dask_cluster
from tests.program import assert_same_files
from tests.runs.extending import timeline
from tests.runs.killing import dying_after
from tests.runs.searching import RATE, assert_same_search, of_kind, resume, search, write_config

SPACE = {
    RATE: {"log_uniform": [0.001, 1.0]},
    "model.hidden": {"depth": [1, 2], "width": [2, 16], "log": True},
}
LADDER = {"max_epochs": 9, "reduction_factor": 3}
ON_BAGS = {
    "objective": {"on": "bags"},
    "method": "asha",
    "trials": 9,
    "concurrency": 4,
    "budget": LADDER,
    "ensemble": {"size": 4},
    "space": {RATE: {"log_uniform": [0.003, 0.3]}, "training.epochs": {"integer": [2, 9]}},
}
ON_SAMPLE = {
    "method": {"scheduler": "full_budget", "sampler": "sample_first"},
    "trials": None,
    "budget": {},
    "space": {"training.max_rows": {"choice": [None, 30]}, RATE: {"log_uniform": [1e-4, 1.0]}},
    "start_from": [{"training.max_rows": 30, RATE: 10.0**-k} for k in range(1, 7)],
}
SEARCHES: dict[str, Mapping[str, Any]] = {
    "median": {"method": "random", "trials": 9, "curve_stopping": "median", "concurrency": 4},
    "extrapolate": {"method": "random", "trials": 9, "curve_stopping": "extrapolate", "concurrency": 2},
    "stop_when": {"method": "random", "trials": 30, "stop_when": {"no_improvement": 5}, "concurrency": 3},
    "hyperband": {
        "method": "hyperband", "budget": LADDER, "curve_stopping": "median", "ensemble": {"size": 5},
    },
    "asha": {"method": "asha", "trials": 14, "budget": LADDER, "curve_stopping": "median"},
    "bayes": {"method": "bayes", "trials": 16, "batch": 4, "concurrency": 8},
    "nas": {"method": "nas", "trials": 16, "batch": 4, "concurrency": 8},
    "asha × evolution": {
        "method": {"scheduler": "asha", "sampler": "evolution"}, "trials": 15, "budget": LADDER, "batch": 3,
    },
    "asha × tpe": {
        "method": {"scheduler": "asha", "sampler": "tpe"}, "trials": 15, "budget": LADDER, "batch": 3,
    },
    "halving × tpe": {
        "method": {"scheduler": "halving", "sampler": "tpe"}, "trials": 12, "budget": LADDER,
        "curve_stopping": "median", "batch": 5,
    },
    "confirmed": {"method": "random", "trials": 6, "confirm": {"top": 3, "seeds": 3}},
    "on folds": {"trials": 9, "objective": {"on": "cross_validation"}, "method": "halving", "budget": LADDER},
    "on a sample first": ON_SAMPLE,
    "on bags": ON_BAGS,
}  # fmt: skip
ANY_WORKERS = ["asha × tpe", "median", "hyperband", "bayes", "confirmed", "on a sample first", "on bags"]
"""The kinds that are searched from the start with several workers; all are resumed with two of them."""


@pytest.fixture(scope="module", params=SEARCHES)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def config(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some trials stop early, so that what is kept of them matters."""
    on_bags = {"ensemble": {"members": 2, "bags": True, "plain_twins": False}} if kind == "on bags" else {}
    return write_config(
        tmp_path_factory.mktemp("kinds") / "x.yaml",
        model=on_bags,
        training={"averaging": "ema", "early_stopping": {"monitor": "train_loss", "patience": 3}},
        search={"budget": {"max_epochs": 12}, "space": SPACE, **SEARCHES[kind]},
        evaluation={"cross_validation": {"folds": 3, "repeats": 1}},
    )


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Path:
    return search(config, "--executor", "serial")


@pytest.mark.parametrize("kind", ANY_WORKERS, indirect=True)
def test_the_journal_is_the_same_for_any_number_of_workers(
    kind: str, config: Path, undisturbed: Path
) -> None:
    folder = search(config, "--executor", "processes", "--workers", "4" if "asha" in kind else "2")
    assert_same_files(folder, undisturbed, "journal.jsonl")
    assert_same_search(folder, undisturbed)


@pytest.mark.extra
@pytest.mark.parametrize("kind", ["on bags"], indirect=True)
def test_the_journal_is_the_same_on_a_cluster(config: Path, undisturbed: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with dask_cluster(tmp_path / "cluster") as cluster:
        folder = search(config, "--executor", "dask", "--dask-address", cluster.address)
    assert_same_files(folder, undisturbed, "journal.jsonl")
    assert_same_search(folder, undisturbed)


def test_a_search_that_is_killed_again_and_again_goes_on_as_if_nothing_had_happened(
    config: Path, undisturbed: Path
) -> None:
    """Before its first result, and then with and without what it has kept."""
    count = int(0.3 * len(of_kind(undisturbed, "result")))
    with dying_after(0):
        folder = search(config, "--executor", "serial", code=3)
    for _ in range(2):
        with dying_after(count):
            assert resume(folder, "--executor", "serial") == 3
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    assert len(of_kind(folder, "result")) == 2 * count
    assert resume(folder, "--executor", "processes", "--workers", "2") == 0
    assert_same_search(folder, undisturbed)


@pytest.mark.parametrize("kind", ["confirmed"], indirect=True)
@pytest.mark.parametrize("left", [0, 5, 8])
def test_a_confirmation_that_is_killed_goes_on_where_it_was(
    config: Path, undisturbed: Path, left: int
) -> None:
    with dying_after(left, adds="add_confirmed"):
        folder = search(config, "--executor", "serial", code=3)
    assert not (folder / "best").exists()
    noted = len(timeline(folder))
    assert resume(folder) == 0
    assert_same_files(folder, undisturbed, "journal.jsonl")
    assert_same_search(folder, undisturbed)
    trained = [pair for event in timeline(folder)[noted:] for pair in event["confirmed"]]
    networks = [[network["trial"], network["seed"]] for network in of_kind(undisturbed, "confirmed")]
    assert sorted(trained) == sorted(networks[left:])
