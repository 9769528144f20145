"""Cross-validated accuracy with the baseline's settings, beside scikit-learn's on the same folds.

    python -m tests.benchmarks.cross_validation [--repeats 5] [--sources iris wine …]

Both train hidden 100, relu, Adam, batch 200, 200 epochs at most, alpha 0.0001, and end where the training
loss no longer falls. Prints mean and deviation over the folds, the 95 % interval, the standard error of the
mean difference by the corrected resampled t-test, and the times. scikit-learn has one process and thread.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from fnnctl.commands.cross_validate import cross_validate
from fnnctl.context import Context
from fnnctl.metrics.resampling import corrected_interval
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.loading import load_experiment
from fnnctl.report.figures.drawer import FigureDrawer
from tests.benchmarks.measuring import standard_error

FLOORS = {"iris": None, "wine": 0.97, "breast_cancer": 0.965, "digits": 0.97, "penguins": 0.98}
CONFIG = """
seed: 7
recipe: classic
data: {{source: {source}, split: {{validation: 0}}}}
model: {{hidden: [100], activation: relu, initialization: glorot_uniform, initial_biases: uniform}}
training:
  epochs: 200
  optimizer: {{name: adam, learning_rate: 0.001}}
  l2: {l2}
  early_stopping: null
  convergence: {{tolerance: 0.0001, patience: 10}}
evaluation: {{cross_validation: {{folds: {folds}, repeats: {repeats}}}}}
"""


def theirs(validation: CrossValidation) -> list[float]:
    """The accuracy of scikit-learn's network on each fold, with the fold's own features."""
    data, scores = validation.data, []
    for (repeat, fold), fit in zip(validation.folds, validation.fits, strict=True):
        features = np.empty((len(data), len(fit.preprocessor.features)), np.float32)
        fit.preprocessor.transform(data.dataset, np.arange(len(data)), features)
        split = fit.split(data)
        model = MLPClassifier((100,), max_iter=200, random_state=repeat * 100 + fold)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(features[split.train], data.targets[split.train])
        scores.append(float(model.score(features[split.test], data.targets[split.test])))
    return scores


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--sources", nargs="*", default=list(FLOORS))
    options = parser.parse_args()
    print(f"{'':14} {'fnnctl':>8} {'±':>7} {'95 % interval':>17} {'scikit-learn':>13} {'±':>7}", end="")
    print(f" {'difference':>11} {'error':>7} {'floor':>6} {'seconds':>8} {'theirs':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for source in options.sources:
            row(source, Path(folder), options)


def row(source: str, folder: Path, options: argparse.Namespace) -> None:
    config = folder / f"{source}.yaml"
    folds, repeats = options.folds, options.repeats
    config.write_text(CONFIG.format(source=source, l2=0.0, folds=folds, repeats=repeats))
    validation = load_experiment(config).cross_validation()
    # scikit-learn divides alpha by the rows of the batch
    l2 = 1e-4 / min(fit.settings.batch_size for fit in validation.fits)
    config.write_text(CONFIG.format(source=source, l2=l2, folds=folds, repeats=repeats))
    context = Context(folder / "runs", figures=FigureDrawer())
    begun = time.perf_counter()
    run = cross_validate(config, [], context, workers=options.workers)
    seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    their_scores = theirs(validation)
    their_seconds = time.perf_counter() - begun
    metrics = run.read_metrics()
    scores = metrics["cross_validation"]["accuracy"]["scores"] if metrics else []
    mean, their_mean = statistics.fmean(scores), statistics.fmean(their_scores)
    low, high = corrected_interval(scores, test_share=1 / (folds - 1)) or (mean, mean)
    error = standard_error([a - b for a, b in zip(scores, their_scores, strict=True)], folds)
    print(f"{source:14} {mean:8.4f} {statistics.stdev(scores):7.4f} {low:8.4f} {high:8.4f}", end="")
    print(f" {their_mean:13.4f} {statistics.stdev(their_scores):7.4f} {mean - their_mean:11.4f}", end="")
    print(f" {error:7.4f} {FLOORS[source] or their_mean - error:6.3f} {seconds:8.2f} {their_seconds:7.2f}")


if __name__ == "__main__":
    main()
