from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fnnctl.data.tables import sqlite_file
from fnnctl.data.tables.sqlite_file import Query, open_database
from fnnctl.errors import DataError
from tests.messages import Messages

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
NO_SELECTS = (
    "DELETE FROM t",
    "insert into t values (3)",
    "UPDATE t SET a = 0",
    "DROP TABLE t",
    "CREATE TABLE u(a)",
    "ATTACH 'other.db' AS o",
    "PRAGMA journal_mode = WAL",
    "VACUUM INTO 'other.db'",
    "BEGIN; DELETE FROM t",
    "EXPLAIN SELECT 1",
    "REPLACE INTO t VALUES (1)",
    "SELECT a FROM t; DELETE FROM t",
    "SELECT a FROM t) ; DELETE FROM t; --",
    " -- nothing",
)
REFUSED = (
    "SELECT a FROM t WHERE load_extension('/tmp/x.so') IS NULL",
    "SELECT random() FROM t",
    "SELECT * FROM pragma_table_info('t')",
    "DELETE FROM t",
    "CREATE TABLE u AS SELECT a FROM t",
    "ATTACH 'other.db' AS o",
    "PRAGMA query_only = OFF",
    "COMMIT",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "t.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2);")
    return path


def run(path: Path, sql: str) -> list[tuple[object, ...]]:
    with open_database(path, "t.db") as database:
        return database.execute(sql).fetchall()


def test_only_a_select_is_a_query(messages: Messages) -> None:
    for text in NO_SELECTS:
        with pytest.raises(DataError) as error:
            Query.parse(text, "t.db")
        messages.check(error.value)


@pytest.mark.parametrize(
    ("text", "has_order"),
    [
        ("SELECT a FROM t ORDER BY a", True),
        ("select a from t order\n by a;", True),
        ("WITH u AS (SELECT a FROM t ORDER BY a) SELECT a FROM u", False),
        ("SELECT a, rank() OVER (ORDER BY a) FROM t", False),
        ("SELECT a FROM t -- ORDER BY a", False),
        ("SELECT a FROM t /* ; ORDER BY a */", False),
        ("SELECT 'ORDER BY', \"ORDER\" BY FROM t", False),
        ("VALUES (1), (2) ; -- end", False),
    ],
)
def test_the_order_of_a_query_is_found(text: str, has_order: bool) -> None:
    query = Query.parse(text, "t.db")
    assert query.has_order == has_order
    assert ";" not in query.sql or "/*" in query.sql


def test_sql_only_reads(path: Path, messages: Messages) -> None:
    content = path.read_bytes()
    for sql in REFUSED:
        with pytest.raises(DataError) as error:
            run(path, sql)
        messages.check(error.value)
    assert run(path, "SELECT a FROM t") == [(1,), (2,)]
    assert (path.read_bytes(), [*path.parent.iterdir()]) == (content, [path])


def test_a_query_without_end_is_ended(
    path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    monkeypatch.setattr(sqlite_file, "LEAST_STEPS", 200_000)
    monkeypatch.setattr(sqlite_file, "STEPS_PER_BYTE", 0)
    with pytest.raises(DataError) as error:
        run(path, ENDLESS)
    messages.check(error.value)


def test_a_signal_ends_a_query(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite loses an exception in a callback."""

    def interrupted(guard: object) -> Iterator[bool]:
        try:
            yield False
            raise KeyboardInterrupt
        except KeyboardInterrupt as signal:
            guard.signal = signal  # type: ignore[attr-defined]
            yield True

    monkeypatch.setattr(sqlite_file._Guard, "_ticks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(path, ENDLESS)


def test_a_locked_or_damaged_database_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    monkeypatch.setattr(sqlite_file, "LOCK_SECONDS", 0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DataError) as error:
            run(path, "SELECT a FROM t")
        messages.check(error.value)
    path.write_bytes(path.read_bytes()[:100] + bytes(5000))
    with pytest.raises(DataError) as error:
        run(path, "SELECT a FROM t")
    messages.check(error.value)


def test_what_another_program_writes_is_seen_and_leaves_no_files(path: Path) -> None:
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        with writer:
            writer.execute("INSERT INTO t VALUES (3)")
        assert run(path, "SELECT a FROM t") == [(1,), (2,), (3,)]
    for log in path.parent.glob("t.db-*"):
        log.unlink()
    assert run(path, "SELECT a FROM t") == [(1,), (2,), (3,)]
    assert [*path.parent.iterdir()] == [path]


def test_a_path_may_have_any_signs(tmp_path: Path) -> None:
    path = tmp_path / "100 % ?mode=rwc&é#.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t(a)")
    assert run(path, "SELECT a FROM t") == []
