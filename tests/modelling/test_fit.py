"""From a config to a fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.seeds import member_seed
from fnnctl.training.pool import Examples
from tests.modelling.prepared import prepare
from tests.program import Program

pytestmark = pytest.mark.usefixtures("no_figures")


def test_settings_that_follow_from_data_and_network_are_filled_in(iris: Path) -> None:
    """150 rows, 20 % for testing and 15 % for validation; 4·8 + 8 + 8·3 + 3 = 67 parameters."""
    prepared = prepare(iris, ["training.batch_size=auto"], seed=4)
    training = prepared.experiment.training
    assert (prepared.split.test.size, prepared.fit.layout.size) == (30, 67)
    assert training.batch_size == prepared.split.train.size < 150 - 30
    assert training.threads == 1
    assert (prepared.experiment.name, prepared.experiment.seed) == ("iris", 4)
    assert prepared.experiment.data.sha256 == prepared.data.dataset.sha256


def test_the_members_of_an_ensemble_differ_in_their_seeds_alone(iris: Path) -> None:
    prepared, plain = prepare(iris, ["model.ensemble=3"]), prepare(iris)
    assert prepared.fit.seed == plain.fit.seed
    members = prepared.fit.members(prepared.data, prepared.split)
    assert [each.seed for each in members] == [member_seed(plain.fit.seed, number) for number in range(3)]
    assert len({repr(replace(each, seed=0)) for each in (*members, plain.member)}) == 1


def test_an_ensemble_trains_on_one_thread_unless_threads_are_given(iris: Path) -> None:
    wide = "model.hidden=[400, 400]"
    threads = {
        words: prepare(iris, [wide, *words]).experiment.training.threads
        for words in ((), ("model.ensemble=2",), ("model.ensemble=2", "training.threads=2"))
    }
    assert list(threads.values()) == [2, 1, 2]


def test_scaling_is_fitted_on_the_training_part_alone(iris: Path) -> None:
    prepared = prepare(iris, [])
    pool = prepared.examples()
    assert isinstance(pool, Examples)
    inputs = pool.inputs
    assert (inputs.shape, inputs.dtype.name) == ((150, 5), "float32")
    assert np.all(inputs[:, -1] == 1.0)
    learned = inputs[prepared.split.train, :-1].astype(np.float64)
    np.testing.assert_allclose(learned.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(learned.std(axis=0), 1.0, rtol=1e-6)
    assert np.abs(inputs[prepared.split.test, :-1].mean(axis=0)).max() > 0.01


@pytest.mark.parametrize(("available", "code"), [(10**4, 2), (10**9, 0), (None, 0)])
def test_only_what_exceeds_the_memory_is_refused(
    program: Program, iris: Path, available: int | None, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.modelling.fit.available_bytes", lambda: available)
    done = program("check", str(iris))
    assert done.code == code
    assert done.out.count("iris.yaml:2: model.hidden: ") == (code == 2)


def test_the_test_part_changes_nothing_about_training(tmp_path: Path) -> None:
    """Other values in the test file's rows do not change the weights."""
    rng = np.random.default_rng(0)

    def write(name: str, rows: int, shift: float) -> None:
        lines = [f"{x + shift},{y},{'ab'[int(x > 0)]}" for x, y in rng.normal(size=(rows, 2))]
        (tmp_path / name).write_text("\n".join(["x,y,label", *lines]) + "\n")

    write("train.csv", 60, 0.0)
    (tmp_path / "c.yaml").write_text(
        "recipe: classic\ndata: {source: train.csv, target: label, test_source: test.csv}\n"
        "training: {epochs: 3}\n"
    )
    weights = []
    for shift in (0.0, 100.0):
        write("test.csv", 30, shift)
        weights.append(prepare(tmp_path / "c.yaml").trained().parameters.tobytes())
    assert weights[0] == weights[1]


