from __future__ import annotations

import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import preprocessing as sklearn_preprocessing

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data import dataset as columns
from fnnctl.data import preprocessing
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.data.fitting import NumberBins, fit_preprocessor
from fnnctl.data.matrix import Packing
from fnnctl.data.preprocessing import MOST_COMPARED, Bins, Preprocessor, bin_edges, edges_around_values
from tests.data.bins import bin_coordinates


def test_coordinates_by_hand() -> None:
    numbers = np.array([-5.0, 0.0, 0.5, 1.0, 2.5, 3.0, 1e300])
    assert bin_coordinates(numbers, np.array([0.0, 1.0, 3.0])).tolist() == [0, 0, 0.5, 1, 1.75, 2, 2]
    for edges in ([], [7.0]):
        assert not bin_coordinates(numbers, np.array(edges)).any()
    huge = np.array([-1.7e308, 0.0, 1.7e308])
    assert bin_coordinates(huge, bin_edges(huge[None], 2)[0]).tolist() == [0, 1, 2]


def test_few_rows_and_many_have_the_same_coordinates() -> None:
    """Few rows are compared with all edges, many are searched for, column by column."""
    rng = np.random.default_rng(0)
    edges = [np.unique(rng.normal(size=count).round(1)) for count in (2, 40, 9)]
    edges += [np.array([]), np.array([7.0])]
    numbers = rng.normal(size=(MOST_COMPARED, 5)).round(1)
    bins = Bins(edges)
    together, apart = bins.coordinates(numbers), [bins.coordinates(row[None])[0] for row in numbers]
    assert together.tobytes() == np.array(apart).tobytes()
    assert together.min(axis=0).tolist() == [0] * 5
    assert together.max(axis=0).tolist() == [max(0, len(own) - 1) for own in edges]


def test_edges_are_the_distinct_quantiles() -> None:
    columns = np.array([[4.0, 3, 2, 1, 0], [0.0, 0, 0, 0, 5], [2.0, 2, 2, 2, 2]])
    found = bin_edges(columns, 4)
    assert [own.tolist() for own in found] == [[0, 1, 2, 3, 4], [0, 5], [2]]


def test_each_bin_has_about_as_many_rows() -> None:
    values = np.random.default_rng(0).lognormal(size=4801)
    coordinates = bin_coordinates(values, bin_edges(values[None], 48)[0])
    assert set(np.bincount(np.minimum(coordinates.astype(int), 47)).tolist()) <= {100, 101}


NAN = np.nan


def dataset_of(numeric: FloatArray, codes: IntArray | None = None, categories: Any = ()) -> Dataset:
    n = len(numeric)
    return Dataset(
        name="t", source="t.csv", sha256="0" * 64,
        numeric=numeric, numeric_names=tuple(f"n{j}" for j in range(numeric.shape[1])),
        categorical=np.empty((n, 0), np.int32) if codes is None else codes,
        categorical_names=tuple(f"c{j}" for j in range(len(categories))), categories=categories,
        targets=(RawTarget("y", np.zeros(n, np.intp), ("p", "q"), (2, 3)),), file_rows=np.arange(n),
    )  # fmt: skip


def categories_of(codes: Any, texts: Sequence[str]) -> Dataset:
    """A single column, of categories."""
    return dataset_of(np.empty((len(codes), 0)), np.array(codes, np.int32)[:, None], (tuple(texts),))


def config(**settings: Any) -> DataConfig:
    return DataConfig(source="t.csv", **settings)


def transformed(fitted: Preprocessor, dataset: Dataset, dtype: Any = np.float64) -> FloatArray:
    out = np.full((len(dataset), len(fitted.features)), NAN, dtype)
    fitted.transform(dataset, np.arange(len(dataset)), out)
    return out


