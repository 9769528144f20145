from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.reading.loading import LoadedConfig, load_config
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.rules.canonical import configuration_key, configuration_seed
from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.rules.trials import TrialConfigs, trial_configs
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import Problem
from fnnctl.plugins import scope
from tests.config.spaces import CONFIG, spaces

IRIS = "data: {source: iris}\n"


def trials_of(loaded: LoadedConfig, epochs: int = 81) -> TrialConfigs:
    return trial_configs(loaded.resolved, epochs=epochs)


@pytest.fixture
def trials(load: Any) -> Any:
    return lambda text, *overrides: trials_of(load(text, *overrides))


def test_a_trial_is_the_config_with_the_assigned_values_and_without_a_search(trials: Any) -> None:
    text = IRIS + "seed: 3\ntraining: {l1: 0.1, l2: 0.2}\nsearch: {space: {training.l2: {uniform: [0, 1]}}}\n"
    experiment = trials(text).experiment_of({"training.l2": 0.5, "model.hidden": [4, 4]})
    assert (experiment.name, experiment.seed, experiment.search) == ("experiment", 3, None)
    assert (experiment.training.l1, experiment.training.l2) == (0.1, 0.5)
    assert [layer.units for layer in experiment.model.hidden] == [4, 4]
    assert experiment.training.epochs == 81


def test_a_trial_has_one_network(trials: Any) -> None:
    configs = trials(IRIS + "model: {ensemble: 7}\nsearch: {space: {training.l2: {uniform: [0, 1]}}}\n")
    assert configs.experiment_of({"training.l2": 0.5}).model.ensemble == EnsembleConfig()


def test_a_trial_on_bags_is_the_ensemble_with_epochs_and_twins_of_its_own(trials: Any) -> None:
    configs = trials(
        IRIS + "model: {numeric_embedding: piecewise_linear}\n"
        "search: {objective: {on: bags}, space: {training.epochs: {integer: [5, 40]}}}\n",
        "model.ensemble={members: 4, bags: true, plain_twins: true}",
    )
    trial = configs.experiment_of({"training.epochs": 10})
    assert trial.model.ensemble == EnsembleConfig(members=4, bags=True, plain_twins=True)
    assert (trial.training.epochs, trial.training.schedule_epochs) == (10, 10)
    without = configs.experiment_of({"training.epochs": 10, "model.numeric_embedding": "none"})
    assert without.model.ensemble == EnsembleConfig(members=4, bags=True)
    shorter = replace(configs, epochs=8)
    assert [shorter.experiment_of({"training.epochs": own}).training.epochs for own in (7, 8, 9)] == [7, 8, 8]
    key = configs.key_of
    assert key({"training.epochs": 10}) != key({"training.epochs": 20})
    assert key({}) == key({"model.ensemble.plain_twins": True}) != key({"model.ensemble.plain_twins": False})


EMBEDDING, TWINS = "model.numeric_embedding", "model.ensemble.plain_twins"


@pytest.mark.parametrize(
    ("twins", "on", "assignment", "leaves_out"),
    [
        (True, "bags", {EMBEDDING: "none"}, True),
        (True, "bags", {EMBEDDING: "piecewise_linear"}, False),
        (True, "bags", {EMBEDDING: "none", TWINS: False}, False),
        (True, "bags", {TWINS: False}, False),
        (False, "bags", {EMBEDDING: "none"}, False),
        (True, "validation", {EMBEDDING: "none"}, False),  # one network per trial
    ],
)
def test_twins_leave_with_the_embedding_unless_a_trial_says_so_itself(
    trials: Any, twins: bool, on: str, assignment: dict[str, Any], leaves_out: bool
) -> None:
    configs = trials(
        IRIS + "model: {numeric_embedding: piecewise_linear, ensemble: {members: 4, bags: true}}\n"
        "search: {space: {model.numeric_embedding: {choice: [none, piecewise_linear]}}}\n",
        f"{TWINS}={flow_yaml(twins)}",
        f"search.objective.on={on}",
    )
    assert configs.leaves_out_twins(assignment) is leaves_out


def test_settings_of_other_branches_are_left_out(trials: Any) -> None:
    text = (
        IRIS + "training: {batch_size: 32, optimizer: {name: adam, beta1: 0.8, memory: 5}}\n"
        "search: {space: {training.optimizer.name: {choice: [adam, lbfgs]}}}\n"
    )
    adam = trials(text).experiment_of({"training.optimizer.name": "adam"})
    lbfgs = trials(text).experiment_of({"training.optimizer.name": "lbfgs"})
    assert (adam.training.optimizer.beta1, adam.training.batch_size) == (0.8, 32)
    assert (lbfgs.training.optimizer.memory, lbfgs.training.batch_size) == (5, "auto")


def test_a_refused_assignment_has_the_reason(trials: Any) -> None:
    refused = trials(IRIS + "training: {optimizer: lbfgs}\nmodel: {hidden: [4]}\n")
    with pytest.raises(InvalidConfigurationError, match=r"^model\.dropout: cannot be used with lbfgs; write"):
        refused.experiment_of({"model.dropout": 0.5})
    with pytest.raises(InvalidConfigurationError, match=r"^model\.dropout: must be a number from 0 to 0\.99"):
        refused.experiment_of({"model.dropout": 2.0})


