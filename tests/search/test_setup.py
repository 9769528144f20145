"""A search's space against the data: what a task refuses in a config is refused in a trial, too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.errors import ConfigError, UsageError
from fnnctl.modelling.loading import load_experiment
from fnnctl.records.trials import Trial
from fnnctl.search.budget import SearchBudget
from fnnctl.search.extension import refuse_other_settings
from fnnctl.search.schedulers.curve_stopping import CurveStopping
from fnnctl.search.setup import SearchSetup, size_for_search
from fnnctl.space import grid as combinations
from fnnctl.trials.fits import FailedTrialError
from fnnctl.trials.preparation import prepare_search
from tests.messages import Messages
from tests.runs.searching import write_config

RANGE = {"training.l2": {"log_uniform": [1e-4, 1e-1]}}
SIZES = {"training.batch_size": {"integer": [1, 9]}}


GP = {"scheduler": "full_budget", "sampler": "gp"}
CHOICES: list[Any] = ["softmax", {"name": "logistic", "positive_class": "nonsense"}]


def setup_of(folder: Path, data: str = "iris", **settings: Any) -> SearchSetup:
    config = write_config(folder / "x.yaml", data=data, search=settings)
    return prepare_search(load_experiment(config), max_trials=None).setup


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        ("breast_cancer", {"space": {"model.output": {"choice": CHOICES}}}),
        ("wine", {"space": {"model.output.name": {"choice": ["softmax", "logistic"]}}}),
        ("wine", {"space": {"training.class_weights": {"choice": ["balanced", {"nonsense": 2.0}]}}}),
        ("iris", {"space": SIZES, "require": "batch_size > 9"}),
        ("iris", {"method": GP, "space": {"training.optimizer.name": {"choice": ["adam", "sgd"]}}}),
        ("iris", {"method": GP, "space": {"model.hidden": {"depth": [0, 2], "width": [4, 8]}}}),
    ],
    ids=["class", "two classes", "weights", "constraint", "gp and a choice", "gp and a condition"],
)
def test_what_cannot_be_searched_is_refused_at_its_line(
    tmp_path: Path, data: str, settings: dict[str, Any], messages: Messages
) -> None:
    with pytest.raises(ConfigError) as raised:
        setup_of(tmp_path, data, **settings)
    (problem,) = raised.value.problems
    messages.check(problem)


def test_a_trial_that_the_data_refuse_fails(tmp_path: Path) -> None:
    """What the check of the space cannot see is found when the trial's fits are made."""
    config = write_config(tmp_path / "x.yaml", data="wine", search={"space": RANGE})
    prepared = prepare_search(load_experiment(config), max_trials=None)
    with pytest.raises(FailedTrialError, match="a logistic output needs two classes"):
        prepared.fits.fits({"model.output": "logistic"})


@pytest.mark.parametrize("method", ["random", "grid", "halving", "hyperband"])
def test_the_plan_shrinks_to_what_is_allowed(tmp_path: Path, method: str) -> None:
    space = {"model.hidden": {"depth": [1, 2], "width": [4, 64], "log": True}}  # 2 · 5
    setup = setup_of(tmp_path, method=method, space=space, require="depth * width <= 16")
    assert setup.plan.trials == 5
    layers = [assignment["model.hidden"] for assignment in setup.sampler().ask(100, ())]
    assert sorted(layers) == [[4], [4, 4], [8], [8, 8], [16]]


def test_a_resume_cannot_change_the_constraint(tmp_path: Path) -> None:
    setups = [setup_of(tmp_path, space=RANGE, require=text) for text in (None, "l2 < 0.05", "l2 < 0.06")]
    assert len({setup.header("0", {}).configuration for setup in setups}) == 3
    with pytest.raises(UsageError, match=r"--set search.require=null would change the search"):
        refuse_other_settings(["search.require=null"])


@pytest.mark.parametrize(("trials", "sampler"), [(250, "gp"), (251, "tpe")])
def test_the_header_says_which_sampler_auto_chose(tmp_path: Path, trials: int, sampler: str) -> None:
    setup = setup_of(tmp_path, method="bayes", space=RANGE, trials=trials)
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


