"""A search's space against the data: what a task refuses in a config is refused in a trial, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnnctl.commands.preparation import prepare_search
from fnnctl.errors import ConfigError, UsageError
from fnnctl.modelling.loading import load_experiment
from fnnctl.search.extension import refuse_other_settings
from fnnctl.stacks.trial_fits import FailedTrialError
from tests.commands.searching import write_config

RANGE = {"training.l2": {"log_uniform": [1e-4, 1e-1]}}


@pytest.mark.parametrize(
    ("data", "setting", "choice", "told"),
    [
        (
            "breast_cancer",
            "model.output",
            ["softmax", {"name": "logistic", "positive_class": "nonsense"}],
            "search.space.model.output.choice[1]: model.output.positive_class: there is no class 'nonsense'",
        ),
        (
            "wine",
            "model.output.name",
            ["softmax", "logistic"],
            "search.space.model.output.name.choice[1]: model.output: a logistic output needs two classes",
        ),
        (
            "wine",
            "training.class_weights",
            ["balanced", {"nonsense": 2.0}],
            "search.space.training.class_weights.choice[1]: training.class_weights.nonsense: there is no",
        ),
    ],
)
def test_a_choice_that_the_data_refuse_is_refused_at_its_line(
    tmp_path: Path, data: str, setting: str, choice: list[Any], told: str
) -> None:
    config = write_config(
        tmp_path / "x.yaml", data=data, search={"space": {setting: {"choice": choice}, **RANGE}}
    )
    loaded = load_experiment(config)
    with pytest.raises(ConfigError) as raised:
        prepare_search(loaded, max_trials=None)
    (problem,) = raised.value.problems
    assert told in str(problem)
    assert problem.file == str(config)
    assert problem.line is not None


def test_a_trial_that_the_data_refuse_fails(tmp_path: Path) -> None:
    """What the check of the space cannot see is found when the trial's fits are made."""
    config = write_config(tmp_path / "x.yaml", data="wine", search={"space": RANGE})
    prepared = prepare_search(load_experiment(config), max_trials=None)
    with pytest.raises(FailedTrialError, match="a logistic output needs two classes"):
        prepared.fits.fits({"model.output": "logistic"})


@pytest.mark.parametrize(("method", "trials"), [("random", 5), ("grid", 5), ("halving", 5), ("hyperband", 5)])
def test_the_plan_shrinks_to_what_is_allowed(tmp_path: Path, method: str, trials: int) -> None:
    space = {"model.hidden": {"depth": [1, 2], "width": [4, 64], "log": True}}  # 2 · 5
    settings = {"method": method, "space": space, "require": "depth * width <= 16"}
    config = write_config(tmp_path / "x.yaml", search=settings)
    setup = prepare_search(load_experiment(config), max_trials=None).setup
    assert setup.plan.trials == trials
    found = setup.sampler().ask(100, ())
    assert sorted(each["model.hidden"] for each in found) == [[4], [4, 4], [8], [8, 8], [16]]


def test_a_constraint_that_nothing_fulfils_is_refused_at_its_line(tmp_path: Path) -> None:
    config = write_config(tmp_path / "x.yaml", search={"space": RANGE, "require": "l2 > 1"})
    with pytest.raises(ConfigError) as raised:
        prepare_search(load_experiment(config), max_trials=None)
    (problem,) = raised.value.problems
    assert (problem.path, problem.file) == ("search.require", str(config))
    assert config.read_text().splitlines()[(problem.line or 0) - 1].strip() == "require: l2 > 1"


def test_a_resume_cannot_change_the_constraint(tmp_path: Path) -> None:
    digests = set()
    for require in (None, "l2 < 0.05", "l2 < 0.06"):
        config = write_config(tmp_path / "x.yaml", search={"space": RANGE, "require": require})
        setup = prepare_search(load_experiment(config), max_trials=None).setup
        digests.add(setup.header("0", {}).configuration)
    assert len(digests) == 3
    with pytest.raises(UsageError, match=r"--set search.require=null would change the search"):
        refuse_other_settings(["search.require=null"])


@pytest.mark.parametrize(
    ("space", "told"),
    [
        ({"training.optimizer.name": {"choice": ["adam", "sgd"]}}, "training.optimizer.name is a choice"),
        ({"model.hidden": {"depth": [0, 2], "width": [4, 8]}}, "model.hidden.width has a condition"),
    ],
)
def test_a_space_that_the_sampler_cannot_search_is_refused_at_its_line(
    tmp_path: Path, space: dict[str, Any], told: str
) -> None:
    method = {"scheduler": "full_budget", "sampler": "gp"}
    config = write_config(tmp_path / "x.yaml", search={"method": method, "space": space | RANGE})
    with pytest.raises(ConfigError) as raised:
        prepare_search(load_experiment(config), max_trials=None)
    (problem,) = raised.value.problems
    assert problem.path == "search.method.sampler"
    assert told in str(problem)
    assert "use tpe" in str(problem)
    assert problem.line is not None


@pytest.mark.parametrize(("trials", "sampler"), [(250, "gp"), (251, "tpe")])
def test_the_header_says_which_sampler_auto_chose(tmp_path: Path, trials: int, sampler: str) -> None:
    config = write_config(tmp_path / "x.yaml", search={"method": "bayes", "space": RANGE, "trials": trials})
    setup = prepare_search(load_experiment(config), max_trials=None).setup
    assert setup.header("sha", {}).settings["chosen_sampler"] == sampler


@pytest.mark.parametrize("method", ["bayes", "evolution", "nas"])
def test_a_sampler_that_learns_starts_from_the_configs_own_settings_if_they_are_allowed(
    tmp_path: Path, method: str
) -> None:
    """Only what `start_from` gives explicitly may violate the constraints."""

    def first(**settings: Any) -> Any:
        search = {"method": method, "space": RANGE, **settings}
        config = write_config(tmp_path / "x.yaml", training={"l2": 0.05}, search=search)
        (found,) = prepare_search(load_experiment(config), max_trials=None).setup.sampler().ask(1, ())
        return found["training.l2"]

    assert first() == first(require="l2 < 0.06") == 0.05
    assert first(require="l2 < 0.04") < 0.04
    assert first(require="l2 < 0.04", start_from="defaults") == 0.05
