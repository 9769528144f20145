"""Figures of searches, from journals; architectures are drawn in the tests of the command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_equal

from fnnctl.plots.searched import PlottedTrial
from fnnctl.plots.style import png_bytes
from fnnctl.report.figures.drawing import draw_figures, draw_missing_figures
from fnnctl.report.figures.search_figures import SEARCH_FIGURES
from fnnctl.report.summary import summarize
from fnnctl.store.journal import JournalRecord
from tests.report.searches import confirmed, curve, halving, header, result, start_search, trial

Drawn = dict[str, Any]
ALWAYS = ("search_history.png", "parallel_coordinates.png", "importance.png")
UNCONFIRMED = ("search_history.png", "rungs.png", "parallel_coordinates.png", "importance.png")


def draw(name: str, records: Sequence[JournalRecord], folder: Path) -> Any:
    """The figure of this file, drawn from these records."""
    run = start_search(folder, records)
    (figure,) = (figure for figure in SEARCH_FIGURES if figure.file == name)
    return figure.draw(run, summarize(run))


def words(name: str, records: Sequence[JournalRecord], folder: Path) -> str:
    """What the figure of this file shows in words."""
    (figure,) = (figure for figure in SEARCH_FIGURES if figure.file == name)
    return figure.in_words(summarize(start_search(folder, records)))


@pytest.mark.parametrize(
    ("reason", "method", "is_drawn"),
    [
        ("the time limit", "hyperband", True),
        ("the time limit", "random", False),
        ("complete", "hyperband", False),  # all of its brackets have one rung
    ],
)
def test_rungs_are_drawn_of_a_search_that_ended_in_its_first_rungs(
    tmp_path: Path, reason: str, method: str, is_drawn: bool
) -> None:
    begun = [header(method=method), trial(0, bracket=1), trial(1)]
    results = [result(0, 1, 0.5, facts=curve(0.5)), result(1, 3, 0.6, facts=curve(0.4, 0.5, 0.6))]
    run = start_search(tmp_path, [*begun, *results, {"record": "end", "reason": reason}])
    (figure,) = (figure for figure in SEARCH_FIGURES if figure.file == "rungs.png")
    assert figure.is_possible(summarize(run)) == is_drawn


def test_rewards_in_words(tmp_path: Path) -> None:
    begin = header(metric="log_loss", direction="minimize", method="nas", batch=2)
    results = [result(number, 3, (12 - number) / 10) for number in range(12)]
    records = [begin, *map(trial, range(12)), *results]
    assert words("reward.png", records, tmp_path / "a") == (
        "The mean reward is -0.7500 over the first 10 trials and -0.5500 over the last 10 trials."
    )
    assert words("reward.png", records[:13], tmp_path / "b") == ""


def test_a_confirmation_in_words(tmp_path: Path) -> None:
    networks = confirmed({1: [0.9, 0.8], 0: [0.7, 0.6]}, budget=9)
    records = [header(confirm={"top": 2, "seeds": 2}), *halving()[1:], *networks]
    assert words("confirmed.png", records, tmp_path) == (
        "Over 2 seeds, the mean accuracy is 0.8500 for trial 1 and 0.6500 for trial 0."
    )


def test_the_average_is_over_five_updates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Any] = {}

    def record(rewards: Any, average: Any, **options: Any) -> Figure:
        drawn.update(options, rewards=rewards, average=average)
        return Figure()

    monkeypatch.setattr("fnnctl.plots.search_history.rewards_figure", record)
    begin = header(metric="log_loss", direction="minimize", method="nas", batch=2)
    losses = np.arange(12, 0, -1) / 10
    results = (result(number, 3, loss) for number, loss in enumerate(losses.tolist()))
    draw("reward.png", [begin, *map(trial, range(12)), *results], tmp_path)
    assert drawn["window"] == 10
    assert drawn["label"] == "−log_loss"
    assert drawn["rewards"].tolist() == (-losses).tolist()
    assert drawn["average"][-1] == pytest.approx(-losses[2:].mean())


@pytest.fixture
def rungs_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[JournalRecord]], Drawn]:
    """The data from which the figure of the rungs is drawn."""

    def of(records: list[JournalRecord]) -> Drawn:
        drawn: Drawn = {}

        def record(trials: object, budgets: object, **options: object) -> Figure:
            drawn.update({"trials": trials, "budgets": budgets, **options})
            return Figure()

        monkeypatch.setattr("fnnctl.plots.rungs.rungs_figure", record)
        draw("rungs.png", records, tmp_path)
        return drawn

    return of


def test_the_metric_of_parallel_coordinates_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its axis has no room for where the metric was measured."""
    drawn: Drawn = {}
    monkeypatch.setattr(
        "fnnctl.plots.parallel.parallel_figure", lambda *_, **options: drawn.update(options) or Figure()
    )
    objective = {"metric": "accuracy", "on": "cross_validation", "direction": "maximize"}
    draw("parallel_coordinates.png", [header(objective=objective), *halving()[1:]], tmp_path)
    assert drawn["metric"] == "accuracy"