def test_a_sampler_that_learns_proposes_fewer_together_in_fewer_slots(tmp_path: Path) -> None:
    setup = setup_of(tmp_path, method="bayes", space=RANGE, concurrency=16, batch=8)
    assert [replace(setup, most_jobs=most).batch for most in (None, 16, 8, 5, 1)] == [8, 8, 4, 2, 1]


def test_configurations_that_are_too_few_for_the_trials_are_counted(tmp_path: Path) -> None:
    space = {"training.batch_size": {"choice": [8, 16, 32]}}
    counts = [setup_of(tmp_path, method="random", space=space, trials=trials).too_few for trials in (3, 4)]
    assert counts == [None, 3]


@pytest.mark.parametrize(
    ("metric", "space", "curve"),
    [
        ("loss", RANGE, "validation_loss"),
        ("loss", {"training.class_weights": {"choice": [None, "balanced"]}}, None),
        ("accuracy", {"training.class_weights": {"choice": [None, "balanced"]}}, "validation_accuracy"),
    ],
)
def test_curves_of_losses_with_other_class_weights_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metric: str, space: dict[str, Any], curve: str | None
) -> None:
    judged = []

    def watched(*arguments: Any, curve: str | None, **options: Any) -> CurveStopping:
        judged.append(curve)
        return CurveStopping(*arguments, curve=curve, **options)

    monkeypatch.setattr("fnnctl.search.setup.CurveStopping", watched)
    objective = {"metric": metric}
    setup = setup_of(tmp_path, method="random", space=space, objective=objective, curve_stopping="median")
    setup.scheduler(setup.sampler())
    assert judged == [curve]


def test_the_header_has_the_rungs_of_what_stops_curves(tmp_path: Path) -> None:
    settings = {"method": "random", "space": RANGE, "trials": 4}
    headers = (
        setup_of(tmp_path, curve_stopping=rule, **settings).header("", {}) for rule in ("none", "median")
    )
    assert [header.settings.get("rungs") for header in headers] == [None, {"0": [9]}]


def test_the_trial_with_the_default_settings_is_known_however_it_is_spelt(tmp_path: Path) -> None:
    setup = setup_of(tmp_path, space={"model.hidden": {"depth": [1, 2], "width": [4, 8]}})
    trials = {
        number: Trial(number, {"model.hidden": hidden}) for number, hidden in enumerate(([4], [{"units": 6}]))
    }
    assert setup.default_trial(trials) == 1
    assert setup.default_trial({0: trials[0]}) is None


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
    ("plain", "require", "method"),
    [
        (PAIR, "a + b > 18", "random"),
        (PAIR, ["a < 3", "a > 3"], "grid"),
        (CUBE, "a > 1", "random"),
        (CUBE, "a < 0.002", "random"),
    ],
    ids=["none", "none of a grid", "none that was drawn", "few that were drawn"],
)
def test_what_nothing_or_hardly_anything_fulfils(
    monkeypatch: pytest.MonkeyPatch, plain: dict[str, Any], require: Any, method: str, messages: Messages
) -> None:
    monkeypatch.setattr("fnnctl.search.setup.MAX_REJECTED", 2_000)
    with pytest.raises(ConfigError) as raised:
        size(plain, require, method=method)
    (problem,) = raised.value.problems
    assert problem.path == "search.require"
    messages.check(problem)


def test_trials_on_a_sample_and_their_repetitions_are_counted() -> None:
    search = SearchConfig.model_validate(
        {"space": PAIR, "method": {"scheduler": "full_budget", "sampler": "sample_first"}}
    )
    budget, space = SearchBudget(max_epochs=9, trials=None), space_of(search.domains, ())
    first = [{"a": value, "training.max_rows": 100} for value in range(9)]
    assert size_for_search(space, search, budget, first, seed=1) == 9 + 3


def test_a_grid_that_cannot_be_counted_needs_a_number_of_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combinations, "MAX_TRIED", 20)
    assert size(PAIR, "a < b", method="grid", trials=3) is None
    with pytest.raises(ConfigError, match=r"set search\.trials, or use method: random"):
        size(PAIR, "a < b", method="grid", trials=None)
