"""Fixtures for the tests of the config: a config file to load, and random configs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from fnnctl.config.reading.loading import LoadedConfig, load_config
from fnnctl.config.reading.overrides import OptionValue
from fnnctl.errors import ConfigError
from tests.config.strategies import raw_experiment

Load = Callable[..., LoadedConfig]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write a text to `experiment.yaml` and load it."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str | bytes, *overrides: str, **options: Any) -> LoadedConfig:
        file = Path("experiment.yaml")
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(file, [*overrides, *OptionValue.if_given(**options)])

    return load_text


@pytest.fixture
def problems(load: Load) -> Callable[..., list[str]]:
    """Load an invalid text, and return the problems as lines, without the file's name."""

    def lines(text: str | bytes, *overrides: str, **options: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, *overrides, **options)
        return [str(problem).removeprefix("experiment.yaml:") for problem in caught.value.problems]

    return lines


@pytest.fixture
def search_problems_of(load: Load) -> Callable[..., list[str]]:
    """The problems of a search on iris with these lines as its space, without the file's name."""

    def lines(*space: str, config: str = "", search: str = "") -> list[str]:
        text = f"data: {{source: iris}}\n{config}\nsearch:\n{search}  space:\n"
        loaded = load(text + "".join(f"    {line}\n" for line in space))
        return [str(problem).removeprefix("experiment.yaml:") for problem in loaded.search_problems()]

    return lines


@pytest.fixture(scope="session")
def raw_configs() -> st.SearchStrategy[dict[str, Any]]:
    """Random valid configs as plain values."""
    return raw_experiment()
