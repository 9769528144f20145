"""Trains one peer on a table, and predicts another: a script for an interpreter that has the peer.

    python -I peer.py NAME FOLDER --task classification [--threads 1] [--seconds 60]

FOLDER has train.csv and test.csv with the target in the column y. The script writes predicted.npz, with
`estimates`, or `probabilities` and `classes`, and told.json: the version, seconds and the model's size.

It imports nothing of fnnctl, because the interpreter of a peer need not have what fnnctl needs. Peers have
their default settings. AutoGluon gets the table as it is, CatBoost categories as texts of which one stands
for missing, the other boosting and pytabkit pandas' categories. Networks refuse missing numbers, and get
them imputed, with indicators; scikit-learn's also gets standardized numbers, one-hot categories and a
standardized target.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import logging
import math
import os
import pickle
import statistics
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

TARGET = "y"
PREDICTIONS = 3
"""The number of predictions whose median time is measured."""
MISSING = "missing"

Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class PeerTask:
    """What a peer is trained on, and what it predicts."""

    train: Columns
    """Columns of floats, in which NaN is missing, or of texts, in which None is."""
    targets: Sequence[Any]
    test: Columns
    is_classification: bool
    threads: int
    seconds: float | None
    """The time limit of those that have one."""
    folder: Path
    """Where a peer may write."""

    @property
    def categories(self) -> list[str]:
        """The columns of texts."""
        return [name for name, values in self.train.items() if not all(isinstance(v, float) for v in values)]

    @property
    def numbers(self) -> list[str]:
        """The columns of floats."""
        return [name for name in self.train if name not in self.categories]

    def frames(self) -> tuple[Any, Any]:
        """The two tables as data frames."""
        import pandas as pd

        frames = [pd.DataFrame(dict(columns)) for columns in (self.train, self.test)]
        for frame in frames:
            frame[self.categories] = frame[self.categories].astype(object)
        return frames[0], frames[1]

    def categorical_frames(self) -> tuple[Any, Any]:
        """The same with pandas' categories; those that are not in the training rows are missing."""
        import pandas as pd

        train, test = self.frames()
        for name in self.categories:
            values = sorted(train[name].dropna().unique())
            for frame in (train, test):
                known = frame[name].where(frame[name].isin(values))
                frame[name] = pd.Categorical(known, categories=values)
        return train, test


class Trained(NamedTuple):
    """A trained peer."""

    predict: Callable[[], Any]
    """Probabilities (n, classes), or estimates (n,), of the rows to predict."""
    classes: Sequence[str]
    size: Callable[[], int]
    """The bytes of what predictions need."""


class Peer(NamedTuple):
    """How a peer is trained."""

    module: str
    package: str
    """The package whose version determines the results."""
    train: Callable[[Any, PeerTask], Trained]


def read_columns(
    train: Path, test: Path, texts: Sequence[str] = ()
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Two tables by column.

    A column is one of floats if all its cells in both tables are numbers or empty, unless it is in `texts`.
    """
    tables = []
    for path in (train, test):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        tables.append(dict(zip(header, map(list, zip(*rows, strict=True)), strict=True)))
    read: tuple[dict[str, list[Any]], dict[str, list[Any]]] = ({}, {})
    for name in tables[0]:
        columns: list[list[Any]] = [[cell or None for cell in table[name]] for table in tables]
        if name not in texts:
            with contextlib.suppress(ValueError):
                columns = [[math.nan if cell is None else float(cell) for cell in part] for part in columns]
        read[0][name], read[1][name] = columns
    return read


def read_task(folder: Path, *, is_classification: bool, threads: int, seconds: float | None) -> PeerTask:
    """The task that a folder has."""
    texts = [TARGET] if is_classification else []
    train, test = read_columns(folder / "train.csv", folder / "test.csv", texts)
    del test[TARGET]
    return PeerTask(train, train.pop(TARGET), test, is_classification, threads, seconds, folder)


def _kind(module: Any, name: str, task: PeerTask) -> Any:
    return getattr(module, f"{name}{'Classifier' if task.is_classification else 'Regressor'}")


def _trained(model: Any, rows: Any, task: PeerTask) -> Trained:
    predict = model.predict_proba if task.is_classification else model.predict
    classes = [str(name) for name in model.classes_] if task.is_classification else []
    return Trained(partial(predict, rows), classes, lambda: len(pickle.dumps(model)))


def perceptron(numbers: Any, categories: Any, *, is_classification: bool) -> Any:
    """scikit-learn's network with what it needs of these columns."""
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("numbers", scaled, numbers), ("categories", one_hot, categories)])
    if is_classification:
        return make_pipeline(columns, MLPClassifier(random_state=0))
    network = TransformedTargetRegressor(MLPRegressor(random_state=0), transformer=StandardScaler())
    return make_pipeline(columns, network)


def _sklearn(_: Any, task: PeerTask) -> Trained:
    train, test = task.frames()
    model = perceptron(task.numbers, task.categories, is_classification=task.is_classification)
    return _trained(model.fit(train, task.targets), test, task)


