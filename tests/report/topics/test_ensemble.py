"""The ensemble of a search in its report, beside the refitted winner, and in the ensemble's own report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnnctl.records.history import SearchHistory
from fnnctl.report.blocks import Facts, Files, Table
from fnnctl.report.formats.json_report import json_report
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics import files
from fnnctl.report.topics.ensemble import definitions, ensemble, json_entries
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import NestedScore, SelectionFacts
from fnnctl.store.names import ENSEMBLE
from fnnctl.store.run import create_run
from tests.report.conftest import part_metrics
from tests.report.searches import halving, refit, start_search

SELECTION: dict[str, Any] = {
    "metric": "accuracy", "objective": 0.97, "best_alone": 0.96, "rounds": 8, "kept": 3, "candidates": 1,
    "trials": [{"trial": 1, "count": 2, "objective": 0.96}, {"trial": 3, "count": 1, "objective": None}],
}  # fmt: skip


@pytest.fixture
def search(tmp_path: Path) -> Path:
    run = start_search(tmp_path, halving())
    refit(run, {"train": None, "validation": None, "test": part_metrics(("a", "b"), 0.9)})
    own = create_run(run.path, name="rates", kind="train", config=b"", manifest={"selection": SELECTION})
    own.write_metrics({"train": None, "validation": None, "test": part_metrics(("a", "b"), 0.95)})
    own.finish("completed", {"total": 1.0, "training": None})
    own.path.rename(run.path / ENSEMBLE)
    run.finish("completed", {"total": 3.0, "training": 2.0})
    return run.path


@pytest.fixture
def summary(search: Path) -> Summary:
    return summarize(RunFolder(search))


def test_it_stands_beside_the_winner(summary: Summary) -> None:
    facts, trials, beside = ensemble(summary)
    assert facts == Facts(
        "Ensemble of trials",
        (
            ("validation accuracy", "0.9700; the best trial alone has 0.9600"),
            ("selected in", "3 of 8 rounds, from 1 trial"),
            ("selected on", "the validation part, so its validation scores are optimistic"),
        ),
    )
    assert trials == Table(
        "Selected trials", ("trial", "times", "accuracy"), (("1", "2", "0.9600"), ("3", "1", "–"))
    )
    assert isinstance(beside, Table)
    assert beside.title == "On the test part"
    assert beside.header == ("", "ensemble", "refitted winner", "baseline")
    rows = {name: (own, winners) for name, own, winners, _ in beside.rows}
    assert rows["accuracy"] == ("0.9500", "0.9000")
    assert any("–" in own and "–" in winners for own, winners in rows.values()), "intervals"


@pytest.mark.parametrize("has_one_loss", [True, False])
def test_losses_of_several_kinds_are_not_compared(
    summary: Summary, monkeypatch: pytest.MonkeyPatch, has_one_loss: bool
) -> None:
    monkeypatch.setattr(SearchHistory, "has_one_loss", has_one_loss)
    *_, beside = ensemble(summary)
    assert isinstance(beside, Table)
    assert any(name.startswith("loss") for name, *_ in beside.rows) == has_one_loss


@pytest.mark.parametrize("winners", [0.25, 0.3])
def test_a_loss_that_equals_the_log_loss_is_not_shown_twice(summary: Summary, winners: float) -> None:
    assert summary.ensemble
    for metrics, loss in ((summary.metrics, winners), (summary.ensemble.metrics, 0.25)):
        assert metrics
        metrics["test"].update(loss=loss, log_loss=0.25)
    *_, beside = ensemble(summary)
    assert isinstance(beside, Table)
    rows = [name for name, *_ in beside.rows]
    assert "log loss" in rows
    assert ("loss, unclipped" in rows) == (winners != 0.25)


def test_its_own_report_has_no_other_to_compare_with(search: Path) -> None:
    own = summarize(RunFolder(search / ENSEMBLE))
    assert [section.title for section in ensemble(own)] == ["Ensemble of trials", "Selected trials"]


def test_its_own_report_says_what_its_config_repeats(search: Path) -> None:
    (search / ENSEMBLE / "resolved.yaml").write_text("")
    descriptions = {}
    for folder in (search, search / ENSEMBLE):
        (section,) = files.files(summarize(RunFolder(folder)))
        assert isinstance(section, Files)
        descriptions[folder] = dict(section.rows)["resolved.yaml"]
    assert descriptions[search] == "the complete config, to repeat the run"
    assert descriptions[search / ENSEMBLE].endswith("`fnnctl search` with it repeats the search")


def test_its_values_are_for_scripts(search: Path, summary: Summary) -> None:
    metrics = {"train": None, "validation": None, "test": part_metrics(("a", "b"), 0.95)}
    full = SelectionFacts.model_validate(SELECTION).model_dump(mode="json")
    expected = {**full, "run": str(search / ENSEMBLE), "metrics": metrics}
    assert json_entries(summary) == {"ensemble": expected}
    assert json_report([summary])["runs"][0]["ensemble"] == expected
    assert "ensemble" in summary.files


def test_a_search_without_one(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving())
    summary = summarize(run)
    assert [*ensemble(summary)] == []
    assert json_report([summary])["runs"][0]["ensemble"] is None
    run.let_go()


ON_BAGS: dict[str, Any] = {
    **SELECTION,
    "nested": [{"metric": "accuracy", "selected": 0.97, "nested": 0.962, "optimism": 0.008}],
    "trials": [
        {"trial": 1, "count": 2, "objective": 0.96, "gain": 0.004},
        {"trial": 3, "count": 1, "objective": 0.95, "gain": -0.001},
    ],
}  # fmt: skip


def test_an_ensemble_on_bags_is_honest_about_its_score() -> None:
    selection = SelectionFacts.model_validate(ON_BAGS)
    facts = dict(definitions(selection))
    assert facts["out-of-bag accuracy"] == "0.9700; the best trial alone has 0.9600"
    assert facts["honest accuracy"] == (
        "0.9620, of ensembles that are selected by the other bags: 0.9700 is optimistic by 0.0080"
    )
    assert "selected on" not in facts
    unflattered = NestedScore(metric="accuracy", selected=0.97, nested=0.971, optimism=-0.001)
    selection = selection.model_copy(update={"nested": [unflattered]})
    assert dict(definitions(selection))["honest accuracy"].endswith("0.9700 is not optimistic")
