from __future__ import annotations

from collections.abc import Callable

from fnnctl.report.html.figures import numbers_table, thinned_table
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import HISTORY, ROC_CURVE
from fnnctl.store.run import OpenRun
from tests.report.html.checked import Page


def test_a_long_file_is_thinned_evenly(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.write_table(HISTORY, ("epoch", "loss", "note"), [(n, n / 3, None) for n in range(1, 102)])
    page = Page(thinned_table(RunFolder(run.path), HISTORY, most=5))
    assert page.text("small") == [" 5 of 101 rows of history.csv"]
    assert page.text("th") == ["epoch", "loss", "note", "1", "26", "51", "76", "101"]
    assert page.text("td") == ["0.3333", "–", "8.667", "–", "17", "–", "25.33", "–", "33.67", "–"]


def test_a_short_file_is_whole(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    run.write_table(HISTORY, ("epoch", "loss"), [(1, 0.5)])
    page = Page(thinned_table(RunFolder(run.path), HISTORY))
    assert page.text("small") == [" 1 row of history.csv"]


def test_of_many_curves_only_the_averages_are_shown(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    curves = [("class", f"c{number}", 0.5) for number in range(20)] + [
        ("macro", "", 0.25),
        ("macro", "", 0.75),
    ]
    run.write_table(ROC_CURVE, ("kind", "class", "x"), curves)
    page = Page(thinned_table(RunFolder(run.path), ROC_CURVE))
    assert page.text("small") == [" 2 of 22 rows of roc_curve.csv"]
    assert page.text("td") == ["–", "0.25", "–", "0.75"]


def test_a_class_keeps_its_name() -> None:
    """Of 1.1 and 1.10 neither is shortened to the other, as are numbers with many digits."""
    page = Page(numbers_table(("label", "x"), [["1.10", "0.123456"], ["1e-05", "1234567.5"]], source="a.csv"))
    assert page.text("th") == ["label", "x", "1.10", "1e-05"]
    assert page.text("td") == ["0.1235", "1.235e+06"]


def test_without_the_file_or_its_rows_there_is_nothing(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    assert thinned_table(RunFolder(run.path), HISTORY) == ""
    run.write_table(HISTORY, ("epoch", "loss"), [])
    assert thinned_table(RunFolder(run.path), HISTORY) == ""


def test_a_wide_file_has_fewer_columns() -> None:
    header = [f"c{number}" for number in range(100)]
    page = Page(numbers_table(header, [["1"] * 100], source="a.csv"))
    assert page.text("small") == [" 1 row, 40 of 100 columns of a.csv"]
    assert len(page.of("td")) == 39