def test_figures_can_be_deleted_and_drawn_again(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving(), name="[/] $$x$$")
    run.finish("completed", {"total": 1.0, "training": 1.0})
    assert draw_figures(run) == UNCONFIRMED
    first = [(run.path / name).read_bytes() for name in UNCONFIRMED]
    assert all(content.startswith(b"\x89PNG\r\n") for content in first)
    assert draw_missing_figures(run) == ()
    for name in UNCONFIRMED[:2]:
        (run.path / name).unlink()
    assert draw_missing_figures(run) == UNCONFIRMED[:2]
    assert [(run.path / name).read_bytes() for name in UNCONFIRMED] == first


def test_the_timeline_is_drawn_if_there_is_one(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving())
    run.note_times([{"networks": 2, "to": 3, "seconds": 1.5, "ended": 1e9, "trained_by": "a:1"}])
    run.finish("completed", {"total": 1.0, "training": 1.0})
    assert draw_figures(run) == (*UNCONFIRMED, "timeline.png")
    assert draw_missing_figures(run) == ()


def test_figures_of_a_search_that_may_continue_are_redrawn(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving()[:10])
    run.finish("interrupted", {"total": 1.0, "training": None})
    assert draw_missing_figures(run) == UNCONFIRMED
    assert draw_missing_figures(run) == UNCONFIRMED


def test_a_search_of_one_rung_has_no_figure_of_rungs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start_search(tmp_path, [*halving()[:9], {"record": "end", "reason": "complete"}])
    run.finish("completed", {"total": 1.0, "training": 1.0})
    assert draw_figures(run) == ALWAYS
    monkeypatch.setitem(sys.modules, "fnnctl.plots.style", None)  # matplotlib is not loaded needlessly
    assert draw_missing_figures(run) == ()


def test_without_a_result_nothing_is_drawn(tmp_path: Path) -> None:
    run = start_search(tmp_path, halving()[:5])
    assert draw_figures(run) == ()


@pytest.mark.parametrize(
    "records",
    [
        halving()[:6],
        [header(), trial(0), result(0, 1, None)],
        [header(), trial(0), result(0, 1, None), trial(1), result(1, 1, None, status="failed", epochs=0)],
        [header(), trial(0), result(0, 9, 0.5)],
        [header(paths=["x"], scales={"x": "choice"}), trial(0, {"x": "a"}), result(0, 9, 0.5)],
        [header(paths=[], scales={}), trial(0, {}), result(0, 9, 0.5)],
        [{**header(), "settings": {}}, trial(0), result(0, 9, 0.5)],
    ],
)
def test_whatever_there_is_is_drawn(records: list[JournalRecord], tmp_path: Path) -> None:
    assert all(png_bytes(draw(name, records, tmp_path / name)) for name in UNCONFIRMED)


def test_curves_go_through_all_jobs_and_end_where_a_trial_was_dropped(
    rungs_of: Callable[[list[JournalRecord]], Drawn],
) -> None:
    drawn = rungs_of(halving())
    assert drawn["budgets"] == {0: [1, 3, 9]}
    assert (drawn["metric"], drawn["minimized"]) == ("validation accuracy", False)
    assert drawn["title"] == "rates: learning curve of each trial"
    trials: list[PlottedTrial] = drawn["trials"]
    assert [each.fate for each in trials] == ["dropped", "top", "dropped", "diverged"]
    assert [each.best for each in trials] == [False, True, False, False]
    assert_equal(trials[0].values, [0.5])
    assert_equal(trials[1].epochs, np.arange(1, 10))
    assert_equal(trials[1].values, [0.9, 0.93, 0.95, *[0.95] * 5, 0.96])
    assert_equal(trials[3].values, [0.8, 0.9, 0.99, 0.7, 0.2, np.nan])


@pytest.mark.parametrize(
    ("path", "drawn"),
    [("model.output", ("validation r2", False)), ("model.dropout", ("validation loss", True))],
)
def test_losses_of_different_outputs_are_not_drawn_together(
    rungs_of: Callable[[list[JournalRecord]], Drawn], path: str, drawn: tuple[str, bool]
) -> None:
    curves = {"curve": {"validation_loss": [0.5], "validation_r2": [0.1]}}
    records = [
        header(metric="mae", direction="minimize", paths=[path]),
        trial(0, {path: "huber"}),
        result(0, 1, 3.0, facts=curves),
    ]
    found = rungs_of(records)
    assert (found["metric"], found["minimized"]) == drawn


def test_a_loss_is_drawn_where_a_loss_was_minimized(rungs_of: Callable[[list[JournalRecord]], Drawn]) -> None:
    drawn = rungs_of([header(metric="log_loss", direction="minimize"), *halving()[1:]])
    assert (drawn["metric"], drawn["minimized"]) == ("validation loss", True)
    assert_equal(drawn["trials"][1].values[:2], [1 - 0.9, 1 - 0.93])


