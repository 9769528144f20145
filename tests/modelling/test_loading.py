"""All problems of an experiment with its data are reported with the file and the line of the setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from fnnctl.errors import InputError, Problem
from fnnctl.messages import sentences
from fnnctl.modelling import loading
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from fnnctl.modelling.recipe_facts import against_bags

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


def problems(tmp_path: Path, action: Callable[[], object]) -> list[str]:
    """The problems for which an action is refused, with paths relative to the config's folder."""
    with pytest.raises(InputError) as caught:
        action()
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("config", "overrides", "told"),
    [
        (CONFIG.replace("own", "our"), [], "c.yaml:2: data.source: there is no file "),
        (CONFIG + "  columns: {ignore: [y]}\n", [], "c.yaml:4: data.columns.ignore"),
        (CONFIG, ["data.target=lable"], "--set: data.target: "),
        (
            CONFIG + "training:\n  class_weights:\n    a: 2\n    c: 3\n",
            [],
            "c.yaml:7: training.class_weights.c: there is no class 'c'",
        ),
    ],
)
def test_settings_that_contradict_the_data(
    load: Load, tmp_path: Path, config: str, overrides: Sequence[str], told: str
) -> None:
    (problem,) = problems(tmp_path, lambda: load(config, *overrides))
    assert problem.startswith(told)


def test_the_line_of_the_table_where_the_table_is_wrong(load: Load, tmp_path: Path) -> None:
    table = TABLE.replace("\n9,0,1,b\n", "\n9,0,1,b,5\n")
    (problem,) = problems(tmp_path, lambda: load(CONFIG, table=table))
    assert problem.startswith("own.csv:5: the row has 5 values")


def test_a_division_that_the_rows_do_not_allow(load: Load, tmp_path: Path) -> None:
    """The class b has a single row."""
    table = "x,label\n" + "".join(f"{i * i},{'b' if i == 7 else 'a'}\n" for i in range(ROWS))
    loaded = load(CONFIG + "  split:\n    test: 0.5\n", table=table)
    (problem,) = problems(tmp_path, loaded.split)
    assert problem.startswith("c.yaml:4: data.split")
    assert "'b'" in problem


def test_a_network_that_the_training_part_does_not_allow(load: Load, tmp_path: Path) -> None:
    loaded = load(CONFIG + "training:\n  class_weights: {a: 0, b: 0}\n")
    split = loaded.split()
    (problem,) = problems(tmp_path, lambda: loaded.fit(split))
    assert problem == "c.yaml:5: training.class_weights: all rows of the training part have weight 0"


def test_folds_that_the_rows_do_not_allow(load: Load, tmp_path: Path) -> None:
    folds = "evaluation:\n  cross_validation:\n    folds: 41\n"
    loaded = load(CONFIG + folds)
    assert problems(tmp_path, loaded.cross_validation) == [
        "c.yaml:6: evaluation.cross_validation.folds: 40 rows cannot be divided into 41 folds"
    ]


@pytest.mark.parametrize(
    ("rows", "settings", "reason"),
    [
        (40, "split: {group: z}", "2 groups outside the test part cannot be divided into 8 folds"),
        (40, "split: {test: 0.84}", "6 rows outside the test part cannot be divided into 8 folds"),
        (8, "split: {test: 0}", "in a fold of a cross-validation, 7 rows"),
        (40, "", None),
    ],
)
def test_a_recipe_has_no_bags_for_few_rows(load: Load, rows: int, settings: str, reason: str | None) -> None:
    config = f"data: {{source: own.csv, target: label, {settings}}}\n"
    table = "".join(TABLE.splitlines(keepends=True)[: rows + 1])
    loaded = load(config, "recipe=default", table=table)
    ensemble = loaded.experiment.model.ensemble
    assert (ensemble.members, ensemble.bags) == (8, reason is None)
    refused = loaded.resolved.provenance.omitted.get(("model", "ensemble", "bags"))
    assert (refused.clause if refused else "").startswith(reason or "")


def test_the_source_is_beside_the_config(
    load: Load, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert load(CONFIG).data.dataset.source == str(tmp_path / "own.csv")


def test_warnings_are_of_the_rows_then_of_the_parts_then_of_the_target(load: Load) -> None:
    """Two classes are the same number, w is constant, and a class is only in the training part."""
    labels = ["1", "2"] * 19 + ["1.0", "1.0"]
    table = "x,w,label\n" + "".join(f"{i * i},5,{label}\n" for i, label in enumerate(labels))
    loaded = load(CONFIG + "  split: {stratify: false, test: 0.1}\nseed: 1\n", table=table)
    assert sentences(loaded.checked(loaded.split()).warnings) == [
        "a column has the same value, or none, in all training rows and cannot help: 'w'; "
        "check it, or use data.columns.ignore",
        "a class has no row in the validation part and no effect on its metrics: '1.0'",
        "a class has no row in the test part and no effect on its metrics: '1.0'",
        "the target 'label' has classes '1' and '1.0', which are the same number",
    ]


def test_warnings_about_the_config_come_after_those_about_the_data(load: Load) -> None:
    table = "x,w,label\n" + "".join(f"{i * i},5,{'ab'[i % 2]}\n" for i in range(60))
    loaded = load(CONFIG, "recipe=default", "training.optimizer.learning_rate=1e-7", table=table)
    split = loaded.split()
    data, config = sentences(loaded.checked(split).warnings)
    assert "cannot help: 'w'" in data
    assert config.startswith("training.optimizer.learning_rate is 1e-07")
    assert sentences(loaded.checked_data(split).warnings) == [data]
    assert sentences(loaded.cross_validation().check.warnings)[-1] == config


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


def test_whether_the_rows_are_enough_for_bags_is_found_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With mixup the embedding is refused, so each value of the recipe is judged."""
    calls = []

    def counted(*given: Any) -> Problem | None:
        calls.append(given)
        return against_bags(*given)

    monkeypatch.setattr(loading, "against_bags", counted)
    (tmp_path / "own.csv").write_text(TABLE)
    (tmp_path / "c.yaml").write_text(CONFIG + "training: {mixup: 0.2}\n")
    loaded = load_experiment(tmp_path / "c.yaml")
    assert loaded.experiment.model.ensemble.bags
    refused = {path[:2] for path in loaded.resolved.provenance.omitted} - {("model", "ensemble")}
    assert refused == {("model", "numeric_embedding")}
    assert len(calls) == 1


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


def test_a_recipe_has_no_bags_in_order(load: Load) -> None:
    loaded = load(CONFIG + "  split: {by: x}\n", "recipe=default")
    assert loaded.experiment.model.ensemble.members == 8
    assert not loaded.experiment.model.ensemble.bags
    assert loaded.notes()[-1].startswith(
        "recipe default; without bags: the members would train on rows later than those"
    )


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
