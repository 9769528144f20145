"""Figures of searches, from journals; architectures are drawn in the tests of the command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_equal

from fnnctl.plots.style import png_bytes
from fnnctl.report.figures.drawing import draw_figures, draw_missing_figures, possible_figures
from fnnctl.report.figures.record import RunFigure
from fnnctl.report.figures.search_figures import SEARCH_FIGURES
from fnnctl.report.summary import summarize
from fnnctl.store.journal import JournalRecord
from fnnctl.store.run import OpenRun
from tests.report.figures.conftest import Calls
from tests.report.searches import confirmed, curve, halving, header, result, start_search, trial

ALWAYS = ("search_history.png", "parallel_coordinates.png", "importance.png")
UNCONFIRMED = ("search_history.png", "rungs.png", "parallel_coordinates.png", "importance.png")
END = {"record": "end", "reason": "complete"}
ENDED = {"total": 1.0, "training": 1.0}
NAS = header(metric="log_loss", direction="minimize", method="nas", batch=2)
REWARDED = [NAS, *map(trial, range(12)), *(result(number, 3, (12 - number) / 10) for number in range(12))]
CONFIRMED = [
    header(confirm={"top": 2, "seeds": 2}),
    *halving()[1:],
    *confirmed({1: [0.9, 0.8], 0: [0.7, 0.6]}, budget=9),
]


def figure_of(name: str) -> RunFigure:
    (figure,) = (figure for figure in SEARCH_FIGURES if figure.file == name)
    return figure


def draw(name: str, records: Sequence[JournalRecord], folder: Path) -> Any:
    """The figure of this file, drawn from these records."""
    run = start_search(folder, records)
    return figure_of(name).draw(run, summarize(run))


def finished(folder: Path, records: Sequence[JournalRecord], status: Any = "completed") -> OpenRun:
    run = start_search(folder, records, name="[/] $$x$$")
    run.finish(status, ENDED)
    return run


@pytest.fixture
def drawn(tmp_path: Path, calls_of: Callable[[str], Calls]) -> Callable[..., dict[str, Any]]:
    """What is handed to the function of `fnnctl.plots` that draws a figure from these records."""

    def options_of(name: str, function: str, records: Sequence[JournalRecord]) -> dict[str, Any]:
        calls = calls_of(function)
        draw(name, records, tmp_path)
        ((arguments, options),) = calls
        return {"arguments": arguments, **options}

    return options_of


@pytest.fixture
def rungs_of(drawn: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The trials, the budgets and the options from which the figure of the rungs is drawn."""

    def rungs(*records: JournalRecord) -> dict[str, Any]:
        options = drawn("rungs.png", "rungs.rungs_figure", records)
        trials, budgets = options.pop("arguments")
        return {"trials": trials, "budgets": budgets, **options}

    return rungs


RungsOf = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("name", "records", "words"),
    [
        (
            "reward.png",
            REWARDED,
            "The mean reward is -0.7500 over the first 10 trials and -0.5500 over the last 10 trials.",
        ),
        ("reward.png", REWARDED[:13], ""),
        (
            "confirmed.png",
            CONFIRMED,
            "Over 2 seeds, the mean accuracy is 0.8500 for trial 1 and 0.6500 for trial 0.",
        ),
    ],
)
def test_figures_in_words(tmp_path: Path, name: str, records: list[JournalRecord], words: str) -> None:
    assert figure_of(name).in_words(summarize(start_search(tmp_path, records))) == words


def test_the_average_is_over_five_updates(drawn: Callable[..., dict[str, Any]]) -> None:
    options = drawn("reward.png", "search_history.rewards_figure", REWARDED)
    rewards, average = options["arguments"]
    losses = np.arange(12, 0, -1) / 10
    assert (options["window"], options["label"]) == (10, "−log_loss")
    assert rewards.tolist() == (-losses).tolist()
    assert average[-1] == pytest.approx(-losses[2:].mean())


def test_the_metric_of_parallel_coordinates_is_short(drawn: Callable[..., dict[str, Any]]) -> None:
    """Its axis has no room for where the metric was measured."""
    objective = {"metric": "accuracy", "on": "cross_validation", "direction": "maximize"}
    records = [header(objective=objective), *halving()[1:]]
    assert drawn("parallel_coordinates.png", "parallel.parallel_figure", records)["metric"] == "accuracy"


