"""All columns of a file together, through `read_table`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.data.columns.detection import typed
from fnnctl.data.columns.formats.base import ColumnFormat, ColumnKind
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.matrix import NumberMatrix
from fnnctl.data.problems import Problems
from fnnctl.data.tables import records
from fnnctl.data.tables.open_table import CsvFormat
from fnnctl.data.tables.table import Kind, Table, read_table
from fnnctl.data.tables.typed_columns import possible_thousands, put_together
from tests.data.columns.coding import coded


def read(
    folder: Path, content: str, kinds: dict[str, Kind] | None = None, **form: object
) -> tuple[Table, list[str]]:
    (folder / "t.csv").write_text(content)
    problems = Problems("t.csv")
    given = CsvFormat(None, "utf-8", frozenset({""}), **form)  # type: ignore[arg-type]
    table = read_table(folder / "t.csv", given, kinds or {}, problems)
    return table, str(problems.error()).splitlines()


def test_columns_of_plain_numbers_have_no_other_notation(tmp_path: Path) -> None:
    """Without that, 1.234 is a thousand beside decimal commas, and $5 is 5."""
    content = "a;b;c\n1.234;2,5;x\n5.678;1,25;\n"
    assert read(tmp_path, content)[0].numeric["a"].tolist() == [1234, 5678]
    plain = frozenset({"a", "absent"})
    table, problems = read(tmp_path, content, {"a": "numeric"}, plain=plain)
    assert (table.numeric["a"].tolist(), problems) == ([1.234, 5.678], [])
    _, problems = read(tmp_path, "a,b\n1,x\n$5,y\n6%,z\n", {"a": "numeric"}, plain=plain)
    assert problems == ["t.csv:3: column 'a': '$5' is not a number"]


def test_columns_keep_their_order(tmp_path: Path) -> None:
    table, problems = read(tmp_path, "a,d,b,c,e\n1,2024-01-02 06:00,$5,x,3\n2,2025-02-05,,y,4\n3,,$7.5,x,5\n")
    assert problems == []
    assert tuple(table.numeric) == ("a", "d year", "d month", "d weekday", "d hour", "d days", "b", "e")
    np.testing.assert_array_equal(table.numeric["d days"], [0.25, 400, np.nan])
    np.testing.assert_array_equal(table.numeric["b"], [5, np.nan, 7.5])
    np.testing.assert_array_equal(table.numeric["e"], [3, 4, 5])
    assert table.numeric.present.tolist() == [3, 2, 2, 2, 2, 2, 2, 3]
    assert list(table.categorical) == ["c"]
    dates = table.types["d"]
    assert (dates.kind, dates.missing, dates.unique) == ("date", 1, 2)
    assert dates.columns == ("d year", "d month", "d weekday", "d hour", "d days")
    assert dates.example == (
        "2024-01-02 06:00", "year 2024, month 1, weekday 1, hour 6, days 0.25"
    )  # fmt: skip
    assert table.types["b"].example == ("$5", "5")


def test_the_example_of_a_format_is_not_zero(tmp_path: Path) -> None:
    table, _ = read(tmp_path, "a,b\n0.0%,$0\n0.5%,$0\n1.5%,5\n")
    assert (table.types["a"].example, table.types["b"].example) == (("0.5%", "0.005"), ("$0", "0"))


def test_a_format_that_begins_late_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first block has plain numbers only, so the column is read again as texts."""
    monkeypatch.setattr(records, "BLOCK_VALUES", 1)
    monkeypatch.setattr(records, "MIN_BLOCK_ROWS", 1)
    table, problems = read(tmp_path, 'a,b,c\n1.234,1,900\n"1.234,5",0,"1,200"\n3,yes,5\n4,no,5\n')
    assert problems == []
    np.testing.assert_array_equal(table.numeric["a"], [1234, 1234.5, 3, 4])
    np.testing.assert_array_equal(table.numeric["c"], [900, 1.2, 5, 5])  # because of column a
    assert table.categorical["b"].texts == ("1", "0")
    assert table.types["b"].format == BooleanFormat(true="1", false="0")


def test_a_semicolon_tells_of_decimal_commas(tmp_path: Path) -> None:
    for delimiter, expected in ((",", 1250), (";", 1.25)):
        table, problems = read(
            tmp_path, f'a{delimiter}d\n"1,250"{delimiter}3/4/2024\n"2,500"{delimiter}3/5/2024\n'
        )
        assert problems == []
        assert table.numeric["a"][0] == expected
        assert table.types["a"].warning is not None
        assert table.notation.european is (delimiter == ";")
        form = table.types["d"].format
        assert isinstance(form, DateFormat)
        assert form.order == ("day_first" if delimiter == ";" else "month_first")


