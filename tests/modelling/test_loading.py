"""All problems of an experiment with its data are reported with the file and the line of the setting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fnnctl.errors import InputError
from fnnctl.messages import sentences
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from tests.messages import Messages

ROWS = 40
TABLE = "x,z,w,label\n" + "".join(f"{i * i},{i % 3},1,{'ab'[i % 2]}\n" for i in range(ROWS))
CONFIG = "data:\n  source: own.csv\n  target: label\n"

Load = Callable[..., LoadedExperiment]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a config beside the table and load it."""

    def load_text(config: str, *overrides: str, table: str = TABLE) -> LoadedExperiment:
        (tmp_path / "own.csv").write_text(table)
        (tmp_path / "c.yaml").write_text(config + "recipe: classic\n")
        return load_experiment(tmp_path / "c.yaml", overrides)

    return load_text


SINGLE = "x,label\n" + "".join(f"{i * i},{'b' if i == 7 else 'a'}\n" for i in range(ROWS))
"""The class b has a single row."""
WEIGHTED = "x,w,label\n" + "".join(f"{i * i},{int(i == 7)},{'ab'[i % 2]}\n" for i in range(ROWS))
"""A single row has a weight that is not 0."""
BAGS = "  split: {test: 0}\nmodel: {ensemble: {members: 4, bags: true}}\n"
LETTERS = "x,label\n" + "".join(f"{'pqr'[i % 3]},{'ab'[i % 2]}\n" for i in range(ROWS))
WRONG: dict[str, tuple[str, list[str], str]] = {
    "no file": (CONFIG.replace("own", "our"), [], TABLE),
    "no such column to ignore": (CONFIG + "  columns: {ignore: [y]}\n", [], TABLE),
    "no such target": (CONFIG, ["data.target=lable"], TABLE),
    "no such classes": (
        CONFIG + "training:\n  class_weights:\n    a: 2\n    aa: 3\n    1.5.x: 1\n",
        [],
        TABLE,
    ),
    "a wrong line of the table": (CONFIG, [], TABLE.replace("\n9,0,1,b\n", "\n9,0,1,b,5\n")),
    "a class of a single row": (CONFIG + "  split:\n    test: 0.5\n", [], SINGLE),
    "class weights of 0": (CONFIG + "training:\n  class_weights: {a: 0, b: 0}\n", [], TABLE),
    "class weights and rows' weights of 0": (
        CONFIG,
        ["data.weights=z", "training.class_weights={a: 0, b: 0}"],
        TABLE,
    ),
    "weights of 0 in the training part": (CONFIG + "  weights: w\n", ["data.split.test=0.5"], WEIGHTED),
    "weights of 0 in a bag": (CONFIG + "  weights: w\n" + BAGS, [], WEIGHTED),
    "weights of 0 in a sample": (CONFIG + "  weights: z\n", ["training.max_rows=2", "seed=1"], TABLE),
    "too many folds": (CONFIG + "evaluation:\n  cross_validation:\n    folds: 41\n", [], TABLE),
    "a logistic output of three classes": (
        CONFIG + "model:\n  output: logistic\n",
        [],
        TABLE.replace("9,0,1,b", "9,0,1,c"),
    ),
    "no such positive class": (
        CONFIG + "model:\n  output:\n    name: logistic\n    positive_class: bb\n",
        [],
        TABLE,
    ),
    "an embedding without numbers": (CONFIG, ["model.numeric_embedding=piecewise_linear"], LETTERS),
}


@pytest.mark.parametrize("name", WRONG)
def test_settings_that_the_data_do_not_allow(name: str, load: Load, messages: Messages) -> None:
    config, overrides, table = WRONG[name]
    with pytest.raises(InputError) as caught:
        prepared_for_training(load(config, *overrides, table=table))
    for problem in caught.value.problems:
        messages.check(problem)


def prepared_for_training(loaded: LoadedExperiment) -> None:
    """As `train` and `cv` go on before they train."""
    loaded.fit(loaded.split())
    loaded.cross_validation()


