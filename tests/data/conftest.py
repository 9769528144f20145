"""Fixtures for the tests of the data package: write a table and read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.config.schema.data import DataConfig
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset
from fnnctl.errors import DataError, Problem

Load = Callable[..., Dataset]
Refuse = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write the text (or bytes) as `table.csv` and read it with the target `y` and further settings."""

    def load_text(content: str | bytes, **settings: Any) -> Dataset:
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / "table.csv").write_bytes(data)
        return load_dataset(DataConfig(**({"source": "table.csv", "target": "y"} | settings)), tmp_path)

    return load_text


@pytest.fixture
def refuse(load: Load) -> Refuse:
    """Like `load`, but expect a DataError and return its problems."""

    def problems_of(content: str | bytes, **settings: Any) -> tuple[Problem, ...]:
        with pytest.raises(DataError) as caught:
            load(content, **settings)
        return caught.value.problems

    return problems_of
