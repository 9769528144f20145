from __future__ import annotations

from collections.abc import Callable

from fnnctl.report.figures.numbers import some_numbers, table_numbers
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import HISTORY, ROC_CURVE
from fnnctl.store.run import OpenRun


def test_a_long_file_is_thinned_evenly(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.write_table(HISTORY, ("epoch", "loss"), [(n, n / 2) for n in range(1, 120)])
    numbers = table_numbers(RunFolder(run.path), HISTORY)
    assert numbers is not None
    assert (numbers.header, numbers.source, numbers.count) == (["epoch", "loss"], HISTORY, 119)
    assert [row[0] for row in numbers.rows] == [str(n) for n in range(1, 120, 2)]
    thinned = some_numbers(("n",), [[str(n)] for n in range(119)], "x").rows
    assert thinned == [[str(n)] for n in range(0, 119, 2)]


def test_of_many_curves_only_the_averages_are_shown(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    curves = [("class", f"c{number}", 0.5) for number in range(20)]
    averages = [("macro", "", 0.25), ("macro", "", 0.75)]
    run.write_table(ROC_CURVE, ("kind", "class", "x"), curves + averages)
    numbers = table_numbers(RunFolder(run.path), ROC_CURVE)
    assert numbers is not None
    assert [*numbers.rows] == [["macro", "", "0.25"], ["macro", "", "0.75"]]
    assert numbers.count == 22


def test_without_the_file_or_its_rows_there_is_nothing(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    assert table_numbers(RunFolder(run.path), HISTORY) is None
    run.write_table(HISTORY, ("epoch", "loss"), [])
    assert table_numbers(RunFolder(run.path), HISTORY) is None
