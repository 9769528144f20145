"""Results that came before their turn: there after a kill, and no harm if they are lost."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fnnctl.errors import MachineError
from fnnctl.store.journal import ResultCache
from fnnctl.store.names import EARLY_RESULTS

RECORDS: list[dict[str, Any]] = [{"record": "result", "trial": k, "objective": 0.1 + k} for k in range(4)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / EARLY_RESULTS


def write(folder: Path, records: list[dict[str, Any]]) -> None:
    with closing(ResultCache(folder)) as cache:
        cache.append(records)


def test_records_are_there_for_the_next_process(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path)
    cache.append(RECORDS[:1])
    cache.append(RECORDS[1:3])
    assert ResultCache(tmp_path).read() == RECORDS[:3], "before it is closed, as after a kill"
    cache.close()
    write(tmp_path, RECORDS[3:])
    assert ResultCache(tmp_path).read() == RECORDS


def test_without_records_there_is_no_file(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path)
    assert cache.read() == []
    cache.clear()
    cache.close()
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_cleared_and_used_again(tmp_path: Path, file: Path) -> None:
    with closing(ResultCache(tmp_path)) as cache:
        cache.append(RECORDS[:2])
        cache.clear()
        assert not file.exists()
        assert cache.read() == []
        cache.append(RECORDS[2:])
        assert cache.read() == RECORDS[2:]
    ResultCache(tmp_path).clear()
    assert list(tmp_path.iterdir()) == []


def test_a_torn_line_is_left_out_and_not_told_of(tmp_path: Path, file: Path) -> None:
    write(tmp_path, RECORDS[:2])
    whole = file.read_bytes()
    for cut in range(len(whole)):
        file.write_bytes(whole[:cut])
        found = RECORDS[: whole[:cut].count(b"\n")]
        assert ResultCache(tmp_path).read() == found
        write(tmp_path, RECORDS[3:])
        assert ResultCache(tmp_path).read() == [*found, *RECORDS[3:]]
        assert [path.name for path in tmp_path.iterdir()] == [EARLY_RESULTS]


def test_a_damaged_file_is_no_file(tmp_path: Path, file: Path) -> None:
    write(tmp_path, RECORDS[:2])
    whole = file.read_bytes()
    for at in range(len(whole) - 1):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert ResultCache(tmp_path).read() == []
        write(tmp_path, RECORDS[3:])
        assert ResultCache(tmp_path).read() == RECORDS[3:]


def test_what_cannot_be_read_is_lost_and_what_cannot_be_written_is_told(tmp_path: Path, file: Path) -> None:
    file.mkdir()
    cache = ResultCache(tmp_path)
    assert cache.read() == []
    with pytest.raises(MachineError, match=EARLY_RESULTS):
        cache.append(RECORDS)
    cache.clear()
    cache.close()
