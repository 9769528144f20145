from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.arrays import IntArray
from fnnctl.config.schema.data import SplitConfig
from fnnctl.data.splits.groups import divide_groups, most_folds
from fnnctl.data.splits.parts import Split, split_rows
from fnnctl.errors import DataError
from tests.data.conftest import Load


def split(groups: IntArray, labels: IntArray, seed: int = 7, **settings: float | bool) -> Split:
    config = SplitConfig.model_validate({"validation": 0.2, "test": 0.2, "group": "g"} | settings)
    classes = tuple(f"k{c}" for c in range(int(labels.max()) + 1))
    return split_rows(labels, classes, config, seed=seed, groups=groups)


def test_worked_by_hand() -> None:
    """Groups of 6, 2 and 2 rows, for parts of 6, 2 and 2: the largest is the training part."""
    groups = np.repeat([4, 5, 6], [6, 2, 2])
    parts = divide_groups(groups, np.zeros(10, np.intp), np.array([6, 2, 2]), rng=np.random.default_rng(0))
    assert parts[:6].tolist() == [0] * 6
    assert sorted(parts[[6, 8]].tolist()) == [1, 2]
    assert parts[6] == parts[7]
    assert parts[8] == parts[9]


@given(
    rows=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=8, max_size=80),
    share=st.sampled_from([0.01, 0.15, 0.3, 0.6]),
    seed=st.integers(0, 1000),
    stratify=st.booleans(),
)
def test_a_group_is_in_one_part_and_no_part_is_empty(
    rows: list[tuple[int, int]], share: float, seed: int, stratify: bool
) -> None:
    """The test part has the same rows without a validation part, as when a search's winner is refitted."""
    groups, labels = (np.array(column) for column in zip(*rows, strict=True))
    assume(len(np.unique(groups)) > 2)
    parts = split(groups, labels, seed, stratify=stratify, validation=share).parts.values()
    assert sorted(np.concatenate([*parts]).tolist()) == list(range(len(rows)))
    members = [set(groups[part].tolist()) for part in parts]
    assert all(members)
    assert sum(map(len, members)) == len(set(groups.tolist()))
    refit = split(groups, labels, seed, stratify=stratify, validation=0.0)
    assert refit.test.tolist() == [*parts][2].tolist()
    assert refit.validation.size == 0


def test_there_must_be_a_group_for_each_part() -> None:
    with pytest.raises(DataError, match="but 3 parts need one each"):
        split(np.arange(10) % 2, np.zeros(10, np.intp))


def test_the_test_part_leaves_a_group_for_training_and_one_for_validation() -> None:
    """By size alone, both small groups would be tested: the large one has more than the others' share."""
    groups = np.repeat([0, 1, 2], [100, 1, 1])
    for share in (0.2, 0.0):
        assert split(groups, np.zeros(102, np.intp), validation=share).test.size == 1


def test_sizes_and_proportions_are_near_where_groups_are_small() -> None:
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 300, 3000)
    labels = (rng.random(3000) < np.array([0.2, 0.9])[groups % 2]).astype(np.intp)
    for part, share in zip(split(groups, labels).parts.values(), (0.6, 0.2, 0.2), strict=True):
        assert abs(len(part) / 3000 - share) < 0.005
        assert abs(labels[part].mean() - labels.mean()) < 0.01


def test_groups_of_one_target_keep_their_parts() -> None:
    """The parts that these rows have had in former versions, in which labels were not divided."""
    groups = np.array([0, 3, 3, 1, 1, 1, 2, 4, 4, 5, 6, 6, 7, 8, 8, 8, 8, 9])
    strata = np.array([0, 1, 2, 0, 0, 1, 2, 2, 2, 0, 0, 1, 1, 0, 0, 0, 1, 1])
    parts = divide_groups(groups, strata, np.array([10, 4, 4]), rng=np.random.default_rng(5))
    assert parts.tolist() == [2, 0, 0, 0, 0, 0, 2, 0, 0, 1, 1, 1, 2, 0, 0, 0, 0, 1]


def test_groups_of_one_row_are_divided_exactly() -> None:
    labels = np.repeat([0, 1], [60, 40])
    parts = split(np.arange(100), labels).parts.values()
    assert [np.bincount(labels[part]).tolist() for part in parts] == [[36, 24], [12, 8], [12, 8]]


def test_the_column_is_read_as_it_is_written_and_is_no_feature(load: Load) -> None:
    dataset = load("a,g,y\n1,01,p\n2,1,q\n3,01,\n4,1,q\n", split=SplitConfig(group="g"))
    assert (dataset.numeric_names, dataset.categorical_names) == (("a",), ())
    assert dataset.groups is not None
    assert dataset.groups[1] == dataset.groups[2] != dataset.groups[0]


