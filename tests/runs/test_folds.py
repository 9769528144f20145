"""Saved folds are loaded with the bits of the workers' results."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.fold_results import FoldResult
from fnnctl.modelling.loading import load_experiment
from fnnctl.runs.folds import keep_folds, load_folds
from fnnctl.stacks.fold_measure import FoldMeasure
from fnnctl.stacks.work import train_fits
from fnnctl.store.run import OpenRun, create_run
from fnnctl.tasks.decoder import FittedValues
from fnnctl.tasks.post_training import PostTraining
from fnnctl.training.trainer import Outcome

FOLDS = ["training.epochs=4", "evaluation.cross_validation={folds: 3, repeats: 1}"]


@pytest.fixture
def validation(iris: Path) -> CrossValidation:
    return load_experiment(iris, FOLDS).cross_validation()


@pytest.fixture
def results(validation: CrossValidation) -> dict[int, FoldResult]:
    stack = train_fits(validation.data, validation.fits)
    return dict(enumerate(FoldMeasure(PostTraining("temperature"))(stack)))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[OpenRun]:
    opened = create_run(tmp_path / "runs", name="x", kind="cross_validation", manifest={})
    yield opened
    opened.let_go()


def test_what_is_kept_is_loaded(
    run: OpenRun, validation: CrossValidation, results: dict[int, FoldResult]
) -> None:
    results[0] = replace(results[0], fitted=replace(results[0].fitted, threshold=0.1 + 0.2))
    keep_folds(run, validation, {0: results[0]}, seconds=3.0)
    keep_folds(run, validation, {1: results[1], 2: results[2]}, seconds=7.0)
    told: list[str] = []
    kept, seconds = load_folds(run, validation, told.append)
    assert (sorted(kept), seconds, told) == ([0, 1, 2], 7.0, [])
    for fold, result in kept.items():
        before = results[fold]
        assert replace(result, scores=None) == replace(before, scores=None, outputs=None)
        assert result.scores is not None
        assert before.scores is not None
        assert result.scores.metrics() == before.scores.metrics()
        assert result.scores.loss == before.scores.loss


def test_a_diverged_fold_has_no_outputs_and_an_interrupted_one_is_not_kept(
    run: OpenRun, validation: CrossValidation, results: dict[int, FoldResult]
) -> None:
    history = {"train_loss": [0.1 + 0.2, math.nan], "validation_loss": [math.inf, math.nan]}
    diverged = FoldResult(Outcome.DIVERGED, 2, None, history)
    interrupted = replace(results[2], outcome=Outcome.INTERRUPTED, scores=None, outputs=None)
    keep_folds(run, validation, {2: interrupted}, seconds=1.0)
    assert run.fold_files() == []
    keep_folds(run, validation, {1: diverged, 2: interrupted}, seconds=1.0)
    kept, _ = load_folds(run, validation, print)
    assert list(kept) == [1]
    assert (kept[1].outcome, kept[1].scores, kept[1].fitted) == (Outcome.DIVERGED, None, FittedValues())
    assert list(kept[1].history) == list(history)
    np.testing.assert_array_equal(list(kept[1].history.values()), list(history.values()))


def test_folds_of_another_seed_are_not_taken(
    run: OpenRun, validation: CrossValidation, results: dict[int, FoldResult], iris: Path
) -> None:
    keep_folds(run, validation, results, seconds=1.0)
    other = load_experiment(iris, [*FOLDS, "model.hidden=[9]"]).cross_validation()
    told: list[str] = []
    assert load_folds(run, other, told.append) == ({}, 0.0)
    assert told[0].endswith("they belong to another configuration or to other rows")
