from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.data.fitting import NumberBins, fit_preprocessor
from fnnctl.data.matrix import Packing
from fnnctl.data.preprocessing import Features
from fnnctl.training import pool as module
from fnnctl.training.pool import Examples, JoinedPool, Pool, RowsOnDemand, join_pools, make_pool
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.training.recipes import member_of, settings_of

ROWS, NUMBERS, CATEGORIES = 400, 6, 5


@pytest.fixture
def features() -> Features:
    return features_of(*rows_of(ROWS))


def rows_of(rows: int) -> tuple[FloatArray, IntArray]:
    rng = np.random.default_rng(0)
    numeric = rng.normal(size=(rows, NUMBERS)) * 100.0 + 1e6
    numeric[rng.random(numeric.shape) < 0.1] = np.nan
    return numeric, rng.integers(-1, CATEGORIES, (rows, 1)).astype(np.int32)


def features_of(numeric: FloatArray, codes: IntArray, *, bins: int | None = None) -> Features:
    rows = len(numeric)
    packing = Packing.of(numeric)
    dataset = Dataset(
        name="t", source="t.csv", sha256="0" * 64,
        numeric=packing.pack(numeric), numeric_names=tuple(f"n{j}" for j in range(NUMBERS)),
        categorical=codes, categorical_names=("c",), categories=(tuple("abcde"),),
        targets=(RawTarget("y", np.arange(rows) % 3, ("p", "q", "r"), (2, 3, 4)),), file_rows=np.arange(rows),
        packing=packing,
    )  # fmt: skip
    config = DataConfig(source="t.csv", target="y")
    fitted = fit_preprocessor(dataset, np.arange(0, rows, 2), config, NumberBins(bins) if bins else None)
    return fitted.of(dataset)


WIDTH = 2 * NUMBERS + CATEGORIES + 1
"""Features: a number, its indicator, the categories, and their indicator."""


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_made_on_demand_have_the_bits_of_rows_that_are_kept(
    features: Features, dtype: type[np.floating], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = make_pool(features, np.arange(ROWS) % 3, WIDTH, np.dtype(dtype))
    monkeypatch.setattr(module, "PREPARED_VALUES", ROWS * (WIDTH + 1) - 1)
    made = make_pool(features, np.arange(ROWS) % 3, WIDTH, np.dtype(dtype))
    assert isinstance(kept, Examples)
    assert isinstance(made, RowsOnDemand)
    rows = np.random.default_rng(1).integers(0, ROWS, (3, 50))
    one, two = (np.full((3, 50, WIDTH + 1), np.nan, dtype) for _ in range(2))
    kept.gather(rows, one)
    made.gather(rows, two)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(two[..., -1], 1.0)
    np.testing.assert_array_equal(made.targets, kept.targets)


def test_coordinates_among_bins_are_kept_if_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    features, width = features_of(*rows_of(ROWS), bins=4), WIDTH + NUMBERS
    needed = 4 * ROWS * (width + 1)
    monkeypatch.setattr(module, "PREPARED_VALUES", 0)
    for available, kind in ((4 * needed, Examples), (4 * needed - 1, RowsOnDemand), (None, RowsOnDemand)):
        monkeypatch.setattr(module, "available_bytes", lambda available=available: available)
        assert isinstance(make_pool(features, np.arange(ROWS) % 3, width, np.dtype(np.float32)), kind)


def gathered(pool: Pool, rows: IntArray, width: int = WIDTH) -> FloatArray:
    out = np.full((*rows.shape, width + 1), np.nan, np.float32)
    pool.gather(rows, out)
    return out


@pytest.mark.parametrize("most", [0, ROWS * (WIDTH + 1) - 1, 2**24])
def test_rows_of_joined_pools(most: int, features: Features, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row r of pool j is j·N + r, also of rows that are too many to be joined or kept."""
    targets = np.arange(ROWS) % 3
    expected = make_pool(features, targets, WIDTH, np.dtype(np.float32))
    monkeypatch.setattr(module, "PREPARED_VALUES", most)
    pools = [make_pool(features, own, WIDTH, np.dtype(np.float32)) for own in (targets, targets[::-1])]
    joined, rows = join_pools(pools), np.array([[3, 19, 0], [ROWS, ROWS + 7, 2 * ROWS - 1]])
    assert isinstance(joined, Examples if most == 2**24 else JoinedPool)
    np.testing.assert_array_equal(gathered(joined, rows), gathered(expected, rows % ROWS))
    assert joined.targets.tolist() == [*targets, *targets[::-1]]
    assert join_pools(pools[:1]) is pools[0]


def test_networks_learn_the_same_bits_from_either(
    features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(WIDTH, ((8, "relu"),), 3, batch_size=32)
    member = member_of(settings, 300, 100, epochs=3)
    trained = []
    for most in (2**24, 0):
        monkeypatch.setattr(module, "PREPARED_VALUES", most)
        pool = make_pool(features, np.arange(ROWS) % 3, WIDTH, settings.dtype)
        trained += train_stack(Stack(settings, [member], pool))
    np.testing.assert_array_equal(trained[0].parameters, trained[1].parameters)


def test_many_rows_are_never_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 20_000
    features, labels = features_of(*rows_of(rows)), np.arange(rows) % 3
    monkeypatch.setattr(module, "PREPARED_VALUES", 0)
    tracemalloc.start()
    pool = make_pool(features, labels, WIDTH, np.dtype(np.float32))
    batch = np.empty((1, 500, WIDTH + 1), np.float32)
    for start in range(0, rows, 500):
        pool.gather(np.arange(start, start + 500)[None], batch)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < features.dataset.numeric.nbytes / 4
