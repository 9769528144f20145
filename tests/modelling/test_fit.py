"""From a config to a fit."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.errors import ConfigError, DataError
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


def test_a_problem_of_the_data_is_placed_at_its_setting(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("x,label\n1,a\n2,b\n")
    config = tmp_path / "c.yaml"
    config.write_text("data:\n  source: own.csv\n  target: lable\n")
    with pytest.raises(DataError) as raised:
        prepare(config, [])
    (problem,) = raised.value.problems
    assert (problem.file, problem.line, problem.path) == (str(config), 3, "data.target")


@pytest.mark.parametrize(("available", "refused"), [(10**4, True), (10**9, False), (None, False)])
def test_only_what_exceeds_the_memory_is_refused(
    program: Program, iris: Path, available: int | None, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.modelling.fit.available_bytes", lambda: available)
    done = program("check", str(iris))
    assert done.code == (2 if refused else 0)
    assert ("iris.yaml:2: model.hidden: " in done.out) is refused


def test_row_numbers_are_those_of_the_file(program: Program, tmp_path: Path) -> None:
    """Rows without a label are left out, but still counted."""
    rows = ["0.5,", "0.5,"] + [f"{i},{'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "own.csv").write_text("\n".join(["x,label", *rows]) + "\n")
    (tmp_path / "c.yaml").write_text(
        "recipe: classic\ndata: {source: own.csv, target: label}\ntraining: {epochs: 1}\n"
    )
    run = Path(program("train", "c.yaml", "--quiet").out.strip())
    lines = (run / "predictions.csv").read_text().splitlines()[1:]
    for row, label in (line.split(",")[:2] for line in lines):
        assert rows[int(row)].endswith(f",{label}")


def test_the_test_part_changes_nothing_about_training(program: Program, tmp_path: Path) -> None:
    """Other values in the test file's rows do not change the weights."""
    rng = np.random.default_rng(0)

    def write(name: str, rows: int, shift: float) -> None:
        lines = [f"{x + shift},{y},{'ab'[int(x > 0)]}" for x, y in rng.normal(size=(rows, 2))]
        (tmp_path / name).write_text("\n".join(["x,y,label", *lines]) + "\n")

    write("train.csv", 60, 0.0)
    weights = []
    for shift in (0.0, 100.0):
        write("test.csv", 30, shift)
        (tmp_path / "c.yaml").write_text(
            "recipe: classic\n"
            "data: {source: train.csv, target: label, test_source: test.csv}\ntraining: {epochs: 3}\n"
        )
        run = Path(program("train", "c.yaml", "--json").json["run"])
        weights.append((run / "model.npz").read_bytes())
    assert weights[0] == weights[1]


def test_a_network_too_large_is_refused_with_its_memory(program: Program, iris: Path, tmp_path: Path) -> None:
    done = program("train", str(iris), "--set", "model.hidden=[1000000, 1000000]")
    assert done.code == 2
    assert "GB" in done.err
    assert not (tmp_path / "runs").exists()


