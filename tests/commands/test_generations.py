"""Training on from a run again and again: no score is of rows that a network has seen."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fnnctl.arrays import BoolArray
from fnnctl.data.splits.seen_rows import SeenRows
from fnnctl.modelling import trained_rows
from fnnctl.modelling.loading import load_experiment
from fnnctl.modelling.trained_rows import seen_rows
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import TRAINED_ROWS
from fnnctl.store.trained_rows import StoredRows
from fnnctl.tasks.task import TaskData
from tests.program import AtEpoch, Program, run_of

pytestmark = pytest.mark.usefixtures("no_figures")

MEMORIZING = (
    "model: {hidden: [64], ensemble: {members: 3, bags: true}}\nrecipe: classic\nseed: 1\n"
    "training: {batch_size: 16, early_stopping: null, optimizer: "
)


def write_table(folder: Path, rows: Sequence[int]) -> None:
    """Rows of pure noise by their numbers: eight columns and a target that nothing says anything about."""
    rng = np.random.default_rng(5)
    columns, targets = rng.normal(size=(1000, 8)).round(3), rng.integers(0, 2, 1000)
    lines = [",".join([*map(str, columns[row]), "pq"[targets[row]]]) for row in rows]
    (folder / "noise.csv").write_text("\n".join(["a,b,c,d,e,f,g,h,y", *lines]) + "\n")


def write_config(folder: Path, name: str, parent: str | None = None) -> None:
    """A first network learns its rows by heart, and later ones forget few of them."""
    after = "{learning_rate: 0.02}, epochs: 80"
    if parent is not None:
        after = f"{{learning_rate: 0.0005}}, epochs: 3, warm_start: {parent}"
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\ndata: {{source: noise.csv, target: y}}\n{MEMORIZING}{after}}}\n"
    )


def train(program: Program, folder: Path, name: str, parent: str | None = None) -> RunFolder:
    write_config(folder, name, parent)
    return RunFolder(run_of(program, "train", f"{name}.yaml"))


def accuracies(run: RunFolder) -> list[float]:
    """Those of three generations out of bag and on the test part."""
    metrics = run.read_metrics()
    assert metrics is not None
    return [metrics[part]["accuracy"] for part in ("validation", "test")]


def generations(program: Program, folder: Path) -> list[RunFolder]:
    """Three trainings, each on all rows so far and 150 new ones."""
    runs: list[RunFolder] = []
    for number in range(3):
        write_table(folder, range(150 * (number + 1)))
        runs.append(train(program, folder, f"g{number}", f"g{number - 1}" if number else None))
    return runs


def test_networks_that_memorize_stay_at_chance(program: Program, tmp_path: Path) -> None:
    runs = generations(program, tmp_path)
    for number, run in enumerate(runs):
        rows = 150 * (number + 1)
        out_of_bag, test = accuracies(run)
        assert abs(out_of_bag - 0.5) < 3 * np.sqrt(0.25 / (0.8 * rows))
        assert abs(test - 0.5) < 3 * np.sqrt(0.25 / (0.2 * rows))
    stored = runs[-1].read_trained_rows()
    assert stored is not None
    assert stored.former is not None


def test_they_would_be_far_above_it_with_leaks(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So chance is no sign of networks that learn too little to show a leak."""

    def nothing(stored: StoredRows, data: TaskData) -> SeenRows:
        return SeenRows(np.zeros(len(data), np.bool_), np.zeros((3, len(data)), np.bool_))

    monkeypatch.setattr(trained_rows, "seen_rows", nothing)
    write_table(tmp_path, range(150))
    train(program, tmp_path, "g0")
    write_table(tmp_path, range(149, -1, -1))  # in the same order the parts and bags would be the same
    out_of_bag, test = accuracies(train(program, tmp_path, "g1", "g0"))
    assert min(out_of_bag, test) > 0.7


def unseen(run: RunFolder, folder: Path) -> BoolArray:
    """Which rows of the table now the run has not used."""
    stored = run.read_trained_rows()
    assert stored is not None
    data = load_experiment(folder / "g0.yaml").data
    return ~seen_rows(stored, data).used


def test_rows_that_repeat_take_none_of_the_others(program: Program, tmp_path: Path) -> None:
    """Half of the second table repeats rows of the first one, each of them twice."""
    write_table(tmp_path, range(100))
    first = train(program, tmp_path, "g0")
    used = np.flatnonzero(~unseen(first, tmp_path))
    assert len(used) == 80
    write_table(tmp_path, [*used[:50], *range(200, 300), *used[:50]])
    is_new = unseen(first, tmp_path)
    assert is_new.tolist() == [False] * 50 + [True] * 150  # one of each pair is old, the other one is new
    second = train(program, tmp_path, "g1", "g0")
    manifest = second.read_manifest()
    assert manifest.data is not None
    assert manifest.data.parts is not None
    assert manifest.data.parts.test == 40
    remaining = unseen(second, tmp_path)
    assert np.count_nonzero(remaining) == 40
    assert not remaining[:50].any()


def test_a_resumed_run_keeps_its_digests(
    program: Program, tmp_path: Path, at_epoch: AtEpoch, keep_all: None
) -> None:
    """The parent may be gone by then as far as the rows are concerned: the run has what they need."""
    write_table(tmp_path, range(60))
    parent = train(program, tmp_path, "g0")
    write_table(tmp_path, range(90))
    write_config(tmp_path, "g1", "g0")
    at_epoch(2, lambda: signal.raise_signal(signal.SIGINT))
    assert program("train", "g1.yaml").code == 130
    (run,) = [RunFolder(path) for path in (tmp_path / "runs").glob("*-g1-*")]
    before = (run.path / TRAINED_ROWS).read_bytes()
    (parent.path / TRAINED_ROWS).unlink()
    assert program("train", "--resume", "g1").code == 0
    assert (run.path / TRAINED_ROWS).read_bytes() == before
    assert run.read_manifest().status == "completed"
