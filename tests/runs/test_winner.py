"""The winner's run: trained on all rows outside the test part for its own epochs, and tested once."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import yaml

from fnnctl.modelling.predictor import score_parts
from tests.program import Program, assert_same_files, read_json, run_of
from tests.runs.folding import table
from tests.runs.resuming import COMPARED
from tests.runs.searching import RATE, of_kind, prepared, resume, search, write_config

SEARCH = {"space": {RATE: {"log_uniform": [0.003, 0.3]}}}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(
        tmp_path_factory.mktemp("refit") / "x.yaml",
        data="wine",
        model={"calibration": "temperature"},
        training={
            "early_stopping": {"monitor": "validation_loss", "patience": 3},
            "lr_schedule": {"name": "adaptive", "monitor": "validation_loss", "patience": 1},
        },
        search=SEARCH,
    )


@pytest.fixture(scope="module")
def best(config: Path) -> Path:
    return search(config) / "best"


def test_metrics(best: Path, config: Path) -> None:
    metrics = read_json(best / "metrics.json")
    own = prepared(config)
    assert metrics["validation"] is None
    assert metrics["test"]["support"] == own.split.test.size
    assert metrics["train"]["support"] == own.split.train.size + own.split.validation.size
    assert (best.parent / "metrics.json").read_bytes() == (best / "metrics.json").read_bytes()


def test_with_groups_it_is_tested_on_the_rows_that_the_search_left_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(24), rng.integers(1, 9, 24))
    rows = [f"{rng.normal():.4f},{group},{'ab'[row % 2]}" for row, group in enumerate(groups)]
    (tmp_path / "t.csv").write_text("\n".join(["x,g,y", *rows]) + "\n")
    data = {"source": "t.csv", "target": "y", "split": {"group": "g"}}
    config = write_config(tmp_path / "t.yaml", data=data, search={**SEARCH, "trials": 3})
    tested = [int(row["row"]) for row in table(search(config) / "best", "predictions.csv")]
    assert tested == prepared(config).split.test.tolist()


def test_its_own_number_of_epochs(best: Path) -> None:
    winner = read_json(best.parent / "manifest.json")["search"]["best"]
    history = table(best, "history.csv")
    assert len(history) == winner["epochs"]
    assert all(row["validation_loss"] == "" for row in history)
    trained = [each["epochs"] for each in of_kind(best.parent, "result") if each["trial"] == winner["trial"]]
    assert winner["epochs"] == sum(trained)


@pytest.mark.parametrize("restore", [True, False])
def test_a_winner_that_stopped_early_is_trained_to_the_weights_that_it_kept(
    tmp_path: Path, restore: bool
) -> None:
    """With a tolerance that no epoch meets, the first epoch stays the best, and patience adds two more."""
    stopping = {"monitor": "validation_loss", "patience": 2, "tolerance": 10.0, "restore_best": restore}
    config = write_config(tmp_path / "x.yaml", training={"early_stopping": stopping}, search=SEARCH)
    folder = search(config, "--method", "random", "--max-trials", "2")
    assert [each["epochs"] for each in of_kind(folder, "result")] == [3, 3]
    winner = read_json(folder / "manifest.json")["search"]["best"]
    assert winner["epochs"] == (1 if restore else 3)
    assert len((folder / "best" / "history.csv").read_text().splitlines()) == 1 + winner["epochs"]


def test_its_config(best: Path) -> None:
    resolved: Any = yaml.safe_load((best / "resolved.yaml").read_text())
    winner = read_json(best.parent / "manifest.json")["search"]["best"]
    assert resolved["training"]["early_stopping"] is None
    assert resolved["training"]["lr_schedule"]["monitor"] == "train_loss"
    assert resolved["training"]["optimizer"]["learning_rate"] == winner["configuration"][RATE]
    assert resolved["data"]["split"]["validation"] == 0
    assert resolved["search"] is None


def test_trained_again_it_has_the_same_bits(program: Program, best: Path, no_figures: None) -> None:
    again = run_of(program, "train", str(best / "resolved.yaml"))
    assert_same_files(again, best, *COMPARED, "resolved.yaml")


def test_the_test_part_is_used_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one network is scored on it, whatever the number of trials, and however often it is resumed."""
    scored = Mock(side_effect=score_parts)
    monkeypatch.setattr("fnnctl.runs.training.score_parts", scored)
    assert resume(search(write_config(tmp_path / "x.yaml", search=SEARCH))) == 0
    assert scored.call_count == 1


def test_settings_that_the_refit_leaves_out_are_reported(program: Program, best: Path) -> None:
    """It trains on the rows that a temperature and a monitored loss would need."""
    told = [text.partition(":")[0] for text in read_json(best.parent / "manifest.json")["warnings"]]
    assert told == [
        "the refitted winner is not calibrated",
        "the refitted winner's lr_schedule monitors train_loss instead of validation_loss",
    ]
    of_winner = read_json(best / "manifest.json")["warnings"]
    assert of_winner[:2] == read_json(best.parent / "manifest.json")["warnings"]
    assert "the refitted winner is not calibrated" in program("report", str(best.parent)).out


@pytest.mark.parametrize(
    ("section", "told"),
    [({}, []), ({"calibration": "temperature"}, ["the refitted winner is not calibrated"])],
)
def test_a_calibration_of_the_recipe_is_left_out_without_a_warning(
    program: Program, tmp_path: Path, section: dict[str, Any], told: list[str]
) -> None:
    """Also by an extension, which reads the complete config; nobody has asked for it."""
    settings = {**SEARCH, "method": "random", "trials": 1, "budget": {"max_epochs": 2}}
    model = {"ensemble": 1, **section}
    config = write_config(tmp_path / "x.yaml", recipe="default", model=model, search=settings)
    done = program("search", str(config), "--json")
    folder = Path(done.json["run"])
    assert ("so without the recipe's calibration" in done.err) is (not told)
    assert program("search", "--resume", str(folder), "--set", "search.budget.max_epochs=3").code == 0
    for run in (folder, folder / "best"):
        warnings = [text.partition(":")[0] for text in read_json(run / "manifest.json")["warnings"]]
        assert [text for text in warnings if "not calibrated" in text] == told
    assert "\n  calibration: none\n" in (folder / "best" / "resolved.yaml").read_text()


def test_settings_that_need_no_validation_part_give_no_warning(tmp_path: Path) -> None:
    config = write_config(tmp_path / "x.yaml", training={"lr_schedule": "cosine"}, search=SEARCH)
    assert read_json(search(config) / "manifest.json")["warnings"] == []
