"""The confirmation in a report: its sentences, its table, its JSON, and the values of its figure."""

from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.validation_schemes import VALIDATION_SCHEMES
from fnnctl.records.history import SearchHistory
from fnnctl.report.blocks import Notes, Table
from fnnctl.report.figures.search_figures import plotted_leaders
from fnnctl.report.topics.confirmation import (
    confirmation,
    interval_sentences,
    json_entries,
    left_out_sentence,
    optimism_of,
    search_sentences,
)
from fnnctl.report.verdicts import against_leaders, verdict_sentence
from tests.report.confirmations import CLEAR, CLOSE, found_in, history, undefined
from tests.report.searches import confirmed, header, read, result, trial
from tests.report.topics.said import complete, searched, sentences


def sections_of(search: SearchHistory) -> list[Any]:
    return [*confirmation(searched(search))]


def json_of(search: SearchHistory) -> Any:
    return json_entries(searched(search))["confirmed"]


class TestSeedsLeftOut:
    def test_those_whose_rows_have_no_metric(self) -> None:
        found = history({}, networks=undefined(CLEAR, 2)).confirmation
        assert found
        assert left_out_sentence(found) == (
            "Accuracy is undefined on the validation rows of seed 2: the trials are compared with the other "
            "3 seeds."
        )
        assert left_out_sentence(found_in(CLEAR)) is None

    def test_all_but_one(self) -> None:
        found = history({}, networks=undefined(CLEAR, 0, 1, 2)).confirmation
        assert found
        told = left_out_sentence(found)
        assert told
        assert told.endswith("of seeds 0, 1 and 2: the trials are compared with the other 1 seed.")

    def test_all(self) -> None:
        search = history({}, networks=undefined(CLEAR, 0, 1, 2, 3))
        table, notes = sections_of(search)
        assert [row[1:6] for row in table.rows] == [("–",) * 5] * 3
        assert "Accuracy is undefined on the validation rows of every seed." in notes.rows
        assert search.confirmation
        assert [each.standing for each in plotted_leaders(search.confirmation)] == ["failed"] * 3


class TestOptimism:
    def test_the_best_of_the_search(self) -> None:
        found = found_in(CLEAR)
        sentences = search_sentences(found, 40, VALIDATION_SCHEMES["validation"])
        assert sentences == [
            "Trial 2 was the best of the search; here it is number 3 of 3, and trial 1 is refitted.",
            "The search saw 0.9500 for trial 2, the best of 40 trials, and its mean over the seeds is "
            "0.7188: the search was optimistic by 0.2312.",
        ]
        assert optimism_of(found, found.winner) == pytest.approx(0.8 - 0.91625)

    def test_a_search_that_was_not(self) -> None:
        found = found_in(CLEAR, objectives=(0.5, 0.6, 0.4))
        assert search_sentences(found, 1, VALIDATION_SCHEMES["validation"]) == [
            "The search saw 0.6000 for trial 1, the best of 1 trial, and its mean over the seeds is 0.9163: "
            "the search was not optimistic."
        ]

    def test_a_loss(self) -> None:
        found = found_in(CLEAR, direction="minimize")
        assert optimism_of(found, found.leaders[0]) == pytest.approx(0.91625 - 0.8)

    def test_cross_validated_objectives_are_measured_otherwise(self) -> None:
        told = search_sentences(found_in(CLEAR), 3, VALIDATION_SCHEMES["cross_validation"])[-1]
        assert "the mean over the folds" in told
        assert told.endswith("on the validation rows of each seed.")

    def test_early_stopping_watches_the_rows_of_a_confirmation(self) -> None:
        records = confirmed(CLEAR, budget=9)
        found = history({}, networks=[{**records[0], "kept_epoch": 7}, *records[1:]]).confirmation
        assert found
        told = search_sentences(found, 3, VALIDATION_SCHEMES["cross_validation"])[-1]
        assert told.endswith("on the validation rows of each seed, which early stopping watches, too.")


class TestIntervals:
    def test_usual_ones_need_no_words(self) -> None:
        assert interval_sentences(found_in(CLOSE)) == []

    def test_a_tied_trial_whose_interval_leaves_out_0(self) -> None:
        """The p of each is a little less than 0.05, until it is doubled."""
        base, shift = [0.90, 0.91, 0.92, 0.93], [0.0095, 0.0115, 0.0215, 0.0225]
        worse = [each - more for each, more in zip(base, shift, strict=True)]
        found = found_in({0: worse, 1: base, 2: [each - 0.0005 for each in worse]})
        assert found.tied == [0, 2]
        assert all(max(each.test.ci95 or [0.0]) < 0 for each in found.comparisons.values())
        assert interval_sentences(found) == [
            "The intervals are without Holm's correction, p is with it: so trials 0 and 2 can be tied "
            "although the interval of the difference leaves out 0."
        ]
        assert "in favour of" not in verdict_sentence(against_leaders(found))

    def test_differences_without_a_spread(self) -> None:
        scores = [0.5, 0.625, 0.75, 0.875]
        found = found_in({0: scores, 1: scores, 2: [each - 0.125 for each in scores]})
        assert interval_sentences(found) == [
            "With every seed, trial 1 scored the same as trial 0: p is 1, and the difference "
            "has no interval.",
            "The difference of trial 2 is the same with every seed: it has no spread and so no interval, "
            "and p is that of the sign test with 4 seeds.",
        ]
        _, notes = sections_of(history({0: scores, 1: scores, 2: [0.25] * 4}))
        assert any("trial 1 scored the same as trial 0" in str(row) for row in notes.rows)


