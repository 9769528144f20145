"""A search as an Optuna study, and the trials of a study as those of a search."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from fnnctl import run_search
from fnnctl.cli import run
from fnnctl.export.study import study_of
from fnnctl.records.history import SearchHistory, read_search
from fnnctl.records.optuna_journal import Distribution, State, Study, StudyTrial, read_study, study_lines
from fnnctl.store.folder import RunFolder
from tests.export.conftest import made_by
from tests.messages import Messages
from tests.program import Program, only_run
from tests.runs.searching import assert_same_search, of_kind

pytestmark = pytest.mark.usefixtures("no_figures")

CONFIG = """\
recipe: classic
data: {source: wine}
training: {batch_size: 16, early_stopping: {monitor: validation_loss, patience: 3}}
search:
  method: asha
  trials: 12
  concurrency: 4
  budget: {min_epochs: 1, max_epochs: 9, reduction_factor: 3}
  objective: {metric: accuracy}
  start_from:
  - {training.optimizer.name: momentum, training.optimizer.learning_rate: 1.0e+6, training.l2: 1000}
  - {model.activation: mish}
  space:
    training.optimizer.name: {choice: [adam, momentum]}
    training.optimizer.momentum: {uniform: [0.5, 0.99], when: {training.optimizer.name: momentum}}
    training.optimizer.learning_rate: {log_uniform: [1.0e-4, 10]}
    model.hidden: {depth: [1, 2], width: [8, 64], log: true, per_layer: true}
    model.activation: {choice: [relu, {name: leaky_relu, slope: 0.1}]}
    training.l2: {log_uniform: [1.0e-4, 1.0e-1], step: 10}
    training.label_smoothing: {uniform: [0, 0.2], step: 0.05}
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[SearchHistory, Path]:
    """A search with trials that were stopped, that diverged and that are outside of the space; its export."""
    folder = tmp_path_factory.mktemp("searched")
    search = made_by("search", CONFIG, folder)
    assert run(["export", str(search.path), "--format", "optuna", "--output", str(folder / "a.log")]) == 0
    history = read_search(search)
    assert history is not None
    return history, folder / "a.log"


@pytest.fixture
def config(program: Program, tmp_path: Path) -> str:
    (tmp_path / "x.yaml").write_text(CONFIG)
    return "x.yaml"


def test_states_values_and_active_parameters(exported: tuple[SearchHistory, Path]) -> None:
    history, path = exported
    study = read_study(path)
    assert study.maximizes
    contenders = {result.trial for result in history.standings.contenders()}
    for number, trial in enumerate(study.trials):
        latest = history.standings.latest[number]
        expected = State.FAIL if latest.objective is None else State.PRUNED
        assert trial.state is (State.COMPLETE if number in contenders else expected)
        assert trial.value == latest.objective
        parameters = dict(history.trials[number].assignment)
        hidden = parameters.pop("model.hidden")
        parameters |= {f"model.hidden.width[{k}]": width for k, width in enumerate(hidden)}
        if not isinstance(parameters["model.activation"], str):
            parameters["model.activation"] = "{name: leaky_relu, slope: 0.1}"
        assert trial.parameters == {**parameters, "model.hidden.depth": len(hidden)}
    assert {trial.state for trial in study.trials} == {State.COMPLETE, State.PRUNED, State.FAIL}
    assert {"training.optimizer.momentum" in trial.parameters for trial in study.trials} == {True, False}


@pytest.mark.extra
def test_optuna_reads_the_study(exported: tuple[SearchHistory, Path]) -> None:
    optuna = pytest.importorskip("optuna")
    history, path = exported
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    study = optuna.load_study(study_name=None, storage=optuna.storages.JournalStorage(backend))
    assert history.winner is not None
    assert (study.best_trial.number, study.best_value) == (history.winner.trial, history.winner.objective)
    assert study.metric_names == ["accuracy"]
    for trial in study.trials:
        results = sorted(history.results, key=lambda result: result.budget)
        curves = [history.curve_of(result) for result in results if result.trial == trial.number]
        values = [value for curve in curves for value in curve if value is not None]
        assert list(trial.intermediate_values.values()) == values
        assert trial.datetime_start < trial.datetime_complete
        for name, distribution in trial.distributions.items():
            assert distribution._contains(distribution.to_internal_repr(trial.params[name]))
            assert all(each.distributions.get(name, distribution) == distribution for each in study.trials)
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    names = ["training.l2", "training.label_smoothing"]
    importances = optuna.importance.get_param_importances(study, evaluator=evaluator, params=names)
    assert set(importances) == set(names)


