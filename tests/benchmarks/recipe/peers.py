"""The peers: scikit-learn's network and gradient boosting, and RealMLP-TD-S where pytabkit is installed.

All have their default settings. The network gets imputed and standardized numbers with indicators, one-hot
categories and a standardized target. RealMLP prepares its inputs itself, but refuses missing numbers: it gets
them imputed. Boosting gets everything as it is.
"""

from __future__ import annotations

import importlib.util
import logging
import time
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

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
from tests.benchmarks.recipe.tables import Table
from tests.benchmarks.recipe.training import Scored, class_scores, r2

SKLEARN, BOOSTING, REALMLP = "sklearn", "boosting", "realmlp_td_s"
"""The names that the peers have in a file of their scores, too."""


def installed_peers() -> tuple[str, ...]:
    """The peers that can be run here."""
    return (SKLEARN, BOOSTING, *((REALMLP,) if importlib.util.find_spec("pytabkit") else ()))


def train_and_score_peer(name: str, table: Table, folds: Sequence[Fold], *, threads: int) -> Scored:
    """Train a peer on everything but each fold's test rows, and score it on these."""
    data = table.data
    numbers = data.dataset.numbers(np.arange(len(data)))
    codes = data.dataset.categorical.astype(np.float64)
    codes[codes < 0] = np.nan
    columns = np.column_stack([numbers, codes])
    _warm_up(name)
    scores, losses, errors = [], [], []
    begun = time.perf_counter()
    for fold in folds:
        split = fold.split(data.strata, None)
        known = split.non_test
        with warnings.catch_warnings(), threadpool_limits(threads if name == REALMLP else 1):
            warnings.simplefilter("ignore")  # no convergence within 200 iterations
            output = PEERS[name](
                columns[known],
                data.targets[known],
                columns[split.test],
                first_category=numbers.shape[1],
                is_classification=table.is_classification,
                threads=threads,
            )
        targets = data.targets[split.test]
        if table.is_classification:
            shares = np.zeros((len(targets), len(data.strata_names)))
            shares[:, np.unique(data.targets[known])] = output
            score, loss, error = class_scores(shares, targets)
            scores.append(score)
            losses.append(loss)
            errors.append(error)
        else:
            scores.append(r2(targets, output))
    return Scored(scores, losses, time.perf_counter() - begun, calibration_errors=errors)


@cache
def _warm_up(name: str) -> None:
    """Train once on a few rows, because a first training also imports."""
    logging.disable(logging.WARNING)  # Lightning reports every training
    rows = np.random.default_rng(0).normal(size=(40, 2))
    targets = (rows[:, 0] > 0).astype(np.intp)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        PEERS[name](rows, targets, rows, first_category=2, is_classification=True, threads=1)


def _network(
    known: FloatArray,
    targets: Any,
    test: FloatArray,
    *,
    first_category: int,
    is_classification: bool,
    threads: int,
) -> FloatArray:
    """Probabilities (n, classes), or estimates (n,), for the rows `test`; so for all peers."""
    columns = list(range(known.shape[1]))
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    transformer = ColumnTransformer(
        [("numbers", scaled, columns[:first_category]), ("categories", one_hot, columns[first_category:])]
    )
    inputs, test_inputs = transformer.fit_transform(known), transformer.transform(test)
    if is_classification:
        return _probabilities(MLPClassifier(random_state=0).fit(inputs, targets), test_inputs)
    mean, deviation = targets.mean(), targets.std()
    model = MLPRegressor(random_state=0).fit(inputs, (targets - mean) / deviation)
    estimates: FloatArray = np.asarray(model.predict(test_inputs)) * deviation + mean
    return estimates


def _boosting(
    known: FloatArray,
    targets: Any,
    test: FloatArray,
    *,
    first_category: int,
    is_classification: bool,
    threads: int,
) -> FloatArray:
    kind = HistGradientBoostingClassifier if is_classification else HistGradientBoostingRegressor
    categories = list(range(first_category, known.shape[1]))
    model = kind(random_state=0, categorical_features=categories or None).fit(known, targets)
    return _probabilities(model, test) if is_classification else np.asarray(model.predict(test))


def _realmlp(
    known: FloatArray,
    targets: Any,
    test: FloatArray,
    *,
    first_category: int,
    is_classification: bool,
    threads: int,
) -> FloatArray:
    import pandas as pd
    import pytabkit

    kind = pytabkit.RealMLP_TD_S_Classifier if is_classification else pytabkit.RealMLP_TD_S_Regressor
    numbers, test_numbers = known[:, :first_category], test[:, :first_category]
    if first_category:  # SimpleImputer refuses tables without columns
        imputer = SimpleImputer(add_indicator=True).fit(numbers)
        numbers, test_numbers = imputer.transform(numbers), imputer.transform(test_numbers)
    tables = []
    for rows, imputed in ((known, numbers), (test, test_numbers)):
        table = pd.DataFrame(imputed)
        for column in range(first_category, known.shape[1]):
            values = np.unique(known[~np.isnan(known[:, column]), column])
            table[column + known.shape[1]] = pd.Categorical(rows[:, column], categories=values)
        tables.append(table.rename(columns=str))
    model = kind(random_state=0, n_threads=threads, device="cpu").fit(tables[0], targets)
    return _probabilities(model, tables[1]) if is_classification else np.asarray(model.predict(tables[1]))


def _probabilities(model: Any, rows: Any) -> FloatArray:
    return np.asarray(model.predict_proba(rows), dtype=np.float64)


PEERS: dict[str, Callable[..., FloatArray]] = {
    SKLEARN: _network,
    BOOSTING: _boosting,
    REALMLP: _realmlp,
}