def test_worked_by_hand() -> None:
    numeric = np.array([[1, NAN], [3, 10], [NAN, 30], [7, 0]])
    codes = np.array([[0, 1], [2, 1], [-1, 1], [1, -1]], np.int32)
    dataset = dataset_of(numeric, codes, (("a", "b", "c"), ("u", "v")))
    fitted = fit_preprocessor(dataset, np.array([0, 1, 2]), config(imputation="mean"))
    assert fitted.features == ("n0", "n1", "n0 missing", "n1 missing", "c0=a", "c0=c", "c0 missing", "c1=v")
    # n0: 1, 3 -> mean 2, deviation 1; n1: 10, 30 -> mean 20, deviation 10
    assert transformed(fitted, dataset).tolist() == [
        [-1, 0, 0, 1, 1, 0, 0, 1],
        [1, -1, 0, 0, 0, 1, 0, 1],
        [0, 1, 1, 0, 0, 0, 1, 1],
        [5, -2, 0, 0, 0, 0, 0, 0],
    ]


class TestManyCategories:
    CODES = (3, 3, 3, 0, 0, 1, 2, -1, 4)

    def fitted(self, most: int | None, rows: int = 8) -> tuple[Preprocessor, Dataset]:
        dataset = categories_of(self.CODES, ("other", "b", "c", "z", "new"))
        return fit_preprocessor(dataset, np.arange(rows), config(max_categories=most)), dataset

    def test_the_most_frequent_stay_and_all_others_are_one(self) -> None:
        fitted, dataset = self.fitted(3)
        # "other" is a category, too; b and c are rare, and "new" is not among the training rows
        assert fitted.features == ("c0=other", "c0=z", "c0 other", "c0 missing")
        z, other, rare, missing = np.eye(4)[[1, 0, 2, 3]].tolist()
        assert transformed(fitted, dataset).tolist() == [z, z, z, other, other, rare, rare, missing, rare]

    @pytest.mark.parametrize("most", [None, 4])
    def test_few_categories_all_stay(self, most: int | None) -> None:
        fitted, dataset = self.fitted(most)
        assert fitted.features == ("c0=other", "c0=b", "c0=c", "c0=z", "c0 missing")
        assert transformed(fitted, dataset)[8].tolist() == [0] * 5

    def test_frequencies_are_those_of_the_training_rows(self) -> None:
        """In a tie the first in order stays."""
        assert self.fitted(2, rows=4)[0].features == ("c0=other", "c0=z")
        assert self.fitted(2, rows=7)[0].features == ("c0=z", "c0 other")
        equal = fit_preprocessor(categories_of(range(4), "abcd"), np.arange(4), config(max_categories=3))
        assert equal.features == ("c0=a", "c0=b", "c0 other")

    @given(st.lists(st.integers(0, 30), min_size=40, max_size=60), st.integers(2, 12))
    def test_agrees_with_scikit_learn(self, drawn: list[int], most: int) -> None:
        """Where no tie decides: frequencies are made different."""
        codes = np.sort(np.repeat(np.arange(len(drawn)), 1 + np.argsort(drawn)))
        texts = [f"{i:03}" for i in range(len(drawn))]
        dataset = categories_of(codes, texts)
        fitted = fit_preprocessor(dataset, np.arange(len(codes)), config(max_categories=most))
        oracle = sklearn_preprocessing.OneHotEncoder(max_categories=most, sparse_output=False)
        expected = oracle.fit_transform(np.array(texts)[codes][:, None])
        np.testing.assert_array_equal(transformed(fitted, dataset), expected)


