from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fnnctl.report.answer.answer import answer
from fnnctl.report.answer.sections import (
    command_sections,
    examples_table,
    pairs_table,
    predicted_column,
    predicted_words,
    score_table,
    worst_table,
)
from fnnctl.report.answer.values import ConfusedPair, WorstGroup
from fnnctl.report.sections import Command, TableSection
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.topics.examples import worst_examples
from fnnctl.store import names
from fnnctl.store.run import OpenRun


def test_scores_say_where_they_were_measured(finished_run: Callable[..., OpenRun]) -> None:
    scores = score_table(answer(summarize(finished_run())))
    assert scores.header == ("test part", "value", "95 % interval", "baseline")
    assert scores.rows[0] == ("accuracy", "0.9000", "0.8000–0.9500", "–")


def table_of_examples(summary: Summary) -> TableSection:
    found = worst_examples(summary)
    assert found
    return examples_table(found, relative_to=summary.path)


def test_examples_say_where_their_rows_are(finished_run: Callable[..., OpenRun]) -> None:
    table = table_of_examples(summarize(finished_run()))
    assert table.title == "Most confidently wrong; row numbers as in predictions.csv, from 0"
    assert table.rows == (("7", "setosa", "versicolor", "0.5000"),)


def test_without_a_confusion_matrix_there_are_no_columns_for_it(
    finished_run: Callable[..., OpenRun],
) -> None:
    found = answer(replace(summarize(finished_run()), confusion=None))
    assert worst_table(replace(found, repeats=5)) == TableSection(
        "What goes wrong: the lowest F1",
        ("class", "F1", "precision", "recall", "ROC AUC", "rows"),
        tuple((name, "0.3333", "0.5000", "0.2500", "–", "10") for name in ("setosa", "versicolor")),
    )


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
    table = table_of_examples(summarize(run))
    assert table.rows == (("0", "100.00", "50.000", "50.000"),)


def test_each_command_is_a_section(start_run: Callable[..., OpenRun]) -> None:
    run = start_run("x")
    (section,) = command_sections(answer(summarize(run)))
    assert section == Command("Show everything", (f"fnnctl report '{run.path}' --verbose",))


def test_the_more_frequent_direction_of_an_error_is_named() -> None:
    group = WorstGroup("a", (("F1", 0.5),))
    more, fewer = ConfusedPair("a", "b", 5, 0.5), ConfusedPair("c", "a", 2, 0.1)
    for as_other, for_other, words in (
        (more, fewer, "50% taken for b"),
        (fewer, more, "50% of a taken for it"),
        (None, fewer, "10% of c taken for it"),
        (None, None, "–"),
    ):
        assert predicted_words(replace(group, predicted_as=as_other, predicted_for=for_other)) == words


def test_what_is_not_known_has_no_column() -> None:
    group = WorstGroup("a", (("F1", 0.5),))
    assert predicted_column([group]) == []
    pair = ConfusedPair("a", "b", 1, 0.5)
    column = predicted_column([group, replace(group, predicted_as=pair)])
    assert column == ["most frequent error", "–", "50% taken for b"]
    few = replace(group, predicted_as=ConfusedPair("a", "b", 1, 0.001))
    assert predicted_words(few) == "<1% taken for b"
