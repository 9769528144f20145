"""The peers, with what they need of the columns, and default settings otherwise.

Linear models and networks get medians in place of missing numbers, standardized numbers and one-hot
categories; boosting gets numbers and categories as they are. With an exposure, the target is the rate, and
a row with exposure e has the weight e^(2 − p), if the variance is a power p of the mean: e for counts, 1 for
the gamma distribution. Networks get rates as multiples of their mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray
from tests.benchmarks.targets.folds import LEVELS, POWER, FoldRows
from tests.benchmarks.targets.scores import MIN_SHARE
from tests.benchmarks.targets.tables import AMOUNTS, COUNTS, ORDERED, QUANTILES, ZEROS

POWERS: Final[Mapping[str, float]] = {COUNTS: 1.0, AMOUNTS: 2.0, ZEROS: POWER}
WEAK: Final = 0.001
"""The penalty of a linear model that has hardly any: the default of scikit-learn is 1."""


class Peer(NamedTuple):
    """A contender for some kinds of targets."""

    module: str
    """What it is imported from."""
    kinds: tuple[str, ...]
    predict: Callable[[FoldRows], FloatArray]
    """Train, and predict the tested rows: see `scores`."""

    @property
    def is_installed(self) -> bool:
        """Whether its package is there."""
        return find_spec(self.module.partition(".")[0]) is not None


def prepared(estimator: Any, rows: FoldRows, *, drop_first: bool = False) -> Any:
    """A pipeline that does what linear models and networks need of the columns."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    one_hot = OneHotEncoder(
        handle_unknown="ignore", sparse_output=False, drop="first" if drop_first else None
    )
    columns = ColumnTransformer(
        [("numbers", numbers, rows.task.numbers), ("categories", one_hot, rows.task.categories)]
    )
    return columns if estimator is None else make_pipeline(columns, estimator)


def weights(rows: FoldRows) -> FloatArray:
    """Of the rows to train on, if rates are predicted."""
    power = POWERS.get(rows.kind, 2.0)
    of_rows: FloatArray = rows.exposures ** (2 - power)
    return of_rows


def _glm(alpha: float, rows: FoldRows) -> FloatArray:
    from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor

    make = {
        COUNTS: PoissonRegressor,
        AMOUNTS: GammaRegressor,
        ZEROS: partial(TweedieRegressor, power=POWER, link="log"),
    }[rows.kind]
    train, test = rows.task.frames()
    model = prepared(make(alpha=alpha, max_iter=1000), rows)
    step = model.steps[-1][0]
    model.fit(train, rows.task.targets, **{f"{step}__sample_weight": weights(rows)})
    return np.asarray(model.predict(test)) * rows.tested_exposures


def _network(loss: str, rows: FoldRows) -> FloatArray:
    from sklearn.neural_network import MLPRegressor

    train, test = rows.task.frames()
    unit = rows.targets.sum() / rows.exposures.sum()
    model = prepared(MLPRegressor(loss=loss, random_state=0), rows)
    step = model.steps[-1][0]
    rates = np.array(rows.task.targets) / unit
    model.fit(train, rates, **{f"{step}__sample_weight": weights(rows)})
    means: FloatArray = np.asarray(model.predict(test)) * unit * rows.tested_exposures
    return means


def _boosting(loss: str, rows: FoldRows) -> FloatArray:
    from sklearn.ensemble import HistGradientBoostingRegressor

    train, test = rows.task.categorical_frames()
    model = HistGradientBoostingRegressor(loss=loss, random_state=0, categorical_features="from_dtype")
    model.fit(train, rows.task.targets, sample_weight=weights(rows))
    means: FloatArray = np.asarray(model.predict(test)) * rows.tested_exposures
    return means if loss != "squared_error" else np.maximum(means, MIN_SHARE * rows.baseline)


def _boosted_quantiles(rows: FoldRows) -> FloatArray:
    from sklearn.ensemble import HistGradientBoostingRegressor

    train, test = rows.task.categorical_frames()
    columns = [
        HistGradientBoostingRegressor(
            loss="quantile", quantile=level, random_state=0, categorical_features="from_dtype"
        )
        .fit(train, rows.targets)
        .predict(test)
        for level in LEVELS
    ]
    return np.stack(columns, axis=1)


def _lightgbm(objective: str, rows: FoldRows) -> FloatArray:
    train, test = rows.task.categorical_frames()
    model = _lightgbm_model(objective=objective, tweedie_variance_power=POWER)
    model.fit(train, rows.task.targets, sample_weight=weights(rows))
    return np.asarray(model.predict(test)) * rows.tested_exposures


def _lightgbm_quantiles(rows: FoldRows) -> FloatArray:
    train, test = rows.task.categorical_frames()
    columns = [
        _lightgbm_model(objective="quantile", alpha=level).fit(train, rows.targets).predict(test)
        for level in LEVELS
    ]
    return np.stack(columns, axis=1)


