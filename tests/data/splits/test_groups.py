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


def test_most_folds() -> None:
    assert most_folds(np.zeros(7, np.intp), None) == 7
    assert most_folds(np.zeros(7, np.intp), np.array([3, 3, 1, 1, 1, 3, 9])) == 3
