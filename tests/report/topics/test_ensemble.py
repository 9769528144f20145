"""The ensemble of a search in its report, beside the refitted winner, and in the ensemble's own report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnnctl.records.history import SearchHistory
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics import files
from fnnctl.report.topics.ensemble import definitions, ensemble, json_entries
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import NestedScore, SelectionFacts
from fnnctl.store.names import ENSEMBLE
from fnnctl.store.run import create_run
from tests.messages import Messages
from tests.report.conftest import part_metrics
from tests.report.searches import halving, refit, start_search
from tests.report.topics.said import said, shown

BESIDE = "On the test part"
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


def test_it_stands_beside_the_winner(summary: Summary, messages: Messages) -> None:
    messages.check(shown(ensemble(summary)))


def test_losses_of_several_kinds_are_not_compared(summary: Summary, monkeypatch: pytest.MonkeyPatch) -> None:
    for has_one_loss in (True, False):
        monkeypatch.setattr(SearchHistory, "has_one_loss", has_one_loss)
        rows = said(ensemble, summary)[BESIDE].rows
        assert any(name.startswith("loss") for name, *_ in rows) is has_one_loss


def test_a_loss_that_equals_the_log_loss_is_not_shown_twice(summary: Summary) -> None:
    assert summary.ensemble
    for loss in (0.25, 0.3):
        for metrics, own in ((summary.metrics, loss), (summary.ensemble.metrics, 0.25)):
            assert metrics
            metrics["test"].update(loss=own, log_loss=0.25)
        rows = [name for name, *_ in said(ensemble, summary)[BESIDE].rows]
        assert "log loss" in rows
        assert ("loss, unclipped" in rows) is (loss != 0.25)


def test_its_own_report_has_no_other_to_compare_with(search: Path) -> None:
    own = summarize(RunFolder(search / ENSEMBLE))
    assert [*said(ensemble, own)] == ["Ensemble of trials", "Selected trials"]


def test_its_own_report_says_what_its_config_repeats(search: Path, messages: Messages) -> None:
    (search / ENSEMBLE / "resolved.yaml").write_text("")
    for folder in (search, search / ENSEMBLE):
        messages.check(dict(said(files.files, summarize(RunFolder(folder)))["Files"].rows)["resolved.yaml"])


def test_its_values_are_for_scripts(search: Path, summary: Summary) -> None:
    metrics = {"train": None, "validation": None, "test": part_metrics(("a", "b"), 0.95)}
    selection = SelectionFacts.model_validate(SELECTION).model_dump(mode="json")
    expected = {**selection, "run": str(search / ENSEMBLE), "metrics": metrics}
    assert json_entries(summary) == {"ensemble": expected}
    assert "ensemble" in summary.files


def test_a_search_without_one(tmp_path: Path) -> None:
    summary = summarize(start_search(tmp_path, halving()))
    assert ([*ensemble(summary)], json_entries(summary)) == ([], {"ensemble": None})


def test_an_ensemble_on_bags_is_honest_about_its_score(messages: Messages) -> None:
    """Whether or not its selection flattered it."""
    flattered = NestedScore(metric="accuracy", selected=0.97, nested=0.962, optimism=0.008)
    unflattered = NestedScore(metric="accuracy", selected=0.97, nested=0.971, optimism=-0.001)
    for nested in (flattered, unflattered):
        selection = SelectionFacts.model_validate({**SELECTION, "nested": [nested]})
        messages.check("\n".join(f"{name}: {text}" for name, text in definitions(selection)))