def _lightgbm_model(**settings: Any) -> Any:
    return import_module("lightgbm").LGBMRegressor(random_state=0, n_jobs=1, verbosity=-1, **settings)


def _linear_quantiles(rows: FoldRows) -> FloatArray:
    api = import_module("statsmodels.api")
    train, test = _design(rows)
    columns = [
        api.QuantReg(rows.targets, api.add_constant(train, has_constant="add"))
        .fit(q=level)
        .predict(api.add_constant(test, has_constant="add"))
        for level in LEVELS
    ]
    return np.stack(columns, axis=1)


def _design(rows: FoldRows) -> tuple[FloatArray, FloatArray]:
    """The prepared columns, of which none is constant."""
    columns = prepared(None, rows, drop_first=True)
    known, unknown = rows.task.frames()
    train, test = columns.fit_transform(known), columns.transform(unknown)
    varying = train.std(axis=0) > 0
    return train[:, varying], test[:, varying]


def _classifier(make: Callable[[], Any], rows: FoldRows) -> FloatArray:
    train, test = rows.task.frames()
    return _all_classes(prepared(make(), rows).fit(train, rows.ranks), test, rows)


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000)


def _perceptron() -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(random_state=0)


def _mord(name: str) -> Any:
    return getattr(import_module("mord"), name)()


def _boosted_classes(rows: FoldRows) -> FloatArray:
    from sklearn.ensemble import HistGradientBoostingClassifier

    train, test = rows.task.categorical_frames()
    model = HistGradientBoostingClassifier(random_state=0, categorical_features="from_dtype")
    return _all_classes(model.fit(train, rows.ranks), test, rows)


def _all_classes(model: Any, test: Any, rows: FoldRows) -> FloatArray:
    """The probabilities of all classes; those without a row to train on have none."""
    probabilities = np.zeros((len(rows.tested), len(rows.table.facts.class_order)))
    classes = model.classes_ if hasattr(model, "classes_") else model.steps[-1][1].classes_
    probabilities[:, np.asarray(classes, int)] = model.predict_proba(test)
    return probabilities


def _ordered_model(rows: FoldRows) -> FloatArray:
    """The proportional odds model by maximum likelihood."""
    ordered = import_module("statsmodels.miscmodels.ordinal_model")
    train, test = _design(rows)
    model = ordered.OrderedModel(rows.ranks, train, distr="logit")
    fitted = model.fit(method="bfgs", maxiter=1000, disp=False)
    probabilities = np.zeros((len(test), len(rows.table.facts.class_order)))
    probabilities[:, np.unique(rows.ranks)] = fitted.predict(test)
    return probabilities


NUMBERS: Final = (COUNTS, AMOUNTS, ZEROS)
PEERS: Final[Mapping[str, Peer]] = {
    "baseline": Peer("numpy", (*NUMBERS, QUANTILES, ORDERED), lambda rows: rows.baseline),
    "glm": Peer("sklearn.linear_model", NUMBERS, partial(_glm, 1.0)),
    "glm, weak penalty": Peer("sklearn.linear_model", NUMBERS, partial(_glm, WEAK)),
    "sklearn, poisson": Peer("sklearn.neural_network", (COUNTS, ZEROS), partial(_network, "poisson")),
    "boosting, poisson": Peer("sklearn.ensemble", (COUNTS, ZEROS), partial(_boosting, "poisson")),
    "boosting, gamma": Peer("sklearn.ensemble", (AMOUNTS,), partial(_boosting, "gamma")),
    "boosting, squared": Peer("sklearn.ensemble", NUMBERS, partial(_boosting, "squared_error")),
    "boosting, quantile": Peer("sklearn.ensemble", (QUANTILES,), _boosted_quantiles),
    "lightgbm, poisson": Peer("lightgbm", (COUNTS,), partial(_lightgbm, "poisson")),
    "lightgbm, gamma": Peer("lightgbm", (AMOUNTS,), partial(_lightgbm, "gamma")),
    "lightgbm, tweedie": Peer("lightgbm", (ZEROS,), partial(_lightgbm, "tweedie")),
    "lightgbm, quantile": Peer("lightgbm", (QUANTILES,), _lightgbm_quantiles),
    "statsmodels, quantile": Peer("statsmodels.api", (QUANTILES,), _linear_quantiles),
    "logistic": Peer("sklearn.linear_model", (ORDERED,), partial(_classifier, _logistic)),
    "sklearn": Peer("sklearn.neural_network", (ORDERED,), partial(_classifier, _perceptron)),
    "boosting": Peer("sklearn.ensemble", (ORDERED,), _boosted_classes),
    "mord, all thresholds": Peer("mord", (ORDERED,), partial(_classifier, partial(_mord, "LogisticAT"))),
    "mord, next threshold": Peer("mord", (ORDERED,), partial(_classifier, partial(_mord, "LogisticIT"))),
    "statsmodels, ordered": Peer("statsmodels.miscmodels.ordinal_model", (ORDERED,), _ordered_model),
}
