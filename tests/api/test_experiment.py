from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import fnnctl
from fnnctl import Experiment, run_search
from fnnctl.errors import ConfigError, UsageError
from tests.messages import Messages

pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")

YAML = """\
data: {source: own.csv, target: y}  # beside this file
training:
  epochs: 3
"""


def test_settings_come_as_sections_or_as_paths() -> None:
    sections = Experiment(data={"source": "iris"}, model={"hidden": [8, 4]}, training={"epochs": 5})
    hidden: dict[str, Any] = {"model.hidden": (8, 4)}
    paths = Experiment({"data.source": "iris", "training.epochs": 5}, **hidden)
    mixed = Experiment(data="iris", model={"hidden": np.array([8, 4]).tolist()}).set(
        "training.epochs", np.int64(5)
    )
    assert sections.to_yaml() == mixed.to_yaml()
    assert sorted(sections.to_yaml()) == sorted(paths.to_yaml())
    assert sections.check() == paths.check() == []


def test_set_gives_another_experiment() -> None:
    experiment = Experiment(data="iris")
    longer = experiment.set("training.epochs", 7).set("training", {"epochs": 9}).set("name", "long")
    assert "epochs" not in experiment.to_yaml()
    assert "epochs: 9" in longer.to_yaml()
    assert "name: long" in longer.to_yaml()


