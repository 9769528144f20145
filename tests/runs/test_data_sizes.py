"""`fnnctl evaluate CONFIG --sizes`: the learning curve over data size, whose largest size is the result."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from fnnctl.cli import run as run_program
from fnnctl.executors.protocols import Progress
from fnnctl.modelling.fold_results import FoldResult
from fnnctl.stacks.work import StackItem, StackResult, WorkerData, train_item
from fnnctl.training.trainer import Outcome
from tests.messages import Messages
from tests.program import Program, assert_same_files, only_run, read_json, run_of
from tests.runs.folding import SMALL, table

SIZES = ("--sizes", "1,0.2,0.5")
OF_FOLDS = ("cross_validation.csv", "history.csv", "predictions.csv", "roc_curve.csv", "confusion_matrix.csv")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sizes") / "iris.yaml"
    path.write_text(
        "recipe: classic\ndata: {source: iris}\nmodel: {hidden: [8]}\n"
        "training: {epochs: 12, batch_size: 32, optimizer: {learning_rate: 0.02}}\n"
    )
    return path


@pytest.fixture(scope="module")
def sized(config: Path) -> Path:
    words = ["evaluate", str(config), *SMALL, *SIZES, "--runs-dir", str(config.parent / "runs"), "--quiet"]
    assert run_program(words) == 0
    return only_run(config.parent)


def test_all_rows_give_the_scores_of_the_plain_cross_validation(
    program: Program, iris: Path, sized: Path
) -> None:
    plain = run_of(program, "evaluate", str(iris), *SMALL)
    assert_same_files(plain, sized, *OF_FOLDS)
    metrics = read_json(sized / "metrics.json")
    sizes = metrics.pop("sizes")
    assert metrics == read_json(plain / "metrics.json")
    assert sizes[-1]["accuracy"]["mean"] == metrics["cross_validation"]["accuracy"]["mean"]
    assert sizes[-1]["accuracy"]["ci95"] == metrics["cross_validation"]["accuracy"]["ci95"]
    assert not (plain / "data_size.csv").exists()


def test_the_table_has_the_folds_of_every_size(sized: Path) -> None:
    rows = table(sized, "data_size.csv")
    assert [(row["share"], row["repeat"], row["fold"]) for row in rows] == [
        (share, repeat, fold) for share in ("0.2", "0.5", "1.0") for repeat in "12" for fold in "123"
    ]
    parts = [tuple(int(row[f"{part}_rows"]) for part in ("train", "validation", "test")) for row in rows]
    assert parts == [(17, 3, 50)] * 6 + [(42, 8, 50)] * 6 + [(85, 15, 50)] * 6
    whole = [{key: row[key] for key in row if key != "share"} for row in rows[12:]]
    assert whole == table(sized, "cross_validation.csv")


def test_a_size_has_its_mean_and_the_paired_difference_from_the_one_before(sized: Path) -> None:
    rows, sizes = table(sized, "data_size.csv"), read_json(sized / "metrics.json")["sizes"]
    assert [(size["share"], size["rows"], size["diverged"]) for size in sizes] == [
        (0.2, 20, 0), (0.5, 50, 0), (1.0, 100, 0),
    ]  # fmt: skip
    for name in ("accuracy", "log_loss"):
        scores = np.array([float(row[name]) for row in rows]).reshape(3, 6)
        assert [size[name]["mean"] for size in sizes] == pytest.approx(scores.mean(axis=1).tolist())
        assert [size[name]["std"] for size in sizes] == pytest.approx(scores.std(axis=1, ddof=1).tolist())
        assert sizes[0][name]["difference"] is None
        for before, after, size in zip(scores, scores[1:], sizes[1:], strict=False):
            difference = after - before
            # 50 test rows per 100 other rows of a fold, for every size
            error = difference.std(ddof=1) * math.sqrt(1 / 6 + 50 / 100)
            half = stats.t.ppf(0.975, 5) * error
            found = size[name]["difference"]
            assert found["mean"] == pytest.approx(difference.mean())
            assert found["ci95"] == pytest.approx([difference.mean() - half, difference.mean() + half])
            assert found["p"] == pytest.approx(2 * stats.t.sf(abs(difference.mean()) / error, 5))
    trained = [size["train"]["accuracy"] for size in sizes]
    history = [row for row in table(sized, "history.csv") if row["epoch"] == "12"]
    assert trained[-1] == pytest.approx(np.mean([float(row["train_accuracy"]) for row in history]))


def test_the_results_are_those_of_the_largest_size(program: Program, iris: Path, sized: Path) -> None:
    done = program("evaluate", str(iris), *SMALL, "--set", "evaluation.sizes=[0.5]", "--json")
    half = Path(done.json["run"])
    (size,) = done.json["sizes"]
    assert size["accuracy"]["mean"] == done.json["cross_validation"]["accuracy"]["mean"]
    of_half = [row for row in table(sized, "data_size.csv") if row["share"] == "0.5"]
    assert table(half, "data_size.csv") == of_half
    assert [{"share": "0.5", **row} for row in table(half, "cross_validation.csv")] == of_half


def diverging(monkeypatch: pytest.MonkeyPatch, *, rows: int, folds: int) -> None:
    """Let the first folds that train on so many rows diverge."""

    def train(progress: Progress, shared: WorkerData, item: StackItem[FoldResult]) -> StackResult[FoldResult]:
        done = train_item(progress, shared, item)
        diverged: dict[str, Any] = {"outcome": Outcome.DIVERGED, "scores": None, "outputs": None}
        measured = [
            replace(result, **(diverged if fit.sizes[0] == rows and fit.rows.key[1] < folds else {}))
            for fit, result in zip(item.fits, done.measured, strict=True)
        ]
        return replace(done, measured=measured)

    monkeypatch.setattr("fnnctl.stacks.work.train_item", train)


def test_a_diverged_fold_of_a_small_size_has_no_pair(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverging(monkeypatch, rows=17, folds=1)
    done = program("evaluate", str(iris), *SMALL, *SIZES)
    assert done.code == 0
    assert "2 of 6 folds with 0.2 of the rows diverged: means are over the other folds" in done.err
    run = only_run(tmp_path)
    rows, (first, second, _) = table(run, "data_size.csv"), read_json(run / "metrics.json")["sizes"]
    assert [row["accuracy"] == "" for row in rows] == [True, False, False] * 2 + [False] * 12
    assert (first["diverged"], second["diverged"]) == (2, 0)
    changes = [
        float(after["accuracy"]) - float(before["accuracy"])
        for before, after in zip(rows[:6], rows[6:12], strict=True)
        if before["accuracy"]
    ]
    assert second["accuracy"]["difference"]["mean"] == pytest.approx(np.mean(changes))


def test_a_size_whose_folds_all_diverged_is_left_out_of_the_report(
    program: Program, iris: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverging(monkeypatch, rows=17, folds=3)
    done = program("evaluate", str(iris), *SMALL, "--sizes", "0.2,1", "--verbose")
    assert done.code == 0
    assert "Scores by data size" in done.out
    assert "20 %" not in done.out
    assert "paired difference" not in done.out
    first, last = read_json(only_run(tmp_path) / "metrics.json")["sizes"]
    assert "accuracy" not in first
    assert last["accuracy"]["difference"] is None


def test_divergence_of_the_largest_size_ends_with_4(
    program: Program, iris: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverging(monkeypatch, rows=85, folds=3)
    done = program("evaluate", str(iris), *SMALL, *SIZES)
    assert (done.code, "training diverged in all 6 folds" in done.err) == (4, True)


@pytest.mark.figures
def test_the_report_has_a_figure(program: Program, sized: Path) -> None:
    assert "data_size.png" in program("report", str(sized), "--verbose").out
    assert (sized / "data_size.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("sizes", ["0.01,1", "0.5,0", "1,0.5,0.5", "50%", ""])
def test_wrong_sizes_are_refused_before_there_is_a_folder(
    program: Program, iris: Path, tmp_path: Path, messages: Messages, sizes: str
) -> None:
    done = program("evaluate", str(iris), "--sizes", sizes)
    assert done.code == 2
    messages.check(done.err)
    assert not (tmp_path / "runs").exists()


def test_only_for_a_config(program: Program, iris: Path) -> None:
    assert program("train", str(iris), "--quiet").code == 0
    done = program("evaluate", "latest", "--sizes", "0.5")
    assert (done.code, done.err) == (2, "--sizes: only for an experiment; give its YAML file\n")
