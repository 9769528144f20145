"""scikit-learn estimators: experiments with the parameters, attributes and manners of scikit-learn.

    >>> from sklearn.datasets import load_iris
    >>> from fnnctl.sklearn import FNNClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> FNNClassifier(recipe="fast").fit(X, y).score(X, y) > 0.9
    True

`fit` is `Experiment.train` or `Experiment.search` on all rows, without a test part and in memory, and `run_`
is what it returns.
"""

from fnnctl.text import install_command

try:
    from fnnctl.sklearn.estimators import (
        FNNClassifier,
        FNNRegressor,
        FNNSearchClassifier,
        FNNSearchRegressor,
    )
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"fnnctl.sklearn needs scikit-learn: {install_command('scikit-learn')}", name=error.name
    ) from error

__all__ = ["FNNClassifier", "FNNRegressor", "FNNSearchClassifier", "FNNSearchRegressor"]
