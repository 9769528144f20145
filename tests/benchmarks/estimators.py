"""fnnctl's estimators beside scikit-learn's, each in one `cross_val_score` with its defaults.

    python -m tests.benchmarks.estimators FOLDER [--tables glass hitters …] [--recipes default fast]

FOLDER has tables with a target `y`: NAME.csv.gz. fnnctl's estimators and gradient boosting get data frames.
The perceptrons get imputed and standardized numbers with indicators, one-hot categories and, in a regression,
a standardized target. Prints a table in Markdown: mean accuracy or R² of five folds, and processor seconds.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fnnctl.sklearn import FNNClassifier, FNNRegressor

CLASSES = ("glass", "credit", "titanic_r", "chile", "telco", "spam7")
NUMBERS = ("boston", "hitters", "auto_mpg", "car_prices")
FOLDS = 5


def table(folder: Path, name: str) -> tuple[pd.DataFrame, pd.Series]:
    """The columns, texts as categories, and the target."""
    frame = pd.read_csv(folder / f"{name}.csv.gz", dtype={"y": None if name in NUMBERS else str})
    X = frame.drop(columns="y")
    texts = [column for column in X if not pd.api.types.is_numeric_dtype(X[column])]
    return X.astype(dict.fromkeys(texts, "category")), frame["y"]


def contenders(recipes: Sequence[str], *, regression: bool) -> Iterator[tuple[str, Any]]:
    """The estimators for a kind of target, by name."""
    ours = FNNRegressor if regression else FNNClassifier
    for recipe in recipes:
        yield f"{ours.__name__}, {recipe}", ours(recipe=recipe)
    if regression:
        perceptron = TransformedTargetRegressor(MLPRegressor(random_state=0), transformer=StandardScaler())
        boosting = HistGradientBoostingRegressor
    else:
        perceptron, boosting = MLPClassifier(random_state=0), HistGradientBoostingClassifier
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
    )
    yield "MLP", make_pipeline(columns, perceptron)
    yield "HistGradientBoosting", boosting(categorical_features="from_dtype", random_state=0)


def measured(estimator: Any, X: pd.DataFrame, y: pd.Series, *, regression: bool) -> tuple[float, float]:
    """The mean score of the folds, and the processor's seconds."""
    folds = KFold if regression else StratifiedKFold
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = cross_val_score(estimator, X, y, cv=folds(FOLDS, shuffle=True, random_state=0))
    return float(scores.mean()), time.process_time() - started


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", nargs="+", default=[*CLASSES, *NUMBERS])
    parser.add_argument("--recipes", nargs="+", default=["default", "fast"])
    options = parser.parse_args(arguments)
    names = [*options.recipes, "MLP", "HistGradientBoosting"]
    print(f"| table | rows | {' | '.join(names)} |\n|{'---|' * (2 + len(names))}")
    for name in options.tables:
        X, y = table(options.folder, name)
        regression = name in NUMBERS
        cells = [
            "{:.3f} ({:.1f} s)".format(*measured(estimator, X, y, regression=regression))
            for _, estimator in contenders(options.recipes, regression=regression)
        ]
        print(f"| {name} | {len(X):,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