class TestCodes:
    """A column of twelve values: the first in 120 rows, the last in one, the others in two; some are missing.

    The value "n" is in none of the training rows, and neither is a missing one of the second column.
    """

    VALUES = tuple("abcdefghijkln")
    CODES = np.array([*[0] * 120, *np.repeat(np.arange(1, 11), 2), 11, -1, -1, 12], np.int32)

    def dataset(self) -> Dataset:
        whole = np.arange(len(self.CODES), dtype=np.int32) % 11
        whole[-1] = -1
        numbers = np.random.default_rng(5).normal(size=(len(whole), 1))
        return dataset_of(numbers, np.column_stack([self.CODES, whole]), (self.VALUES, tuple("ABCDEFGHIJK")))

    def fitted(self, **settings: Any) -> Preprocessor:
        rows = np.arange(len(self.CODES) - 1)
        return fit_preprocessor(self.dataset(), rows, config(category_encoding="target", **settings))

    def test_values_in_several_rows_have_a_code_and_frequent_ones_a_feature(self) -> None:
        fitted = self.fitted()
        assert fitted.features == ("n0", "c0=a", "c0 other", "c0 missing", "c0 code", "c1 code")
        first, second = fitted.coded
        assert first.coded == self.VALUES[:11]
        assert (first.codes, second.codes) == (11 + 2, 11 + 1)
        assert sorted(first.known) == [*self.VALUES[:11]]
        frequent, rare, single, missing, new = 0, 121, 140, 141, 143
        rows = transformed(fitted, self.dataset())[:, 1:]
        assert rows[[frequent, rare, single, missing, new]].tolist() == [
            [1, 0, 0, 0, 0],
            [0, 1, 0, 1, 121 % 11],
            [0, 1, 0, 12, 140 % 11],
            [0, 0, 1, 11, 141 % 11],
            [0, 1, 0, 12, 11],
        ]

    def test_few_values_are_one_hot_as_they_are_without(self) -> None:
        dataset = categories_of(np.arange(300) % 10, self.VALUES)
        coded, one_hot = (
            fit_preprocessor(dataset, np.arange(300), config(category_encoding=encoding))
            for encoding in ("target", "one_hot")
        )
        assert coded == one_hot
        assert len(coded.features) == 10

    def test_ids_are_no_features(self) -> None:
        dataset = categories_of(range(30), [str(code) for code in range(30)])
        fitted = fit_preprocessor(dataset, np.arange(30), config(category_encoding="target"))
        assert (fitted.features, fitted.coded, fitted.categories[0].codes) == ((), (), 0)

    def test_frequent_values_are_limited_too(self) -> None:
        codes = np.repeat(np.arange(12), [100 + code for code in range(12)])
        dataset, rows = categories_of(codes, self.VALUES), np.arange(len(codes))
        limited, unlimited = (
            fit_preprocessor(dataset, rows, config(category_encoding="target", max_categories=most))
            for most in (4, 12)
        )
        assert limited.features[:-1] == ("c0=j", "c0=k", "c0=l", "c0 other")
        assert len(unlimited.features[:-1]) == 12
        assert len(limited.coded[0].coded) == len(unlimited.coded[0].coded) == 12

    def test_columns_know_their_codes_beside_bins(self) -> None:
        settings = config(category_encoding="target")
        fitted = fit_preprocessor(self.dataset(), np.arange(100, 143), settings, NumberBins(3))
        owners = [fitted.features[index] for indices in fitted.feature_indices.values() for index in indices]
        assert owners == ["n0", "n0 bin", "c0 missing", "c0 code", "c1 code"]
        assert fitted.features[-3:] == ("n0 bin", "c0 code", "c1 code")


