from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.config.table_files import TablePart
from fnnctl.data.problems import Problems
from fnnctl.data.tables import blocks, sqlite_file
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.data.tables.readers import open_table, table_sha256
from fnnctl.data.tables.table import Kind, Table, read_table
from fnnctl.errors import DataError
from tests.messages import Messages


def database(folder: Path, script: str) -> Path:
    path = folder / "t.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as opened:
        opened.executescript(script)
    return path


def read(
    path: Path, kinds: dict[str, Kind] | None = None, **part: str
) -> tuple[Table, list[str], tuple[str, ...]]:
    form = CsvFormat(None, "utf-8", missing_texts(["", "NA"]), part=TablePart(**part))
    problems = Problems("t.db")
    table = read_table(path, form, kinds or {}, problems)
    return table, str(problems.error()).splitlines(), table.notes


def texts(table: Table, name: str) -> list[str | None]:
    column = table.categorical[name]
    return [None if code < 0 else column.texts[code] for code in column.codes.tolist()]


def test_the_only_table_is_read_in_the_order_of_its_values(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t(a, b); INSERT INTO t VALUES (2, 'x'), (NULL, 'z'), (1, 'y');")
    table, problems, notes = read(path, {"b": "categorical"})
    assert problems == []
    assert table.names == ("a", "b")
    assert texts(table, "b") == ["z", "y", "x"]
    assert len(notes) == 1
    assert table.header_line is None


def test_equal_rows_are_read_in_the_order_of_their_types(tmp_path: Path) -> None:
    """SQLite takes 1 and 1.0 for equal."""
    rows = [(1.0, 2), (1, 2.0), (1, 2), (1.0, 2), (0, 0), (None, 1), (None, 1.0)]
    orders, digests = set(), set()
    for seed in range(8):
        path = tmp_path / f"{seed}.db"
        with closing(sqlite3.connect(path)) as opened, opened:
            opened.execute("CREATE TABLE t(a, b)")
            opened.executemany("INSERT INTO t VALUES (?, ?)", random.Random(seed).sample(rows, len(rows)))
        table, problems, _ = read(path, {"a": "categorical", "b": "categorical"})
        assert problems == []
        orders.add((*zip(texts(table, "a"), texts(table, "b"), strict=True),))
        digests.add(table.sha256)
    (order,) = orders
    assert len(digests) == 1
    assert sorted(map(str, order)) == sorted(str((None if a is None else str(a), str(b))) for a, b in rows)


def test_a_query_may_order_its_rows(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t(a, b); INSERT INTO t VALUES (2, 'x'), (3, 'z'), (1, 'y');")
    table, problems, notes = read(path, query="SELECT b, a * 2 AS twice FROM t ORDER BY a DESC;")
    assert (problems, notes) == ([], ())
    assert table.names == ("b", "twice")
    assert table.numeric["twice"].tolist() == [6, 4, 2]
    table, _, notes = read(path, query="SELECT b, a FROM t -- without an order")
    assert table.numeric["a"].tolist() == [2, 1, 3]
    assert len(notes) == 1


def test_mixed_values_are_those_that_sqlite_has(tmp_path: Path) -> None:
    script = (
        "CREATE TABLE t(a, b); INSERT INTO t VALUES (7, 1), (7.0, 2), ('7', 3), (9223372036854775807, 4);"
    )
    table, problems, _ = read(database(tmp_path, script), {"a": "categorical"})
    assert problems == []
    assert sorted(map(str, texts(table, "a"))) == ["7", "7", "7.0", "9223372036854775807"]
    table, problems, _ = read(database(tmp_path, script))
    assert sorted(table.numeric["a"].tolist()) == [7, 7, 7, 2.0**63]


def test_wrong_tables_are_named(tmp_path: Path, messages: Messages) -> None:
    path = database(
        tmp_path,
        "CREATE TABLE customers(a, b); INSERT INTO customers VALUES (1, 'x'), (2, x'00'), (3, x'01');"
        "CREATE TABLE empty(a, b); CREATE VIEW both AS SELECT * FROM customers;"
        "CREATE TABLE broken(a); INSERT INTO broken VALUES (1), (CAST(x'ff41' AS TEXT));",
    )
    parts: Sequence[dict[str, Any]] = (
        {},
        {"table": "custmers"},
        {"table": "CUSTOMERS"},
        {"table": "both"},
        {"table": "empty"},
        {"table": "broken"},
        {"query": "SELECT a, a FROM customers"},
        {"query": "SELECT a, b AS '' FROM customers"},
        {"query": "SELECT a FROM clients"},
        {"query": "WITH x AS (SELECT 1) DELETE FROM customers"},
    )
    for part in parts:
        try:
            problems = read(path, **part)[1]
        except DataError as wrong:
            problems = [str(wrong)]
        messages.check("\n".join(problems).replace(str(tmp_path), ""))
    assert read(path, {"b": "ignore"}, table="both")[1] == []
    with pytest.raises(DataError) as error:
        read(database(tmp_path, "CREATE TABLE t(a); DROP TABLE t;"))
    messages.check(str(error.value).replace(str(tmp_path), ""))


def test_a_long_value_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages) -> None:
    monkeypatch.setattr(sqlite_file, "LONGEST_VALUE", 5_000)
    path = database(tmp_path, "CREATE TABLE t(a, b); INSERT INTO t VALUES (1, hex(zeroblob(9000)));")
    with pytest.raises(DataError) as error:
        read(path)
    messages.check(str(error.value).replace(str(tmp_path), ""))


@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=3),
            st.sampled_from(["x", "y", None]),
        ),
        min_size=1,
        max_size=12,
    ),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_the_digest_is_of_the_rows_in_any_order_of_storage(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    shuffled = random.Random(seed).sample(rows, len(rows))
    digests = []
    for name, values in (("a.db", rows), ("b.db", shuffled), ("c.db", [*rows, ("more", "x")])):
        with closing(sqlite3.connect(folder / name)) as opened, opened:
            opened.execute("CREATE TABLE t(a, b)")
            opened.executemany("INSERT INTO t VALUES (?, ?)", values)
        digests.append(table_sha256(folder / name, TablePart()))
    assert digests[0] == digests[1] != digests[2]


def test_the_digest_does_not_depend_on_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database(
        tmp_path,
        "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50) "
        "SELECT i, 'r' || i AS text, i / 7.0 AS x FROM n",
    )
    digest = table_sha256(path, TablePart())
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 9)
    monkeypatch.setattr(blocks, "MIN_BLOCK_ROWS", 1)
    assert table_sha256(path, TablePart()) == digest
    assert table_sha256(path, TablePart(query="SELECT i FROM t")) != digest


def test_a_query_says_how_many_rows_only_at_its_end(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2), (3, 4);")
    for part, rows, share in ((TablePart(), 2, 1.0), (TablePart(query="SELECT * FROM t"), None, 0.0)):
        form = CsvFormat(None, "utf-8", frozenset(), part=part)
        with open_table(path, form, Problems("t")) as opened:
            assert opened.rows == rows
            assert sum(len(block.lines) for block in opened.blocks) == 2
            assert opened.share() == share
