from __future__ import annotations

from fnnctl.memory import available_bytes


def test_a_terabyte_is_not_available() -> None:
    available = available_bytes()
    assert available is not None
    assert 10**7 < available < 10**13
