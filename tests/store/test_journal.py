"""Results that came before their turn: there after a kill, and no harm if they are lost."""

from __future__ import annotations

import errno
import json
import math
import os
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.errors import DataError, MachineError
from fnnctl.store.journal import JournalFile, ResultCache, count_records, journal_bytes, read_journal
from fnnctl.store.names import EARLY_RESULTS
from tests.store.faults import failing

RECORDS: list[dict[str, Any]] = [
    {"record": "header", "configuration": "3f", "settings": {"budget": {"max_epochs": 9}}},
    {"record": "trial", "number": 0, "assignment": {"rate": 0.1 + 0.2, "hidden": [64, 32]}},
    {"record": "result", "trial": 0, "objective": 5e-324, "reason": 'quoted "text"\nand Ärger 日本'},
    {"record": "end", "reason": "complete"},
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def reopened(path: Path) -> tuple[list[Any], int]:
    with closing(JournalFile(path)) as journal:
        return journal.records, journal.torn


def test_records_are_read_back_batch_by_batch(path: Path) -> None:
    with closing(JournalFile(path)) as journal:
        assert journal.records == []
        journal.append(RECORDS[:1])
        journal.append(RECORDS[1:3], sync=False)
    with closing(JournalFile(path)) as journal:
        assert journal.records == RECORDS[:3]
        journal.append(RECORDS[3:])
    assert read_journal(path) == RECORDS
    assert path.read_bytes() == journal_bytes(RECORDS)


def test_every_line_is_json_with_the_checksum_of_all_up_to_there(path: Path) -> None:
    path.write_bytes(journal_bytes(RECORDS))
    lines = path.read_text(encoding="ascii").splitlines()
    checksum = 0
    for line, record in zip(lines, RECORDS, strict=True):
        read = json.loads(line)
        checksum = zlib.crc32(line.removesuffix(f',"checksum":"{read["checksum"]}"}}').encode(), checksum)
        assert read == {**record, "checksum": f"{checksum:08x}"}


def assert_damaged(path: Path, told: str = "its first record") -> None:
    """Check that the journal is refused with these words and not changed."""
    before = path.read_bytes()
    for read in (read_journal, JournalFile):
        with pytest.raises(DataError, match=told):
            read(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_cut_at_every_byte_it_opens_with_a_prefix_and_keeps_what_was_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    whole = journal_bytes(RECORDS)
    ends = [len(journal_bytes(RECORDS[:count])) for count in range(len(RECORDS) + 1)]
    for cut in range(len(whole) + 1):
        path = tmp_path / str(cut) / "journal.jsonl"
        path.parent.mkdir()
        path.write_bytes(whole[:cut])
        count = sum(end <= cut for end in ends) - 1
        if not count:
            assert_damaged(path)
            continue
        assert read_journal(path) == RECORDS[:count]
        assert path.read_bytes() == whole[:cut], "reading changes nothing"
        with closing(JournalFile(path)) as journal:
            assert journal.records == RECORDS[:count]
            assert journal.torn == cut - ends[count]
            journal.append(RECORDS[count:])
        assert path.read_bytes() == whole
        torn = path.with_name("journal.torn")
        assert torn.exists() == (cut not in ends)
        if torn.exists():
            assert torn.read_bytes() == whole[ends[count] : cut] + b"\n"


def test_what_was_torn_before_is_kept_as_well(path: Path) -> None:
    """Also the zeros that a power cut has left."""
    for rest in (b'{"one', b'{"two', bytes(9)):
        path.write_bytes(journal_bytes(RECORDS[:1]) + rest)
        assert reopened(path) == (RECORDS[:1], len(rest))
    assert path.with_name("journal.torn").read_bytes() == b'{"one\n{"two\n' + bytes(9) + b"\n"


@pytest.mark.parametrize("sector", [1, 7, 64])
def test_a_lost_sector_before_a_kept_one_is_torn(path: Path, sector: int) -> None:
    """A power cut may write what was not synced in any order; zeros are what was lost."""
    first = journal_bytes(RECORDS[:1])
    for start in range(len(first), len(journal_bytes(RECORDS)), sector):
        content = bytearray(journal_bytes(RECORDS))
        content[start : start + sector] = bytes(len(content[start : start + sector]))
        kept = sum(len(journal_bytes(RECORDS[:count])) <= start for count in range(1, len(RECORDS) + 1))
        whole = journal_bytes(RECORDS[:kept])
        path.write_bytes(content)
        assert read_journal(path) == RECORDS[:kept]
        with closing(JournalFile(path)) as journal:
            assert (journal.records, journal.torn) == (RECORDS[:kept], len(content) - len(whole))
            journal.append(RECORDS[kept:])
        assert path.read_bytes() == journal_bytes(RECORDS)
        assert path.with_name("journal.torn").read_bytes() == content[len(whole) :] + b"\n"
        path.with_name("journal.torn").unlink()


def test_where_no_journal_can_be(path: Path) -> None:
    assert read_journal(path) is None
    with pytest.raises(MachineError, match="cannot be written"):
        JournalFile(path.parent / "none" / "journal.jsonl")
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(DataError, match="is a symbolic link"):
        JournalFile(path)


@pytest.mark.parametrize("change", [0x01, ord("\n") ^ ord(" ")])
def test_no_flipped_byte_is_taken_silently(path: Path, change: int) -> None:
    """It is an error or, if the last line end is changed, an incomplete line, whose record is repeated."""
    whole = journal_bytes(RECORDS)
    for index in range(len(whole)):
        flipped = bytearray(whole)
        flipped[index] ^= change
        path.write_bytes(flipped)
        if index == len(whole) - 1:
            assert reopened(path) == (RECORDS[:-1], len(whole) - len(journal_bytes(RECORDS[:-1])))
            continue
        line = whole.count(b"\n", 0, index) + 1
        otherwise = "start a new search" if line == 1 else "delete this line and all after it"
        assert_damaged(
            path, f"^{path}:{line}: is damaged: .* Put an undamaged copy of the file back, or {otherwise}"
        )


@given(
    index=st.integers(0, len(journal_bytes(RECORDS)) - 1), byte=st.integers(0, 255), length=st.integers(1, 4)
)
def test_changed_bytes_give_an_error_or_a_prefix(
    tmp_path_factory: pytest.TempPathFactory, index: int, byte: int, length: int
) -> None:
    whole = journal_bytes(RECORDS)
    changed = whole[:index] + bytes([byte]) * length + whole[index + length :]
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    path.write_bytes(changed)
    try:
        records, torn = reopened(path)
    except DataError:
        assert changed != whole
    else:
        assert records == RECORDS[: len(records)]
        assert (torn > 0) == (changed != whole)


def test_lines_that_are_lost_doubled_or_exchanged_are_noticed(path: Path) -> None:
    first, second, third, last = journal_bytes(RECORDS).splitlines(keepends=True)
    for lines in (
        [second, third, last],
        [first, third, last],
        [first, second, second, third, last],
        [first, third, second, last],
        [first, b"\n", second, third, last],
        [first, second, third, last, b"\n"],
    ):
        path.write_bytes(b"".join(lines))
        with pytest.raises(DataError, match="is damaged: the checksum is wrong"):
            JournalFile(path)


FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(value=st.one_of(FLOATS, st.lists(FLOATS), FLOATS.map(np.float64), st.text(), st.integers()))
def test_numbers_and_texts_keep_every_bit(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    path.write_bytes(journal_bytes([{"value": value, "text": "\udcff \x00"}]))
    (record,) = read_journal(path) or []
    assert record["text"] == "\udcff \x00"
    assert repr(record["value"]) == repr(float(value) if isinstance(value, float) else value)


def test_what_is_no_number_is_null(path: Path) -> None:
    facts = {"curve": [0.5, math.nan, (math.inf, 1)], "deep": {"low": -math.inf, "text": "NaN"}}
    path.write_bytes(journal_bytes([{"record": "result", "facts": facts}]))
    assert read_journal(path) == [
        {"record": "result", "facts": {"curve": [0.5, None, [None, 1]], "deep": {"low": None, "text": "NaN"}}}
    ]


def test_a_batch_is_synced_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync that failed is told and tried again."""
    synced: list[int] = []
    with closing(JournalFile(path)) as journal:
        monkeypatch.setattr(os, "fsync", synced.append)
        journal.sync()
        assert synced == [], "an opened journal is on the disk"
        journal.append(RECORDS[:2])
        journal.sync()
        assert len(synced) == 1, "nothing has been added since"
        journal.append(RECORDS[2:3], sync=False)
        journal.append(RECORDS[3:], sync=False)
        assert len(synced) == 1
        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", failing(errno.EIO))
            for _ in range(2):
                with pytest.raises(MachineError, match=r"journal\.jsonl cannot be written: Input/output"):
                    journal.sync()
        journal.sync()
        journal.sync()
        assert len(synced) == 2
    assert read_journal(path) == RECORDS


def test_the_name_of_a_new_journal_survives_a_power_cut(path: Path, synced: list[int]) -> None:
    JournalFile(path).close()
    assert {path.stat().st_ino, path.parent.stat().st_ino} <= {*synced}


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_after_a_write_that_failed_it_continues_with_whole_lines(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write, fail = os.write, failing(errno.ENOSPC)

    def half(descriptor: int, content: bytes) -> int:
        return write(descriptor, content[: len(content) // 2]) if len(content) > 50 else fail()

    with closing(JournalFile(path)) as journal:
        journal.append(RECORDS[:1])
        with monkeypatch.context() as broken:
            broken.setattr(os, call, half if call == "write" else fail)
            with pytest.raises(MachineError, match=r"journal\.jsonl cannot be written: No space left"):
                journal.append(RECORDS[1:3])
        assert path.stat().st_size > len(journal_bytes(RECORDS[:1]))
        journal.append(RECORDS[1:])
    assert read_journal(path) == RECORDS


def test_records_are_counted_without_being_parsed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    assert count_records(path) is None
    path.write_bytes(journal_bytes([{"record": "header"}, *[{"record": "trial", "number": 0}] * 3]))
    assert count_records(path) == {"header": 1, "trial": 3}
    path.write_bytes(path.read_bytes()[1:])
    with pytest.raises(DataError, match="the checksum is wrong"):
        count_records(path)


EARLY: list[dict[str, Any]] = [{"record": "result", "trial": k, "objective": 0.1 + k} for k in range(4)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / EARLY_RESULTS


def write(folder: Path, records: list[dict[str, Any]]) -> None:
    with closing(ResultCache(folder)) as cache:
        cache.append(records)


def test_records_are_there_for_the_next_process(tmp_path: Path) -> None:
    cache = ResultCache(tmp_path)
    cache.append(EARLY[:1])
    cache.append(EARLY[1:3])
    assert ResultCache(tmp_path).read() == EARLY[:3], "before it is closed, as after a kill"
    cache.close()
    write(tmp_path, EARLY[3:])
    assert ResultCache(tmp_path).read() == EARLY


def test_early_results_are_not_synced(tmp_path: Path, synced: list[int]) -> None:
    """After a power cut their jobs are done again, which is cheaper than a sync of each."""
    with closing(ResultCache(tmp_path)) as cache:
        cache.append(EARLY[:1])
        opened = len(synced)
        cache.append(EARLY[1:])
    assert len(synced) == opened


def test_it_can_be_cleared_and_used_again(tmp_path: Path, file: Path) -> None:
    """Without records there is no file."""
    with closing(ResultCache(tmp_path)) as cache:
        for records in (EARLY[:2], EARLY[2:]):
            cache.clear()
            assert not file.exists()
            assert cache.read() == []
            cache.append(records)
            assert cache.read() == records
    ResultCache(tmp_path).clear()
    assert list(tmp_path.iterdir()) == []


def test_what_is_torn_or_damaged_is_left_out_and_not_told_of(tmp_path: Path, file: Path) -> None:
    write(tmp_path, EARLY[:2])
    whole = file.read_bytes()
    for at in range(len(whole) - 1):
        flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        for content, kept in ((whole[:at], EARLY[: whole.count(b"\n", 0, at)]), (flipped, [])):
            file.write_bytes(content)
            assert ResultCache(tmp_path).read() == kept
            write(tmp_path, EARLY[3:])
            assert ResultCache(tmp_path).read() == [*kept, *EARLY[3:]]
            assert [path.name for path in tmp_path.iterdir()] == [EARLY_RESULTS]


def test_what_cannot_be_read_is_lost_and_what_cannot_be_written_is_told(tmp_path: Path, file: Path) -> None:
    file.mkdir()
    cache = ResultCache(tmp_path)
    assert cache.read() == []
    with pytest.raises(MachineError, match=EARLY_RESULTS):
        cache.append(EARLY)
    cache.clear()
    cache.close()
