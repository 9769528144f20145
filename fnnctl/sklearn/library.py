"""What the estimators take of scikit-learn: the only file that imports it."""

from __future__ import annotations

from fnnctl.text import install_command

try:
    from joblib import effective_n_jobs
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection._search import BaseSearchCV
    from sklearn.utils import check_array, check_consistent_length, check_random_state, column_or_1d
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight as check_sample_weight
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"fnnctl.sklearn needs scikit-learn: {install_command('scikit-learn')}", name=error.name
    ) from error

__all__ = [
    "BaseEstimator",
    "BaseSearchCV",
    "ClassifierMixin",
    "ConvergenceWarning",
    "RegressorMixin",
    "check_array",
    "check_classification_targets",
    "check_consistent_length",
    "check_is_fitted",
    "check_random_state",
    "check_sample_weight",
    "column_or_1d",
    "effective_n_jobs",
    "validate_data",
]
