from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fnnctl.data.axis_values import AxisValues
from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat
from fnnctl.data.dataset import Columns
from fnnctl.data.matrix import Packing

NAN = float("nan")


def columns(numeric: list[list[float]], names: tuple[str, ...], **more: Any) -> Columns:
    empty = np.empty((len(numeric), 0), np.int64)
    others = {"categorical": empty, "categorical_names": (), "categories": (), **more}
    return Columns(numeric=np.array(numeric), numeric_names=names, **others)


ALL = np.arange(3)


def test_numbers_are_their_own_places() -> None:
    """A float32 has no more digits than it keeps."""
    table = columns([[7.0, 1.0], [7.0, NAN], [7.0, 0.1]], ("a", "b"))
    values = AxisValues.of(table, np.array([2, 1]), {}, "b")
    assert (values.axis, values.texts, values.positions[0]) == ("number", ["0.1", ""], 0.1)
    packing = Packing.of(table.numeric)
    packed = replace(table, numeric=packing.pack(table.numeric), packing=packing)
    assert AxisValues.of(packed, ALL, {}, "b").texts == ["1", "", "0.1"]


def test_categories_are_in_natural_order_and_a_missing_one_is_last() -> None:
    table = columns(
        [[]] * 4, (), categorical=np.array([[1], [-1], [0], [1]]), categorical_names=("c",),
        categories=(("class 10", "class 2"),),
    )  # fmt: skip
    grid, rows = AxisValues.of(table, np.arange(4), {}, "c").grid("c", 100)
    assert (grid.axis, grid.texts, grid.distinct) == ("category", ("class 2", "class 10", ""), 2)
    assert grid.positions[:2] == (0.0, 1.0)
    assert np.isnan(grid.positions[2])
    assert grid.values == ["class 2", "class 10", None]
    assert rows.nearest.tolist() == [0, 2, 1, 0]


def test_dates_and_times_are_places_of_one_axis() -> None:
    """Days since 1970, and hours."""
    date, time = DateFormat(("year", "days"), "1970-01-03"), TimeFormat()
    numbers = np.column_stack(
        [date.numbers(["1970-01-03", "", "1971-01-01"]), time.numbers(["6:30", "", "0:00"])]
    )
    names = (*date.columns("day"), *time.columns("at"))
    expansions = {"day": names[:2], "at": names[2:]}
    table = columns(numbers.tolist(), names, expansions=expansions)
    days = AxisValues.of(table, ALL, {"day": date, "at": time}, "day")
    assert (days.axis, days.texts) == ("date", ["1970-01-03", "", "1971-01-01"])
    assert days.grid("day", 9)[0].positions[:2] == (2.0, 365.0)
    hours = AxisValues.of(table, ALL, {"day": date, "at": time}, "at")
    assert (hours.axis, hours.texts) == ("time", ["06:30", "", "00:00"])
    assert hours.grid("at", 9)[0].positions[:2] == (0.0, 6.5)


def test_dates_of_former_models_without_days_are_categories() -> None:
    form = DateFormat(("year", "month"), "2020-01-01")
    table = columns(
        form.numbers(["2024-02-29"]).tolist(), form.columns("day"), expansions={"day": form.columns("day")}
    )
    values = AxisValues.of(table, np.array([0]), {"day": form}, "day")
    assert (values.axis, values.texts) == ("category", ["year 2024, month 2"])
    assert np.isnan(values.positions).all()


def test_blocks_are_joined() -> None:
    table = columns([[1.0], [2.0], [3.0]], ("a",))
    pieces = [AxisValues.of(table, rows, {}, "a") for rows in (ALL[:1], ALL[1:])]
    joined = AxisValues.concatenate(pieces)
    assert (joined.texts, joined.positions.tolist()) == (["1", "2", "3"], [1.0, 2.0, 3.0])