def _boosting(_: Any, task: PeerTask) -> Trained:
    from sklearn import ensemble

    train, test = task.categorical_frames()
    kind = _kind(ensemble, "HistGradientBoosting", task)
    model = kind(random_state=0, categorical_features="from_dtype")
    return _trained(model.fit(train, task.targets), test, task)


def _xgboost(xgboost: Any, task: PeerTask) -> Trained:
    train, test = task.categorical_frames()
    model = _kind(xgboost, "XGB", task)(random_state=0, n_jobs=task.threads, enable_categorical=True)
    if not task.is_classification:
        return _trained(model.fit(train, task.targets), test, task)
    classes, labels = np.unique(task.targets, return_inverse=True)
    return _trained(model.fit(train, labels), test, task)._replace(classes=classes.tolist())


def _catboost(catboost: Any, task: PeerTask) -> Trained:
    train, test = (frame.fillna(dict.fromkeys(task.categories, MISSING)) for frame in task.frames())
    model = _kind(catboost, "CatBoost", task)(
        random_seed=0,
        thread_count=task.threads,
        cat_features=task.categories,
        verbose=False,
        allow_writing_files=False,
    )
    return _trained(model.fit(train, task.targets), test, task)


def _lightgbm(lightgbm: Any, task: PeerTask) -> Trained:
    train, test = task.categorical_frames()
    model = _kind(lightgbm, "LGBM", task)(random_state=0, n_jobs=task.threads, verbosity=-1)
    return _trained(model.fit(train, task.targets), test, task)


def _pytabkit(name: str, pytabkit: Any, task: PeerTask) -> Trained:
    import pandas as pd
    from sklearn.impute import SimpleImputer

    train, test = task.categorical_frames()
    if task.numbers:  # the imputer refuses tables without columns
        imputer = SimpleImputer(add_indicator=True, keep_empty_features=True)
        imputer.fit(train[task.numbers])
        train, test = (
            pd.concat([pd.DataFrame(imputer.transform(part[task.numbers])), part[task.categories]], axis=1)
            for part in (train, test)
        )
    train, test = train.rename(columns=str), test.rename(columns=str)
    model = _kind(pytabkit, f"{name}_", task)(random_state=0, n_threads=task.threads, device="cpu")
    return _trained(model.fit(train, np.array(task.targets)), test, task)


def _autogluon(autogluon: Any, task: PeerTask) -> Trained:
    train, test = task.frames()
    problem = "regression"
    if task.is_classification:
        problem = "binary" if len(set(task.targets)) == 2 else "multiclass"
    paths = [str(task.folder / name) for name in ("autogluon", "deployed")]
    predictor = autogluon.TabularPredictor(TARGET, problem_type=problem, path=paths[0], verbosity=0).fit(
        train.assign(**{TARGET: task.targets}),
        presets="medium_quality",
        time_limit=task.seconds,
        num_cpus=task.threads,
    )

    def size() -> int:
        return int(predictor.clone_for_deployment(paths[1], return_clone=True).disk_usage())

    if task.is_classification:
        return Trained(partial(predictor.predict_proba, test), list(predictor.class_labels), size)
    return Trained(partial(predictor.predict, test), [], size)


PEERS: dict[str, Peer] = {
    "sklearn": Peer("sklearn", "scikit-learn", _sklearn),
    "boosting": Peer("sklearn", "scikit-learn", _boosting),
    "catboost": Peer("catboost", "catboost", _catboost),
    "lightgbm": Peer("lightgbm", "lightgbm", _lightgbm),
    "xgboost": Peer("xgboost", "xgboost", _xgboost),
    "realmlp_td_s": Peer("pytabkit", "pytabkit", partial(_pytabkit, "RealMLP_TD_S")),
    "realmlp_td": Peer("pytabkit", "pytabkit", partial(_pytabkit, "RealMLP_TD")),
    "tabm_d": Peer("pytabkit", "pytabkit", partial(_pytabkit, "TabM_D")),
    "autogluon": Peer("autogluon.tabular", "autogluon.tabular", _autogluon),
}


def _processor_seconds() -> float:
    """What this process with all its threads, and its ended children, have spent on processors."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def train_and_predict(peer: Peer, task: PeerTask) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was predicted, and what it took; the import of the peer is not in its seconds."""
    module = import_module(peer.module)
    begun = _processor_seconds()
    trained = peer.train(module, task)
    seconds, times = _processor_seconds() - begun, []
    for _ in range(PREDICTIONS):
        begun = time.perf_counter()
        output = trained.predict()
        times.append(time.perf_counter() - begun)
    predicted = {"estimates": output}
    if task.is_classification:
        predicted = {"probabilities": output, "classes": trained.classes}
    return predicted, {
        "version": version(peer.package),
        "fit_seconds": seconds,
        "predict_seconds": statistics.median(times),
        "model_bytes": trained.size(),
    }


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=PEERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--task", choices=("classification", "regression"), required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="a time limit, for those that have one")
    options = parser.parse_args(words)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)  # Lightning reports every training
    task = read_task(
        options.folder,
        is_classification=options.task == "classification",
        threads=options.threads,
        seconds=options.seconds,
    )
    predicted, told = train_and_predict(PEERS[options.name], task)
    np.savez(options.folder / "predicted.npz", **predicted)
    (options.folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