def write_table(folder: Path, header: str, rows: list[str], config: str) -> Path:
    (folder / "own.csv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "c.yaml").write_text(f"recipe: classic\n{config}")
    return folder / "c.yaml"


def test_weights_of_classes_and_rows_are_multiplied(tmp_path: Path) -> None:
    config = write_table(
        tmp_path,
        "x,w,label",
        [f"{i},{i},{'ab'[i % 2]}" for i in range(20)],
        "data: {source: own.csv, target: label, weights: w}\ntraining: {class_weights: {b: 3}}\n",
    )
    prepared = prepare(config)
    weights = prepared.member.weights
    assert weights is not None
    assert weights.tolist() == [int(row) * (3 if row % 2 else 1) for row in prepared.split.train]
    assert prepare(config, ["training.class_weights=null", "data.weights=null"]).member.weights is None


def test_the_positive_class_has_the_score_of_a_logistic_output(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("data: {source: breast_cancer}\nrecipe: classic\n")
    prepared = prepare(config, ["model.output={name: logistic, positive_class: malignant}"])
    shape = prepared.fit.settings.shape
    assert (shape.output.kind, shape.scores, shape.output.positive) == ("logistic", 1, 1)


class TestMostRows:
    """`training.max_rows`: 150 rows of three classes, of which 30 are for testing and 22 for validation."""

    def test_a_network_trains_on_a_sample_in_proportion(self, iris: Path) -> None:
        prepared, whole = prepare(iris, ["training.max_rows=31"]), prepare(iris)
        rows = prepared.member.train_rows
        assert prepared.fit.trained_rows == rows.size == 31
        assert np.isin(rows, whole.split.train).all()
        assert sorted(np.bincount(prepared.data.targets[rows])) == [10, 10, 11]
        assert prepared.member.validation_rows.tolist() == whole.member.validation_rows.tolist()
        assert prepared.fit.sizes == whole.fit.sizes
        assert prepared.fit.preprocessor == whole.fit.preprocessor
        unlimited = prepare(iris, ["training.max_rows=150"])
        assert unlimited.member.train_rows.tolist() == whole.member.train_rows.tolist()

    def test_the_split_determines_the_sample_and_not_the_configuration(self, iris: Path) -> None:
        samples = {
            words: prepare(iris, ["training.max_rows=31", *words]).member.train_rows.tolist()
            for words in ((), ("training.l2=0.5",), ("data.split.seed=8",))
        }
        first, same, other = samples.values()
        assert first == same != other
        another_seed = prepare(iris, ["training.max_rows=31", "data.split.seed=8"], seed=2)
        assert another_seed.member.train_rows.tolist() == other

    def test_each_bag_has_its_sample(self, iris: Path) -> None:
        bags = "model.ensemble={members: 4, bags: true}"
        prepared, whole = prepare(iris, [bags, "training.max_rows=31"]), prepare(iris, [bags])
        members = prepared.fit.members(prepared.data, prepared.split)
        whole_members = whole.fit.members(whole.data, whole.split)
        for member, whole_member in zip(members, whole_members, strict=True):
            assert member.train_rows.size == prepared.fit.trained_rows == 31
            assert np.isin(member.train_rows, whole_member.train_rows).all()
            assert member.validation_rows.tolist() == whole_member.validation_rows.tolist()
        assert len({member.train_rows.tobytes() for member in members}) == 4
        first, again, next_one = (
            prepared.fit.member(prepared.data, prepared.split, bag=bag).train_rows.tolist()
            for bag in (0, 0, 1)
        )
        assert first == again != next_one

    def test_a_twin_has_the_sample_of_its_member(self, iris: Path) -> None:
        ensemble = "model.ensemble={members: 4, bags: true, plain_twins: true}"
        embedded = "model.numeric_embedding=piecewise_linear"
        prepared = prepare(iris, [ensemble, embedded, "training.max_rows=31"])
        members = prepared.fit.members(prepared.data, prepared.split)
        for member, twin in zip(members[::2], members[1::2], strict=True):
            assert member.train_rows.tolist() == twin.train_rows.tolist()

    def test_groups_are_divided_before_the_sample_is_drawn(self, tmp_path: Path) -> None:
        config = write_table(
            tmp_path,
            "x,person,label",
            [f"{k / 9},{k // 8},{'ab'[k % 2]}" for k in range(96)],
            "data: {source: own.csv, target: label, split: {group: person}}\n"
            "model: {ensemble: {members: 3, bags: true}}\ntraining: {max_rows: 15}\n",
        )
        prepared = prepare(config)
        groups = prepared.data.dataset.groups
        assert groups is not None
        for member in prepared.fit.members(prepared.data, prepared.split):
            assert member.train_rows.size == 15
            trained, validated = (groups[rows] for rows in (member.train_rows, member.validation_rows))
            assert not np.intersect1d(trained, validated).size

    def test_all_rows_are_scored(self, program: Program, iris: Path) -> None:
        metrics = program("train", str(iris), "--set", "training.max_rows=20", "--json").json["metrics"]
        support = {part: metrics[part]["support"] for part in ("train", "validation", "test")}
        assert support == {"train": 98, "validation": 22, "test": 30}
