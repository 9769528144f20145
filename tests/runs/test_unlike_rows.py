"""A test part that is unlike the training rows is warned of, and one that is drawn at random is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.metrics.comparison.measures import Hits, Influences, RowSums, of_groups
from fnnctl.store.folder import RunFolder
from tests.program import Done, Program, only_run
from tests.runs.searching import RATE

UNLIKE = "the test rows are unlike the training rows"
FAR = "Numbers far outside of the range of the training rows are in 'a' ({count})"
BAGS = "model={hidden: [16], ensemble: {members: 3, bags: true}}"
VALIDATED = "data.split.validation=0.25"


def write_rows(name: str, *, rows: int, seed: int, shifted: int = 0, of_classes: bool = False) -> int:
    """Write a table of two columns, the first `shifted` rows with a larger a; return how many are far."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-1, 1, (2, rows)).round(3)
    a[:shifted] = rng.uniform(2, 6, shifted).round(3)
    y = np.where(np.sin(a) + b > 0, "high", "low") if of_classes else (np.sin(2 * a) + b).round(3)
    lines = [f"{x},{z},{target}" for x, z, target in zip(a.tolist(), b.tolist(), y.tolist(), strict=True)]
    Path(name).write_text("\n".join(["a,b,y", *lines]) + "\n")
    return int((a > 3).sum())


def trained(program: Program, *settings: str) -> Done:
    """The config's training with these settings."""
    done = program("train", "c.yaml", *(word for setting in settings for word in ("--set", setting)))
    assert done.code == 0, done.err
    return done


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config that trains quickly, with a table and a test file of the same kind and one that is shifted."""
    write_rows("t.csv", rows=400, seed=1)
    write_rows("same.csv", rows=100, seed=2)
    path = tmp_path / "c.yaml"
    path.write_text(
        "recipe: classic\ndata: {source: t.csv, target: y}\nmodel: {hidden: [16]}\n"
        "training: {epochs: 40, batch_size: 32, early_stopping: null, optimizer: {learning_rate: 0.01}}\n"
    )
    return path


@pytest.mark.parametrize(("settings", "where"), [
    ([BAGS], "out of bag"), ([VALIDATED], "on the validation part"),
])  # fmt: skip
@pytest.mark.parametrize("of_classes", [False, True])
def test_a_shifted_test_file_is_warned_of(
    program: Program, config: Path, tmp_path: Path, settings: list[str], where: str, of_classes: bool
) -> None:
    write_rows("t.csv", rows=400, seed=1, of_classes=of_classes)
    count = write_rows("new.csv", rows=100, seed=3, shifted=50, of_classes=of_classes)
    done = trained(program, *settings, "data.test_source=new.csv")
    (warning,) = [text for text in RunFolder(only_run(tmp_path)).read_manifest().warnings if UNLIKE in text]
    label = "accuracy" if of_classes else "R²"
    assert warning.startswith(f"{label} is ")
    assert f" {where}, which is not chance (p < 0.001)" in warning
    assert warning.endswith(FAR.format(count=count))
    assert f"warning: {warning}" in done.err


@pytest.mark.parametrize("settings", [[BAGS], [VALIDATED]])
def test_a_test_file_of_the_same_kind_is_not(program: Program, config: Path, settings: list[str]) -> None:
    assert UNLIKE not in trained(program, *settings, "data.test_source=same.csv").err


@pytest.mark.parametrize("choice", [
    "training.early_stopping={monitor: validation_loss}",
    "training.lr_schedule={name: adaptive, monitor: validation_loss}",
    "data.target_transform=log",
])  # fmt: skip
def test_validation_rows_that_chose_something_are_no_measure(
    program: Program, config: Path, choice: str
) -> None:
    write_rows("new.csv", rows=100, seed=3, shifted=50)
    Path("t.csv").write_text(Path("t.csv").read_text().replace(",-", ",").replace("\n-", "\n"))
    Path("new.csv").write_text(Path("new.csv").read_text().replace(",-", ","))
    assert UNLIKE not in trained(program, choice, VALIDATED, "data.test_source=new.csv").err


@pytest.mark.parametrize("size", [2, None])
def test_what_stands_for_a_search_is_warned_of(
    program: Program, config: Path, tmp_path: Path, size: int | None
) -> None:
    """That is the ensemble or, without one, the best trial. Of the other one its own report warns."""
    write_rows("new.csv", rows=100, seed=3, shifted=50)
    config.write_text(
        config.read_text()
        + "search:\n  method: random\n  trials: 2\n  objective: {on: bags, metric: r2}\n"
        + (f"  ensemble: {{size: {size}}}\n" if size else "")
        + f"  space: {{{RATE}: {{uniform: [0.005, 0.02]}}}}\n"
    )
    settings = ["--set", BAGS, "--set", "data.test_source=new.csv"]
    done = program("search", str(config), *settings, "--executor", "serial")
    assert done.code == 0, done.err
    run = only_run(tmp_path)
    assert done.err.count(UNLIKE) == 1
    (warning,) = [text for text in RunFolder(run).read_manifest().warnings if UNLIKE in text]
    assert warning.startswith("the ensemble: " if size else "trial ")
    for name in ("best", "ensemble") if size else ("best",):
        assert any(UNLIKE in text for text in RunFolder(run / name).read_manifest().warnings)


@pytest.mark.parametrize("seed", [1, 12])
def test_groups_are_resampled_as_a_whole(program: Program, config: Path, seed: int) -> None:
    """Two of five persons, of 40 rows each, are of the rarer class: by chance most of the test part's are.

    For 160 independent rows these scores would be too different.
    """
    rng = np.random.default_rng(0)
    persons = np.repeat(np.arange(20), 40).tolist()
    rows = [f"{rng.normal():.3f},{person},{'ab'[person % 5 < 2]}" for person in persons]
    Path("t.csv").write_text("\n".join(["a,p,y", *rows]) + "\n")
    config.write_text(
        "recipe: classic\ndata: {source: t.csv, target: y, split: {group: p, validation: 0.2, test: 0.2, "
        f"stratify: false, seed: {seed}}}}}\ntraining: {{epochs: 2, early_stopping: null}}\n"
    )
    assert UNLIKE not in trained(program).err


def test_measures_of_groups_have_the_same_value() -> None:
    hits, groups = np.array([True, False, True, True]), np.array([4, 4, 2, -1])
    of_hits = of_groups(Hits(hits), groups)
    assert of_hits.value == 0.75
    assert of_hits.values.tolist() == [[1, 1], [1, 1], [2, 1]]
    sums = RowSums(
        np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.5], [1.0, 0.0]]), lambda s: s[..., 1] / s[..., 0]
    )
    assert of_groups(sums, groups).value == sums.value
    with pytest.raises(TypeError, match="ROC AUC"):
        of_groups(Influences(0.5, np.zeros(4), None), groups)