def test_a_test_file_needs_no_groups(load: Load, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("a,y\n9,p\n")
    rows = "".join(f"{i},{i // 2},{'pq'[i % 2]}\n" for i in range(12))
    settings = SplitConfig(group="g", validation=0.25)
    dataset = load("a,g,y\n" + rows, split=settings, test_source="test.csv")
    assert dataset.groups is not None
    assert dataset.groups[-1] == -1
    target, groups = dataset.target, dataset.groups
    parts = split_rows(target.codes, target.texts, settings, seed=0, test_rows=1, groups=groups)
    assert parts.test.tolist() == [12]
    assert len(parts.validation) == 2  # of 12 rows 3 are wanted, and the groups are pairs


def deviation(labels: IntArray, parts: IntArray, sizes: IntArray) -> float:
    """The largest number of rows that a part has too few or too many of a label."""
    counts = np.array([labels[parts == part].sum(axis=0) for part in range(len(sizes))])
    return float(np.abs(counts - np.outer(sizes, labels.sum(axis=0)) / len(labels)).max())


def test_labels_worked_by_hand() -> None:
    """Each half gets a row of each kind; a label with a single row goes to the part that lacks most of it."""
    labels = np.array([[1, 1], [1, 1], [1, 0], [1, 0], [0, 1], [0, 1], [0, 0], [0, 0]])
    halves = divide_groups(None, labels, np.array([4, 4]), rng=np.random.default_rng(0))
    assert halves.reshape(4, 2).sum(axis=1).tolist() == [1, 1, 1, 1]
    once = (np.arange(10) == 6)[:, None].astype(np.intp)
    parts = divide_groups(None, once, np.array([3, 7]), rng=np.random.default_rng(0))
    assert (np.bincount(parts).tolist(), parts[6]) == ([3, 7], 1)


@given(
    rows=st.integers(6, 90),
    shares=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=3),
    parts=st.integers(2, 4),
    seed=st.integers(0, 10_000),
    even=st.booleans(),
)
def test_parts_of_labels_have_exact_sizes_and_about_the_same_shares(
    rows: int, shares: list[float], parts: int, seed: int, even: bool
) -> None:
    """They need not have a row, and a label may have none or all."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((rows, len(shares))) < shares).astype(np.int8)
    part_numbers = np.arange(rows) % parts if even else rng.integers(0, parts, rows)
    sizes = np.bincount(part_numbers, minlength=parts)
    divisions = [divide_groups(None, labels, sizes, rng=np.random.default_rng(seed)) for _ in range(2)]
    assert np.bincount(divisions[0], minlength=parts).tolist() == sizes.tolist()
    assert deviation(labels, divisions[0], sizes) < 2.0
    assert divisions[0].tolist() == divisions[1].tolist()


@pytest.mark.parametrize("sizes", [[400] * 5, [1700, 300], [285] * 7 + [5]])
@pytest.mark.parametrize(("count", "most"), [(6, 2.0), (40, 5.0)])
def test_many_rows_with_the_same_or_their_own_labels(sizes: list[int], count: int, most: float) -> None:
    """Rows of random parts deviate by tens of rows."""
    rng = np.random.default_rng(count)
    labels = (rng.random((2000, count)) < np.linspace(0.01, 0.5, count)).astype(np.int8)
    parts = divide_groups(None, labels, np.array(sizes), rng=rng)
    assert np.bincount(parts).tolist() == sizes
    assert deviation(labels, parts, np.array(sizes)) < most
    at_random = rng.permutation(parts)
    assert deviation(labels, at_random, np.array(sizes)) > 2 * most


def test_groups_with_labels_stay_together() -> None:
    rng = np.random.default_rng(2)
    groups = rng.integers(0, 300, 2000)
    labels = (rng.random((2000, 10)) < rng.random((300, 10))[groups] / 2).astype(np.int8)
    for sizes in (np.array([400] * 5), np.array([1700, 300])):
        parts = divide_groups(groups, labels, sizes, rng=rng)
        assert len(np.unique(np.stack([groups, parts]), axis=1).T) == len(np.unique(groups))
        assert (np.abs(np.bincount(parts) - sizes) <= np.bincount(groups).max()).all()
        assert deviation(labels, parts, sizes) < 10


def test_most_folds() -> None:
    assert most_folds(np.zeros(7, np.intp), None) == 7
    assert most_folds(np.zeros(7, np.intp), np.array([3, 3, 1, 1, 1, 3, 9])) == 3
