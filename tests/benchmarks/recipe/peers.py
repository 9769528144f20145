"""The peers: scikit-learn's network and boosting, and the models of other libraries where they are installed.

All have their default settings and one thread. For boosting, missing numbers stay missing. The networks
refuse them, and get them imputed, with indicators. scikit-learn's network also gets standardized numbers,
one-hot categories and a standardized target; pytabkit's prepare their inputs themselves. CatBoost gets
categories as strings, of which one stands for missing; LightGBM, XGBoost and pytabkit get pandas' categories.
"""

from __future__ import annotations

import importlib.metadata
import itertools
import logging
import warnings
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from fnnctl.arrays import FloatArray
from fnnctl.data.splits.folds import Fold
from tests.benchmarks.measuring import processor_seconds
from tests.benchmarks.recipe.tables import Table
from tests.benchmarks.recipe.training import Scored, class_scores, r2

SKLEARN, BOOSTING, REALMLP_S = "sklearn", "boosting", "realmlp_td_s"
"""The names that these peers have in a file of their scores, too."""
CATBOOST, LIGHTGBM, XGBOOST, REALMLP, TABM = "catboost", "lightgbm", "xgboost", "realmlp_td", "tabm_d"


class PeerTask(NamedTuple):
    """What a peer is trained on, and what it predicts."""

    known: FloatArray
    """The training rows: numbers, then codes of categories; what is missing is NaN."""
    targets: Any
    test: FloatArray
    """The rows to predict."""
    first_category: int
    """The first column of categories."""
    is_classification: bool

    @property
    def categories(self) -> list[int]:
        """The columns of categories."""
        return list(range(self.first_category, self.known.shape[1]))


class Peer(NamedTuple):
    """How a peer is trained, and what it needs."""

    predict: Callable[[PeerTask], FloatArray]
    """Train, and return probabilities (n, classes), or estimates (n,), for the rows to predict."""
    packages: tuple[str, ...]
    """The package whose version determines the results, and what it needs besides."""


def installed_peers() -> tuple[str, ...]:
    """The peers that can be run here."""
    return tuple(name for name, peer in PEERS.items() if all(map(_is_installed, peer.packages)))


