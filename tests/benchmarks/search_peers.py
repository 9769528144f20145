"""HyperBand on digits beside Optuna's pruner with a PyTorch loop, and scikit-learn's halving.

    python -m tests.benchmarks.search_peers [--shapes] [--runs N]

R = 81, η = 3, over learning rate, L2 and dropout at one shape (hidden 64, batch 32); with --shapes over
depth, width and batch size as well. All processors for everyone: fnnctl as its command line chooses, Optuna
in a process a processor with its journal storage, scikit-learn with n_jobs=-1. They differ in how many epochs
they train, so what is compared is the time of an epoch, with that of fnnctl's search alone: its whole command
begins with an interpreter and ends with nine figures. The accuracy is that of each one's winner, trained
again, on one test part. Those that are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from fnnctl.arrays import FloatArray, IntArray

R, TRIALS = 81, 143
CONFIG = """\
seed: {seed}
recipe: classic
data: {{source: digits, scaling: minmax}}
model: {{hidden: [64]}}
training: {{batch_size: 32, early_stopping: null}}
search:
  method: hyperband
  budget: {{max_epochs: 81}}
  space:
    training.optimizer.learning_rate: {{log_uniform: [1e-4, 1e-1]}}
    training.l2: {{log_uniform: [1e-6, 1e-2]}}
    model.dropout: {{uniform: [0, 0.5]}}
"""
SHAPES = """\
    model.hidden: {depth: [1, 3], width: [16, 256], log: true}
    training.batch_size: {choice: [32, 64, 128]}
"""


@dataclass(frozen=True)
class Told:
    """What a search came to."""

    seconds: float
    epochs: float
    accuracy: float
    searching: float | None = None
    """Seconds from the data in memory to the last trial's end, where a whole command has more in its time."""
    busy: float | None = None
    """The share of the time from the first job to the last in which the workers trained."""

    @property
    def milliseconds(self) -> float:
        return self.seconds / self.epochs * 1e3


@dataclass(frozen=True)
class Parts:
    """Digits, divided as fnnctl divides by default: 0.15 for validation, 0.2 for the test."""

    X: FloatArray
    y: IntArray
    X_validation: FloatArray
    y_validation: IntArray
    X_test: FloatArray
    y_test: IntArray


def parts(seed: int) -> Parts:
    X, y = load_digits(return_X_y=True)
    X = (X / 16.0).astype(np.float32)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)
    X, X_v, y, y_v = train_test_split(X, y, test_size=0.15 / 0.8, stratify=y, random_state=seed)
    return Parts(X, y, X_v, y_v, X_test, y_test)


def fnnctl(seed: int, *, shapes: bool) -> Told:
    """The whole command, its start and the refit included."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "search.yaml")
        config.write_text(CONFIG.format(seed=seed) + (SHAPES if shapes else ""), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "fnnctl",
            "search",
            str(config),
            "--json",
            "-q",
            "--runs-dir",
            folder,
        ]
        begun = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - begun
        found = json.loads(done.stdout)
        manifest = json.loads(Path(found["run"], "manifest.json").read_text(encoding="utf-8"))
        busy = share_of_work(Path(found["run"], "timeline.jsonl"))
    accuracy = found["best"]["metrics"]["test"]["accuracy"]
    return Told(seconds, found["epochs_trained"], accuracy, manifest["seconds"]["training"], busy)


def share_of_work(timeline: Path) -> float:
    """The workers' time in training, relative to that from the first job's start to the last one's end."""
    lines = map(json.loads, timeline.read_text(encoding="utf-8").splitlines())
    stacks = [event for event in lines if "ended" in event]  # the others are starts of workers
    begun = min(stack["ended"] - stack["seconds"] for stack in stacks)
    span = max(stack["ended"] for stack in stacks) - begun
    return float(sum(stack["seconds"] for stack in stacks) / span / len(os.sched_getaffinity(0)))


