from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from fnnctl import blas
from fnnctl.blas import (
    blas_threads,
    can_set_blas_threads,
    restored_blas_threads,
    set_blas_threads,
)


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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are those of Linux")
def test_too_little_memory_for_the_blas_is_an_error_of_python() -> None:
    """OpenBLAS itself would end the process at its first product."""
    script = (
        "import resource, numpy; from fnnctl.blas import reserve_blas_memory\n"
        "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "limit = size + 20 * 2**20\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "try: reserve_blas_memory()\n"
        "except MemoryError: print('no memory')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("no memory\n", "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are those of Linux")
def test_memory_that_the_blas_has_is_not_asked_for_again() -> None:
    script = (
        "import resource, numpy; from fnnctl.blas import reserve_blas_memory\n"
        "reserve_blas_memory()\n"
        "matrix = numpy.ones((200, 200), numpy.float32)\n"
        "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "limit = size + 20 * 2**20\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "reserve_blas_memory()\n"
        "print((matrix @ matrix)[0, 0])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("200.0\n", "")
