"""Data frames of any library give the texts of the Parquet file with the same values."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.data.problems import Problems
from fnnctl.data.tables.memory_table import MemoryTable, memory_table
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.data.tables.readers import open_table
from fnnctl.errors import DataError
from tests.memory import content, load, load_file
from tests.messages import Messages

FORM = CsvFormat(None, "utf-8", missing_texts([]))


def texts(source: Path | MemoryTable) -> dict[str, list[str]]:
    """The texts of each column."""
    columns: dict[str, list[str]] = {}
    with open_table(source, FORM, Problems("t")) as file:
        for block in file.blocks:
            for position, name in enumerate(file.names):
                columns.setdefault(name, []).extend(block.columns[position].texts())
    return columns


def table_of(data: object) -> MemoryTable:
    table = memory_table(data)
    assert table is not None
    return table


def test_blocks_cover_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnnctl.data.tables.blocks.BLOCK_VALUES", 4)
    monkeypatch.setattr("fnnctl.data.tables.blocks.MIN_BLOCK_ROWS", 1)
    opened = table_of({"a": range(5), "b": list("uvwxy")}).open(Problems("t"))
    blocks = [*opened.blocks]
    assert [[*block.lines] for block in blocks] == [[1, 2], [3, 4], [5]]
    assert (opened.rows, opened.block_rows, opened.share()) == (5, 2, 1)
    assert [column.texts() for column in blocks[1].columns] == [["2", "3"], ["w", "x"]]
    assert blocks[1].columns[1].numbers() is None


def test_only_tables_are_tables() -> None:
    for data in (np.eye(2), [[1, 2]], [], "a.csv", None, 3, [{"a": 1}, 2], iter([{"a": 1}])):
        assert memory_table(data) is None


class PlainFrame:
    """A data frame with nothing but columns by name."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]


class PlainSeries:
    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def to_numpy(self) -> Any:
        return np.array(self._values)

    def to_list(self) -> list[Any]:
        return self._values


def test_a_frame_needs_no_more_than_columns_by_name() -> None:
    frame = PlainFrame({"a": PlainSeries([1, None, 3]), "b": PlainSeries(["x", None, ""])})
    table = table_of(frame)
    assert table.digest() == table_of({"a": [1, None, 3], "b": ["x", None, ""]}).digest()


