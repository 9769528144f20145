from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fnnctl.report.answer.answer import answer
from fnnctl.report.answer.examples import worst_examples
from fnnctl.report.answer.sections import (
    answer_sections,
    command_sections,
    pairs_table,
    predicted_column,
    predicted_words,
    worst_table,
)
from fnnctl.report.answer.values import ConfusedPair, WorstGroup
from fnnctl.report.sections import Command, TableSection
from fnnctl.report.summary import summarize
from fnnctl.store import names
from fnnctl.store.run import OpenRun


def test_the_sections_in_the_order_of_a_readers_questions(finished_run: Callable[..., OpenRun]) -> None:
    summary = summarize(finished_run())
    found = answer_sections(answer(summary), worst_examples(summary))
    assert [section.title for section in found] == [
        "What was run",
        "How good it is",
        "How sure that is",
        "What goes wrong: the lowest F1",
        "What is confused most often",
        "Most confidently wrong; row numbers as in predictions.csv, from 0",
        "Warnings",
    ]
    scores = found[1]
    assert isinstance(scores, TableSection)
    assert scores.header == ("test part", "value", "95 % interval", "baseline")
    assert scores.rows[0] == ("accuracy", "0.9000", "0.8000–0.9500", "–")
    assert found[5].rows == (("7", "setosa", "versicolor", "0.5000"),)


def test_confused_classes_are_named_with_their_rows(finished_run: Callable[..., OpenRun]) -> None:
    found = answer(summarize(finished_run()))
    assert worst_table(found).rows[0] == (
        "setosa", "0.3333", "0.5000", "0.2500", "–", "10", "versicolor (1)", "versicolor (2)"
    )  # fmt: skip
    assert pairs_table(found).rows[0] == ("versicolor", "setosa", "2", "40.0%")
    repeated = replace(found, repeats=5)
    assert pairs_table(repeated).header[2] == "rows of 5 repeats"
    assert worst_table(repeated).title.endswith("in parentheses, rows of 5 repeats")


def test_residuals_have_a_table_of_their_own(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.write_table(names.PREDICTIONS, ("row", "target", "prediction"), [(0, 100.0, 50.0)])
    summary = summarize(run)
    table = answer_sections(answer(summary), worst_examples(summary))[-2]
    assert table.rows == (("0", "100.00", "50.000", "-50.000"),)


def test_each_command_is_a_section(start_run: Callable[..., OpenRun]) -> None:
    run = start_run("x")
    (section,) = command_sections(answer(summarize(run)))
    assert section == Command("Show everything", (f"fnnctl report '{run.path}' --verbose",))


def test_the_more_frequent_direction_of_an_error_is_named() -> None:
    group = WorstGroup("a", (("F1", 0.5),))
    more, fewer = ConfusedPair("a", "b", 5, 0.5), ConfusedPair("c", "a", 2, 0.1)
    for as_other, for_other, words in (
        (more, fewer, "as b (50%)"),
        (fewer, more, "for a (50%)"),
        (None, fewer, "for c (10%)"),
        (None, None, "–"),
    ):
        assert predicted_words(replace(group, predicted_as=as_other, predicted_for=for_other)) == words


def test_what_is_not_known_has_no_column() -> None:
    group = WorstGroup("a", (("F1", 0.5),))
    assert predicted_column([group]) == []
    pair = ConfusedPair("a", "b", 1, 0.5)
    assert predicted_column([group, replace(group, predicted_as=pair)]) == ["predicted", "–", "as b (50%)"]
