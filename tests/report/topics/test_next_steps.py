from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

from fnnctl.records.journal import Resume, encode
from fnnctl.report.blocks import Command
from fnnctl.report.summary import summarize
from fnnctl.report.topics.registry import run_document
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun, create_run
from tests.report.searches import halving, header, refit, start_search

ENDED = {"total": 1.0, "training": 0.5}


def commands(run: RunFolder) -> list[list[str]]:
    """The commands as a shell splits them, without `fnnctl`, with RUN for the run's path."""
    blocks = run_document(summarize(run), short=True).blocks
    words = [shlex.split(block.rows[0]) for block in blocks if isinstance(block, Command)]
    return [[word.replace(str(run.path), "RUN") for word in command][1:] for command in words]


def names(run: RunFolder) -> list[str]:
    return [command[0] for command in commands(run)]


def test_a_finished_training_can_be_repeated_and_used(finished_run: Callable[..., OpenRun]) -> None:
    assert commands(finished_run("with space")) == [
        ["report", "RUN", "--verbose"],
        ["search", "flowers.yaml", "--time-limit", "300"],
        ["predict", "RUN", "DATA"],
        ["train", "RUN/resolved.yaml"],
        ["compare", "RUN", "RUN"],
        ["report", "RUN", "--output", "report.html"],
    ]


def test_a_training_names_the_search_of_its_config(finished_run: Callable[..., OpenRun]) -> None:
    run = finished_run("again")
    for command, search in (
        ("fnnctl train", ["search --time-limit 300"]),
        ("fnnctl train x.yaml --json --set seed=1", ["search x.yaml --set seed=1 --time-limit 300"]),
        ("fnnctl train --resume RUN", []),
        ("fnnctl train -", []),
        ("fnnctl.train()", []),
    ):
        run.record({"command": command})
        assert [" ".join(words) for words in commands(run) if words[0] == "search"] == search


def test_a_running_one_can_only_be_looked_at(start_run: Callable[..., OpenRun]) -> None:
    assert commands(start_run()) == [["report", "RUN", "--verbose"]]


def test_an_interrupted_one_can_be_resumed(start_run: Callable[..., OpenRun], tmp_path: Path) -> None:
    run = start_run()
    run.finish("interrupted", {"total": 1.0, "training": None})
    assert commands(run)[0] == ["train", "--resume", "RUN"]
    search = start_search(tmp_path, halving()[:-1])
    os.close(search.lock)
    assert commands(search)[0] == ["search", "--resume", "RUN"]
    assert not {"predict", "compare"} & {*names(search)}


def test_a_diverged_one_is_not_repeated_and_one_without_a_test_part_not_compared(
    start_run: Callable[..., OpenRun],
) -> None:
    diverged, unmeasured = start_run(), start_run()
    diverged.write_model({}, {})
    diverged.finish("failed", ENDED, {"diverged": True})
    assert names(diverged) == ["report", "report"]
    unmeasured.write_metrics({"train": {"accuracy": 1.0}, "validation": {"accuracy": 0.9}, "test": None})
    unmeasured.finish("completed", ENDED)
    assert "compare" not in names(unmeasured)


def test_a_search_predicts_with_its_winner(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving())
    refit(run, {"train": None, "validation": None, "test": {"accuracy": 0.9}})
    run.finish("completed", ENDED)
    assert names(run) == ["report", "predict", "search", "compare", "report"]


def test_a_limited_search_is_repeated_with_its_limit(tmp_path: Path) -> None:
    """As later resumes have changed it; the ensemble inside the search repeats it, too."""
    records = [header(max_trials=4), *halving()[1:], encode(Resume({"max_trials": 6}))]
    run = start_search(tmp_path, records)
    chosen = {"metric": "accuracy", "rounds": 1, "kept": 1, "candidates": 2, "trials": []}
    made = create_run(run.path, name="e", kind="train", config=b"", manifest={"selection": chosen})
    for folder in (run, made):
        folder.finish("completed", ENDED)
        (folder.path / "resolved.yaml").write_text("")
    made.path.rename(run.path / "ensemble")
    for path in (run.path, run.path / "ensemble"):
        assert ["search", "RUN/resolved.yaml", "--max-trials", "6"] in commands(RunFolder(path))


def test_an_evaluation_is_repeated_with_its_options(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.record({"kind": "evaluation", "evaluated": {"run": "/a run", "sha256": "0", "threshold": 0.25}})
    run.finish("completed", ENDED)
    assert ["evaluate", "/a run", "--data", "/data/flowers.csv", "--threshold", "0.25"] in commands(run)
    assert "predict" not in names(run)
