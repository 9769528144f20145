"""A search's space against the data: what a task refuses in a config is refused in a trial, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.errors import ConfigError, UsageError
from fnnctl.modelling.loading import load_experiment
from fnnctl.search.budget import SearchBudget
from fnnctl.search.extension import refuse_other_settings
from fnnctl.search.setup import size_for_search
from fnnctl.space import grid as combinations
from fnnctl.trials.fits import FailedTrialError
from fnnctl.trials.preparation import prepare_search
from tests.runs.searching import write_config

RANGE = {"training.l2": {"log_uniform": [1e-4, 1e-1]}}
SIZES = {"training.batch_size": {"integer": [1, 9]}}


@pytest.mark.parametrize(
    ("data", "setting", "choice", "message"),
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
    tmp_path: Path, data: str, setting: str, choice: list[Any], message: str
) -> None:
    config = write_config(
        tmp_path / "x.yaml", data=data, search={"space": {setting: {"choice": choice}, **RANGE}}
    )
    loaded = load_experiment(config)
    with pytest.raises(ConfigError) as raised:
        prepare_search(loaded, max_trials=None)
    (problem,) = raised.value.problems
    assert message in str(problem)
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
    assignments = setup.sampler().ask(100, ())
    assert sorted(assignment["model.hidden"] for assignment in assignments) == [
        [4],
        [4, 4],
        [8],
        [8, 8],
        [16],
    ]


def test_a_constraint_that_nothing_fulfils_is_refused_at_its_line(tmp_path: Path) -> None:
    config = write_config(tmp_path / "x.yaml", search={"space": SIZES, "require": "batch_size > 9"})
    with pytest.raises(ConfigError) as raised:
        prepare_search(load_experiment(config), max_trials=None)
    (problem,) = raised.value.problems
    assert (problem.path, problem.file) == ("search.require", str(config))
    assert config.read_text().splitlines()[(problem.line or 0) - 1].strip() == "require: batch_size > 9"


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
    ("space", "message"),
    [
        ({"training.optimizer.name": {"choice": ["adam", "sgd"]}}, "training.optimizer.name is a choice"),
        ({"model.hidden": {"depth": [0, 2], "width": [4, 8]}}, "model.hidden.width has a condition"),
    ],
)
def test_a_space_that_the_sampler_cannot_search_is_refused_at_its_line(
    tmp_path: Path, space: dict[str, Any], message: str
) -> None:
    method = {"scheduler": "full_budget", "sampler": "gp"}
    config = write_config(tmp_path / "x.yaml", search={"method": method, "space": space | RANGE})
    with pytest.raises(ConfigError) as raised:
        prepare_search(load_experiment(config), max_trials=None)
    (problem,) = raised.value.problems
    assert problem.path == "search.method.sampler"
    assert message in str(problem)
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
        (assignment,) = prepare_search(load_experiment(config), max_trials=None).setup.sampler().ask(1, ())
        return assignment["training.l2"]

    assert first() == first(require="l2 < 0.06") == 0.05
    assert first(require="l2 < 0.04") < 0.04
    assert first(require="l2 < 0.04", start_from="defaults") == 0.05


PAIR: dict[str, Any] = {"a": {"integer": [1, 9]}, "b": {"integer": [1, 9]}}
CUBE: dict[str, Any] = {name: {"uniform": [0, 1]} for name in "ab"}


def size(
    plain: dict[str, Any], require: Any = None, *, method: str = "random", trials: int | None = 50
) -> int | None:
    search = SearchConfig.model_validate({"space": plain, "require": require, "method": method})
    space = space_of(search.domains, search.requirements)
    return size_for_search(space, search, SearchBudget(max_epochs=9, trials=trials), (), seed=1)


@pytest.mark.parametrize(
    ("plain", "require", "method", "expected"),
    [
        (PAIR, None, "random", 81),
        (PAIR, "a < b", "random", 36),
        (PAIR, ["a < b", "a > 1"], "random", 28),
        (PAIR, "a < b", "grid", 10),  # of five values each
        (CUBE, "a < b", "random", None),
        (CUBE, "a < b", "grid", 10),
        (CUBE, None, "random", None),
    ],
)
def test_how_many_there_are(plain: dict[str, Any], require: Any, method: str, expected: int | None) -> None:
    assert size(plain, require, method=method, trials=None) == expected


@pytest.mark.parametrize(
    ("plain", "require", "method", "message"),
    [
        (PAIR, "a + b > 18", "random", "no configuration of the space fulfils it"),
        (PAIR, ["a < 3", "a > 3"], "grid", "no configuration of the space fulfils it"),
        (CUBE, "a > 1", "random", "none of 2,000 random configurations fulfils it; narrow the domains"),
        (CUBE, "a < 0.002", "random", "of 2,000 random configurations fulfil it; narrow the domains"),
    ],
)
def test_what_nothing_or_hardly_anything_fulfils(
    monkeypatch: pytest.MonkeyPatch, plain: dict[str, Any], require: Any, method: str, message: str
) -> None:
    monkeypatch.setattr("fnnctl.search.setup.MAX_REJECTED", 2_000)
    with pytest.raises(ConfigError) as raised:
        size(plain, require, method=method)
    (problem,) = raised.value.problems
    assert problem.path == "search.require"
    assert message in problem.message


def test_a_grid_that_cannot_be_counted_needs_a_number_of_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combinations, "MAX_TRIED", 20)
    assert size(PAIR, "a < b", method="grid", trials=3) is None
    with pytest.raises(ConfigError, match=r"set search\.trials, or use method: random"):
        size(PAIR, "a < b", method="grid", trials=None)
