"""Importances of real networks: scikit-learn's on the same predictions, and how columns are permuted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.inspection import permutation_importance

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.cli import run
from fnnctl.data.dataset import Columns
from fnnctl.metrics.feature_importance import Estimate
from fnnctl.modelling.explanations.feature_importance import feature_importances, features_of_run
from fnnctl.modelling.held_out_rows import HeldOutRows, held_out_rows
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.store.folder import RunFolder
from tests.program import only_run

Trained = Callable[..., tuple[SavedModel, HeldOutRows]]
EMBEDDED = "model.numeric_embedding=piecewise_linear"
PENGUINS, WHOLE = "{source: penguins}", "{source: penguins, split: {test: 0}}"
DATE = {"when": ("bill_length_mm", "bill_depth_mm")}
"""As if both columns had been made from one."""


def no_note(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    @cache
    def train(data: str, *settings: str) -> tuple[SavedModel, HeldOutRows]:
        folder = tmp_path_factory.mktemp("trained")
        (folder / "x.yaml").write_text(
            f"recipe: classic\nseed: 3\ndata: {data}\nmodel: {{hidden: [5]}}\ntraining: {{epochs: 6}}\n"
        )
        words = [word for setting in settings for word in ("--set", setting)]
        command = ["train", str(folder / "x.yaml"), "--quiet", "--runs-dir", str(folder / "runs"), *words]
        assert run(command) == 0
        model = load_model(RunFolder(only_run(folder)), no_note)
        return model, held_out_rows(model, instead="")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fnnctl.report.figures.drawing._draw", lambda *run, **present: ())
        yield train


def with_expansions(held_out: HeldOutRows, expansions: dict[str, tuple[str, ...]]) -> HeldOutRows:
    dataset = replace(held_out.data.dataset, expansions=expansions)
    loaded = replace(held_out.loaded, data=replace(held_out.data, dataset=dataset))
    return replace(held_out, loaded=loaded)


@dataclass
class Estimator(BaseEstimator):  # type: ignore[misc]
    """The network for scikit-learn: entry (i, j) of its input is the row that gives column j of row i."""

    model: SavedModel
    columns: Columns
    rows: IntArray
    sources: Sequence[tuple[str, ...]]
    seen: list[IntArray] = field(default_factory=list)

    def fit(self, *arguments: object) -> Estimator:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def outputs(self, sources: IntArray) -> tuple[Sequence[Sequence[object]], FloatArray]:
        self.seen.append(sources.copy())
        numeric, categorical = self.columns.numeric[self.rows], self.columns.categorical[self.rows]
        for j, names in enumerate(self.sources):
            for name in names:
                if name in self.columns.numeric_names:
                    k = self.columns.numeric_names.index(name)
                    numeric[:, k] = numeric[sources[:, j], k]
                else:
                    k = self.columns.categorical_names.index(name)
                    categorical[:, k] = categorical[sources[:, j], k]
        columns = replace(self.columns, numeric=numeric, categorical=categorical)
        predictor = self.model.predictor
        pieces = [(columns, np.arange(len(self.rows)))]
        scores = np.concatenate([each.copy() for each in predictor.column_scores(pieces)])
        return predictor.task.predict(scores, predictor.decoder)


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    @property
    def classes_(self) -> IntArray:
        return np.arange(len(self.model.description.classes))

    def predict_proba(self, sources: IntArray) -> FloatArray:
        return self.outputs(sources)[1]

    def predict(self, sources: IntArray) -> IntArray:
        found: IntArray = self.predict_proba(sources).argmax(axis=1)
        return found


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    def predict(self, sources: IntArray) -> FloatArray:
        return np.array([row[0] for row in self.outputs(sources)[0]])


SCORERS = {
    "log_loss": "neg_log_loss",
    "accuracy": "accuracy",
    "r2": "r2",
    "rmse": "neg_root_mean_squared_error",
}


@pytest.mark.parametrize(
    ("data", "settings", "expansions"),
    [
        (PENGUINS, [], {}),
        (PENGUINS, [EMBEDDED, "model.scaling_layer=true"], DATE),
        (PENGUINS, ["model.ensemble=3", "model.calibration=temperature"], DATE),
        ("{source: diabetes}", ["training.precision=float64"], {"both": ("bmi", "bp")}),
        ("{source: diabetes}", ["model.output=absolute", "model.clip_outputs=true"], {}),
    ],
)
def test_the_values_of_scikit_learn(
    trained: Trained, data: str, settings: list[str], expansions: dict[str, tuple[str, ...]]
) -> None:
    """The most important column is first."""
    model, held_out = trained(data, *settings)
    held_out = with_expansions(held_out, expansions)
    features = features_of_run(model, held_out, 3, no_note)
    names = list(features.columns)
    assert {*expansions} == {name for name, own in features.columns.items() if len(own) > 1}
    kind: Any = Classifier if model.description.classes else Regressor
    dataset, rows = held_out.data.dataset, held_out.split.test
    columns = Columns(
        numeric=dataset.numbers(rows),
        numeric_names=dataset.numeric_names,
        categorical=dataset.categorical[rows],
        categorical_names=dataset.categorical_names,
        categories=dataset.categories,
    )
    own_rows = np.arange(len(rows))
    estimator = kind(model, columns, own_rows, [*features.columns.values()])
    everything = np.tile(own_rows[:, None], len(names))
    wanted = ("log_loss", "accuracy") if model.description.classes else ("r2", "rmse")
    theirs = permutation_importance(
        estimator,
        everything,
        features.targets,
        scoring=[SCORERS[metric] for metric in wanted],
        n_repeats=10,
        random_state=0,
    )
    drawn = [sources for sources in estimator.seen if (sources != everything).any()]
    assert len(drawn) % (10 * len(names)) == 0
    donors = {
        name: np.unique([each[:, j] for each in drawn if (each[:, j] != own_rows).any()], axis=0)
        for j, name in enumerate(names)
    }
    ours = feature_importances(features, model.predictor, 3, permute=lambda column, _: donors[column])
    assert (ours.metrics, ours.part, ours.rows, ours.repeats) == (wanted, "test", len(rows), 10)
    means = [each.mean for column in ours.columns if (each := ours.headline(column))]
    assert means == sorted(means, reverse=True)
    for column in ours.columns:
        for metric in wanted:
            estimate, reference = column.estimates[metric], theirs[SCORERS[metric]]
            assert estimate is not None
            own = estimate.mean, estimate.std
            j = names.index(column.column)
            expected = reference.importances_mean[j], reference.importances_std[j]
            assert own == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert max(abs(theirs[SCORERS[wanted[0]]].importances_mean)) > 0.01


def test_a_column_does_not_depend_on_the_others(trained: Trained) -> None:
    """Neither does it on the number of threads; progress is told column by column."""
    model, held_out = trained(PENGUINS)
    features, progress = features_of_run(model, held_out, 3, no_note), list[int]()
    two = replace(features, columns={"sex": ("sex",), "island": ("island",)})
    some = feature_importances(two, model.predictor, 3, threads=3)
    every = feature_importances(features, model.predictor, 3, on_column=progress.append)
    estimates = {each.column: each.estimates for each in every.columns}
    assert {each.column: each.estimates for each in some.columns} == {
        name: estimates[name] for name in ("sex", "island")
    }
    assert progress == list(range(1, len(features.columns) + 1))


def test_a_column_that_the_network_ignores_has_exactly_none(trained: Trained) -> None:
    """Also one whose values are all equal, and one without features."""
    model, held_out = trained(PENGUINS)
    indices = model.predictor.preprocessor.feature_indices["year"]
    features = features_of_run(model, held_out, 3, no_note)
    features.features[0][:, indices] = 1.5
    changed = replace(features, columns={**features.columns, "nothing": ()})
    found = feature_importances(changed, model.predictor, 3)
    means = {each.column: each.estimates["log_loss"] for each in found.columns}
    assert means["year"] == means["nothing"] == Estimate(0.0, 0.0, [0.0, 0.0])
    assert {"year", "nothing"} <= set(found.undecided())


def test_bags_are_permuted_out_of_bag(trained: Trained) -> None:
    """Each row is scored by the network that has not learned it; a bag alone has the losses of its own."""
    model, held_out = trained(WHOLE, "model.ensemble={members: 3, bags: true}")
    features = features_of_run(model, held_out, 3, no_note)
    assert (features.part, len(features)) == ("validation", len(held_out.split.validation))
    seen: dict[int, int] = {}
    for number, bag in enumerate(held_out.bags):
        seen |= dict.fromkeys(bag.validation.tolist(), number)
    owners = [number for _, number in sorted(seen.items())]
    assert [len(own) for _, own in features.predictors] == np.bincount(owners).tolist()
    predictor, own = features.predictors[1]
    alone = replace(
        features,
        targets=features.targets[own],
        features=[each[own] for each in features.features],
        predictors=[(predictor, np.arange(len(own)))],
    )
    moved = np.arange(len(features))
    moved[own] = np.roll(own, 1)
    within = np.roll(np.arange(len(own)), 1)
    of_bag = feature_importances(alone, predictor, 3, permute=lambda column, rows: np.tile(within, (2, 1)))
    of_all = feature_importances(
        features, model.predictor, 3, permute=lambda column, rows: np.tile(moved, (2, 1))
    )
    losses = {each.column: each.estimates["log_loss"] for each in of_all.columns}
    for each in of_bag.columns:
        first, second = each.estimates["log_loss"], losses[each.column]
        assert first is not None
        assert second is not None
        assert first.mean * len(own) == pytest.approx(second.mean * len(features))


def test_an_error_in_a_column_ends_it(trained: Trained) -> None:
    model, held_out = trained(PENGUINS)

    def fail(column: str, rows: int) -> IntArray:
        raise MemoryError

    with pytest.raises(MemoryError):
        feature_importances(features_of_run(model, held_out, 3, no_note), model.predictor, 3, permute=fail)
