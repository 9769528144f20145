"""The confirmation in a report: its sentences, its table, its JSON, and the values of its figure."""

from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.validation_schemes import VALIDATION_SCHEMES
from fnnctl.records.history import SearchHistory
from fnnctl.report.figures.search_figures import plotted_leaders
from fnnctl.report.topics.confirmation import (
    confirmation,
    interval_sentences,
    json_entries,
    optimism_of,
    search_sentences,
)
from fnnctl.report.verdicts import against_leaders, left_out_sentence, verdict_sentence
from tests.messages import Messages
from tests.report.confirmations import CLEAR, CLOSE, Scores, found_in, history, undefined
from tests.report.searches import confirmed, header, read, result, trial
from tests.report.topics.said import complete, searched, sentences, shown

EQUAL = [0.5, 0.625, 0.75, 0.875]
BASE, SHIFT = [0.90, 0.91, 0.92, 0.93], [0.0095, 0.0115, 0.0215, 0.0225]
LITTLE_WORSE = [score - shift for score, shift in zip(BASE, SHIFT, strict=True)]


def section_of(search: SearchHistory) -> str:
    return shown(confirmation(searched(search)))


def json_of(search: SearchHistory) -> Any:
    return json_entries(searched(search))["confirmed"]


@pytest.mark.parametrize("seeds", [(2,), (0, 1, 2), (0, 1, 2, 3)], ids=["one", "all but one", "all"])
def test_seeds_whose_rows_have_no_metric_are_left_out(messages: Messages, seeds: tuple[int, ...]) -> None:
    search = history({}, networks=undefined(CLEAR, *seeds))
    messages.check(section_of(search))
    assert search.confirmation
    assert str(left_out_sentence(search.confirmation)) in section_of(search)
    is_failed = [leader.standing == "failed" for leader in plotted_leaders(search.confirmation)]
    assert is_failed == [len(seeds) == 4] * 3


def test_usual_seeds_and_intervals_need_no_words() -> None:
    assert left_out_sentence(found_in(CLEAR)) is None
    assert interval_sentences(found_in(CLOSE)) == []


def test_the_search_was_optimistic(messages: Messages) -> None:
    best_elsewhere, best_itself = found_in(CLEAR), found_in(CLEAR, objectives=(0.5, 0.6, 0.4))
    validation = VALIDATION_SCHEMES["validation"]
    messages.check("\n".join(search_sentences(best_elsewhere, 40, validation)))
    messages.check("\n".join(search_sentences(best_itself, 1, validation)))
    assert optimism_of(best_elsewhere, best_elsewhere.winner) == pytest.approx(0.8 - 0.91625)
    losses = found_in(CLEAR, direction="minimize")
    assert optimism_of(losses, losses.leaders[0]) == pytest.approx(0.91625 - 0.8)


def test_cross_validated_objectives_are_measured_otherwise(messages: Messages) -> None:
    """Early stopping may watch the rows of a confirmation, too."""
    first, *others = confirmed(CLEAR, budget=9)
    for networks in ([first, *others], [{**first, "kept_epoch": 7}, *others]):
        found = history({}, networks=networks).confirmation
        assert found
        messages.check(search_sentences(found, 3, VALIDATION_SCHEMES["cross_validation"])[-1])


@pytest.mark.parametrize(
    "scores",
    [
        pytest.param(
            {0: LITTLE_WORSE, 1: BASE, 2: [score - 0.0005 for score in LITTLE_WORSE]},
            id="tied although they leave out 0, because p is doubled",
        ),
        pytest.param({0: EQUAL, 1: EQUAL, 2: [score - 0.125 for score in EQUAL]}, id="without a spread"),
    ],
)
def test_intervals_that_would_be_misread_are_explained(messages: Messages, scores: Scores) -> None:
    found = found_in(scores)
    messages.check("\n".join(interval_sentences(found)))
    messages.check(verdict_sentence(against_leaders(found)))
    assert all(sentence in section_of(history(scores)) for sentence in interval_sentences(found))


@pytest.mark.parametrize(
    "scores",
    [
        pytest.param({**CLEAR, 0: [0.8, None, 0.8, 0.8]}, id="a trial failed with a seed"),
        pytest.param({2: CLEAR[2], 0: [0.8]}, id="not complete"),
    ],
)
def test_the_section(messages: Messages, scores: Scores) -> None:
    messages.check(section_of(history(scores)))


def test_a_report_says_once_whether_the_winner_is_better() -> None:
    summary, sentence = searched(history(CLEAR)), verdict_sentence(against_leaders(found_in(CLEAR)))
    assert sentences(summary).count(sentence) == 1
    assert [row for block in complete(summary).values() for row in block.rows].count(sentence) == 1


def test_a_result_after_fewer_epochs_is_told_and_not_drawn(messages: Messages) -> None:
    """The search dropped trial 0 after 3 epochs; its networks here have had 9."""
    plan = [header(confirm={"top": 3, "seeds": 4}), *(trial(number) for number in range(3))]
    results = [result(0, 3, 0.9), result(1, 9, 0.8), result(2, 9, 0.95)]
    search = read([*plan, *results, {"record": "end", "reason": "complete"}, *confirmed(CLEAR, budget=9)])
    messages.check(section_of(search))
    assert search.confirmation
    objectives = {leader.trial: leader.objective for leader in plotted_leaders(search.confirmation)}
    assert objectives == {0: None, 1: 0.8, 2: 0.95}


def test_json_of_what_is_not_complete() -> None:
    search = history({2: CLEAR[2], 0: [0.8]})
    entry = json_of(search)
    assert (entry["complete"], entry["winner"], entry["sentence"]) == (False, None, None)
    assert [leader["mean"] for leader in entry["trials"]] == [pytest.approx(0.71875), 0.8, None]
    assert search.best is search.trials[2], "the best of the search"
    begun = json_of(history({}))
    assert section_of(history({})) == ""
    assert (begun["networks"], [leader["ci95"] for leader in begun["trials"]]) == (0, [None, None, None])
    assert json_of(read([header(), trial(0), result(0, 9, 0.9)])) is None


def test_json() -> None:
    entry = json_of(history(CLOSE))
    assert (entry["winner"], entry["best_of_search"]) == (1, 2)
    assert (entry["verdict"], entry["tied_with"]) == ("tie", [0])
    assert (entry["seeds"], entry["epochs"], entry["networks"], entry["complete"]) == (4, 9, 12, True)
    winner, tied, worse = entry["trials"]
    assert (winner["difference"], winner["p"], winner["p_holm"]) == (None, None, None)
    assert tied["difference_ci95"][0] < tied["difference"] < 0 < tied["difference_ci95"][1]
    assert worse["p"] < worse["p_holm"] < 0.05 < tied["p_holm"]
    assert worse["scores"] == CLOSE[2]
    assert entry["sentence"] == verdict_sentence(against_leaders(found_in(CLOSE)))


def test_what_the_figure_draws() -> None:
    winner, tied, failed = plotted_leaders(found_in({**CLOSE, 2: [0.7, None, 0.7, 0.7]}))
    standings = [(leader.trial, leader.standing) for leader in (winner, tied, failed)]
    assert standings == [(1, "winner"), (0, "tied"), (2, "failed")]
    assert (failed.scores.tolist(), failed.interval) == ([0.7, 0.7, 0.7], None)
    assert winner.interval
    assert winner.interval[0] < winner.scores.mean() < winner.interval[1]
