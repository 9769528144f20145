from __future__ import annotations

from collections.abc import Iterator

import pytest

from fnnctl import blas
from fnnctl.blas import blas_threads, can_set_blas_threads, restored_blas_threads, set_blas_threads


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = blas_threads()
    yield
    set_blas_threads(before or 1)


def test_the_number_that_is_set_is_told() -> None:
    assert can_set_blas_threads()
    for count in (1, 2, 1):
        assert set_blas_threads(count)
        assert blas_threads() == count


def test_a_number_that_is_set_already_is_not_set_again(monkeypatch: pytest.MonkeyPatch) -> None:
    set_blas_threads(1)
    calls: list[int] = []
    monkeypatch.setattr(blas, "_thread_setter", lambda: calls.append)
    assert set_blas_threads(1)
    assert calls == []
    assert set_blas_threads(2)
    assert calls == [2]


def test_a_blas_without_such_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "_SETTERS", ("no_such_function",))
    monkeypatch.setattr(blas, "_GETTERS", ("no_such_function",))
    assert not can_set_blas_threads()
    assert not set_blas_threads(1)
    assert blas_threads() is None


def test_the_number_is_restored_by_the_last_of_the_calls_that_overlap() -> None:
    set_blas_threads(2)
    first, second = restored_blas_threads(1), restored_blas_threads(1)
    with restored_blas_threads():
        set_blas_threads(1)
    assert blas_threads() == 2
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == 1  # the second call still computes
    second.__exit__(None, None, None)
    assert blas_threads() == 2
