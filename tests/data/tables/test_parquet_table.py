from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from fnnctl.data.problems import Problems
from fnnctl.data.tables.blocks import NULL
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.data.tables.readers import kind_of_table, open_table
from fnnctl.data.tables.table import read_table
from fnnctl.errors import DataError
from fnnctl.text import install_command

FORM = CsvFormat(None, "utf-8", missing_texts([]))


def test_a_parquet_file_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"PAR1...")
    (tmp_path / "rows.parquet").write_bytes(b"a,y\n")
    assert kind_of_table(tmp_path / "rows.csv").name == "parquet"
    for other in (tmp_path / "rows.parquet", tmp_path, None):
        assert kind_of_table(other).name == "csv"


def test_without_pyarrow_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "t.parquet").write_bytes(b"PAR1...")
    words = rf"t\.parquet: a Parquet file needs pyarrow: {re.escape(install_command('pyarrow'))}$"
    with pytest.raises(DataError, match=words), open_table(tmp_path / "t.parquet", FORM, Problems("t")):
        pass


@pytest.mark.extra
class TestFiles:
    @pytest.fixture(autouse=True)
    def _libraries(self) -> None:
        self.arrow = pytest.importorskip("pyarrow")
        self.parquet = pytest.importorskip("pyarrow.parquet")

    def test_more_values_than_fit_into_memory_are_refused_before_they_are_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Few bytes may hold many equal values; a column that is left out needs no memory."""
        table = self.arrow.table({"a": [0] * 1_000, "b": [0] * 1_000})
        self.parquet.write_table(table, tmp_path / "t.parquet")
        monkeypatch.setattr("fnnctl.data.files.available_bytes", lambda: 7_999)
        with pytest.raises(DataError, match=r"would need 0\.0 GB of memory, but only"):
            read_table(tmp_path / "t.parquet", FORM, {}, Problems("t"))
        problems = Problems("t")
        assert read_table(tmp_path / "t.parquet", FORM, {"b": "ignore"}, problems).rows == 1_000

    def texts(self, folder: Path, columns: Mapping[str, object]) -> dict[str, list[str]]:
        """The texts of the columns of a file."""
        self.parquet.write_table(self.arrow.table(columns), folder / "t.parquet")
        with open_table(folder / "t.parquet", FORM, Problems("t")) as file:
            texts: dict[str, list[str]] = {name: [] for name in file.names}
            for block in file.blocks:
                for name, column in zip(file.names, block.columns, strict=True):
                    texts[name].extend(column.texts())
        return texts

    def test_values_as_texts(self, tmp_path: Path) -> None:
        """Dates, decimals and booleans are also read from frames, in `test_memory_table`."""
        arrow, zone = self.arrow, timezone(timedelta(hours=2))
        for values, kind, expected in (
            ([1, -(2**63), None], arrow.int64(), ["1", "-9223372036854775808", NULL]),
            ([2**64 - 1], arrow.uint64(), ["18446744073709551615"]),
            ([0.1, 1e300, -0.0, float("nan"), None], None, ["0.1", "1e+300", "-0.0", NULL, NULL]),
            ([0.1, 3.0, float("inf")], arrow.float32(), ["0.1", "3.0", "inf"]),
            (["x", "y", None, "x"], arrow.dictionary(arrow.int8(), arrow.string()), ["x", "y", NULL, "x"]),
            ([None, None], arrow.null(), [NULL, NULL]),
            ([True, None, False], None, ["true", NULL, "false"]),
            ([Decimal("1.10")], None, ["1.10"]),
            ([date(2024, 2, 29), None], None, ["2024-02-29", NULL]),
            ([datetime(2024, 2, 29, 7, 5)], arrow.timestamp("ns"), ["2024-02-29T07:05:00"]),
            ([datetime(1969, 2, 3, 7, 5, 6, 120)], None, ["1969-02-03T07:05:06.00012"]),
            ([datetime(2024, 2, 29, 7, tzinfo=UTC)], None, ["2024-02-29T07:00:00Z"]),
            ([datetime(2024, 2, 29, 7, tzinfo=zone)], None, ["2024-02-29T07:00:00+02:00"]),
            ([time(7, 5, 10)], arrow.time32("s"), ["07:05:10"]),
            ([time(7, 5, 10, 250)], arrow.time64("us"), ["07:05:10.00025"]),
        ):
            assert self.texts(tmp_path, {" a ": arrow.array(values, kind)}) == {"a": expected}

    def test_a_column_of_another_type_may_be_left_out(self, tmp_path: Path) -> None:
        table = self.arrow.table({"a": [1, 2], "tags": [["x"], []], "at": [{"x": 1}, None]})
        self.parquet.write_table(table, tmp_path / "t.parquet")
        read_table(tmp_path / "t.parquet", FORM, {"tags": "ignore", "at": "ignore"}, Problems("t"))
        with pytest.raises(DataError, match="t: the column 'tags' has the type 'list<") as error:
            read_table(tmp_path / "t.parquet", FORM, {"tags": "categorical"}, Problems("t"))
        assert [problem.message.split("'")[1] for problem in error.value.problems] == ["tags", "at"]

    def test_the_index_of_pandas_is_a_first_column_without_a_name(self, tmp_path: Path) -> None:
        columns = {"a": [1], "__index_level_0__": [7], "__index_level_1__": [8]}
        assert self.texts(tmp_path, columns) == {"": [NULL], "a": ["1"]}

    def test_a_table_without_rows_or_columns(self, tmp_path: Path) -> None:
        assert self.texts(tmp_path, {"a": self.arrow.array([], self.arrow.int8())}) == {"a": []}
        with pytest.raises(DataError, match=r"^t: the file has no columns$"):
            self.texts(tmp_path, {})

    @pytest.mark.parametrize("where", ["footer", "page"])
    def test_a_damaged_file_is_named(self, tmp_path: Path, where: str) -> None:
        path = tmp_path / "t.parquet"
        self.parquet.write_table(self.arrow.table({"a": ["x" * 50] * 999, "b": range(999)}), path)
        content = bytearray(path.read_bytes())
        content = content[:-9] if where == "footer" else content[:4] + b"\xff" * 60 + content[64:]
        path.write_bytes(content)
        with (
            pytest.raises(DataError, match=r"t\.parquet: the Parquet file is damaged, or pyarrow cannot"),
            open_table(path, FORM, Problems("t")) as file,
        ):
            list(file.blocks)
