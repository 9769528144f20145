from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl import memory
from fnnctl.memory import available_bytes, can_allocate, memory_kills


def test_a_terabyte_is_not_available() -> None:
    available = available_bytes()
    assert available is not None
    assert 10**7 < available < 10**13


def test_an_exabyte_cannot_be_allocated() -> None:
    assert can_allocate(2**20)
    assert can_allocate(0)
    assert not can_allocate(2**60)


@pytest.mark.parametrize(
    ("limit", "used", "folder", "cached"),
    [
        ("memory.max", "memory.current", ".", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory", "total_inactive_file"),
    ],
)
@pytest.mark.parametrize(
    ("used_bytes", "cached_bytes", "expected"), [(4000, 2500, 3500), (4000, 0, 1000), (6000, 500, 0)]
)
def test_cached_files_take_no_memory_of_a_container(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    limit: str,
    used: str,
    folder: str,
    cached: str,
    used_bytes: int,
    cached_bytes: int,
    expected: int,
) -> None:
    group = tmp_path / folder
    group.mkdir(exist_ok=True)
    (group / limit).write_text("5000\n")
    (group / used).write_text(f"{used_bytes}\n")
    (group / "memory.stat").write_text(f"anon 1500\nactive_file 7\n{cached} {cached_bytes}\nother 9\n")
    monkeypatch.setattr(memory, "_CONTROL_GROUP", tmp_path)
    assert available_bytes() == expected


def test_a_container_without_a_limit_has_the_memory_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    monkeypatch.setattr(memory, "_CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(memory, "_machine_bytes", lambda: 10**6)
    assert available_bytes() == 10**6


def test_the_kills_of_a_container_are_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "memory.events").write_text("low 0\nhigh 2\nmax 31\noom 4\noom_kill 3\n")
    monkeypatch.setattr(memory, "_CONTROL_GROUP", tmp_path)
    assert memory_kills() == 3
