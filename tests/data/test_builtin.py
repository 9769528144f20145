from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from fnnctl.config.schema.data import DataConfig
from fnnctl.config.sources import BUILTIN_NAMES
from fnnctl.data.builtin import BUILTIN
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset


def load(name: str) -> Dataset:
    return load_dataset(DataConfig(source=name), Path("nowhere"))


def test_the_config_knows_the_names() -> None:
    assert tuple(BUILTIN) == BUILTIN_NAMES


@pytest.mark.parametrize("name", BUILTIN)
def test_the_description_agrees_with_the_file(name: str) -> None:
    info, dataset = BUILTIN[name], load(name)
    assert dataset.numeric.shape == (info.rows, info.numeric)
    assert dataset.categorical.shape == (info.rows, info.categorical)
    assert (dataset.task, dataset.target.name) == (info.task, info.target)
    assert (dataset.target.texts if info.task == "classification" else ()) == info.classes
    assert dataset.name == dataset.source == name
    assert dataset.warnings == ()
    assert info.source
    assert info.licence.startswith(("CC", "BSD"))
    assert len(info.description) < 90


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_the_numbers_are_scikit_learns(name: str) -> None:
    dataset, original = load(name), getattr(datasets, f"load_{name}")()
    np.testing.assert_array_equal(dataset.numeric, original.data)
    words = [str(original.target_names[code]) for code in original.target]
    assert [dataset.target.texts[code] for code in dataset.target.codes] == words


def test_diabetes_is_scikit_learns_before_scaling() -> None:
    dataset, original = load("diabetes"), datasets.load_diabetes(scaled=False)
    np.testing.assert_array_equal(dataset.numeric, original.data)
    values = np.array([float(text) for text in dataset.target.texts])
    np.testing.assert_array_equal(values[dataset.target.codes], original.target)
    assert dataset.numeric_names == tuple(original.feature_names)


def test_penguins_have_missing_values_and_categories() -> None:
    dataset = load("penguins")
    assert np.isnan(dataset.numeric).sum(axis=0).tolist() == [2, 2, 2, 2, 0]
    assert dataset.categories == (("Biscoe", "Dream", "Torgersen"), ("female", "male"))
    assert (dataset.categorical == -1).sum(axis=0).tolist() == [0, 11]
    assert np.nanmean(dataset.numeric[:, 3]) == pytest.approx(4201.754, abs=5e-4)
