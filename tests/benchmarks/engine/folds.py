"""5×5 cross-validation of configs/mlp-baseline.yaml on all processors, against cross_val_score.

Both train every fold for the same epochs and score its test rows. fnnctl starts its workers, if it wants any,
within its time; scikit-learn's stand ready from the round before. Both have the same folds.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.loading import load_experiment
from tests.benchmarks.commands import CONFIGS, fnnctl
from tests.benchmarks.engine.contest import Settings, present
from tests.benchmarks.measuring import interleaved, standard_error

CONFIG = CONFIGS / "mlp-baseline.yaml"
FIXED = ["training.convergence=null", "training.early_stopping=null"]


@dataclass
class Scores:
    """What a contender did last."""

    accuracies: list[float] = field(default_factory=list)
    """One a fold, in the order of the folds."""
    seconds: list[float] = field(default_factory=list)
    """Of the folds alone, round by round, where a whole command has more in its time."""


def cross_validation(settings: Settings) -> None:
    """Seconds and accuracies."""
    epochs = settings.epochs
    overrides = [*FIXED, f"training.epochs={epochs}"]
    validation = load_experiment(CONFIG, overrides).cross_validation()
    print(f"\nCross-validation: {CONFIG.name}, {len(validation.fits)} folds, {epochs} epochs each")
    own, theirs = Scores(), Scores()
    contenders: dict[str, Callable[[], float]] = {"the whole command": partial(command, overrides, own)}
    for name in present(("scikit-learn",)):
        contenders[name] = partial(their_cross_validation, validation, theirs)
    medians = interleaved(contenders, settings.rounds)
    medians = {"fnnctl": statistics.median(own.seconds[1:]), **medians}
    print(f"{'':18} {'seconds':>8} {'ratio':>6} {'accuracy':>9}")
    for name, seconds in medians.items():
        mean = statistics.fmean((theirs if name == "scikit-learn" else own).accuracies)
        print(f"{name:18} {seconds:8.3f} {seconds / medians['fnnctl']:6.2f} {mean:9.4f}")
    if theirs.accuracies:
        differences = [a - b for a, b in zip(own.accuracies, theirs.accuracies, strict=True)]
        error = standard_error(differences, validation.folds.count)
        print(f"accuracies differ by {statistics.fmean(differences):.4f}, standard error {error:.4f}")


def command(overrides: list[str], scores: Scores) -> float:
    """Seconds of `fnnctl evaluate`, from the start of the interpreter to the last figure."""
    settings = [word for override in overrides for word in ("--set", override)]
    with tempfile.TemporaryDirectory() as runs:
        ended = fnnctl("evaluate", str(CONFIG), *settings, "--runs-dir", runs, "--quiet")
        run = Path(ended.stdout.strip())
        manifest, metrics = (
            json.loads((run / f"{name}.json").read_text(encoding="utf-8")) for name in ("manifest", "metrics")
        )
    scores.accuracies = metrics["cross_validation"]["accuracy"]["scores"]
    scores.seconds.append(manifest["seconds"]["training"])
    return ended.seconds


def their_cross_validation(validation: CrossValidation, scores: Scores, *, jobs: int = -1) -> float:
    """scikit-learn's seconds for the same folds, epochs and batches, on all processors."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import cross_val_score
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    epochs, data = validation.experiment.training.epochs, validation.data
    X = data.dataset.numbers(np.arange(len(data))).astype(np.float32)
    splits = [fit.split(data) for fit in validation.fits]
    network = MLPClassifier((100,), max_iter=epochs, n_iter_no_change=epochs + 1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        begun = time.perf_counter()
        scores.accuracies = cross_val_score(
            make_pipeline(StandardScaler(), network),
            X,
            data.targets,
            cv=[(split.train, split.test) for split in splits],
            n_jobs=jobs,
        ).tolist()
        return time.perf_counter() - begun
