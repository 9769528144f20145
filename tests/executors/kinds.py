"""The executors as parameters of a test; those that need an optional library are marked."""

from __future__ import annotations

from importlib.util import find_spec
from typing import get_args

import pytest

from fnnctl.executors.registry import ExecutorKind

LIBRARIES = {"dask": "distributed"}


def kinds() -> list[object]:
    """One parameter per executor."""
    return [kind_parameter(kind) for kind in get_args(ExecutorKind)]


def kind_parameter(kind: ExecutorKind) -> object:
    library = LIBRARIES.get(kind)
    if library is None:
        return kind
    missing = pytest.mark.skipif(find_spec(library) is None, reason=f"needs {library}")
    return pytest.param(kind, marks=[pytest.mark.extra, missing])