def test_equal_configurations_have_one_key(trials: Any) -> None:
    key = trials(IRIS + "training: {optimizer: lbfgs}\n").key_of
    assert key({"training.batch_size": 16}) == key({"training.batch_size": 32})
    assert key({"training.l2": 0.0001}) == key({})
    assert key({"training.l2": 0.0002}) != key({})
    assert key({"model.dropout": 2.0}) == key({"model.dropout": 2}) != key({"model.dropout": 3.0})


def test_early_stopping_that_has_nothing_to_watch_is_off_in_trials_too(trials: Any) -> None:
    text = "data: {source: iris, split: {validation: 0}}\n"
    assert trials(text).experiment_of({}).training.early_stopping is None
    stopping = trials(text).experiment_of({"training.early_stopping": {"monitor": "train_loss"}})
    assert stopping.training.early_stopping is not None


@given(data=st.data(), plain=spaces())
def test_the_printed_words_and_the_written_config_give_the_trials_experiment(
    data: st.DataObject, plain: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also if layers have `residual: true` without effect, because the one before has another width."""
    file = Path(tmp_path_factory.getbasetemp()) / "searched.yaml"
    file.write_text(f"{CONFIG}search: {{space: {flow_yaml(plain)}}}\n", encoding="utf-8")
    loaded = load_config(file)
    assert loaded.search_problems() == []
    assert loaded.experiment.search is not None
    space = space_of(loaded.experiment.search.domains)
    trials = trials_of(loaded)
    assignment = space.assignment(
        data.draw(st.tuples(*[st.floats(0, 1, exclude_max=True)] * len(space.dimensions)))
    )
    experiment = trials.experiment_of(assignment)
    words = [f"{setting}={flow_yaml(value)}" for setting, value in assignment.items()]
    printed = load_config(file, [*words, "training.epochs=81"]).experiment
    assert printed.model_copy(update={"search": None}) == experiment
    assert configuration_key(printed) == configuration_key(experiment) == trials.key_of(assignment)
    file.write_text(resolved_yaml(loaded.experiment, trials=trials), encoding="utf-8")
    repeated = load_config(file, [*words, "training.epochs=81"]).experiment
    assert repeated.model_copy(update={"search": None, "complete": False}) == experiment
    file.write_text(resolved_yaml(experiment), encoding="utf-8")
    assert load_config(file).experiment == experiment.model_copy(update={"complete": True})


@pytest.mark.parametrize(
    ("training", "words", "horizon"),
    [
        ("{lr_schedule: cosine}", {}, 27),
        ("{lr_schedule: cosine, horizon: 100}", {}, 100),
        ("{averaging: swa, early_stopping: null}", {}, 27),
        ("{averaging: ema}", {}, None),
        ("{lr_schedule: cosine}", {"training.lr_schedule": "constant"}, None),
        ("{lr_schedule: cosine}", {"training.optimizer": "lbfgs"}, None),
    ],
)
def test_schedules_keep_their_horizon_when_the_budget_grows(
    load: Any, training: str, words: dict[str, Any], horizon: int | None
) -> None:
    loaded = load(IRIS + f"training: {training}\n")
    begun = trials_of(loaded, 27)
    longer = trial_configs(loaded.resolved, epochs=81, horizon=begun.horizon)
    trained = longer.experiment_of(words).training
    assert (trained.epochs, trained.horizon) == (81, horizon)
    assert longer.key_of(words) == begun.key_of(words)


def test_patience_auto_and_null_are_two_trials_with_one_seed(trials: Any) -> None:
    configs = trials(IRIS + "training: {epochs: 8, early_stopping: {patience: null}}\n")
    auto, null = ({"training.early_stopping.patience": patience} for patience in ("auto", None))
    assert configs.key_of(auto) != configs.key_of(null)
    assert configuration_seed(configs.experiment_of(auto)) == configuration_seed(configs.experiment_of(null))


def test_a_trial_is_checked_once_in_a_command(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is refused; with other data the check is another one."""
    checked: list[float] = []

    def check(experiment: Experiment) -> list[Problem]:
        checked.append(experiment.training.l2)
        return [Problem("is too large", path="training.l2")] if experiment.training.l2 > 0.3 else []

    configs = replace(trials(IRIS), check=check)
    with scope():
        first = configs.experiment_of({"training.l2": 0.1})
        assert configs.experiment_of({"training.l2": 0.1}) is first
        for _ in range(2):
            with pytest.raises(InvalidConfigurationError, match=r"^training\.l2: is too large$"):
                configs.experiment_of({"training.l2": 0.4})
        assert checked == [0.1, 0.4]
        assert replace(configs, check=None).experiment_of({"training.l2": 0.4}).training.l2 == 0.4
        monkeypatch.setattr("fnnctl.config.rules.trials.MOST_REMEMBERED", 2)
        configs.experiment_of({"training.l2": 0.2})
        assert configs.experiment_of({"training.l2": 0.1}) == first
        assert checked == [0.1, 0.4, 0.2, 0.1]
    with scope():
        configs.experiment_of({"training.l2": 0.1})
    assert checked == [0.1, 0.4, 0.2, 0.1, 0.1]