def test_trials_of_a_study_come_first_and_are_recorded(
    exported: tuple[SearchHistory, Path], program: Program, config: str, tmp_path: Path
) -> None:
    """The best first, and only those in the space; the resumed search needs no file."""
    history, path = exported
    shutil.copy(path, tmp_path / "a.log")
    search = ("search", config, "--name", "again")
    done = program(*search, "--import-optuna", "a.log", "--set", "search.start_from=null")
    (tmp_path / "a.log").unlink()
    complete = [result.trial for result in history.standings.contenders()]
    (again,) = (tmp_path / "runs").glob("*again*")
    assignments = [record["assignment"] for record in of_kind(again, "trial")]
    expected = [dict(history.trials[number].assignment) for number in complete]
    assert assignments[: len(expected)] == expected
    rest = 12 - len(complete)
    assert f"--import-optuna: {len(complete)} of 12 trials of the study" in done.err
    assert f"; {rest} are left out: 1 failed, {rest - 1} pruned" in done.err
    assert done.err.splitlines()[0] in (again / "log.txt").read_text()
    assert program(*search, "--set", f"search.start_from={expected}", "--runs-dir", "listed").code == 0
    (listed,) = (tmp_path / "listed").iterdir()
    assert_same_search(again, listed)
    assert program("search", "--resume", str(again), "--set", "search.trials=14").code == 0
    assert len(of_kind(again, "trial")) == 14


def trial(value: float | None = 1.0, state: State = State.COMPLETE, **parameters: Any) -> StudyTrial:
    named = {name.replace("__", "."): value for name, value in parameters.items()}
    choices = {name: Distribution.of_choices([value]) for name, value in named.items()}
    return StudyTrial(state, value, named, choices)


def write_study(path: Path, *trials: StudyTrial) -> None:
    path.write_text("".join(study_lines(Study("mine", False, trials=list(trials)))))


def test_trials_that_do_not_fit_are_counted(
    program: Program, config: str, tmp_path: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.search.optuna_trials.MOST_FIRST", 3)
    write_study(
        tmp_path / "a.log",
        trial(3.0, training__l2=0.001),
        trial(2.0, training__label_smoothing=0.15000000000000002, training__l2=0.01),
        trial(3.5, training__l2=0.001, training__optimizer__name="adam"),
        trial(training__l2=0.005),
        trial(model__dropout=0.5),
        trial(training__optimizer__name="sgd"),
        trial(model__hidden__depth=2),
        trial(training__optimizer__learning_rate="high"),
        trial(1.5, training__l2=0.001, training__label_smoothing=0.2),
        trial(None, State.WAITING, training__l2=0.1),
        trial(None, State.WAITING, training__l2=0.1, training__label_smoothing=0.05),
        trial(None, State.RUNNING),
    )
    plan = "search.start_from=[{training.l2: 0.0001}]"
    words = (plan, "search.trials=4", "search.budget.max_epochs=1", "search.require=label_smoothing < 0.2")
    options = [option for word in words for option in ("--set", word)]
    done = program("search", config, "--import-optuna", "a.log", *options)
    messages.check(done.err.splitlines()[0])
    assignments = [record["assignment"] for record in of_kind(only_run(tmp_path), "trial")][:4]
    assert [assignment["training.l2"] for assignment in assignments] == [0.0001, 0.01, 0.001, 0.1]
    assert assignments[1]["training.label_smoothing"] == 0.15


def test_a_study_of_which_no_trial_fits(
    program: Program, config: str, tmp_path: Path, messages: Messages
) -> None:
    write_study(tmp_path / "a.log", trial(model__dropout=0.5), trial(None, State.FAIL))
    done = program("search", config, "--import-optuna", "a.log")
    assert done.code == 2
    messages.check(done.err)
    assert not (tmp_path / "runs").exists()
    messages.check(program("search", "--resume", "x", "--import-optuna", "a.log").err)


def test_only_a_search_is_a_study(program: Program, trained: RunFolder) -> None:
    export = ("export", str(trained.path), "--format", "optuna")
    done = program(*export, "--output", "a.log")
    refused = f"--format optuna is for a search, but {trained.path} is of kind 'train'\n"
    assert (done.code, done.err) == (2, refused)
    assert "name the file" in program(*export).err


def test_a_search_in_memory_is_a_study_too(exported: tuple[SearchHistory, Path]) -> None:
    _, path = exported
    in_memory = run_search(path.parent / "x.yaml")
    study, expected = (
        [(trial.value, trial.parameters) for trial in found.trials]
        for found in (study_of(in_memory.folder), read_study(path))
    )
    assert study == expected


def test_json(exported: tuple[SearchHistory, Path], program: Program) -> None:
    _, path = exported
    folder = str(only_run(path.parent))
    done = program("export", folder, "--format", "optuna", "--output", "b.log", "--json")
    output = {"run": folder, "format": "optuna", "output": "b.log", "largest_difference": None, "trials": 12}
    assert done.json == output
    assert Path("b.log").read_bytes() == path.read_bytes()