def test_a_file_keeps_its_text_its_folder_and_its_name(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("a,y\n" + "".join(f"{k},{k % 2}\n" for k in range(40)))
    (tmp_path / "mine.yaml").write_text(YAML)
    experiment = Experiment.load(tmp_path / "mine.yaml")
    assert experiment.to_yaml() == YAML
    assert experiment.check() == []
    run = experiment.set("training.epochs", 2).train()
    assert (run.name, len(run.history["epoch"])) == ("mine", 2)


def test_problems_have_a_path_and_a_file_has_lines(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(YAML.replace("3", "none"))
    (problem,) = Experiment.load(tmp_path / "mine.yaml").check()
    assert (problem.file, problem.line, problem.path) == (str(tmp_path / "mine.yaml"), 3, "training.epochs")
    first, second = Experiment(data="iris", training={"epochs": 0, "epoch": 3}).check()
    assert (first.file, first.path) == (None, "training.epochs")
    assert str(second).startswith("training.epoch: unknown setting")


def test_check_knows_the_search_and_the_data() -> None:
    experiment = Experiment(data="iris", search={"space": {"training.l2": {"log_uniform": [1, 0.1]}}})
    (problem,) = experiment.check()
    assert problem.path is not None
    assert problem.path.startswith("search.space")
    (problem,) = Experiment().check(([[1.0], [2.0]], ["a", None]))
    assert "class" in problem.message or "row" in problem.message


SEARCH = {"method": "random", "trials": 1, "space": {"training.l2": {"uniform": [0, 1]}}}


@pytest.mark.parametrize("call", [fnnctl.train, fnnctl.evaluate, fnnctl.run_search])
def test_data_may_stand_in_the_place_of_the_experiment(call: Any, tmp_path: Path) -> None:
    table: dict[str, list[Any]] = {"a": [k % 7 for k in range(60)], "y": ["p", "q"] * 30}
    records = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    path = tmp_path / "t.csv"
    path.write_text("a,y\n" + "".join(f"{a},{y}\n" for a, y in zip(*table.values(), strict=True)))
    folds = {"cross_validation": {"folds": 2, "repeats": 1}}
    settings = {"recipe": "classic", "training.epochs": 1, "evaluation": folds, "search": SEARCH}
    expected = call(settings, table, target="y").metrics
    rows: list[Any] = [table, records, str(path), path]
    for data in rows:
        assert call(data, target="y", settings=settings).metrics == expected
    assert call(({"a": table["a"]}, table["y"]), settings=settings).metrics == expected
    assert call("iris", target="species", settings=settings).name == "iris"


def test_what_yaml_cannot_have_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^model\.hidden\[0\]: must be a value of a YAML .*, not object$"):
        Experiment(model={"hidden": [object()]})
    with pytest.raises(ConfigError, match=r"'' is not a setting; write a path"):
        Experiment().set("", 1)
    with pytest.raises(ConfigError, match="there is no such file"):
        Experiment.load("nowhere.yaml")


def test_an_experiment_is_shown_by_its_settings() -> None:
    assert repr(Experiment(data="iris", seed=3)) == "Experiment({'data': {'source': 'iris'}, 'seed': 3})"


def test_the_rows_of_a_batch_are_at_most_the_training_rows() -> None:
    experiment = Experiment({"recipe": "classic", "data": "iris", "data.split": {"validation": 0, "test": 0}})
    assert experiment.batch_rows() == 150
    assert experiment.set("training.batch_size", 32).batch_rows() == 32
    assert experiment.set("data.split.test", 0.2).batch_rows() == 120
    assert experiment.set("training.optimizer", "lbfgs").batch_rows() == 150


def test_a_path_from_python_starts_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path in a YAML file starts in the file's folder."""
    config = tmp_path / "configs" / "mine.yaml"
    config.parent.mkdir()
    config.write_text("recipe: classic\ndata: {source: theirs.csv, target: y}\ntraining: {epochs: 1}\n")
    rows = "".join(f"{k},{'ab'[k % 2]}\n" for k in range(40))
    (tmp_path / "mine.csv").write_text("x,y\n" + rows)
    monkeypatch.chdir(tmp_path)
    assert Experiment.load(config).check("mine.csv") == []
    assert Experiment.load(config).check(Path("mine.csv")) == []
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Experiment.load(config).check("~/mine.csv") == []
    (problem,) = Experiment.load(config).check()
    assert "theirs.csv" in problem.message
    assert "petal_length" in Experiment.load(config).check("iris")[0].message  # the built-in table


def test_a_search_starts_from_an_earlier_run_in_the_folder_of_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    search = {"method": "random", "trials": 2, "space": {"training.l2": {"log_uniform": [1e-6, 1e-2]}}}
    settings = {"name": "first", "recipe": "classic", "data": "iris", "training.epochs": 1, "search": search}
    first = run_search(settings, runs_dir="runs", workers=1)
    again = Experiment(settings).set("search.start_from", "first")
    assert again.check() == []
    values = again.search(workers=1).leaderboard["training.l2"]
    assert set(values) == set(first.leaderboard["training.l2"])


@pytest.fixture
def with_test_part(tmp_path: Path) -> Experiment:
    for name in ("own", "new"):
        (tmp_path / f"{name}.csv").write_text("a,y\n" + "".join(f"{k},{k % 2}\n" for k in range(40)))
    text = "recipe: classic\ndata: {source: own.csv, target: y, split: {test: 0.2}}\ntraining: {epochs: 2}\n"
    (tmp_path / "nightly.yaml").write_text(text)
    return Experiment.load(tmp_path / "nightly.yaml")


def test_a_setting_that_a_change_makes_ineffective_is_left_out(
    with_test_part: Experiment, tmp_path: Path
) -> None:
    changed = with_test_part.set("data.test_source", "new.csv")
    assert changed.check() == []
    run = changed.train(runs_dir=tmp_path / "runs")
    assert run.metrics["test"]["support"] == 40
    log = next((tmp_path / "runs").glob("*/log.txt")).read_text()
    assert "data.split.test is left out: it has no effect beside data.test_source" in log
    (problem,) = changed.set("data.split.test", 0.3).check()
    assert str(problem) == "data.split.test: has no effect: data.test_source is the test part"
    again = fnnctl.train(
        str(tmp_path / "nightly.yaml"), settings={"data.test_source": str(tmp_path / "new.csv")}
    )
    assert again.metrics["test"]["support"] == 40


def test_a_setting_is_removed(with_test_part: Experiment) -> None:
    rest = with_test_part.unset("data.split.test")
    assert "test" not in rest.to_yaml()
    assert rest.set("data.test_source", "new.csv").check() == []
    assert rest.unset("data.split.test") is rest
    with pytest.raises(ConfigError, match=r"data\.split\.tst: unknown setting \(did you mean 'test'\?\)"):
        rest.unset("data.split.tst")


def test_a_file_that_extends_another_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHS", "3")
    (tmp_path / "base.yaml").write_text("data: {source: iris}\nrecipe: classic\nmodel: {hidden: [3]}\n")
    text = "extends: base.yaml\ntraining:\n  epochs: ${EPOCHS}\nnotes: $${EPOCHS}\n"
    (tmp_path / "own.yaml").write_text(text)
    experiment = Experiment.load(tmp_path / "own.yaml")
    (tmp_path / "base.yaml").unlink()
    monkeypatch.delenv("EPOCHS")
    complete = yaml.safe_load(experiment.to_yaml())
    assert complete == {
        "data": {"source": "iris"},
        "recipe": "classic",
        "model": {"hidden": [3]},
        "training": {"epochs": 3},
        "notes": "$${EPOCHS}",
    }
    (tmp_path / "complete.yaml").write_text(experiment.to_yaml())
    assert repr(Experiment.load(tmp_path / "complete.yaml")) == repr(experiment)
    assert experiment.check() == []
    run = experiment.set("training.epochs", 2).train()
    assert len(run.history["epoch"]) == 2
    assert run.config["notes"]["text"] == "${EPOCHS}"
    problems = Experiment.load(tmp_path / "own.yaml").check()
    assert [problem.path for problem in problems] == ["extends", "training.epochs"]


def test_settings_of_a_program_have_no_variables_and_extend_nothing(messages: Messages) -> None:
    experiment = Experiment(data="iris", name="${HOME}", notes={"text": "$${x} ${"})
    assert experiment.check() == []
    assert repr(experiment) == (
        "Experiment({'data': {'source': 'iris'}, 'name': '${HOME}', 'notes': {'text': '$${x} ${'}})"
    )
    for settings in ({"data": "iris", "extends": "base.yaml"}, {"extends": "base.yaml"}):
        for problem in Experiment(settings).check():
            messages.check(problem)


def test_a_run_is_trained_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From memory or from a folder, by its object or by its name, with equal bits."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(120, 3))
    labels = np.where(rows.sum(axis=1) > 0, "p", "q")
    old, new = (rows[:60], labels[:60]), (rows[60:], labels[60:])
    experiment = Experiment({"recipe": "classic", "training.epochs": 4, "model.hidden": [5]}, name="nightly")
    first = experiment.train(old, runs_dir="runs")
    second = experiment.train(new, start=first)
    in_memory = fnnctl.train(experiment, new, start=experiment.train(old))
    by_name = experiment.set("training.warm_start", "nightly").train(new)
    expected = second.predictor.predict_proba(rows)
    for run in (in_memory, by_name):
        np.testing.assert_array_equal(run.predictor.predict_proba(rows), expected)
    assert not np.array_equal(experiment.train(new).predictor.predict_proba(rows), expected)
    assert second.config["training"]["warm_start"]["run"] == str(first.path)
    assert Experiment(training={"warm_start": "nightly"}).batch_rows(new) <= 60
    saved = in_memory.save("saved")
    assert "a run in memory" in saved.report()
    with pytest.raises(ConfigError, match="the run was in the memory of a Python program, and is gone"):
        Experiment.load("saved/resolved.yaml").train(new)


def test_a_start_is_a_run() -> None:
    with pytest.raises(UsageError, match="start must be a Run, not 'latest'; load_run finds one"):
        fnnctl.train("iris", start="latest", target="species")  # type: ignore[arg-type]