@pytest.mark.extra
class TestLibraries:
    @pytest.fixture(autouse=True)
    def _libraries(self) -> None:
        self.arrow = pytest.importorskip("pyarrow")
        self.pandas = pytest.importorskip("pandas")
        self.polars = pytest.importorskip("polars")

    def frame(self) -> Any:
        """A frame of pandas with 24 rows and a column of each type."""
        pandas = self.pandas
        texts = ["2024-01-31 00:00", "2024-07-29 07:05:00.120", None, "1969-01-01"]
        moments = pandas.to_datetime(pandas.Series(texts), format="ISO8601")
        typed = {
            "float32": [0.1, np.nan, 3e10, 1.5],
            "Int64": [1, None, 3, 4],
            "Float64": [1, None, 3, 4.5],
            "boolean": [True, None, False, True],
            "string": ["a", "", pandas.NA, "b"],
            "category": ["x", "y", None, "x"],
            "object": [True, None, False, True],
        }
        columns = {
            **{kind: pandas.Series(values, dtype=kind) for kind, values in typed.items()},
            "f8": [0.1, np.nan, 1e300, -0.0],
            "i8": [1, 2, 3, -4],
            "bool": [True, False, True, True],
            "text": ["a", "", None, "c"],
            "object texts": pandas.Series(["a", "", None, np.nan], dtype=object),
            "numbers": pandas.Series([3, 1, None, 3]).astype("Int64").astype("category"),
            "halves": pandas.Series([1.5, 2, None, 2]).astype("category"),
            "moment": moments,
            "zone": moments.dt.tz_localize("Europe/Berlin"),
            "utc": moments.dt.tz_localize("UTC"),
            "date": [date(2024, 1, 31), None, date(1969, 1, 1), date(2000, 2, 29)],
            "time": [time(7, 5), time(7, 5, 10, 250), None, time(0)],
            "decimal": [Decimal("1.10"), None, Decimal("2.25"), Decimal("-3.00")],
            "none": [None] * 4,
            "y": [True, False, True, False],
        }
        return pandas.concat([pandas.DataFrame(columns)] * 6, ignore_index=True)

    def libraries(self) -> list[Callable[[Any], Any]]:
        return [lambda frame: frame, self.polars.from_pandas, self.arrow.Table.from_pandas]

    def test_a_frame_of_texts_is_a_table_of_texts(self) -> None:
        """So it is read as the CSV file with them."""
        columns = {"number": ["1", "2.50", ""], "decimal": ["1,5", "2,25", "1.250"]}
        for convert in self.libraries():
            table = table_of(convert(self.pandas.DataFrame(columns)))
            assert (texts(table), table.has_types) == (columns, False)

    def test_a_frame_is_read_as_the_parquet_file_with_it(self, tmp_path: Path) -> None:
        frame, path = self.frame(), tmp_path / "t.parquet"
        frame.to_parquet(path, index=False)
        expected = texts(path)
        used = frame.drop(columns=["time", "zone"])
        used.to_parquet(tmp_path / "used.parquet", index=False)
        dataset = content(load_file(tmp_path / "used.parquet", target="y"), tmp_path / "used.parquet")
        for convert in self.libraries():
            assert texts(table_of(convert(frame))) == expected
            assert content(load(convert(used), target="y")) == dataset

    def test_integers_too_large_for_arrow_are_read(self) -> None:
        columns = {"a": [2**70, 1, None], "b": ["x", "y", None]}
        assert texts(table_of(self.pandas.DataFrame(columns))) == texts(table_of(columns))

    def test_digests_are_equal_where_types_are(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also without pyarrow, column by column."""
        frame = self.frame()
        tables = [convert(frame) for convert in self.libraries()]
        tables.append(frame.set_index(self.pandas.Index(range(24, 0, -1), name="key")))
        tables.append(self.pandas.concat([frame[:5], frame[5:]]))
        digests = {table_of(table).digest() for table in tables}
        expected = texts(table_of(frame))
        stream = self.arrow.RecordBatchReader.from_batches(self.arrow.schema([]), [])
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        monkeypatch.setitem(sys.modules, "pyarrow.interchange", None)
        for table in map(table_of, tables[:2]):
            digests.add(table.digest())
            assert texts(table) == expected
        assert len(digests) == 1
        with pytest.raises(DataError, match=r"of type RecordBatchReader cannot be read .* without pyarrow"):
            memory_table(stream)

    def test_a_frame_may_have_the_interface_between_frames_alone(self) -> None:
        table = self.arrow.table({"a": [1, None, 3], "b": ["x", None, ""]})

        class Interchange:
            def __dataframe__(self, *arguments: Any, **options: Any) -> Any:
                return table.__dataframe__(*arguments, **options)

        assert table_of(Interchange()).digest() == table_of(table).digest()

    def test_columns_and_labels_may_be_of_any_library(self) -> None:
        arrow, pandas, polars = self.arrow, self.pandas, self.polars
        X = np.random.default_rng(0).normal(size=(4, 2))
        columns = [pandas.Series([1, None, 3, 4], dtype="Int64"), polars.Series([1, None, 3, 4])]
        columns += [arrow.array([1, None, 3, 4]), arrow.chunked_array([[1, None], [3, 4]])]
        assert len({table_of({"a": column}).digest() for column in columns}) == 1
        for labels in columns:
            dataset = load((X, labels))
            assert (dataset.target.texts, dataset.file_rows.tolist()) == (("1", "3", "4"), [0, 2, 3])
        kinds = pandas.Series(["v", "u", None, "v"], dtype="category", name="kind")
        texts_of_arrow = arrow.table({"kind": ["v", "u", None, "v"]})
        targets = [kinds, kinds.to_frame(), polars.Series("kind", kinds), texts_of_arrow]
        for X_frame in (pandas.DataFrame(X), polars.from_numpy(X), arrow.table({"a": X[:, 0]})):
            for y in targets:
                target = load((X_frame, y)).target
                assert (target.name, target.texts) == ("kind", ("u", "v"))
        assert load(pandas.DataFrame(X), target="1").numeric_names == ("0",)

    def test_misuse_has_a_message(self, messages: Messages) -> None:
        arrow, pandas, polars = self.arrow, self.pandas, self.polars
        frame = pandas.DataFrame({"a": [1.0, 2], "y": ["u", "v"]})
        for data in (
            pandas.concat([frame, frame], axis=1),
            frame.rename(columns={"a": ("a", 1)}),
            frame["a"],
            polars.Series("a", [1]),
            polars.from_pandas(frame).lazy(),
            frame[:0],
            frame[[]],
            frame.assign(a=frame["a"] * 1j),
            arrow.table({"a": [{"b": 1}], "y": [1]}),
            (frame[["a"]], frame),
            (frame[["a"]].rename(columns={"a": "y"}), frame["y"]),
        ):
            with pytest.raises(DataError) as error:
                load(data, target=None if isinstance(data, tuple) else "y")
            messages.check(error.value)

    def test_columns_may_be_named_as_methods_of_frames(self) -> None:
        frame = self.pandas.DataFrame({"a": [1.0, 2], "y": ["u", "v"]})
        names = ["columns", "collect", "compute", "toPandas", "column_names", "dtype", "to_numpy", "index"]
        hostile = frame.assign(**dict.fromkeys(names, frame["a"]))
        assert load(hostile, target="y").numeric_names == ("a", *names)
        assert load(frame.assign(b=[[1], [2]]), target="y", columns={"ignore": ["b"]}).numeric_names == ("a",)