def _is_installed(package: str) -> bool:
    try:
        return bool(importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return False


def train_and_score_peer(name: str, table: Table, folds: Sequence[Fold]) -> Scored:
    """Train a peer on everything but each fold's test rows, and score it on these."""
    data = table.data
    numbers = data.dataset.numbers(np.arange(len(data)))
    codes = data.dataset.categorical.astype(np.float64)
    codes[codes < 0] = np.nan
    columns = np.column_stack([numbers, codes])
    _warm_up(name)
    scores, losses, errors = [], [], []
    begun = processor_seconds()
    for fold in folds:
        split = fold.split(data.strata, None)
        known, targets = data.targets[split.non_test], data.targets[split.test]
        if table.is_classification:  # a class may have no training row
            present, known = np.unique(known, return_inverse=True)
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")  # no convergence within 200 iterations
            task = PeerTask(
                columns[split.non_test], known, columns[split.test], numbers.shape[1], table.is_classification
            )
            output = PEERS[name].predict(task)
        if table.is_classification:
            shares = np.zeros((len(targets), len(data.strata_names)))
            shares[:, present] = output
            score, loss, error = class_scores(shares, targets)
            scores.append(score)
            losses.append(loss)
            errors.append(error)
        else:
            scores.append(r2(targets, output))
    return Scored(scores, losses, processor_seconds() - begun, calibration_errors=errors)


@cache
def _warm_up(name: str) -> None:
    """Train once on a few rows, because a first training also imports."""
    logging.disable(logging.WARNING)  # Lightning reports every training
    rows = np.random.default_rng(0).normal(size=(40, 2))
    targets = (rows[:, 0] > 0).astype(np.intp)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        PEERS[name].predict(PeerTask(rows, targets, rows, first_category=2, is_classification=True))


def _network(task: PeerTask) -> FloatArray:
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    transformer = ColumnTransformer(
        [("numbers", scaled, list(range(task.first_category))), ("categories", one_hot, task.categories)]
    )
    inputs, test_inputs = transformer.fit_transform(task.known), transformer.transform(task.test)
    if task.is_classification:
        return _output(MLPClassifier(random_state=0).fit(inputs, task.targets), test_inputs)
    mean, deviation = task.targets.mean(), task.targets.std()
    model = MLPRegressor(random_state=0).fit(inputs, (task.targets - mean) / deviation)
    estimates: FloatArray = np.asarray(model.predict(test_inputs)) * deviation + mean
    return estimates


def _boosting(task: PeerTask) -> FloatArray:
    kind = HistGradientBoostingClassifier if task.is_classification else HistGradientBoostingRegressor
    model = kind(random_state=0, categorical_features=task.categories or None).fit(task.known, task.targets)
    return _output(model, task.test)


def _catboost(task: PeerTask) -> FloatArray:
    import catboost
    import pandas as pd

    frames = [pd.DataFrame(rows) for rows in (task.known, task.test)]
    for frame, column in itertools.product(frames, task.categories):
        frame[column] = frame[column].map(lambda code: "missing" if np.isnan(code) else f"{code:.0f}")
    kind = catboost.CatBoostClassifier if task.is_classification else catboost.CatBoostRegressor
    model = kind(
        random_seed=0, thread_count=1, cat_features=task.categories, verbose=False, allow_writing_files=False
    ).fit(frames[0], task.targets)
    output = (model.predict_proba if task.is_classification else model.predict)(frames[1], thread_count=1)
    return np.asarray(output, dtype=np.float64)


def _lightgbm(task: PeerTask) -> FloatArray:
    import lightgbm

    kind = lightgbm.LGBMClassifier if task.is_classification else lightgbm.LGBMRegressor
    frames = _frames(task.known, task.test, task.first_category)
    return _output(kind(random_state=0, n_jobs=1, verbosity=-1).fit(frames[0], task.targets), frames[1])


def _xgboost(task: PeerTask) -> FloatArray:
    import xgboost

    kind = xgboost.XGBClassifier if task.is_classification else xgboost.XGBRegressor
    frames = _frames(task.known, task.test, task.first_category)
    model = kind(random_state=0, n_jobs=1, enable_categorical=True).fit(frames[0], task.targets)
    return _output(model, frames[1])


def _pytabkit(model: str, task: PeerTask) -> FloatArray:
    import pytabkit

    kind = getattr(pytabkit, f"{model}_{'Classifier' if task.is_classification else 'Regressor'}")
    rows = [task.known, task.test]
    if task.first_category:  # SimpleImputer refuses tables without columns
        imputer = SimpleImputer(add_indicator=True).fit(task.known[:, : task.first_category])
        numbers = [imputer.transform(part[:, : task.first_category]) for part in rows]
        rows = [np.column_stack([a, b[:, task.first_category :]]) for a, b in zip(numbers, rows, strict=True)]
    frames = _frames(rows[0], rows[1], rows[0].shape[1] - len(task.categories))
    return _output(kind(random_state=0, n_threads=1, device="cpu").fit(frames[0], task.targets), frames[1])


def _frames(known: FloatArray, test: FloatArray, first_category: int) -> list[Any]:
    """Data frames; categories that are not among the rows `known` are missing."""
    import pandas as pd

    frames = [pd.DataFrame(known), pd.DataFrame(test)]
    for column in range(first_category, known.shape[1]):
        values = np.unique(known[~np.isnan(known[:, column]), column]).astype(int)
        for frame in frames:
            frame[column] = pd.Categorical(frame[column], categories=values)
    return [frame.rename(columns=str) for frame in frames]


def _output(model: Any, rows: Any) -> FloatArray:
    output = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
    return np.asarray(output, dtype=np.float64)


PEERS: dict[str, Peer] = {
    SKLEARN: Peer(_network, ("scikit-learn",)),
    BOOSTING: Peer(_boosting, ("scikit-learn",)),
    CATBOOST: Peer(_catboost, ("catboost", "pandas")),
    LIGHTGBM: Peer(_lightgbm, ("lightgbm", "pandas")),
    XGBOOST: Peer(_xgboost, ("xgboost", "pandas")),
    REALMLP_S: Peer(partial(_pytabkit, "RealMLP_TD_S"), ("pytabkit", "pandas")),
    REALMLP: Peer(partial(_pytabkit, "RealMLP_TD"), ("pytabkit", "pandas")),
    TABM: Peer(partial(_pytabkit, "TabM_D"), ("pytabkit", "pandas")),
}
