"""Generations of a run: what the next one may test, validate and train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.arrays import IntArray
from fnnctl.errors import ConfigError, DataError
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from fnnctl.modelling.trained_rows import (
    rows_of_ancestors,
    rows_of_parent,
    seen_rows,
    trained_rows_facts,
    trained_rows_of,
    unseen_rows,
)
from fnnctl.store.run import create_run
from fnnctl.store.trained_rows import RowCounts, StoredRows
from fnnctl.tasks.task import TaskData
from tests.messages import Messages

BAGS = ("model.ensemble={members: 3, bags: true}",)
TINY = "model: {hidden: [2]}\ntraining: {epochs: 1, optimizer: {learning_rate: 0.02}}\nrecipe: classic\n"


def loaded(
    folder: Path,
    rows: Sequence[tuple[object, ...]],
    overrides: Sequence[str] = (),
    *,
    header: str = "a,y",
    former: StoredRows | None = None,
) -> LoadedExperiment:
    """An experiment on rows of a table, after the networks of the `former` ones, if there are any."""
    lines = [",".join(map(str, row)) for row in rows]
    (folder / "t.csv").write_text("\n".join([header, *lines]) + "\n")
    (folder / "t.yaml").write_text(f"data: {{source: t.csv, target: y}}\n{TINY}")
    experiment = load_experiment(folder / "t.yaml", overrides)
    if former is None:
        return experiment
    data = replace(experiment.data, seen=seen_rows(former, experiment.data))
    return replace(experiment, data=data, former_rows=former)


def trained(experiment: LoadedExperiment) -> tuple[Fit, StoredRows]:
    fit = experiment.fit(experiment.split())
    return fit, trained_rows_of(experiment.data, [fit], experiment.former_rows)


def rows_of(count: int, first: int = 0) -> list[tuple[object, ...]]:
    """Rows with a value of their own each."""
    return [(number + 0.5, "pq"[number % 2]) for number in range(first, first + count)]


def counts_of_rows(stored: StoredRows, data: TaskData) -> tuple[list[int], list[list[int]]]:
    """Whether each row is used, and whether each member is trained on it."""
    seen = seen_rows(stored, data)
    return seen.used.astype(int).tolist(), seen.trained.astype(int).tolist()


def mask(rows: IntArray, count: int) -> list[int]:
    marks: list[int] = np.isin(np.arange(count), rows).astype(int).tolist()
    return marks


def test_a_network_has_seen_its_training_and_its_validation_part(tmp_path: Path) -> None:
    experiment = loaded(tmp_path, rows_of(40))
    fit, stored = trained(experiment)
    split = fit.split(experiment.data)
    assert stored.former is None
    assert stored.columns == {
        "numeric": ("a",), "categorical": (), "target": "y", "exposure": None, "group": None
    }  # fmt: skip
    used, by_member = counts_of_rows(stored, experiment.data)
    assert used == mask(split.non_test, 40)
    assert by_member == [mask(split.train, 40)]
    shuffled = loaded(tmp_path, [(*row[:1], 7, row[1]) for row in rows_of(50, -10)], header="a,b,y")
    assert counts_of_rows(stored, shuffled.data)[0] == [0] * 10 + used


def test_members_with_bags_have_seen_what_they_trained_on(tmp_path: Path) -> None:
    experiment = loaded(tmp_path, rows_of(40), BAGS)
    fit, stored = trained(experiment)
    used, by_member = counts_of_rows(stored, experiment.data)
    assert used == mask(fit.split(experiment.data).non_test, 40)
    assert by_member == [mask(bag.train, 40) for bag in fit.bags(experiment.data)]


def test_rows_that_are_not_in_the_sample_have_not_trained(tmp_path: Path) -> None:
    experiment = loaded(tmp_path, rows_of(40), ["training.max_rows=10"])
    _, stored = trained(experiment)
    used, (member,) = counts_of_rows(stored, experiment.data)
    assert (sum(used), sum(member)) == (32, 10)


def test_of_equal_rows_the_first_ones_are_seen(tmp_path: Path) -> None:
    experiment = loaded(
        tmp_path, [(1, "p"), (1, "p"), (2, "q"), (1, "q")], ["data.split.test=0", "data.split.validation=0"]
    )
    _, stored = trained(experiment)
    assert sorted(stored.counts.used.tolist()) == [1, 1, 2]
    later = loaded(tmp_path, [(1, "p"), (2, "q"), (1, "p"), (2, "p"), (1, "p"), (2, "q"), (1, "p")])
    assert counts_of_rows(stored, later.data)[0] == [1, 1, 1, 0, 0, 0, 0]


def test_a_group_is_seen_as_a_whole(tmp_path: Path) -> None:
    grouped = ("data.split.group=g", "data.split.test=0", "data.split.validation=0")
    experiment = loaded(tmp_path, [(1, "u", "p"), (2, "u", "q"), (3, "v", "p")], grouped, header="a,g,y")
    _, stored = trained(experiment)
    assert stored.counts.used.tolist() == [1, 1]
    later = loaded(
        tmp_path, [(7, "w", "p"), (8, "u", "q"), (9, "u", "p"), (9, "v", "p")], grouped, header="a,g,y"
    )
    assert counts_of_rows(stored, later.data)[0] == [0, 1, 1, 1]


def test_ancestors_are_remembered_and_counted_once(tmp_path: Path) -> None:
    first = loaded(tmp_path, rows_of(40), BAGS)
    _, parent = trained(first)
    second = loaded(tmp_path, rows_of(60), BAGS, former=parent)
    fit, child = trained(second)
    assert (child.salt, child.columns) == (parent.salt, parent.columns)
    assert child.former is not None
    before = replace(child, counts=child.former, former=None)
    assert counts_of_rows(before, second.data) == counts_of_rows(parent, second.data)
    seen = seen_rows(child, second.data)
    split = fit.split(second.data)
    assert not seen.used[split.test].any()
    assert child.counts.used.max() == 1
    for member, bag in enumerate(fit.bags(second.data)):
        old = seen_rows(parent, second.data).trained[member]
        np.testing.assert_array_equal(
            np.flatnonzero(seen.trained[member] & ~old), np.setdiff1d(bag.train, np.flatnonzero(old))
        )
    third = loaded(tmp_path, rows_of(30, 60), BAGS, former=child)
    _, grandchild = trained(third)
    everything = loaded(tmp_path, rows_of(90))
    used = np.array(counts_of_rows(grandchild, everything.data)[0])
    parts = (first.split().non_test, split.non_test, third.split().non_test + 60)
    np.testing.assert_array_equal(np.flatnonzero(used), np.unique(np.concatenate(parts)))


def test_equal_rows_are_new_beyond_those_that_trained(tmp_path: Path) -> None:
    """One of three equal rows was used; the next training has all three, and adds the others that it uses."""
    everything = ("data.split.test=0", "data.split.validation=0")
    _, parent = trained(loaded(tmp_path, [(1, "p"), (2, "q")], everything))
    _, child = trained(loaded(tmp_path, [(1, "p"), (1, "p"), (3, "q"), (1, "p")], everything, former=parent))
    assert sorted(child.counts.used.tolist()) == [1, 1, 3]


def test_several_fits_are_one_ensemble(tmp_path: Path) -> None:
    experiment = loaded(tmp_path, rows_of(40))
    other = loaded(tmp_path, rows_of(40), ["data.split.seed=5"])
    fits = [experiment.fit(experiment.split()), other.fit(other.split())]
    stored = trained_rows_of(experiment.data, fits)
    union = np.union1d(*(fit.split(experiment.data).train for fit in fits))
    assert counts_of_rows(stored, experiment.data)[1] == [mask(union, 40)]


def test_too_few_new_rows_for_bags_are_refused(tmp_path: Path, messages: Messages) -> None:
    everything = ["data.split.test=0", "data.split.validation=0"]
    _, parent = trained(loaded(tmp_path, rows_of(40), everything))
    with pytest.raises(DataError) as caught:
        loaded(tmp_path, rows_of(45), BAGS, former=parent).split()
    messages.check(caught.value)
    few = loaded(tmp_path, rows_of(42), [*BAGS, "data.split.test=0"], former=parent)
    with pytest.raises(ConfigError) as wrong:
        few.fit(few.split())
    messages.check(wrong.value)


def test_a_run_without_digests_is_no_parent(tmp_path: Path, messages: Messages) -> None:
    run = create_run(
        tmp_path / "runs", name="a", kind="train", manifest={"seed": 0, "fnnctl": "0.12.0"}, folder="r"
    )
    with pytest.raises(ConfigError) as caught:
        rows_of_parent(run)
    messages.check(caught.value)
    empty = RowCounts(np.zeros((1, 0), np.int64), np.zeros(0, np.int64))
    run.write_trained_rows(StoredRows(b"s", {"colour": 3}, np.zeros(0, np.uint64), empty))
    with pytest.raises(DataError) as damaged:
        rows_of_parent(run)
    messages.check(damaged.value)


IGNORED = "data.columns.ignore=[g]"
KINDS = {
    "single": [IGNORED],
    "bags": [*BAGS, IGNORED],
    "groups": [*BAGS, "data.split.group=g"],
    "order": ["data.split.by=a", IGNORED],
    "sample": [*BAGS, "training.max_rows=12", IGNORED],
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from([*KINDS]))
def test_no_generation_is_measured_on_what_it_or_an_ancestor_has_seen(
    tmp_path: Path, seed: int, kind: str
) -> None:
    """Three generations with old and new rows, judged by sets of rows that the test keeps itself."""
    rng = np.random.default_rng(seed)
    pool = [(number, f"g{number % 40}", "pq"[number % 2]) for number in range(120)]
    former: StoredRows | None = None
    used: set[object] = set()
    learned: list[set[object]] = [set(), set(), set()]
    for generation in range(3):
        old = rng.choice(40 * generation, 20, replace=False) if generation else np.arange(0)
        new = np.arange(40 * generation, 40 * (generation + 1))
        if kind == "groups":  # each generation has some groups that are new
            new = np.concatenate([np.flatnonzero(np.arange(120) % 40 // 13 == generation), new[:10]])
        numbers = np.unique(rng.permutation(np.concatenate([old, new])))
        rows = [pool[number] for number in numbers.tolist()]
        experiment = loaded(
            tmp_path, rows, [*KINDS[kind], "data.split.test=0.1"], header="a,g,y", former=former
        )
        fit, former = trained(experiment)
        split = fit.split(experiment.data)
        unit_of = [row[1] if kind == "groups" else row[0] for row in rows]

        def units(part: IntArray, unit_of: list[object] = unit_of) -> set[object]:
            return {unit_of[row] for row in part.tolist()}

        bags = fit.bags(experiment.data) or (split,)
        assert not units(split.test) & used
        assert len({(bag.train.size, bag.validation.size) for bag in bags}) == 1
        for member, bag in enumerate(bags):
            assert bag.validation.size
            assert not units(bag.validation) & learned[member]
        for member, network in enumerate(fit.members(experiment.data, split)):
            learned[member] |= units(network.train_rows)
        used |= units(split.non_test)
    assert former is not None
    final = loaded(tmp_path, pool, KINDS[kind][-1:], header="a,g,y")
    seen = seen_rows(former, final.data)
    recognized = [pool[row] for row in np.flatnonzero(seen.used).tolist()]
    assert {row[1] if kind == "groups" else row[0] for row in recognized} == used


def test_a_run_keeps_what_its_ancestors_used_apart(tmp_path: Path) -> None:
    """So its parts can be found again without them, for a resume and for `fnnctl evaluate`."""
    _, parent = trained(loaded(tmp_path, rows_of(40), BAGS))
    second = loaded(tmp_path, rows_of(60), BAGS, former=parent)
    fit, child = trained(second)
    run = create_run(tmp_path / "runs", name="a", kind="train", manifest={"seed": 0}, folder="r")
    run.write_trained_rows(child)
    again = loaded(tmp_path, rows_of(60), BAGS, former=rows_of_ancestors(run))
    parts = again.fit(again.split())
    np.testing.assert_array_equal(again.split().test, second.split().test)
    for bag, expected in zip(parts.bags(again.data), fit.bags(second.data), strict=True):
        np.testing.assert_array_equal(bag.train, expected.train)
        np.testing.assert_array_equal(bag.validation, expected.validation)


def test_rows_that_another_run_has_seen_are_left_out(tmp_path: Path) -> None:
    run = create_run(tmp_path / "runs", name="a", kind="train", manifest={"seed": 0}, folder="r")
    first = loaded(tmp_path, rows_of(40))
    rows = np.array([3, 50, 4, 51])
    unknown = unseen_rows(first.data, rows[:1], run)
    assert (unknown.rows.tolist(), unknown.seen) == ([3], 0)
    assert unknown.reason == f"{run.path} has no trained_rows.npz, as runs of versions before 0.13"
    fit, stored = trained(first)
    run.write_trained_rows(stored)
    used = fit.split(first.data).non_test
    second = loaded(tmp_path, rows_of(60))
    left = unseen_rows(second.data, np.array([used[0], 50, used[1], 51]), run)
    assert (left.rows.tolist(), left.seen, left.reason) == ([50, 51], 2, None)
    other = loaded(tmp_path, [(1, "p"), (2, "q"), (3, "p"), (4, "q")], header="b,y")
    lacking = unseen_rows(other.data, np.array([1]), run)
    assert lacking.reason == f"the data lack 'a', by which {run.path} recognizes its rows"


SEVERAL = ("data.target=[y, z]", "data.split.test=0", "data.split.validation=0")


def used_of_several(
    folder: Path, rows: Sequence[tuple[object, ...]], later: Sequence[tuple[object, ...]]
) -> list[int]:
    """Whether each of the later rows is one of those that networks with two targets were trained on."""
    experiment = loaded(folder, rows, SEVERAL, header="a,y,z")
    _, stored = trained(experiment)
    return counts_of_rows(stored, loaded(folder, later, SEVERAL, header="a,y,z").data)[0]


def test_a_row_is_seen_whatever_has_become_of_its_targets(tmp_path: Path) -> None:
    """One came later, one was withdrawn, one was corrected; another row has another feature."""
    rows = [(1, "p", ""), (2, "q", 4), (3, "p", 5), (4, "q", 6)]
    later = [(1, "p", 3), (2, "", 4), (3, "q", 5), (4, "q", 6), (5, "p", 3)]
    assert used_of_several(tmp_path, rows, later) == [1, 1, 1, 1, 0]


def test_of_rows_that_differ_in_their_targets_alone_the_same_ones_are_seen(tmp_path: Path) -> None:
    """Whatever their order. Of those whose target came, or was corrected, as many as there were before."""
    rows = [(1, "p", 4), (1, "q", ""), (1, "q", 6), (2, "p", 4)]
    later = [(1, "p", 5), (1, "q", 6), (1, "q", 7), (1, "p", 4), (2, "q", 1), (2, "p", 4)]
    assert used_of_several(tmp_path, rows, later) == [1, 1, 0, 1, 0, 1]


def test_a_row_whose_target_has_come_counts_once(tmp_path: Path) -> None:
    first = loaded(tmp_path, [(1, "p", ""), (2, "q", 4), (3, "p", 5)], SEVERAL, header="a,y,z")
    _, parent = trained(first)
    second = loaded(
        tmp_path, [(1, "p", 3), (1, "q", 9), (2, "q", 4), (3, "p", 5)], SEVERAL, header="a,y,z", former=parent
    )
    _, child = trained(second)
    assert trained_rows_facts(parent) == {"trained": 3, "new": 3, "unit": "row"}
    assert child.former is not None
    digests = child.digests % 2 == 1
    assert sorted(child.counts.used[digests].tolist()) == [1, 1, 2]
    third = loaded(tmp_path, [(1, "q", 3), (1, "q", 9), (1, "p", 3), (2, "q", 4)], SEVERAL, header="a,y,z")
    assert counts_of_rows(child, third.data)[0] == [0, 1, 1, 1]
    assert counts_of_rows(replace(child, counts=child.former, former=None), third.data)[0] == [1, 0, 0, 1]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from("pq"), st.integers(1, 2)), min_size=6, max_size=12),
    st.data(),
)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_more_rows_are_seen_than_there_were(
    tmp_path: Path, rows: list[tuple[int, str, int]], draw: st.DataObject
) -> None:
    """In any order, with one target of each of some rows missing before, exactly the old rows are seen if
    features tell them from new ones; never more than there were with equal features.
    """
    rows = [*rows, (1, "p", 1), (1, "q", 2)]
    old = [draw.draw(st.booleans()) for _ in rows[:-2]] + [True, True]
    before = [
        (a, y, "" if draw.draw(st.booleans()) and k < len(rows) - 2 else z)
        for k, (a, y, z) in enumerate(rows)
    ]
    trained_rows = [row for row, is_old in zip(before, old, strict=True) if is_old]
    used = used_of_several(tmp_path, trained_rows, rows)
    for a in {row[0] for row in rows}:
        here = [k for k, row in enumerate(rows) if row[0] == a]
        assert sum(used[k] for k in here) == sum(old[k] for k in here)
    is_complete = [row == known for row, known in zip(rows, before, strict=True)]
    for row in {*rows}:
        equal = [k for k, other in enumerate(rows) if other == row]
        assert sum(used[k] for k in equal) >= sum(old[k] and is_complete[k] for k in equal)