def optuna(seed: int, *, shapes: bool) -> Told:
    import optuna as module

    module.logging.set_verbosity(module.logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "journal"))
        study = _study(path, seed)
        workers = len(os.sched_getaffinity(0))
        context = multiprocessing.get_context("spawn")
        share = -(-TRIALS // workers)
        processes = [
            context.Process(target=_work, args=(path, seed + k, share, shapes)) for k in range(workers)
        ]
        begun = time.perf_counter()
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        seconds = time.perf_counter() - begun
        epochs = sum(len(trial.intermediate_values) for trial in study.trials)
        best = study.best_trial
    data = parts(seed)
    X, y = np.concatenate([data.X, data.X_validation]), np.concatenate([data.y, data.y_validation])
    *_, accuracy = _accuracies(best, X, y, data.X_test, data.y_test, epochs=R)
    return Told(seconds, epochs, accuracy)


def _study(path: str, seed: int) -> Any:
    import optuna as module
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return module.create_study(
        storage=JournalStorage(JournalFileBackend(path)),
        sampler=module.samplers.RandomSampler(seed=seed),
        pruner=module.pruners.HyperbandPruner(min_resource=1, max_resource=R, reduction_factor=3),
        direction="maximize",
        study_name="digits",
        load_if_exists=True,
    )


def _work(path: str, seed: int, trials: int, shapes: bool) -> None:
    import optuna as module
    import torch

    module.logging.set_verbosity(module.logging.ERROR)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    data = parts(0)

    def objective(trial: Any) -> float:
        trial.suggest_float("lr", 1e-4, 1e-1, log=True)
        trial.suggest_float("l2", 1e-6, 1e-2, log=True)
        trial.suggest_float("dropout", 0.0, 0.5)
        if shapes:
            trial.suggest_int("depth", 1, 3)
            trial.suggest_categorical("width", [16, 32, 64, 128, 256])
            trial.suggest_categorical("batch", [32, 64, 128])
        accuracies = _accuracies(trial, data.X, data.y, data.X_validation, data.y_validation, epochs=R)
        for epoch, accuracy in enumerate(accuracies, start=1):
            trial.report(accuracy, epoch)
            if trial.should_prune():
                raise module.TrialPruned
        return float(accuracy)

    _study(path, seed).optimize(objective, n_trials=trials)


def _accuracies(
    trial: Any, X: FloatArray, y: IntArray, X_v: FloatArray, y_v: IntArray, *, epochs: int
) -> Any:
    """The accuracy after each epoch of the trial's network."""
    import torch
    from torch import nn

    chosen = trial.params
    torch.manual_seed(0)
    widths = [64, *[chosen.get("width", 64)] * chosen.get("depth", 1)]
    layers: list[Any] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(chosen["dropout"])]
    model = nn.Sequential(*layers, nn.Linear(widths[-1], 10))
    adam = torch.optim.Adam(model.parameters(), lr=chosen["lr"], weight_decay=chosen["l2"], fused=True)
    loss = nn.CrossEntropyLoss()
    inputs, labels, others = torch.from_numpy(X), torch.from_numpy(y), torch.from_numpy(X_v)
    for _ in range(epochs):
        model.train()
        for rows in torch.randperm(len(inputs)).split(chosen.get("batch", 32)):
            adam.zero_grad(set_to_none=True)
            loss(model(inputs[rows]), labels[rows]).backward()
            adam.step()
        model.eval()
        with torch.no_grad():
            predicted = model(others).argmax(dim=1).numpy()
        yield float((predicted == y_v).mean())


def scikit_learn(seed: int, *, shapes: bool) -> Told:
    """Halving over max_iter from 1 to 81, every rung anew, as it does; without dropout, which it has not."""
    from scipy.stats import loguniform
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV, PredefinedSplit
    from sklearn.neural_network import MLPClassifier

    data = parts(seed)
    X, y = np.concatenate([data.X, data.X_validation]), np.concatenate([data.y, data.y_validation])
    fold = np.r_[np.full(len(data.y), -1), np.zeros(len(data.y_validation), int)]
    space: dict[str, Any] = {
        "learning_rate_init": loguniform(1e-4, 1e-1),
        "alpha": loguniform(1e-6 * 32, 1e-2 * 32),
    }
    if shapes:
        space["hidden_layer_sizes"] = [(w,) * d for w in (16, 32, 64, 128, 256) for d in (1, 2, 3)]
        space["batch_size"] = [32, 64, 128]
    network = MLPClassifier((64,), batch_size=32, n_iter_no_change=R + 1, random_state=seed)
    search = HalvingRandomSearchCV(
        network,
        space,
        n_candidates=R,
        factor=3,
        resource="max_iter",
        min_resources=1,
        max_resources=R,
        cv=PredefinedSplit(fold),
        random_state=seed,
        n_jobs=-1,
        refit=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"
        begun = time.perf_counter()
        search.fit(X, y)
        seconds = time.perf_counter() - begun
    epochs = sum(n * r for n, r in zip(search.n_candidates_, search.n_resources_, strict=True))
    return Told(
        seconds, epochs + search.best_params_["max_iter"], float(search.score(data.X_test, data.y_test))
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shapes", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    contenders = {"fnnctl": fnnctl, "scikit-learn": scikit_learn}
    if importlib.util.find_spec("optuna") and importlib.util.find_spec("torch"):
        contenders["Optuna + PyTorch"] = optuna
    told: dict[str, list[Told]] = {name: [] for name in contenders}
    for run in range(options.runs):
        for name, search in contenders.items():
            told[name].append(search(run, shapes=options.shapes))
    told["its search alone"] = [
        replace(each, seconds=each.searching) for each in told["fnnctl"] if each.searching
    ]
    print(f"{'':18} {'seconds':>8} {'epochs':>7} {'ms an epoch':>12} {'ratio':>6} {'test accuracy':>14}")
    own = statistics.median(each.milliseconds for each in told["its search alone"])
    for name, runs in told.items():
        seconds, epochs, each, accuracy = (
            statistics.median(values)
            for values in zip(*((t.seconds, t.epochs, t.milliseconds, t.accuracy) for t in runs), strict=True)
        )
        print(f"{name:18} {seconds:8.1f} {epochs:7.0f} {each:12.2f} {each / own:6.1f} {accuracy:14.4f}")
    busy = statistics.median(each.busy for each in told["fnnctl"] if each.busy is not None)
    print(f"fnnctl's workers are busy {busy:.0%} of the time from the first job to the last")


if __name__ == "__main__":
    main()
