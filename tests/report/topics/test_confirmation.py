"""The confirmation in a report: its sentences, its table, its JSON, and the values of its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from fnnctl.records.confirmation import Confirmation
from fnnctl.records.history import SearchHistory
from fnnctl.report.figures.search_figures import plotted_leaders
from fnnctl.report.sections import Notes, Section, TableSection
from fnnctl.report.topics.confirmation import (
    TOPIC,
    interval_sentences,
    left_out_sentence,
    optimism_of,
    search_sentences,
    verdict_sentence,
)
from fnnctl.store.journal import JournalRecord
from tests.report.searches import confirmed, header, read, result, trial
from tests.report.topics.said import searched

Scores = Mapping[int, Sequence[float | None]]

CLEAR: Scores = {0: [0.80, 0.81, 0.82, 0.83], 1: [0.90, 0.91, 0.925, 0.93], 2: [0.70, 0.72, 0.72, 0.735]}
CLOSE: Scores = {0: [0.90, 0.91, 0.82, 0.93], 1: [0.89, 0.92, 0.925, 0.91], 2: [0.70, 0.72, 0.72, 0.735]}


def history(
    scores: Scores,
    *,
    objectives: Sequence[float] = (0.9, 0.8, 0.95),
    networks: Sequence[JournalRecord] | None = None,
    **settings: Any,
) -> SearchHistory:
    top = len(objectives)
    return read(
        [
            header(confirm={"top": 3, "seeds": 4}, **settings),
            *(trial(number) for number in range(top)),
            *(result(number, 9, objective) for number, objective in enumerate(objectives)),
            {"record": "end", "reason": "complete"},
            *(confirmed(scores, budget=9) if networks is None else networks),
        ]
    )


def found_in(scores: Scores, **settings: Any) -> Confirmation:
    found = history(scores, **settings).confirmation
    assert found
    return found


def sections_of(search: SearchHistory) -> list[Section]:
    return [*TOPIC.details(searched(search))]


def json_of(search: SearchHistory) -> Any:
    return TOPIC.json(searched(search))["confirmed"]


def undefined(scores: Scores, *seeds: int) -> list[JournalRecord]:
    """The networks, in which trial 0 has no metric with these seeds."""
    return [
        {**each, "objective": None, "is_undefined": True}
        if each["trial"] == 0 and each["seed"] in seeds
        else each
        for each in confirmed(scores, budget=9)
    ]


class TestVerdict:
    def test_one_winner(self) -> None:
        assert verdict_sentence(found_in(CLEAR)) == (
            "Trial 1 is better than each of the 2 others: p ≤ 0.001 by the corrected resampled t-test, after "
            "Holm's correction."
        )

    def test_one_winner_of_two(self) -> None:
        found = found_in({0: CLEAR[0], 1: CLEAR[1]}, objectives=(0.9, 0.8))
        told = verdict_sentence(found)
        assert told == "Trial 1 is better than trial 0: p ≤ 0.001 by the corrected resampled t-test."

    def test_a_tie(self) -> None:
        """The differences of trial 0 are 0.01, -0.01, -0.105 and 0.02, with an interval of ±0.1287."""
        assert verdict_sentence(found_in(CLOSE)) == (
            "Trial 1 has the best mean but is tied with trial 0: 4 seeds cannot tell them apart by the "
            "corrected resampled t-test, after Holm's correction; the interval of the "
            "difference reaches to 0.1075 in favour of trial 0. It is better than trial 2 (p ≤ 0.001)."
        )

    def test_all_tied_if_a_loss_is_minimized(self) -> None:
        found = found_in(
            {0: [1.0, 2.0, 3.0, 4.0], 1: [2.0, 1.0, 4.0, 3.5], 2: [4.0, 3.0, 2.0, 2.0]}, direction="minimize"
        )
        told = verdict_sentence(found)
        assert "tied with trials 1 and 2: 4 seeds cannot tell them apart" in told
        assert "the differences' intervals reach to" in told
        assert told.endswith(" in favour of trial 2.")
        assert "It is better" not in told

    def test_equal_scores_have_no_interval(self) -> None:
        told = verdict_sentence(found_in({number: [0.5, 0.6, 0.7, 0.8] for number in range(3)}))
        assert told.startswith(
            "Trial 2 shares the best mean with trials 0 and 1 and came before in the search; it is tied with "
            "trials 0 and 1: 4 seeds cannot"
        )
        assert "reach" not in told

    def test_a_seed_without_a_result(self) -> None:
        told = verdict_sentence(found_in({**CLEAR, 1: [0.99, None, 0.99, 0.99]}))
        assert told.startswith("Trial 0 is better than trial 2: p ≤ 0.00")
        assert told.endswith("Trial 1 has no result with 1 of 4 seeds (it exploded), so it cannot win.")

    def test_only_one_with_a_result_for_every_seed(self) -> None:
        told = verdict_sentence(found_in({**CLEAR, 1: [None] * 4, 2: [None] * 4}))
        assert told.startswith("Trial 0 is the only one with a result for every seed: there is nothing to")

    def test_seeds_whose_rows_have_no_metric(self) -> None:
        found = history({}, networks=undefined(CLEAR, 2)).confirmation
        assert found
        assert "tied with trial 0: 3 seeds cannot tell them apart" in verdict_sentence(found)
        assert left_out_sentence(found) == (
            "Accuracy is undefined on the validation rows of seed 2: the trials are compared with the other "
            "3 seeds."
        )
        assert left_out_sentence(found_in(CLEAR)) is None

    def test_a_single_seed_whose_rows_have_a_metric(self) -> None:
        found = history({}, networks=undefined(CLEAR, 0, 1, 2)).confirmation
        assert found
        assert verdict_sentence(found) == (
            "Trial 1 has the best score, but one seed cannot tell whether it is better than the others."
        )
        told = left_out_sentence(found)
        assert told
        assert told.endswith("of seeds 0, 1 and 2: the trials are compared with the other 1 seed.")

    def test_no_seed_whose_rows_have_a_metric(self) -> None:
        search = history({}, networks=undefined(CLEAR, 0, 1, 2, 3))
        table, notes = sections_of(search)
        assert isinstance(table, TableSection)
        assert [row[1:6] for row in table.rows] == [("–",) * 5] * 3
        assert "Accuracy is undefined on the validation rows of every seed." in notes.rows
        assert search.confirmation
        assert [each.standing for each in plotted_leaders(search.confirmation)] == ["failed"] * 3

    def test_none_with_a_result_for_every_seed(self) -> None:
        told = verdict_sentence(found_in({number: [0.5, 0.5, 0.5, None] for number in range(3)}))
        assert "none can be chosen: trial 2, the best of the search, remains the winner." in told


class TestOptimism:
    def test_the_best_of_the_search(self) -> None:
        found = found_in(CLEAR)
        sentences = search_sentences(found, 40, "validation")
        assert sentences == [
            "Trial 2 was the best of the search; here it is number 3 of 3, and trial 1 is refitted.",
            "The search saw 0.9500 for trial 2, the best of 40 trials, and its mean over the seeds is "
            "0.7188: the search was optimistic by 0.2312.",
        ]
        assert optimism_of(found, found.winner) == pytest.approx(0.8 - 0.91625)

    def test_a_search_that_was_not(self) -> None:
        found = found_in(CLEAR, objectives=(0.5, 0.6, 0.4))
        assert search_sentences(found, 1, "validation") == [
            "The search saw 0.6000 for trial 1, the best of 1 trial, and its mean over the seeds is 0.9163: "
            "the search was not optimistic."
        ]

    def test_a_loss(self) -> None:
        found = found_in(CLEAR, direction="minimize")
        assert optimism_of(found, found.leaders[0]) == pytest.approx(0.91625 - 0.8)

    def test_cross_validated_objectives_are_measured_otherwise(self) -> None:
        told = search_sentences(found_in(CLEAR), 3, "cross_validation")[-1]
        assert "the mean over the folds" in told
        assert told.endswith("on the validation rows of each seed.")

    def test_early_stopping_watches_the_rows_of_a_confirmation(self) -> None:
        records = confirmed(CLEAR, budget=9)
        found = history({}, networks=[{**records[0], "kept_epoch": 7}, *records[1:]]).confirmation
        assert found
        told = search_sentences(found, 3, "cross_validation")[-1]
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
        assert "in favour of" not in verdict_sentence(found)

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
    assert isinstance(table, TableSection)
    assert table.title == "Confirmed accuracy: 3 trials, 4 seeds each; intervals of 95 %"
    assert [row[0] for row in table.rows] == ["1", "2", "0"]
    assert table.rows[0] == ("1", "0.9163", "0.0310", "–", "–", "–", "0.8000")
    assert table.rows[1][3] == "-0.1975"
    assert table.rows[2] == ("0", "1 of 4 failed", "–", "–", "–", "–", "0.9000")
    assert isinstance(notes, Notes)
    assert len(notes.rows) == 3


def test_a_result_after_fewer_epochs_is_told_and_not_drawn() -> None:
    """The search dropped trial 0 after 3 epochs; its networks here have had 9."""
    plan = [header(confirm={"top": 3, "seeds": 4}), *(trial(number) for number in range(3))]
    results = [result(0, 3, 0.9), result(1, 9, 0.8), result(2, 9, 0.95)]
    search = read([*plan, *results, {"record": "end", "reason": "complete"}, *confirmed(CLEAR, budget=9)])
    table = sections_of(search)[0]
    assert isinstance(table, TableSection)
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
    assert found["sentence"] == verdict_sentence(found_in(CLOSE))
    assert json_of(read([header(), trial(0), result(0, 9, 0.9)])) is None


def test_what_the_figure_draws() -> None:
    leaders = plotted_leaders(found_in({**CLOSE, 2: [0.7, None, 0.7, 0.7]}))
    assert [(each.trial, each.standing) for each in leaders] == [(1, "winner"), (0, "tied"), (2, "failed")]
    assert leaders[2].scores.tolist() == [0.7, 0.7, 0.7]
    assert leaders[2].interval is None
    assert leaders[0].interval
    assert leaders[0].interval[0] < leaders[0].scores.mean() < leaders[0].interval[1]