def test_the_source_is_beside_the_config(
    load: Load, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert load(CONFIG).data.dataset.source == str(tmp_path / "own.csv")


def test_warnings_are_of_the_rows_then_of_the_parts_then_of_the_target_then_of_the_config(
    load: Load, messages: Messages
) -> None:
    """Two classes are the same number, w is constant, and a class is only in the training part."""
    labels = ["1", "2"] * 19 + ["1.0", "1.0"]
    table = "x,w,label\n" + "".join(f"{i * i},5,{label}\n" for i, label in enumerate(labels))
    config = CONFIG + "  split: {stratify: false, test: 0.1}\nseed: 1\n"
    loaded = load(config, "recipe=default", "training.optimizer.learning_rate=1e-7", table=table)
    split = loaded.split()
    warnings = sentences(loaded.checked(split).warnings)
    for warning in warnings:
        messages.check(warning)
    assert sentences(loaded.checked_data(split).warnings) == warnings[:-1]
    assert sentences(loaded.cross_validation().check.warnings)[-1] == warnings[-1]


def test_parts_and_bags_can_have_a_seed_of_their_own(load: Load) -> None:
    """Runs with several seeds then divide the rows alike."""
    table = "x,label\n" + "".join(f"{i * i},{'ab'[i % 2]}\n" for i in range(200))
    data = "data: {source: own.csv, target: label, split: {seed: SEED}}\n"
    text = f"{data}model: {{ensemble: {{members: 4, bags: true}}}}\n"

    def rows(split_seed: str, seed: int) -> list[list[int]]:
        loaded = load(text.replace("SEED", split_seed), f"seed={seed}", table=table)
        split = loaded.split()
        bags = loaded.fit(split).bags(loaded.data)
        return [split.test.tolist(), *(bag.validation.tolist() for bag in bags)]

    assert rows("7", seed=1) == rows("7", seed=2) == rows("null", seed=7)
    assert rows("8", seed=7) != rows("7", seed=7)


def test_the_bags_of_a_training_are_computed_once(load: Load) -> None:
    loaded = load(f"{CONFIG}{BAGS}")
    fit = loaded.fit(loaded.split())
    assert all(one is two for one, two in zip(fit.bags(loaded.data), fit.bags(loaded.data), strict=True))


def test_a_validation_part_that_only_trials_have(load: Load) -> None:
    config = CONFIG + "  split: {validation: 0.3}\nsearch: {space: {training.l2: {choice: [0, 1]}}}\n"

    def is_told(*overrides: str) -> bool:
        notes = load(config, "recipe=default", *overrides).notes()
        return any(note.startswith("data.split.validation is only for the trials of ") for note in notes)

    assert is_told()
    for other in ("search.objective.on=cross_validation", "model.ensemble.bags=false"):
        assert not is_told(other), other


def test_rows_in_the_order_of_a_column(load: Load) -> None:
    config = CONFIG + "  split: {by: x}\n"
    loaded = load(config)
    split = loaded.split()
    assert split.test.tolist() == list(range(32, 40))
    assert split.validation.tolist() == list(range(26, 32))
    assert loaded.split_line(split) == [
        "test part: the last 8 rows by 'x', from 1024 on; validation part: the 6 rows before, from 676 on"
    ]
    (line,) = loaded.fold_line(loaded.cross_validation())
    assert line.endswith("the first 7 rows, up to 36, are never tested")
    ignored = load(config + "  columns: {ignore: [x]}\n")
    assert ignored.split().test.tolist() == split.test.tolist()
    assert ignored.data.dataset.numeric_names == ("z", "w")
    random = load(CONFIG)
    assert random.split_line(random.split()) == random.fold_line(random.cross_validation()) == []


@pytest.mark.parametrize(("rows", "left_out"), [(6, True), (40, False)])
def test_a_setting_is_left_out_if_an_option_and_the_data_make_it_ineffective(
    load: Load, tmp_path: Path, rows: int, *, left_out: bool
) -> None:
    table = "".join(TABLE.splitlines(keepends=True)[: rows + 1])
    (tmp_path / "new.csv").write_text(TABLE)
    config = CONFIG + "  split: {validation: 0, stratify: false}\n"
    loaded = load(config, "data.test_source=new.csv", "recipe=default", table=table)
    # Few rows have no bags, and then no part is split off at all.
    note = "data.split.stratify is left out: it has no effect beside --set data.test_source"
    assert (note in loaded.notes()) == left_out
    assert loaded.experiment.data.split.stratify == left_out