BEGUN = [
    trial(0, bracket=1),
    trial(1),
    result(0, 1, 0.5, facts=curve(0.5)),
    result(1, 3, 0.6, facts=curve(0.6)),
]
LIMIT = {"record": "end", "reason": "the time limit"}
STACK = {"networks": 2, "to": 3, "seconds": 1.5, "ended": 1e9, "trained_by": "a:1"}


@pytest.mark.parametrize(
    ("records", "stacks", "figures"),
    [
        pytest.param(halving()[:5], [], (), id="no result"),
        pytest.param(halving(), [], UNCONFIRMED, id="rungs"),
        pytest.param(halving(), [STACK], (*UNCONFIRMED, "timeline.png"), id="times"),
        pytest.param([*halving()[:9], END], [], ALWAYS, id="one rung"),
        pytest.param([header(), *BEGUN, END], [], ALWAYS, id="brackets of one rung"),
        pytest.param([header(), *BEGUN, LIMIT], [], UNCONFIRMED, id="ended in the first rungs"),
        pytest.param([header(method="random"), *BEGUN, LIMIT], [], ALWAYS, id="no rungs planned"),
        pytest.param(CONFIRMED[:-1], [], UNCONFIRMED, id="a network of the confirmation is missing"),
        pytest.param(CONFIRMED, [], (*UNCONFIRMED, "confirmed.png"), id="a confirmation"),
    ],
)
def test_which_figures_a_search_has(
    tmp_path: Path, records: list[JournalRecord], stacks: list[dict[str, Any]], figures: tuple[str, ...]
) -> None:
    run = start_search(tmp_path, records)
    if stacks:
        run.note_times(stacks)
    possible = [figure.file for figure in possible_figures(run, summarize(run))]
    assert possible == [*figures]


def test_figures_can_be_deleted_and_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished(tmp_path, CONFIRMED)
    names = (*UNCONFIRMED, "confirmed.png")
    assert draw_figures(run) == names
    first = [(run.path / name).read_bytes() for name in names]
    assert all(content.startswith(b"\x89PNG\r\n") for content in first)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "fnnctl.plots.style", None)  # matplotlib is not loaded needlessly
        assert draw_missing_figures(run) == ()
    for name in names[:2]:
        (run.path / name).unlink()
    assert draw_missing_figures(run) == names[:2]
    assert [(run.path / name).read_bytes() for name in names] == first


def test_figures_of_a_search_that_may_continue_are_redrawn(tmp_path: Path) -> None:
    run = finished(tmp_path, halving()[:10], "interrupted")
    assert [draw_missing_figures(run) for _ in range(2)] == [UNCONFIRMED] * 2


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


def test_curves_go_through_all_jobs_and_end_where_a_trial_was_dropped(rungs_of: RungsOf) -> None:
    rungs = rungs_of(*halving())
    assert rungs["budgets"] == {0: [1, 3, 9]}
    assert (rungs["metric"], rungs["minimized"]) == ("validation accuracy", False)
    assert rungs["title"] == "rates: learning curve of each trial"
    trials = rungs["trials"]
    assert [drawn.fate for drawn in trials] == ["dropped", "top", "dropped", "diverged"]
    assert [drawn.best for drawn in trials] == [False, True, False, False]
    assert_equal(trials[0].values, [0.5])
    assert_equal(trials[1].epochs, np.arange(1, 10))
    assert_equal(trials[1].values, [0.9, 0.93, 0.95, *[0.95] * 5, 0.96])
    assert_equal(trials[3].values, [0.8, 0.9, 0.99, 0.7, 0.2, np.nan])


UNCORRECTED = "uncorrected_validation_loss"


def trials_with(path: str, *curves: dict[str, list[float]], **settings: Any) -> list[JournalRecord]:
    """Trials of one epoch with these curves, of a search for the least value of a metric."""
    begin = header(direction="minimize", paths=[path], **settings)
    trials = (trial(number, {path: "huber"}) for number in range(len(curves)))
    return [begin, *trials, *(result(k, 1, 0.4, facts={"curve": each}) for k, each in enumerate(curves))]