@pytest.mark.parametrize(
    ("content", "form", "numbers"),
    [
        ("a;b\n999;1,5\n1.234;2,5\n-12.500;3\n;4\n", {}, [999, 1234, -12500, np.nan]),
        ("a;b\n5;1,5\n1.234;2,5\n3;3,5\n", {}, [5, 1234, 3]),
        ("a;b\n999;1\n1.234;2,5\n-12.500;3\n;4\n", {}, [999, 1234, -12500, np.nan]),
        ("a;b\n5;1,5\n1.234;2,5\n0.234;3,5\n", {}, [5, 1.234, 0.234]),
        ("a;b\n5;1,5\n1.234;2,5\n1.25;3,5\n", {}, [5, 1.234, 1.25]),
        ("a;b\n5;1,5\n1.234;2,5\n1234.567;3,5\n", {}, [5, 1.234, 1234.567]),
        ("a;b\n5;1,5\n1.234;2,5\n1.2345;3,5\n", {}, [5, 1.234, 1.2345]),
        ("a;b\n5;x\n1.234;y\n", {}, [5, 1.234]),
        ("a;b\n5;1\n1.234;2\n", {"decimal_mark": "point"}, [5, 1.234]),
        ("a\n1.234\n5\n", {"decimal_mark": "comma"}, [1234, 5]),
    ],
)
def test_points_separate_thousands_if_another_column_has_decimal_commas(
    tmp_path: Path, content: str, form: dict[str, str], numbers: list[float]
) -> None:
    """Unless a number tells otherwise; also if the other column is a target, which is read as categories."""
    kinds: list[dict[str, Kind]] = [{}, {"b": "categorical"}]
    for declared in kinds:
        table, problems = read(tmp_path, content, declared, **form)
        assert problems == []
        np.testing.assert_array_equal(table.numeric["a"], numbers)
        assert (table.types["a"].format == NumberFormat("comma")) == (1234 in numbers)


def test_declared_kinds_switch_detection_off(tmp_path: Path) -> None:
    content = "a,b,d,e\n$5,2024-01-01,20240101,1\n$6,2024-01-02,20240201,2\n"
    kinds: dict[str, Kind] = {"a": "categorical", "b": "categorical", "d": "date", "e": "ignore"}
    table, problems = read(tmp_path, content, kinds)
    assert problems == []
    assert list(table.categorical) == ["a", "b"]
    assert tuple(table.numeric) == ("d month", "d weekday", "d days")
    assert table.types["a"].declared


def test_an_index_and_texts_are_not_used(tmp_path: Path) -> None:
    lines = [f"{n},{n + 1},a remark of {n},{n % 3},{n}" for n in range(30)]
    table, problems = read(tmp_path, ",Unnamed: 0,text,x,id\n" + "\n".join(lines) + "\n")
    assert (problems, table.categorical) == ([], {})
    kinds = {name: column.kind for name, column in table.types.items()}
    assert kinds == {"": "index", "Unnamed: 0": "index", "text": "text", "x": "numeric", "id": "numeric"}
    assert {name for name, column in table.types.items() if column.ignored} == {"", "Unnamed: 0", "text"}
    for values in ("567", "024", ("0", "1.7e308", "-1.7e308")):
        rows = "\n".join(f"{value},{n}" for n, value in enumerate(values))
        table, _ = read(tmp_path, f"Unnamed: 0,x\n{rows}\n")
        assert table.types["Unnamed: 0"].ignored is None


def test_known_formats_are_read_again(tmp_path: Path) -> None:
    formats: dict[str, ColumnFormat] = {
        "p": NumberFormat(percent=True),
        "d": DateFormat(("days",), "2024-01-01"),
        "t": TimeFormat(),
        "b": BooleanFormat(true="yes", false="no"),
    }
    content = "p,d,t,b,y\n5%,2024-01-03,6:30,TRUE,u\n,,,maybe,v\n"
    table, problems = read(tmp_path, content, {"y": "categorical"}, formats=formats)
    assert problems == []
    assert tuple(table.numeric) == ("p", "d days", "t hour")
    np.testing.assert_array_equal(table.numeric["d days"], [2, np.nan])
    assert table.categorical["b"].texts == ("yes", "maybe")


def numbers(**columns: list[float]) -> NumberMatrix:
    matrix = NumberMatrix(list(columns))
    matrix.append(np.array(list(columns.values()), np.float64).T)
    return matrix


def test_only_numbers_of_three_decimals_may_be_thousands() -> None:
    """The texts of all others need not be read again."""
    matrix = numbers(a=[1.234, 1.5, 7], b=[1.2345, 1.5, 7], c=[0.234, 1.5, 7], d=[1, 5, 7])
    assert possible_thousands(matrix) == ["a"]


def test_types_say_what_is_not_used_and_why() -> None:
    matrix = numbers(a=[1, 2, 3], none=[np.nan] * 3, **{"Unnamed: 0": [0.0, 1.0, 2.0]})
    texts = coded("p", "", "q")
    names = ("", "Unnamed: 0", "a", "none", "t", "c", "y", "left out")
    kinds: dict[str, ColumnKind] = {"t": "text", "c": "categorical"}
    columns = {name: typed(name, texts, kind) for name, kind in kinds.items()}
    all_texts = dict.fromkeys(("t", "c", "y"), texts)
    numeric, categories, types = put_together(names, matrix, all_texts, columns, frozenset({"y"}))
    assert numeric is matrix
    assert list(categories) == ["c", "y"]
    assert [(name, column.kind, column.missing, column.ignored) for name, column in types.items()] == [
        ("", "index", 0, "it has no name, so it is taken for an index"),
        ("Unnamed: 0", "index", 0, "it counts the rows, so it is taken for an index"),
        ("a", "numeric", 0, None),
        ("none", "empty", 3, "it has no values"),
        ("t", "text", 1, "nearly all its values are different texts"),
        ("c", "categorical", 1, None),
        ("y", "categorical", 1, None),
    ]
    assert [name for name, column in types.items() if column.declared] == ["y"]
    _, _, declared = put_together(names, matrix, {}, {}, frozenset({"none", "Unnamed: 0"}))
    assert [column.ignored for name, column in declared.items() if name] == [None, None, None]