def refused(config: Path, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        prepare(config, overrides)
    return [str(problem).removeprefix(f"{config}:") for problem in raised.value.problems]


def test_classes_that_are_not_there_are_refused_at_their_lines(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "data: {source: iris}\ntraining:\n  class_weights:\n    setosa: 2\n    virginca: 3\n    1.5.x: 1\n"
    )
    assert refused(config) == [
        "5: training.class_weights.virginca: there is no class 'virginca' (did you mean 'virginica'?)",
        "6: training.class_weights.1.5.x: there is no class '1.5.x'; "
        "the classes are 'setosa', 'versicolor', 'virginica'",
    ]


def test_a_logistic_output_needs_two_classes_and_one_of_them(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("data: {source: iris}\nmodel:\n  output: logistic\n")
    assert refused(config) == [
        "3: model.output: a logistic output needs two classes, but 'species' has 3; write output: softmax"
    ]
    config.write_text(
        "data: {source: breast_cancer}\nmodel:\n  output:\n    name: logistic\n    positive_class: malign\n"
        "recipe: classic\n"
    )
    assert refused(config) == [
        "5: model.output.positive_class: there is no class 'malign' (did you mean 'malignant'?)"
    ]
    shape = prepare(config, ["model.output.positive_class=malignant"]).fit.settings.shape
    assert (shape.output.kind, shape.scores) == ("logistic", 1)


def test_weights_of_classes_and_rows_are_multiplied(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("x,w,label\n" + "".join(f"{i},{i},{'ab'[i % 2]}\n" for i in range(20)))
    config = tmp_path / "c.yaml"
    config.write_text(
        "recipe: classic\n"
        "data: {source: own.csv, target: label, weights: w}\ntraining: {class_weights: {b: 3}}\n"
    )
    prepared = prepare(config, [])
    rows, weights = prepared.split.train, prepared.member.weights
    assert weights is not None
    assert weights.tolist() == [int(row) * (3 if row % 2 else 1) for row in rows]
    unweighted = prepare(config, ["training.class_weights=null", "data.weights=null"])
    assert unweighted.member.weights is None


def test_weights_that_are_all_zero_in_the_training_part_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i % 2},{'ab'[i % 2]}\n" for i in range(20))
    (tmp_path / "own.csv").write_text(f"x,w,label\n{rows}")
    config = tmp_path / "c.yaml"
    config.write_text(
        "data: {source: own.csv, target: label}\ntraining:\n  class_weights: {a: 0, b: 0}\nrecipe: classic\n"
    )
    reason = "all rows of the training part have weight 0"
    assert refused(config) == [f"3: training.class_weights: {reason}"]
    assert refused(config, "data.weights=w", "training.class_weights={b: 0}") == [
        f"--set: training.class_weights: {reason}"
    ]


def test_weights_that_are_all_zero_in_one_of_the_bags_are_refused(tmp_path: Path) -> None:
    """The member whose bag has the only row that counts learns from the others."""
    table = "".join(f"{i},{int(i == 7)},{'ab'[i % 2]}\n" for i in range(40))
    (tmp_path / "own.csv").write_text(f"x,w,label\n{table}")
    config = tmp_path / "c.yaml"
    config.write_text(
        "data:\n  source: own.csv\n  target: label\n  weights: w\n  split: {test: 0}\n"
        "model: {ensemble: {members: 4, bags: true}}\nrecipe: classic\n"
    )
    assert refused(config) == ["4: data.weights: all training rows of one of the members have weight 0"]


def test_a_column_of_weights_that_the_training_part_has_zeros_of_alone_is_refused(tmp_path: Path) -> None:
    """One row of twenty has a weight, and half of the rows are split off: some seed puts it there."""
    (tmp_path / "own.csv").write_text("x,w,label\n" + "1,0,a\n" * 10 + "2,0,b\n" * 9 + "3,1,b\n")
    config = tmp_path / "c.yaml"
    config.write_text(
        "data: {source: own.csv, target: label, weights: w, split: {validation: 0.3}}\nrecipe: classic\n"
    )
    for seed in range(20):
        with suppress(ConfigError):
            prepare(config, [], seed=seed)
            continue
        assert refused(config, f"seed={seed}") == [
            "1: data.weights: all rows of the training part have weight 0"
        ]
        return
    pytest.fail("the row is in every training part")


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

    def test_a_limit_that_is_no_limit(self, iris: Path) -> None:
        limited, whole = prepare(iris, ["training.max_rows=150"]), prepare(iris)
        assert limited.member.train_rows.tolist() == whole.member.train_rows.tolist()
        assert limited.fit.settings == whole.fit.settings

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
        twins = [bags, "model.ensemble.plain_twins=true", "model.numeric_embedding=piecewise_linear"]
        with_twins = prepare(iris, [*twins, "training.max_rows=31"])
        pairs = with_twins.fit.members(with_twins.data, with_twins.split)
        for member, twin, alone in zip(pairs[::2], pairs[1::2], members, strict=True):
            assert member.train_rows.tolist() == twin.train_rows.tolist() == alone.train_rows.tolist()

    def test_bags_have_samples_that_are_drawn_apart(self, iris: Path) -> None:
        prepared = prepare(iris, ["training.max_rows=31"])
        fit, data, split = prepared.fit, prepared.data, prepared.split
        first, again, other = (fit.member(data, split, bag=bag).train_rows.tolist() for bag in (0, 0, 1))
        assert first == again != other

    def test_rows_in_an_order_are_the_last_ones(self, iris: Path) -> None:
        prepared = prepare(iris, ["data.split.by=sepal_length_cm", "training.max_rows=31"])
        order, rows = prepared.data.dataset.order, prepared.member.train_rows
        assert order is not None
        left_out = np.setdiff1d(prepared.split.train, rows)
        assert rows.size == 31
        assert order[left_out].max() <= order[rows].min()

    def test_groups_are_divided_before_the_sample_is_drawn(self, tmp_path: Path) -> None:
        lines = [f"{k / 9},{k // 8},{'ab'[k % 2]}" for k in range(96)]
        (tmp_path / "own.csv").write_text("\n".join(["x,person,label", *lines]) + "\n")
        config = tmp_path / "c.yaml"
        config.write_text(
            "recipe: classic\n"
            "data: {source: own.csv, target: label, split: {group: person}}\n"
            "model: {ensemble: {members: 3, bags: true}}\n"
            "training: {max_rows: 15}\n"
        )
        prepared = prepare(config)
        groups = prepared.data.dataset.groups
        assert groups is not None
        for member in prepared.fit.members(prepared.data, prepared.split):
            assert member.train_rows.size == 15
            trained, validated = (groups[rows] for rows in (member.train_rows, member.validation_rows))
            assert not np.intersect1d(trained, validated).size

    def test_a_sample_whose_weights_are_all_0_is_refused(self, tmp_path: Path) -> None:
        lines = [f"{k},{int(k % 20 == 7)},{'ab'[k % 2]}" for k in range(60)]
        (tmp_path / "own.csv").write_text("\n".join(["x,weight,label", *lines]) + "\n")
        config = tmp_path / "c.yaml"
        config.write_text(
            "recipe: classic\ndata: {source: own.csv, target: label, weights: weight, split: {seed: 1}}\n"
        )
        assert prepare(config).fit.settings.weighted
        with pytest.raises(ConfigError, match="weight 0"):
            prepare(config, ["training.max_rows=2"])

    def test_all_rows_are_scored(self, program: Program, iris: Path) -> None:
        metrics = program("train", str(iris), "--set", "training.max_rows=20", "--json").json["metrics"]
        support = {part: metrics[part]["support"] for part in ("train", "validation", "test")}
        assert support == {"train": 98, "validation": 22, "test": 30}
