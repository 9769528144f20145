"""Fixtures for the tests of profiles: write a table and look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from fnnctl.data.profile.source import SourceOptions, read_source
from fnnctl.data.profile.table import TableFacts, table_facts

Look = Callable[..., TableFacts]


def csv_text(columns: Mapping[str, Sequence[object]]) -> str:
    """The columns as CSV; values need no quotes."""
    rows = zip(*columns.values(), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n"


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Write columns or a text as `table.csv`, and return the facts about it."""

    def facts_of(content: str | Mapping[str, Sequence[object]], *targets: str) -> TableFacts:
        text = content if isinstance(content, str) else csv_text(content)
        (tmp_path / "table.csv").write_text(text, encoding="utf-8")
        options = SourceOptions(source="table.csv", folder=tmp_path, targets=targets)
        return table_facts(read_source(options))

    return facts_of
