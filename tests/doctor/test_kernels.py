from __future__ import annotations

import platform

import pytest

from fnnctl.doctor import kernels
from fnnctl.doctor.kernels import is_behind, is_older, own_kernel
from fnnctl.doctor.subprocesses import Answer
from fnnctl.store.provenance import blas_core


@pytest.mark.parametrize(
    ("kernel", "own", "expected"),
    [
        ("Katmai", "SkylakeX", True),
        ("Haswell", "SkylakeX", True),
        ("Haswell", "Zen", False),
        ("SkylakeX", "Haswell", False),
        ("SkylakeX", "SkylakeX", False),
        ("armv8", "neoversev1", True),
        ("neoversev1", "neoversev1", False),
    ],
)
def test_kernels_for_older_processors(kernel: str, own: str, expected: bool) -> None:
    assert is_older(kernel, own) == expected


@pytest.mark.parametrize(
    ("kernel", "features", "expected"),
    [
        ("Nehalem", ["SSE", "AVX2"], True),
        ("Sandybridge", ["X86_V2", "X86_V3"], True),
        ("Sandybridge", ["AVX"], False),
        ("Haswell", ["X86_V4"], False),  # many a build has no kernels for AVX-512
        ("armv8", ["NEON"], False),
    ],
)
def test_kernels_without_what_the_processor_has(kernel: str, features: list[str], expected: bool) -> None:
    assert is_behind(kernel, features) == expected


@pytest.mark.parametrize("answer", [None, Answer("", 0), Answer("Haswell", 1)])
def test_a_kernel_that_is_not_told(monkeypatch: pytest.MonkeyPatch, answer: Answer | None) -> None:
    monkeypatch.setattr(kernels, "answers_of", lambda codes, environment: [answer])
    assert own_kernel() is None


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="kernels are those of x86")
@pytest.mark.skipif(blas_core() is None, reason="NumPy's BLAS is not OpenBLAS")
def test_what_openblas_would_choose_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(kernels.KERNEL_VARIABLE, raising=False)
    expected = own_kernel()
    monkeypatch.setenv(kernels.KERNEL_VARIABLE, "Prescott")
    assert own_kernel() == expected is not None
