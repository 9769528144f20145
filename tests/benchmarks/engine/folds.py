"""5×5 cross-validation of configs/mlp-baseline.yaml on all processors, against cross_val_score.

Both train every fold for the same epochs and score its test rows. fnnctl starts its workers, if it wants any,
within its time; scikit-learn's stand ready from the round before. Both have the same folds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.executors.registry import make_executor
from fnnctl.executors.work import run_work
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.loading import load_experiment
from fnnctl.processors import usable_processors
from fnnctl.stacks.fold_measure import FoldMeasure
from fnnctl.stacks.planning import plan_folds
from fnnctl.stacks.work import WorkerData, train_shared_fits
from fnnctl.tasks.classification.scores import ClassScores
from tests.benchmarks.engine.contest import Settings, present
from tests.benchmarks.measuring import interleaved, standard_error

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "configs" / "mlp-baseline.yaml"
FIXED = ["training.convergence=null", "training.early_stopping=null"]


@dataclass
class Scores:
    """What a contender did last."""

    accuracies: list[float] = field(default_factory=list)
    """One a fold, in the order of the folds."""


def cross_validation(settings: Settings, *, epochs: int = 200) -> None:
    """Seconds and accuracies."""
    from tests.benchmarks.engine.their_folds import apart

    validation = prepared(epochs)
    plan, stacks = plan_folds(validation.fits, rows=len(validation.data), workers=usable_processors())
    sizes = "+".join(str(len(stack)) for stack in stacks)
    print(f"\nCross-validation: {CONFIG.name}, {len(validation.fits)} folds, {epochs} epochs each")
    print(f"fnnctl: stacks of {sizes}, {plan.kind}, {plan.workers} at once")
    own, theirs = Scores(), Scores()
    contenders: dict[str, Callable[[], float]] = {
        "fnnctl": lambda: train_ours(validation, own),
        "the whole command": lambda: whole_command(overrides_for(epochs)),
    }
    with ExitStack() as others:
        for name in present(("scikit-learn",)):
            contenders[name] = others.enter_context(apart(theirs, epochs=epochs))
        medians = interleaved(contenders, settings.rounds)
    print(f"{'':18} {'seconds':>8} {'ratio':>6} {'accuracy':>9}")
    for name, seconds in medians.items():
        accuracies = theirs.accuracies if name == "scikit-learn" else own.accuracies
        print(
            f"{name:18} {seconds:8.3f} {seconds / medians['fnnctl']:6.2f} {statistics.fmean(accuracies):9.4f}"
        )
    if theirs.accuracies:
        differences = [a - b for a, b in zip(own.accuracies, theirs.accuracies, strict=True)]
        error = standard_error(differences, validation.folds.count)
        print(f"accuracies differ by {statistics.fmean(differences):.4f}, standard error {error:.4f}")


def overrides_for(epochs: int) -> list[str]:
    """So many epochs for every fold."""
    return [*FIXED, f"training.epochs={epochs}"]


def prepared(epochs: int) -> CrossValidation:
    """The folds of the baseline, each trained for so many epochs."""
    return load_experiment(CONFIG, overrides_for(epochs)).cross_validation()


def train_ours(validation: CrossValidation, scores: Scores) -> float:
    """Seconds to plan, to start the workers, and to train and score all folds."""
    begun = time.perf_counter()
    fits = validation.fits
    plan, stacks = plan_folds(fits, rows=len(validation.data), workers=usable_processors())
    set_blas_threads(1)
    measure = FoldMeasure()
    accuracies = [0.0] * len(fits)
    with make_executor(plan.kind, workers=plan.workers, poll=lambda done: False) as executor:
        shared, shared_fits = executor.share(WorkerData(validation.data, reuse=False)), executor.share(fits)
        items = ((shared, shared_fits, stack, measure) for stack in stacks)
        for index, done in run_work(executor, train_shared_fits, items):
            for fold, result in zip(stacks[index], done.measured, strict=True):
                if not isinstance(result.scores, ClassScores):
                    raise RuntimeError(f"fold {fold} has no scores: {result.outcome}")
                accuracies[fold] = float((result.scores.predictions == result.scores.labels).mean())
    seconds = time.perf_counter() - begun
    scores.accuracies = accuracies
    return seconds


def whole_command(overrides: list[str]) -> float:
    """Seconds of `fnnctl evaluate`, from the start of the interpreter to the last figure."""
    settings = [argument for override in overrides for argument in ("--set", override)]
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "-m", "fnnctl", "evaluate", str(CONFIG), *settings, "--runs-dir", runs]
        begun = time.perf_counter()
        subprocess.run([*command, "--quiet"], check=True, capture_output=True, cwd=ROOT)
        return time.perf_counter() - begun


def their_cross_validation(
    validation: CrossValidation, scores: Scores, *, jobs: int = -1
) -> Callable[[], float]:
    """scikit-learn's seconds for the same folds, epochs and batches, on all processors."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import cross_val_score
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    epochs = validation.experiment.training.epochs
    data = validation.data
    X = data.dataset.numbers(np.arange(len(data))).astype(np.float32)
    splits = [fit.split(data) for fit in validation.fits]
    folds: list[tuple[Any, Any]] = [(split.train, split.test) for split in splits]
    model = make_pipeline(
        StandardScaler(), MLPClassifier((100,), max_iter=epochs, n_iter_no_change=epochs + 1, random_state=0)
    )

    def measure() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            begun = time.perf_counter()
            scores.accuracies = cross_val_score(model, X, data.targets, cv=folds, n_jobs=jobs).tolist()
            return time.perf_counter() - begun

    return measure
