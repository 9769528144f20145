from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fnnctl.report.answer.answer import answer
from fnnctl.report.answer.examples import worst_examples
from fnnctl.report.answer.sections import answer_sections, command_sections, pairs_table, worst_table
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
