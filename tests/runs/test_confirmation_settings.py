"""`search.confirm` with every kind of objective, where it has nothing to do, and where it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnnctl.cli import run
from tests.runs.confirming import RANDOM, confirmed_of, reported
from tests.runs.extending import extend
from tests.runs.searching import (
    records,
    resume,
    search,
    write_config,
)


@pytest.mark.parametrize(
    ("data", "metric", "sections"),
    [
        ("diabetes", "rmse", {"data": {"source": "diabetes", "split": {"bins": 4}}}),
        ("diabetes", "r2", {}),
        ("iris", "per_class.versicolor.recall", {}),
        (
            "iris",
            "accuracy",
            {
                "search": {"objective": {"metric": "accuracy", "on": "cross_validation"}},
                "evaluation": {"cross_validation": {"folds": 2, "repeats": 1}},
            },
        ),
    ],
)
def test_every_objective_can_be_confirmed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: str, metric: str, sections: dict[str, Any]
) -> None:
    plan = {**RANDOM, "trials": 4, "objective": {"metric": metric}, **sections.pop("search", {})}
    config = write_config(tmp_path / "x.yaml", **{"data": data, **sections}, search=plan)
    report = reported(folder := search(config, "--executor", "serial"), capsys)
    assert report["confirmed"]["complete"]
    assert report["confirmed"]["winner"] == report["best"]["trial"]
    assert {each["objective"] is not None for each in confirmed_of(folder)} == {True}
    capsys.readouterr()
    assert run(["report", str(folder), "--verbose"]) == 0
    said = "measured the mean over the folds" in capsys.readouterr().out
    assert said == (report["objective"]["on"] == "cross_validation")


def test_a_single_trial_has_nothing_to_confirm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path / "x.yaml", data="wine", search={**RANDOM, "trials": 1})
    folder = search(config, "--executor", "serial")
    assert confirmed_of(folder) == []
    assert reported(folder, capsys)["confirmed"] is None
    assert run(["report", str(folder), "--verbose"]) == 0
    assert "Trial 0 is the only one with a result: there is nothing to" in capsys.readouterr().out
    assert resume(folder) == 0
    extend(folder, "trials=2")
    assert len(confirmed_of(folder)) == 8


def test_without_the_setting_nothing_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path / "x.yaml", data="wine", search={**RANDOM, "confirm": None})
    folder = search(config, "--executor", "serial")
    assert confirmed_of(folder) == []
    assert "confirm" not in records(folder)[0]["settings"]
    assert reported(folder, capsys)["confirmed"] is None


def test_a_resume_cannot_change_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    undisturbed = search(write_config(tmp_path / "x.yaml", data="wine", search={**RANDOM, "trials": 2}))
    assert resume(undisturbed, "--set", "search.confirm.seeds=20") == 2
    assert "would change the search" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("confirm", "split", "told"),
    [
        ({"top": 1}, {}, "search.confirm.top: must be a whole number from 2 to 1000, not 1"),
        ({"seeds": 1}, {}, "search.confirm.seeds: must be a whole number from 2 to 1000, not 1"),
        ({"top": 3}, {"validation": 0}, "search.confirm: measures on validation rows"),
        (True, {}, "search.confirm: must be a mapping with top, seeds, or null"),
    ],
)
def test_wrong_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], confirm: Any, split: dict[str, Any], told: str
) -> None:
    settings = {**RANDOM, "confirm": confirm, "objective": {"on": "cross_validation"}}
    config = write_config(tmp_path / "x.yaml", data={"source": "wine", "split": split}, search=settings)
    assert run(["check", str(config)]) == 2
    assert told in capsys.readouterr().out