@pytest.mark.parametrize(
    ("scaling", "oracle"),
    [
        ("standardize", sklearn_preprocessing.StandardScaler()),
        ("robust", sklearn_preprocessing.RobustScaler()),
        ("minmax", sklearn_preprocessing.MinMaxScaler()),
        ("none", sklearn_preprocessing.FunctionTransformer()),
    ],
)
def test_scaling_agrees_with_scikit_learn(scaling: str, oracle: Any) -> None:
    """Statistics are those of the training rows."""
    rng = np.random.default_rng(1)
    numeric = (rng.normal(size=(200, 7)) + rng.normal(size=7)) * np.logspace(-6, 6, 7)
    train, dataset = np.arange(0, 200, 2), dataset_of(numeric)
    ours = transformed(fit_preprocessor(dataset, train, config(scaling=scaling)), dataset)
    np.testing.assert_allclose(ours, oracle.fit(numeric[train]).transform(numeric), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("column", "learned", "scaling", "expected"),
    [
        ([NAN, NAN, 4.0], 2, "standardize", [[0, 1], [0, 1], [4, 0]]),  # without values: filled with 0
        ([1.0, 2.0, 9.0, NAN], 3, "minmax", [[0], [0.125], [1], [0.125]]),  # without an indicator
        ([0.1, 0.1, 0.1], 3, "standardize", [[0], [0], [0]]),  # a constant is 0 to the bit
        ([0.0, 1e-300, 1e300], 2, "minmax", [[0], [1], [np.finfo(np.float64).max]]),  # overflows
    ],
)
def test_unusual_columns(
    column: list[float], learned: int, scaling: str, expected: list[list[float]]
) -> None:
    dataset = dataset_of(np.array(column)[:, None])
    fitted = fit_preprocessor(dataset, np.arange(learned), config(scaling=scaling))
    assert transformed(fitted, dataset).tolist() == expected


def test_coordinates_among_bins_come_last() -> None:
    numeric = np.array([[1.0, NAN], [3.0, NAN], [5.0, NAN], [9.0, 4.0], [NAN, NAN]])
    dataset = dataset_of(numeric, np.array([[0], [1], [0], [-1], [0]], np.int32), (("a", "b"),))
    fitted = fit_preprocessor(dataset, np.arange(3), config(), NumberBins(2))
    assert fitted.features == ("n0", "n1", "n1 missing", "c0=a", "c0=b", "n0 bin", "n1 bin")
    assert fitted.numbers[0].edges == (1.0, 3.0, 5.0)
    # a missing number is in the place of the median
    assert transformed(fitted, dataset)[:, 5:].tolist() == [[0, 0], [1, 0], [2, 0], [2, 0], [1, 0]]


@pytest.mark.parametrize(("values", "packed"), [(1, False), (3 * 40, True), (2**15, False)])
def test_a_column_is_fitted_as_if_it_were_alone(
    monkeypatch: pytest.MonkeyPatch, values: int, packed: bool
) -> None:
    """However many columns are read together, and whatever is missing in the others."""
    monkeypatch.setattr(columns, "COLUMN_VALUES", values)
    rng = np.random.default_rng(4)
    numeric = rng.normal(size=(60, 11)) * 10.0 ** np.arange(11)
    numeric[:, 2:9][rng.random((60, 7)) < 0.05] = NAN
    numeric[:, 5], numeric[:, 6] = NAN, 0.1
    dataset = dataset_of(numeric)
    if packed:
        packing = Packing.of(numeric)
        dataset = replace(dataset, numeric=packing.pack(numeric), packing=packing)
    numbers, rows = dataset.numbers(slice(None)), rng.permutation(60)[:40]
    fitted = fit_preprocessor(dataset, rows, config()).numbers
    alone = [fit_preprocessor(dataset_of(column[:, None]), rows, config()).numbers[0] for column in numbers.T]
    assert [replace(feature, name=f"n{j}") for j, feature in enumerate(alone)] == [*fitted]
    assert [feature.indicator for feature in fitted] == np.isnan(numbers[rows]).any(0).tolist()


def test_columns_and_categories_are_found_by_name() -> None:
    dataset = dataset_of(np.array([[0.0, 10], [2, 30]]), np.array([[0], [1]], np.int32), (("a", "b"),))
    fitted = fit_preprocessor(dataset, np.arange(2), config())
    other = dataset_of(np.array([[10.0, 2.0]]), np.array([[2]], np.int32), (("Z", "a", "b"),))
    renamed = replace(other, numeric_names=("n1", "n0"))
    assert transformed(fitted, renamed).tolist() == [[1, -1, 0, 1]]


