"""Without a comparison on the test part, a search says whether its winner has a better objective than the
default trial, on the terminal and later.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.program import Program, only_run, read_json
from tests.runs.searching import RATE, search, write_config

SEARCH: dict[str, Any] = {"method": "random", "trials": 3, "space": {RATE: {"log_uniform": [0.019, 0.021]}}}


def test_a_winner_that_cannot_be_told_from_them_is_a_warning(program: Program, tmp_path: Path) -> None:
    """After so few epochs larger learning rates are right in two more of 22 rows."""
    training = {"epochs": 3, "optimizer": {"learning_rate": 0.012}}
    search = {**SEARCH, "start_from": "defaults"}
    config = write_config(tmp_path / "s.yaml", search=search, training=training)
    done = program("search", str(config), "--workers", "1", "--runs-dir", "runs")
    assert done.code == 0
    run = only_run(tmp_path)
    own = read_json(run / "manifest.json")["search"]["default_trial"]
    assert program("report", str(run), "--json").json["runs"][0]["default_trial"] == own
    assert own["trial"] == 0 != own["winner"]
    assert own["p"] > 0.05
    said = f"trial {own['winner']} is not better than the default settings (trial 0) by more than chance"
    assert done.err.count(f"warning: {said}") == 1
    assert " ".join(program("report", str(run), "--verbose").out.split()).count(said) == 1
    assert f"warning: trial {own['winner']} is not better than" in program("report", str(run)).out


def test_settings_that_were_no_trial_are_said_to_be_none(program: Program, tmp_path: Path) -> None:
    config = write_config(tmp_path / "s.yaml", search=SEARCH, training={"epochs": 3})
    done = program("search", str(config), "--workers", "1", "--runs-dir", "runs")
    assert done.code == 0
    assert "better than the default settings: they were not tried" in done.err
    assert "warning: it is unknown" not in done.err
    assert "write search.start_from: defaults" in " ".join(program("report", "--verbose").out.split())


def test_they_are_recognized_in_another_spelling(tmp_path: Path) -> None:
    """`resolved.yaml` has `[{units: 8}]` where `start_from` has `[8]`, which the choice does not have."""
    space = {"model.hidden": {"choice": [[4], [6]]}, **SEARCH["space"]}
    config = write_config(
        tmp_path / "s.yaml",
        model={"hidden": [8]},
        search={**SEARCH, "space": space, "start_from": "defaults"},
        training={"epochs": 2},
    )
    first = search(config)
    again = search(Path(shutil.copy(first / "resolved.yaml", tmp_path / "again.yaml")))
    compared = [read_json(run / "manifest.json")["search"]["default_trial"] for run in (first, again)]
    assert compared[0]["trial"] == 0
    assert compared[1] == compared[0]