def test_the_table() -> None:
    table, notes = sections_of(history({**CLEAR, 0: [0.8, None, 0.8, 0.8]}))
    assert isinstance(table, Table)
    assert table.title == "Confirmed accuracy: 3 trials, 4 seeds each; intervals of 95 %"
    assert [row[0] for row in table.rows] == ["1", "2", "0"]
    assert table.rows[0] == ("1", "0.9163", "0.0310", "–", "–", "–", "0.8000")
    assert table.rows[1][3] == "-0.1975"
    assert table.rows[2] == ("0", "1 of 4 failed", "–", "–", "–", "–", "0.9000")
    assert isinstance(notes, Notes)
    assert len(notes.rows) == 3


def test_a_report_says_once_whether_the_winner_is_better() -> None:
    summary, sentence = searched(history(CLEAR)), verdict_sentence(against_leaders(found_in(CLEAR)))
    assert sentences(summary).count(sentence) == 1
    told = [row for block in complete(summary).values() for row in block.rows]
    assert told.count(sentence) == 1


def test_a_result_after_fewer_epochs_is_told_and_not_drawn() -> None:
    """The search dropped trial 0 after 3 epochs; its networks here have had 9."""
    plan = [header(confirm={"top": 3, "seeds": 4}), *(trial(number) for number in range(3))]
    results = [result(0, 3, 0.9), result(1, 9, 0.8), result(2, 9, 0.95)]
    search = read([*plan, *results, {"record": "end", "reason": "complete"}, *confirmed(CLEAR, budget=9)])
    table = sections_of(search)[0]
    assert isinstance(table, Table)
    told = {row[0]: row[-1] for row in table.rows}
    assert told == {"0": "0.9000 after 3 epochs", "1": "0.8000", "2": "0.9500"}
    assert search.confirmation
    assert {each.trial: each.objective for each in plotted_leaders(search.confirmation)} == {
        0: None, 1: 0.8, 2: 0.95,
    }  # fmt: skip


def test_what_is_not_complete() -> None:
    search = history({2: CLEAR[2], 0: [0.8]})
    assert sections_of(search) == [
        Notes("Is the winner better than the others?", ("5 of 12 networks are trained so far.",))
    ]
    found = json_of(search)
    assert found
    assert (found["complete"], found["winner"], found["sentence"]) == (False, None, None)
    assert [each["mean"] for each in found["trials"]] == [pytest.approx(0.71875), 0.8, None]
    assert search.best is search.trials[2], "the best of the search"
    assert sections_of(history({})) == []
    begun = json_of(history({}))
    assert begun
    assert (begun["networks"], [each["ci95"] for each in begun["trials"]]) == (0, [None, None, None])


def test_json() -> None:
    found = json_of(history(CLOSE))
    assert found
    assert (found["winner"], found["best_of_search"], found["verdict"], found["tied_with"]) == (
        1,
        2,
        "tie",
        [0],
    )
    assert (found["seeds"], found["epochs"], found["networks"], found["complete"]) == (4, 9, 12, True)
    winner, tied, worse = found["trials"]
    assert (winner["difference"], winner["p"], winner["p_holm"]) == (None, None, None)
    assert tied["difference_ci95"][0] < tied["difference"] < 0 < tied["difference_ci95"][1]
    assert worse["p"] < worse["p_holm"] < 0.05 < tied["p_holm"]
    assert worse["scores"] == CLOSE[2]
    assert found["sentence"] == verdict_sentence(against_leaders(found_in(CLOSE)))
    assert json_of(read([header(), trial(0), result(0, 9, 0.9)])) is None


def test_what_the_figure_draws() -> None:
    leaders = plotted_leaders(found_in({**CLOSE, 2: [0.7, None, 0.7, 0.7]}))
    assert [(each.trial, each.standing) for each in leaders] == [(1, "winner"), (0, "tied"), (2, "failed")]
    assert leaders[2].scores.tolist() == [0.7, 0.7, 0.7]
    assert leaders[2].interval is None
    assert leaders[0].interval
    assert leaders[0].interval[0] < leaders[0].scores.mean() < leaders[0].interval[1]
