"""The estimators, with their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from fnnctl.sklearn.classifier import Classifier
from fnnctl.sklearn.regressor import Regressor
from fnnctl.sklearn.trained import Searched, Trained


class FNNClassifier(Classifier, Trained):
    """A classifier that is an experiment of fnnctl. A parameter that is None is left to the recipe.

    With several columns of y, `classes_` and `predict_proba` are lists, as of RandomForestClassifier. If all
    their values are 0 and 1, they are labels: `predict_proba` is (n, T), as of MLPClassifier. A column of one
    class is predicted without a network.

    Args:
        recipe: "default", "fast" or "classic": what all settings are that nothing else sets.
        hidden_layer_sizes: The units of each hidden layer (`model.hidden`).
        activation: Of the hidden layers, such as "relu", "tanh", "logistic" or "identity".
        alpha: The L2 penalty as in scikit-learn, which adds ½·alpha·‖W‖² / (rows of the batch) to the loss of
            a batch: `training.l2` is alpha divided by the sum of the weights of a batch's rows.
        batch_size: Rows per step, or "auto": 200, or all rows if there are fewer.
        learning_rate_init: The learning rate, with `training.parametrization: standard`.
        max_iter: The largest number of epochs.
        early_stopping: True ends the training after 10 epochs without a lower validation loss; False never.
        tol: What a lower loss is: by how much it must fall. Without `early_stopping=True` the training loss
            is meant (`training.convergence`), as in scikit-learn.
        n_iter_no_change: The number of epochs without a lower loss after which training ends.
        class_weight: "balanced", or the weight of each class in the loss. They change which class is
            predicted; `predict_proba` stays calibrated.
        random_state: The seed (None: 0, so that equal fits are equal), or a `RandomState` to draw it from.
        settings: All other settings, by their paths: `{"model.dropout": 0.2}`. A parameter has precedence.
        n_jobs: The most processes for the networks of an ensemble, as in scikit-learn; it changes no result.
        verbose: Whether to print progress.
        warm_start: Whether a second `fit` trains the networks of the first one on, as `partial_fit` does.

    After `fit`:
        classes_: The classes, sorted, (classes,).
        n_features_in_: The number of columns.
        feature_names_in_: Their names, if X was a data frame with texts as names.
        n_iter_: The number of epochs that the last call trained.
        loss_curve_: The training loss after each of them.
        run_: The `fnnctl.Run`, with metrics, history, report and predictor.

    """

    def __init__(
        self,
        *,
        recipe: str | None = None,
        hidden_layer_sizes: Any = None,
        activation: Any = None,
        alpha: float | None = None,
        batch_size: int | str | None = None,
        learning_rate_init: float | None = None,
        max_iter: int | None = None,
        early_stopping: bool | None = None,
        tol: float | None = None,
        n_iter_no_change: float | None = None,
        class_weight: Any = None,
        random_state: Any = None,
        settings: Mapping[str, Any] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
        warm_start: bool = False,
    ) -> None:
        self.recipe = recipe
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.random_state = random_state
        self.settings = settings
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.warm_start = warm_start

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train the networks on with these rows, for `max_iter` epochs; the first call begins.

        Preprocessing, classes and architecture are those of the first call or `fit`.

        Args:
            X: As of `fit`, with the same columns in each call.
            y: The classes, (n,); or several columns, (n, T), as many in each call. Classes that no call had
                before begin with zero weights in the output.
            classes: All classes that may come; None for those of `y`. Of several columns a list of the
                classes of each; labels need none.
            sample_weight: As of `fit`.

        Raises the errors of `fit`; then the estimator is as it was.
        """
        return self._train(X, y, sample_weight, goes_on=self._is_fitted, classes=classes)


class FNNRegressor(Regressor, Trained):
    """A regressor that is an experiment of fnnctl. A parameter that is None is left to the recipe.

    Parameters and attributes are those of `FNNClassifier`, without classes and their weights. The network is
    trained on the standardized target, so `alpha` is that of scikit-learn for such a target.
    """

    def __init__(
        self,
        *,
        recipe: str | None = None,
        hidden_layer_sizes: Any = None,
        activation: Any = None,
        alpha: float | None = None,
        batch_size: int | str | None = None,
        learning_rate_init: float | None = None,
        max_iter: int | None = None,
        early_stopping: bool | None = None,
        tol: float | None = None,
        n_iter_no_change: float | None = None,
        random_state: Any = None,
        settings: Mapping[str, Any] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
        warm_start: bool = False,
    ) -> None:
        self.recipe = recipe
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.settings = settings
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.warm_start = warm_start

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the networks on with these rows, as `FNNClassifier.partial_fit` does."""
        return self._train(X, y, sample_weight, goes_on=self._is_fitted)


class FNNSearchClassifier(Classifier, Searched):
    """A classifier whose settings are searched.

    Without a space it predicts with the ensemble of the best trials, otherwise with the winner, which is
    refitted on all rows.

    Args:
        space: The searched settings, from their paths to their domains:
            `{"training.l2": {"log_uniform": [1e-6, 1e-2]}}` (None: those that suit the table).
        method: Of the search, such as "random", "bayes" or "evolution" (None: "hyperband" or, without a
            space, the one that suits the table).
        budget: The number of trials (None: the method's plan). A count: equal searches have equal results.
        time_limit: About how many seconds the search takes; the results then depend on the machine.
        n_jobs: The number of processes, as in scikit-learn; it changes no result.
        recipe, class_weight, random_state, settings, verbose: As of `FNNClassifier`.

    After `fit`:
        best_params_: The settings of the winner, by path: `FNNClassifier(settings=best_params_)` has them.
        best_score_: The objective of the best trial.
        results_: The leaderboard, best trial first, as a dict of columns.
        run_: The `fnnctl.Run` of the search; `run_.best` is that of the winner.
        classes_, n_features_in_, feature_names_in_: As of `FNNClassifier`.
        n_iter_, loss_curve_: Those of the winner.

    """

    def __init__(
        self,
        space: Mapping[str, Any] | None = None,
        *,
        method: Any = None,
        budget: int | None = None,
        time_limit: float | None = None,
        recipe: str | None = None,
        class_weight: Any = None,
        random_state: Any = None,
        settings: Mapping[str, Any] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.space = space
        self.method = method
        self.budget = budget
        self.time_limit = time_limit
        self.recipe = recipe
        self.class_weight = class_weight
        self.random_state = random_state
        self.settings = settings
        self.n_jobs = n_jobs
        self.verbose = verbose


class FNNSearchRegressor(Regressor, Searched):
    """A regressor whose settings are searched.

    Parameters and attributes are those of `FNNSearchClassifier`, without classes and their weights.
    """

    def __init__(
        self,
        space: Mapping[str, Any] | None = None,
        *,
        method: Any = None,
        budget: int | None = None,
        time_limit: float | None = None,
        recipe: str | None = None,
        random_state: Any = None,
        settings: Mapping[str, Any] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.space = space
        self.method = method
        self.budget = budget
        self.time_limit = time_limit
        self.recipe = recipe
        self.random_state = random_state
        self.settings = settings
        self.n_jobs = n_jobs
        self.verbose = verbose