@pytest.mark.parametrize(
    ("second", "drawn"),
    [
        ("uncorrected_validation_loss", ("uncorrected validation loss", True)),
        ("validation_loss", ("validation accuracy", False)),
    ],
)
def test_losses_of_trials_with_and_without_class_weights_are_not_drawn_together(
    rungs_of: Callable[[list[JournalRecord]], Drawn], second: str, drawn: tuple[str, bool]
) -> None:
    curves = [
        {"curve": {name: [0.5], "validation_accuracy": [0.9]}}
        for name in ("uncorrected_validation_loss", second)
    ]
    records = [header(metric="loss", direction="minimize"), trial(0), trial(1)]
    found = rungs_of([*records, *(result(k, 1, 0.4, facts=facts) for k, facts in enumerate(curves))])
    assert (found["metric"], found["minimized"]) == drawn


def test_without_curves_the_objectives_at_the_rungs_are_drawn(
    rungs_of: Callable[[list[JournalRecord]], Drawn],
) -> None:
    objective = {"metric": "f1_macro", "on": "cross_validation", "direction": "maximize"}
    records = [header(objective=objective), trial(0), trial(1), result(0, 1, 0.5), result(1, 1, 0.6)]
    drawn = rungs_of([*records, result(1, 3, 0.7, rung=1, epochs=2)])
    assert drawn["metric"] == "f1_macro, cross-validated"
    assert_equal(drawn["trials"][1].epochs, [1, 3])
    assert_equal(drawn["trials"][1].values, [0.6, 0.7])


def test_a_trial_that_stopped_early_ends_there(rungs_of: Callable[[list[JournalRecord]], Drawn]) -> None:
    facts = {"curve": {"validation_accuracy": [0.1, 0.2, 0.3]}}
    records = [header(), trial(0), result(0, 9, 0.3, epochs=3, status="stopped early", facts=facts)]
    (only,) = rungs_of(records)["trials"]
    assert (only.fate, len(only.epochs)) == ("top", 3)


def test_a_bracket_whose_trials_were_all_stopped_by_their_curves(tmp_path: Path) -> None:
    """It has results only within its rung."""
    records = [
        header(rungs={"0": [9]}),
        trial(0),
        result(0, 3, 0.3, facts=curve(0.1, 0.2, 0.3)),
        {"record": "stop", "reason": "hopeless", "trial": 0, "budget": 3, "saved": 6},
    ]
    assert png_bytes(draw("rungs.png", records, tmp_path)).startswith(b"\x89PNG\r\n")


def test_a_trial_that_its_curve_stopped_has_not_reached_the_top(
    rungs_of: Callable[[list[JournalRecord]], Drawn],
) -> None:
    ladder = {"0": [9]}
    records = [header(rungs=ladder), trial(0), result(0, 3, 0.3, facts=curve(0.1, 0.2, 0.3))]
    stop = {"record": "stop", "reason": "hopeless", "trial": 0, "budget": 3, "saved": 6}
    drawn = rungs_of([*records, stop])
    assert drawn["budgets"] == {0: [3]}
    (only,) = drawn["trials"]
    assert only.fate == "dropped"


def test_curves_of_a_search_that_was_extended(rungs_of: Callable[[list[JournalRecord]], Drawn]) -> None:
    """Trial 0 had 3 epochs at first, then 1 for the longer bracket, and then continues from 3."""
    drawn = rungs_of(
        [
            header(),
            trial(0),
            result(0, 3, 0.3, facts=curve(0.1, 0.2, 0.3)),
            {"record": "resume", "changes": {"budget": {"max_epochs": 9}}},
            trial(0, bracket=2),
            result(0, 1, 0.1, facts=curve(0.1)),
            result(0, 9, 0.5, rung=2, epochs=2, status="stopped early", facts=curve(0.4, 0.5)),
        ]
    )
    assert drawn["budgets"] == {2: [1, 3, 9]}
    (way,) = drawn["trials"]
    assert_equal(way.values, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert_equal(way.epochs, [1, 2, 3, 4, 5])


def test_the_figure_of_a_confirmation_needs_all_networks(tmp_path: Path) -> None:
    networks = confirmed({1: [0.9, 0.8], 0: [0.7, 0.9]}, budget=9)
    records = [header(confirm={"top": 2, "seeds": 2}), *halving()[1:]]
    for name, missing in (("some", 1), ("all", 0)):
        run = start_search(tmp_path / name, [*records, *networks[missing:]])
        run.finish("completed", {"total": 1.0, "training": 1.0})
        drawn = draw_figures(run)
        assert drawn == (UNCONFIRMED if missing else (*UNCONFIRMED, "confirmed.png"))
