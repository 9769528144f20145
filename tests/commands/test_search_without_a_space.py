"""`fnnctl search` on a table and nothing else: its default trial is what `train` trains, and it repeats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.program import Program, read_json
from tests.runs.searching import leaderboard


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "iris.yaml"
    path.write_text("data: {source: iris}\ntraining: {epochs: 4}\nmodel: {ensemble: 2}\n")
    return str(path)


def searched(program: Program, *words: str) -> tuple[Path, dict[str, Any]]:
    document = program("search", *words, "--max-trials", "4", "--no-figures", "--json").json
    return Path(document["run"]), document


def test_a_table_is_enough(program: Program, config: str) -> None:
    run, document = searched(program, config, "--workers", "1")
    log = (run / "log.txt").read_text()
    assert log.count("no search.space: the default settings, 3 configurations good on other tables\n") == 1
    assert log.count("`fnnctl plan` says how long this takes\n") == 1
    assert (document["status"], document["trials"]) == ("completed", 4)
    for name in ("best", "ensemble"):
        assert read_json(run / name / "metrics.json")["test"]["support"] == 30
    section = yaml.safe_load((run / "resolved.yaml").read_text())["search"]
    assert section["objective"]["on"] == "bags"
    assert "training.epochs" not in section["space"]  # the config sets it
    assert section["budget"]["cost"] > 0
    # the first trial is what `train` trains
    alone = Path(program("train", config, "--no-figures", "--json").json["run"])
    metric = section["objective"]["metric"]
    (default,) = (row for row in leaderboard(run) if row["trial"] == "0")
    assert float(default["objective"]) == read_json(alone / "metrics.json")["validation"][metric]


def test_neither_workers_nor_the_resolved_file_change_it(program: Program, config: str) -> None:
    run, _ = searched(program, config, "--workers", "1")
    journal = (run / "journal.jsonl").read_bytes()
    two, _ = searched(program, config, "--workers", "2", "--executor", "processes")
    again, _ = searched(program, str(run / "resolved.yaml"))
    for other in (two, again):
        assert (other / "journal.jsonl").read_bytes() == journal
        for name in ("best/model.npz", "ensemble/model.npz"):
            assert (other / name).read_bytes() == (run / name).read_bytes()


def test_check_explains_the_search_and_plan_says_why_it_has_no_bags(program: Program, config: str) -> None:
    explained = program("check", config, "--set", "search={method: random}", "--explain", "--json").json
    origins = {setting["path"]: setting["from"] for setting in explained["settings"]}
    assert (origins["search.method"], origins["search.budget.cost"]) == ("--set", "recipe")
    assert origins["training.l2"] == "recipe, searched"
    first, note = program("plan", config, "--set", "model.ensemble=1", "--json").json["notes"]
    assert "fnnctl plan" not in first
    assert note.startswith("each trial is one network, measured on the validation part, and not an ensemble")
