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


def test_the_kills_of_a_container_are_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "memory.events").write_text("low 0\nhigh 2\nmax 31\noom 4\noom_kill 3\n")
    monkeypatch.setattr(memory, "_CONTROL_GROUP", tmp_path)
    assert memory_kills() == 3