@pytest.mark.parametrize(
    ("records", "metric", "minimized"),
    [
        pytest.param(
            trials_with("model.output", {"validation_loss": [0.5], "validation_r2": [0.1]}, metric="mae"),
            "validation r2",
            False,
            id="losses of different outputs are not drawn together",
        ),
        pytest.param(
            trials_with("model.dropout", {"validation_loss": [0.5], "validation_r2": [0.1]}, metric="mae"),
            "validation loss",
            True,
            id="losses of one output",
        ),
        pytest.param(
            trials_with("x", *[{UNCORRECTED: [0.5], "validation_accuracy": [0.9]}] * 2, metric="loss"),
            "uncorrected validation loss",
            True,
            id="class weights",
        ),
        pytest.param(
            trials_with(
                "x",
                *({name: [0.5], "validation_accuracy": [0.9]} for name in (UNCORRECTED, "validation_loss")),
                metric="loss",
            ),
            "validation accuracy",
            False,
            id="losses with and without class weights are not drawn together",
        ),
    ],
)
def test_curves_that_can_be_compared_are_drawn(
    rungs_of: RungsOf, records: list[JournalRecord], metric: str, minimized: bool
) -> None:
    rungs = rungs_of(*records)
    assert (rungs["metric"], rungs["minimized"]) == (metric, minimized)


def test_a_loss_is_drawn_where_a_loss_was_minimized(rungs_of: RungsOf) -> None:
    rungs = rungs_of(header(metric="log_loss", direction="minimize"), *halving()[1:])
    assert (rungs["metric"], rungs["minimized"]) == ("validation loss", True)
    assert_equal(rungs["trials"][1].values[:2], [1 - 0.9, 1 - 0.93])


def test_without_curves_the_objectives_at_the_rungs_are_drawn(rungs_of: RungsOf) -> None:
    objective = {"metric": "f1_macro", "on": "cross_validation", "direction": "maximize"}
    begun = [header(objective=objective), trial(0), trial(1), result(0, 1, 0.5), result(1, 1, 0.6)]
    rungs = rungs_of(*begun, result(1, 3, 0.7, rung=1, epochs=2))
    assert rungs["metric"] == "f1_macro, cross-validated"
    assert_equal(rungs["trials"][1].epochs, [1, 3])
    assert_equal(rungs["trials"][1].values, [0.6, 0.7])


def test_a_trial_that_stopped_early_ends_there(rungs_of: RungsOf) -> None:
    stopped = result(0, 9, 0.3, epochs=3, status="stopped early", facts=curve(0.1, 0.2, 0.3))
    (drawn,) = rungs_of(header(), trial(0), stopped)["trials"]
    assert (drawn.fate, len(drawn.epochs)) == ("top", 3)


def test_a_trial_that_its_curve_stopped_has_not_reached_the_top(rungs_of: RungsOf, tmp_path: Path) -> None:
    """It has results only within its rung, so they are drawn as they are."""
    stop = {"record": "stop", "reason": "hopeless", "trial": 0, "budget": 3, "saved": 6}
    records = [header(rungs={"0": [9]}), trial(0), result(0, 3, 0.3, facts=curve(0.1, 0.2, 0.3)), stop]
    assert png_bytes(draw("rungs.png", records, tmp_path / "drawn")).startswith(b"\x89PNG\r\n")
    rungs = rungs_of(*records)
    assert (rungs["budgets"], [drawn.fate for drawn in rungs["trials"]]) == ({0: [3]}, ["dropped"])


def test_curves_of_a_search_that_was_extended(rungs_of: RungsOf) -> None:
    """Trial 0 had 3 epochs at first, then 1 for the longer bracket, and then continues from 3."""
    rungs = rungs_of(
        header(),
        trial(0),
        result(0, 3, 0.3, facts=curve(0.1, 0.2, 0.3)),
        {"record": "resume", "changes": {"budget": {"max_epochs": 9}}},
        trial(0, bracket=2),
        result(0, 1, 0.1, facts=curve(0.1)),
        result(0, 9, 0.5, rung=2, epochs=2, status="stopped early", facts=curve(0.4, 0.5)),
    )
    assert rungs["budgets"] == {2: [1, 3, 9]}
    (drawn,) = rungs["trials"]
    assert_equal(drawn.values, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert_equal(drawn.epochs, [1, 2, 3, 4, 5])
