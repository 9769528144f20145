from __future__ import annotations

from typing import Any

import pytest

from fnnctl.console.output import Output
from fnnctl.report.formats.terminal import terminal_report
from fnnctl.report.plan import plan_document


def told(seconds: float | None, folds: int = 1) -> str:
    plan: dict[str, Any] = {
        "method": "halving",
        "trials": 1234,
        "fits": 1234 * folds,
        "epochs_from_scratch": 2000,
        "epochs_with_reuse": 1500,
        "seconds_estimated": seconds,
        "brackets": [{"bracket": 0, "rungs": [{"trials": 1234, "epochs": 1}, {"trials": 411, "epochs": 3}]}],
    }
    return rendered(plan)


def rendered(plan: dict[str, Any]) -> str:
    return Output().rendered(terminal_report([plan_document(plan)], width=100), plain=True)


def test_one_trial_of_one_epoch() -> None:
    plan: dict[str, Any] = {
        "method": "random",
        "trials": 1,
        "fits": 1,
        "epochs_from_scratch": 1,
        "epochs_with_reuse": 1,
        "seconds_estimated": 1.0,
        "brackets": [{"bracket": 0, "rungs": [{"trials": 1, "epochs": 1}]}],
    }
    lines = rendered(plan).splitlines()
    assert lines[:2] == ["random: 1 trial", "1 epoch"]
    assert lines[-2:] == ["What it takes", "  - about 1 second"]


def test_a_least_number_of_epochs_is_called_one() -> None:
    plan: dict[str, Any] = {
        "method": "asha",
        "trials": 27,
        "fits": 27,
        "epochs_from_scratch": 108,
        "epochs_with_reuse": 81,
        "epochs_bound": "at least",
        "seconds_estimated": 1.0,
        "brackets": [],
    }
    assert "at least 81 epochs (at least 108 if every rung trained from scratch)" in rendered(plan)


def test_the_sampler_that_was_chosen_automatically() -> None:
    plan: dict[str, Any] = {
        "method": "bayes",
        "sampler": "tpe",
        "trials": 5,
        "fits": 5,
        "epochs_from_scratch": 5,
        "epochs_with_reuse": 5,
        "seconds_estimated": 1.0,
        "brackets": [],
    }
    assert rendered(plan).startswith("bayes (tpe): 5 trials")
    assert rendered({**plan, "sampler": None}).startswith("bayes: 5 trials")


def test_brackets_and_rungs_are_a_table() -> None:
    lines = [line.split() for line in told(30.0).splitlines()]
    assert ["0", "0", "1,234", "1"] in lines
    assert ["1", "411", "3"] in lines


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about a second"),
        (1.3, "- about 1 second"),
        (1.7, "about 2 seconds"),
        (30.2, "about 30 seconds"),
        (600.0, "about 10 minutes"),
        (9000.0, "about 2.5 hours"),
        (None, "none of the sampled configurations can be trained"),
    ],
)
def test_the_time_is_reported_roughly(seconds: float | None, words: str) -> None:
    assert words in " ".join(told(seconds).split())


def test_epochs_on_folds() -> None:
    assert "1,500 epochs (2,000 if" in told(1.0)
    assert "1,500 fold-epochs (2,000 if" in told(1.0, folds=5)


def test_a_confirmation_has_a_line_of_its_own() -> None:
    plan: dict[str, Any] = {
        "method": "random",
        "trials": 9,
        "fits": 9,
        "epochs_from_scratch": 90,
        "epochs_with_reuse": 90,
        "confirm": {"fits": 50, "epochs": 4050},
        "seconds_estimated": 1.0,
        "brackets": [{"bracket": 0, "rungs": [{"trials": 9, "epochs": 10}]}],
    }
    lines = rendered(plan).splitlines()
    assert lines[-2] == "  - 4,050 epochs more to confirm the winner: 50 networks"
    assert "confirm" not in rendered({**plan, "confirm": None})