def test_a_number_is_the_category_that_is_written_otherwise_in_the_training_rows() -> None:
    """In a held-out row `1` is `1.0`; of `2` and `2.0` each is itself, and `01` is a code."""
    dataset = categories_of([0, 1, 2, 3, 4], ["1.0", "2", "2.0", "1", "01"])
    fitted = fit_preprocessor(dataset, np.arange(3), config())
    assert fitted.features == ("c0=1.0", "c0=2", "c0=2.0")
    features = transformed(fitted, dataset).tolist()
    assert features[3:] == [[1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_numbers_stay_finite(dtype: Any) -> None:
    dataset = dataset_of(np.array([[1e300], [-1e300], [1.0]]))
    scaled = transformed(fit_preprocessor(dataset, np.arange(2), config()), dataset, dtype)
    np.testing.assert_allclose(scaled.ravel(), [1, -1, 0], atol=1e-15)
    raw = transformed(fit_preprocessor(dataset, np.arange(2), config(scaling="none")), dataset, dtype)
    largest = min(1e300, float(np.finfo(dtype).max))
    assert raw.ravel().tolist() == [largest, -largest, 1]


@pytest.mark.parametrize("bins", [None, 5])
def test_blocks_and_views_give_the_same_bits(monkeypatch: pytest.MonkeyPatch, bins: int | None) -> None:
    rng = np.random.default_rng(3)
    numeric = rng.normal(size=(50, 4))
    numeric[rng.random(numeric.shape) < 0.2] = NAN
    dataset = dataset_of(numeric, rng.integers(-1, 3, (50, 1), np.int32), (("a", "b", "c"),))
    fitted = fit_preprocessor(dataset, np.arange(30), config(), NumberBins(bins) if bins else None)
    whole = transformed(fitted, dataset, np.float32)
    monkeypatch.setattr(preprocessing, "BLOCK_VALUES", 3 * len(fitted.features))
    rows = rng.permutation(50)
    wide = np.full((len(fitted.features), 60), NAN, np.float32)
    fitted.transform(dataset, rows, wide.T[5:55])
    np.testing.assert_array_equal(wide.T[5:55], whole[rows])
    assert np.isnan(wide[:, :5]).all()


def test_a_wide_table_takes_no_more_scratch_than_a_narrow_one() -> None:
    numeric = np.random.default_rng(5).normal(size=(1000, 3000))
    dataset = dataset_of(numeric)
    fitted = fit_preprocessor(dataset, np.arange(10), config(scaling="minmax"))
    out = np.empty((1000, 3000), np.float32)
    tracemalloc.start()
    fitted.transform(dataset, np.arange(1000), out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < numeric.nbytes / 8


@pytest.mark.parametrize("bins", [None, 5])
def test_the_way_through_json_is_exact(bins: int | None) -> None:
    rng = np.random.default_rng(4)
    numeric = rng.normal(size=(60, 3)) / 3
    numeric[4, 1] = NAN
    codes = np.column_stack([rng.integers(-1, 2, 60), np.arange(60) % 12]).astype(np.int32)
    dataset = dataset_of(numeric, codes, (("ä", 'b"'), tuple("abcdefghijkl")))
    settings = config(category_encoding="target", max_categories=3)
    fitted = fit_preprocessor(dataset, np.arange(50), settings, NumberBins(bins) if bins else None)
    assert fitted.coded
    again = Preprocessor.from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False)))
    assert again == fitted
    assert again.features == fitted.features


@given(st.integers(0, 2**32), st.booleans(), st.sampled_from([None, 2]))
def test_the_indices_of_the_columns_are_those_of_their_features(
    seed: int, binned: bool, most: int | None
) -> None:
    """Every feature belongs to one column, and its name begins with that of the column."""
    rng = np.random.default_rng(seed)
    numeric = np.where(rng.random((30, 3)) < 0.1, NAN, rng.normal(size=(30, 3)))
    dataset = dataset_of(numeric, rng.integers(-1, 3, (30, 2), np.int32), (("a", "b", "c"), ("d", "e", "f")))
    capped = config(max_categories=most)
    fitted = fit_preprocessor(dataset, np.arange(20), capped, NumberBins(4) if binned else None)
    owners = {int(index): name for name, indices in fitted.feature_indices.items() for index in indices}
    assert list(fitted.feature_indices) == ["n0", "n1", "n2", "c0", "c1"]
    assert sum(map(len, fitted.feature_indices.values())) == len(owners) == len(fitted.features)
    assert all(feature.startswith(owners[index]) for index, feature in enumerate(fitted.features))
    assert [int(fitted.feature_indices[f"n{j}"][0]) for j in range(3)] == [0, 1, 2]


