"""A random part of configs/grid-2520.yaml beside scikit-learn's GridSearchCV over the same combinations.

    python -m tests.benchmarks.grid_2520 [--share 0.1] [--seed 0] [--whole]

Both cross-validate each combination 5 × 5 times on all processors. They stop at other epochs, so what is
compared is the time of an epoch actually trained (scikit-learn's `n_iter_`). Combinations that differ only in
a schedule that nothing reads are trained again by scikit-learn, and once by fnnctl. With --whole, fnnctl also
searches the whole grid.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fnnctl.cli import run
from fnnctl.trials.source import TrialSource

CONFIG = Path(__file__).parents[2] / "configs" / "grid-2520.yaml"
ROWS = 142
"""The rows of a training fold, by which scikit-learn divides its alpha."""
THEIRS: Mapping[str, Sequence[Any]] = {
    "hidden_layer_sizes": [(width,) * 5 for width in range(10, 101, 10)],
    "activation": ["identity", "logistic", "tanh", "relu"],
    "alpha": [10.0**k for k in range(-4, 3)],
    "solver": ["adam", "lbfgs", "sgd"],
    "learning_rate": ["constant", "invscaling", "adaptive"],
}
SOLVERS = {"adam": "adam", "lbfgs": "lbfgs", "sgd": "nesterov"}
SCHEDULES = {"constant": "constant", "invscaling": "inverse_scaling", "adaptive": "adaptive"}


@dataclass(frozen=True)
class Told:
    """What a search came to."""

    seconds: float
    epochs: int
    """Over all networks."""
    accuracy: float
    """Of the best combination."""
    deviation: float
    """The standard error of that accuracy, over the folds."""


def combinations() -> list[dict[str, Any]]:
    """All 2,520, as scikit-learn's settings."""
    return [dict(zip(THEIRS, values, strict=True)) for values in product(*THEIRS.values())]


def assignment(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """The same in fnnctl's settings."""
    found = {
        "model.hidden": list(theirs["hidden_layer_sizes"]),
        "model.activation": theirs["activation"],
        "training.optimizer.name": SOLVERS[theirs["solver"]],
        "training.l2": float(f"{theirs['alpha'] / ROWS:.4g}"),
    }
    if theirs["solver"] == "sgd":
        found["training.lr_schedule.name"] = SCHEDULES[theirs["learning_rate"]]
    return found


def scikit_learn(part: Sequence[Mapping[str, Any]]) -> Told:
    """The search; its scorer also tells how many epochs each network was trained."""
    X, y = load_wine(return_X_y=True)
    grid = [{f"mlpclassifier__{name}": [value] for name, value in each.items()} for each in part]
    search = GridSearchCV(
        make_pipeline(StandardScaler(), MLPClassifier(max_iter=200, random_state=0)),
        grid,
        scoring={"accuracy": "accuracy", "epochs": lambda model, X, y: model[-1].n_iter_},
        cv=RepeatedStratifiedKFold(n_splits=5, n_repeats=5, random_state=0),
        n_jobs=-1,
        refit=False,
        error_score=0.0,
    )
    os.environ["PYTHONWARNINGS"] = "ignore"  # its worker processes warn of every network
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(X, y)
    seconds = time.perf_counter() - begun
    found = search.cv_results_
    best = int(found["mean_test_accuracy"].argmax())
    return Told(
        seconds,
        round(25 * float(found["mean_test_epochs"].sum())),
        float(found["mean_test_accuracy"][best]),
        float(found["std_test_accuracy"][best]) / math.sqrt(25),
    )


def fnnctl(part: Sequence[Mapping[str, Any]] | None) -> Told:
    """The search of these combinations, or of all."""
    epochs = 0
    receive = TrialSource.receive

    def counts(source: TrialSource, stack: Any, result: Any) -> None:
        nonlocal epochs
        epochs += sum(fit.epochs for fit in result.measured)
        receive(source, stack, result)

    with tempfile.TemporaryDirectory() as folder:
        words = ["search", str(CONFIG), "--runs-dir", folder, "-q"]
        if part is not None:
            distinct = {json.dumps(each): each for each in map(assignment, part)}
            first = json.dumps(list(distinct.values()))
            words += ["--set", f"search.start_from={first}", "--max-trials", str(len(distinct))]
        begun = time.perf_counter()
        with patch.object(TrialSource, "receive", counts):
            if run(words):
                raise RuntimeError("the search failed")
        whole = time.perf_counter() - begun
        (path,) = Path(folder).glob("[!.]*")
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        best = manifest["search"]["best"]
        results = map(json.loads, (path / "journal.jsonl").read_text(encoding="utf-8").splitlines())
        (folds,) = (
            each["facts"]["folds"]
            for each in results
            if each["record"] == "result" and each["trial"] == best["trial"]
        )
    mean = math.fsum(folds) / len(folds)
    deviation = math.sqrt(math.fsum((each - mean) ** 2 for each in folds) / len(folds) / len(folds))
    print(f"fnnctl's whole command took {whole:.0f} s; its winner: {best['configuration']}", flush=True)
    return Told(manifest["seconds"]["training"], epochs, float(best["objective"]), deviation)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()
    everything = combinations()
    part = random.Random(options.seed).sample(everything, round(options.share * len(everything)))
    print(f"{len(part)} of {len(everything)} combinations")
    print(f"{'':16} {'seconds':>8} {'epochs':>9} {'µs an epoch':>12} {'accuracy':>9} {'error':>7}")
    own = fnnctl(part)
    theirs = scikit_learn(part)
    told = {"fnnctl": own, "scikit-learn": theirs}
    if options.whole:
        told["fnnctl, whole"] = fnnctl(None)
    for name, each in told.items():
        micro = each.seconds / each.epochs * 1e6
        scores = f"{each.accuracy:9.4f} {each.deviation:7.4f}"
        print(f"{name:16} {each.seconds:8.1f} {each.epochs:9} {micro:12.1f} {scores}")
    ratio = theirs.seconds / theirs.epochs / (own.seconds / own.epochs)
    print(f"an epoch of scikit-learn takes {ratio:.1f} times as long")
    if options.whole:
        expected = theirs.seconds / options.share
        print(
            f"the whole grid would take scikit-learn {expected:.0f} s by this measure, "
            f"{expected / told['fnnctl, whole'].seconds:.1f} times as long as fnnctl"
        )


if __name__ == "__main__":
    main()
