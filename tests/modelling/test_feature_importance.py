"""Importances of real networks: scikit-learn's on the same predictions, and how columns are permuted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.inspection import permutation_importance

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Columns
from fnnctl.metrics.feature_importance import Estimate, FeatureImportances
from fnnctl.modelling.feature_importance import HeldOutFeatures, feature_importances, features_of_run
from fnnctl.modelling.held_out_rows import HeldOutRows, held_out_rows
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.task import Task
from tests.program import Program

pytestmark = pytest.mark.usefixtures("no_figures")

Trained = Callable[..., tuple[SavedModel, HeldOutRows]]
EMBEDDED = "model.numeric_embedding=piecewise_linear"
DATE = {"when": ("bill_length_mm", "bill_depth_mm")}
"""As if both columns had been made from one."""


def no_note(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture
def trained(program: Program, tmp_path: Path) -> Trained:
    def train(
        data: str, *settings: str, expansions: dict[str, tuple[str, ...]] | None = None
    ) -> tuple[SavedModel, HeldOutRows]:
        config = tmp_path / "x.yaml"
        config.write_text(
            f"recipe: classic\nseed: 3\ndata: {data}\nmodel: {{hidden: [5]}}\ntraining: {{epochs: 6}}\n"
        )
        words = [word for setting in settings for word in ("--set", setting)]
        done = program("train", str(config), *words, "--json")
        assert done.code == 0, done.err
        model = load_model(RunFolder(Path(done.json["run"])), no_note)
        held_out = held_out_rows(model, instead="")
        if expansions:
            data_ = held_out.data
            dataset = replace(data_.dataset, expansions=expansions)
            loaded = replace(held_out.loaded, data=replace(data_, dataset=dataset))
            held_out = replace(held_out, loaded=loaded)
        return model, held_out

    return train


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
        ("{source: penguins}", [], None),
        (
            "{source: penguins}",
            [EMBEDDED, "model.scaling_layer=true"],
            DATE,
        ),
        ("{source: penguins}", ["model.ensemble=3", "model.calibration=temperature"], DATE),
        ("{source: diabetes}", ["training.precision=float64"], {"both": ("bmi", "bp")}),
        ("{source: diabetes}", ["model.output=absolute", "model.clip_outputs=true"], None),
    ],
)
def test_the_values_of_scikit_learn(
    trained: Trained, data: str, settings: list[str], expansions: dict[str, tuple[str, ...]] | None
) -> None:
    model, held_out = trained(data, *settings, expansions=expansions)
    features = features_of_run(model, held_out, 3, no_note)
    names = list(features.columns)
    kind: Any = Classifier if model.description.classes else Regressor
    dataset, rows = held_out.data.dataset, held_out.split.test
    columns = Columns(
        numeric=dataset.numbers(rows),
        numeric_names=dataset.numeric_names,
        categorical=dataset.categorical[rows],
        categorical_names=dataset.categorical_names,
        categories=dataset.categories,
    )
    estimator = kind(model, columns, np.arange(len(rows)), [*features.columns.values()])
    everything = np.tile(np.arange(len(rows))[:, None], len(names))
    wanted = ["log_loss", "accuracy"] if model.description.classes else ["r2", "rmse"]
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
        name: np.unique([each[:, j] for each in drawn if (each[:, j] != np.arange(len(rows))).any()], axis=0)
        for j, name in enumerate(names)
    }
    ours = feature_importances(features, model.predictor, 3, permute=lambda column, _: donors[column])
    for each in ours.columns:
        j = names.index(each.column)
        for metric in wanted:
            found, reference = each.estimates[metric], theirs[SCORERS[metric]]
            assert found is not None
            assert found.mean == pytest.approx(reference.importances_mean[j], rel=1e-12, abs=1e-12)
            assert found.std == pytest.approx(reference.importances_std[j], rel=1e-12, abs=1e-12)
    assert max(abs(theirs[SCORERS[wanted[0]]].importances_mean)) > 0.01


def importances_of(
    model: SavedModel,
    held_out: HeldOutRows,
    change: Callable[[HeldOutFeatures], HeldOutFeatures] | None = None,
) -> FeatureImportances:
    features = features_of_run(model, held_out, 3, no_note)
    return feature_importances(change(features) if change else features, model.predictor, 3)


def test_the_columns_of_a_date_are_one_column(trained: Trained) -> None:
    model, held_out = trained("{source: penguins}", expansions=DATE)
    found = importances_of(model, held_out)
    names = [each.column for each in found.columns]
    assert sorted(names) == ["body_mass_g", "flipper_length_mm", "island", "sex", "when", "year"]
    assert (found.part, found.rows, found.repeats) == ("test", len(held_out.split.test), 10)


def test_the_most_important_column_is_first(trained: Trained) -> None:
    found = importances_of(*trained("{source: penguins}"))
    means = [each.mean for column in found.columns if (each := found.headline(column))]
    assert means == sorted(means, reverse=True)
    assert found.metrics == ("log_loss", "accuracy")


def test_a_column_does_not_depend_on_the_others(trained: Trained) -> None:
    model, held_out = trained("{source: penguins}")

    def two(features: HeldOutFeatures) -> HeldOutFeatures:
        return replace(features, columns={"sex": ("sex",), "island": ("island",)})

    some = {each.column: each.estimates for each in importances_of(model, held_out, two).columns}
    every = {each.column: each.estimates for each in importances_of(model, held_out).columns}
    assert some == {name: every[name] for name in ("sex", "island")}


def test_a_column_that_the_network_ignores_has_exactly_none(trained: Trained) -> None:
    """Also one whose values are all equal, and one without features."""
    model, held_out = trained("{source: penguins}")
    indices = model.predictor.preprocessor.feature_indices["year"]
    features = features_of_run(model, held_out, 3, no_note)
    features.features[0][:, indices] = 1.5
    changed = replace(features, columns={**features.columns, "nothing": ()})
    found = feature_importances(changed, model.predictor, 3)
    means = {each.column: each.estimates["log_loss"] for each in found.columns}
    assert means["year"] == means["nothing"] == Estimate(0.0, 0.0, [0.0, 0.0])
    assert {"year", "nothing"} <= set(found.undecided())


def test_bags_are_permuted_out_of_bag(trained: Trained) -> None:
    """Each row is scored by the network that has not learned it."""
    model, held_out = trained(
        "{source: penguins, split: {test: 0}}", "model.ensemble={members: 3, bags: true}"
    )
    features = features_of_run(model, held_out, 3, no_note)
    assert features.part == "validation"
    assert len(features) == len(held_out.split.validation)
    ours = feature_importances(features, model.predictor, 3)
    seen: dict[int, int] = {}
    for number, bag in enumerate(held_out.bags):
        seen |= dict.fromkeys(bag.validation.tolist(), number)
    owners = [number for _, number in sorted(seen.items())]
    assert [len(own) for _, own in features.predictors] == np.bincount(owners).tolist()
    # A bag alone has the losses of its own network.
    predictor, own = features.predictors[1]
    alone = replace(
        features,
        targets=features.targets[own],
        features=[each[own] for each in features.features],
        predictors=[(predictor, np.arange(len(own)))],
    )

    def within(column: str, rows: int) -> IntArray:
        return np.tile(np.roll(np.arange(rows), 1), (2, 1))

    def across(column: str, rows: int) -> IntArray:
        moved = np.arange(rows)
        moved[own] = np.roll(own, 1)
        return np.tile(moved, (2, 1))

    of_bag = feature_importances(alone, predictor, 3, permute=within)
    of_all = feature_importances(features, model.predictor, 3, permute=across)
    for each in of_bag.columns:
        (same,) = (other for other in of_all.columns if other.column == each.column)
        first, second = each.estimates["log_loss"], same.estimates["log_loss"]
        assert first is not None
        assert second is not None
        assert first.mean * len(own) == pytest.approx(second.mean * len(features))
    assert ours.columns


@pytest.mark.parametrize(
    "settings", [["model.ensemble=2", EMBEDDED], ["model.ensemble={members: 3, bags: true}"]]
)
def test_any_number_of_threads_gives_the_same(trained: Trained, settings: list[str]) -> None:
    model, held_out = trained("{source: penguins, split: {test: 0}}", *settings)
    features = features_of_run(model, held_out, 3, no_note)
    alone, several = (feature_importances(features, model.predictor, 3, threads=n) for n in (1, 3))
    assert alone == several


def test_an_error_in_a_column_ends_it(trained: Trained) -> None:
    model, held_out = trained("{source: penguins}")
    features = features_of_run(model, held_out, 3, no_note)

    def fail(column: str, rows: int) -> IntArray:
        raise MemoryError

    with pytest.raises(MemoryError):
        feature_importances(features, model.predictor, 3, permute=fail)


def test_progress_is_told_column_by_column(trained: Trained) -> None:
    model, held_out = trained("{source: penguins}")
    told: list[int] = []
    features = features_of_run(model, held_out, 3, no_note)
    feature_importances(features, model.predictor, 3, on_column=told.append)
    assert told == list(range(1, len(features.columns) + 1))


def test_the_task_names_the_metrics(trained: Trained) -> None:
    model, held_out = trained("{source: diabetes}")
    task: Task = model.predictor.task
    assert task.name == "regression"
    found = importances_of(model, held_out)
    assert found.metrics == ("r2", "rmse")
    assert found.columns[0].column in ("bmi", "s5", "bp")