NUMBER = {"name": "x", "fill": 1.0, "centre": 0, "spread": 2.5, "indicator": True}


def test_a_description_of_an_older_version_has_neither_others_nor_codes() -> None:
    fitted = Preprocessor.from_dict({"numeric": [NUMBER], "categorical": [COLUMN]})
    assert fitted.features == ("x", "x missing", "c=a", "c=b")
    assert (fitted.categories[0].others, fitted.coded) == (False, ())


COLUMN = {"name": "c", "categories": ["a", "b"], "indicator": False}


@pytest.mark.parametrize(
    ("numeric", "categorical", "message"),
    [
        (None, [], "numeric: must be a list"),
        ([], None, "categorical: must be a list"),
        ([{**NUMBER, "spread": 0}], [], r"numeric\.0\.spread: must be above 0"),
        ([{**NUMBER, "fill": 10**400}], [], r"numeric\.0\.fill"),
        ([{**NUMBER, "indicator": 1}], [], r"numeric\.0\.indicator: must be true or false"),
        ([{**NUMBER, "more": 1}], [], r"numeric\.0\.more"),
        ([NUMBER, {"name": "y"}], [], r"numeric\.1\.fill: is missing"),
        ([NUMBER, 7], [], r"numeric\.1: must be an object"),
        ([NUMBER], [{**COLUMN, "name": "x"}], "'x' is named twice"),
        ([{**NUMBER, "edges": [1, 2, 2]}], [], "the edges of 'x' are not ascending"),
        ([{**NUMBER, "edges": []}, {**NUMBER, "name": "y"}], [], "some numbers have edges of bins"),
        ([], [{**COLUMN, "categories": ["a", "b", "a"]}], "'a' is named twice"),
        ([], [{**COLUMN, "categories": "ab"}], r"categorical\.0\.categories: must be a list"),
        ([], [{**COLUMN, "coded": ["a", "a"]}], "'a' is named twice"),
        ([], [{**COLUMN, "coded": [1]}], r"categorical\.0\.coded\.0: must be"),
    ],
)
def test_a_description_that_was_changed_is_refused(numeric: Any, categorical: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Preprocessor.from_dict({"numeric": numeric, "categorical": categorical})


def test_values_that_pile_up_have_a_bin_of_their_own() -> None:
    """Of 100 rows 60 are 0 and 20 are 5; the others share what is left of six bins."""
    values = np.concatenate([np.zeros(60), np.full(20, 5.0), np.arange(10.0, 30.0)])
    edges = edges_around_values(values, 6)
    assert edges[:3].tolist() == [0.0, 2.5, 7.5]
    assert len(edges) - 1 <= 6 + 1
    counts = np.histogram(values, edges)[0]
    assert counts[:2].tolist() == [60, 20]
    assert counts[2:].max() - counts[2:].min() <= 1


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=60), st.integers(2, 30))
def test_few_values_have_a_bin_each(numbers: list[int], bins: int) -> None:
    values = np.array(numbers, float)
    distinct = np.unique(values)
    edges = edges_around_values(values, bins)
    assert len(edges) - 1 < 2 * bins
    if len(distinct) <= bins:
        middles = (distinct[:-1] + distinct[1:]) / 2
        np.testing.assert_array_equal(edges, np.unique([distinct[0], *middles, distinct[-1]]))
    bin_numbers = np.floor(bin_coordinates(values, edges))
    assert (np.diff(bin_numbers[np.argsort(values)]) >= 0).all()
