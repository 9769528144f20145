"""The settings of an experiment with their origins, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fnnctl.config.reading.explanation import ExplainedSetting
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.text import plain_text

LONGEST = 30
"""Longer words are folded where the table would be wider than the terminal."""


def settings_table(settings: Sequence[ExplainedSetting], notes: Sequence[str] = ()) -> RenderableType:
    """One line per setting: its path, its value, and its origin; below them the notes."""
    rows = [
        [plain_text(text) for text in (setting.path, flow_yaml(setting.value), setting.origin)]
        for setting in settings
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, name in enumerate(("setting", "value", "from")):
        longest = max((len(word) for row in rows for word in row[index].split()), default=0)
        fixed = name == "setting"
        table.add_column(name, no_wrap=fixed, min_width=min(LONGEST, longest), overflow="fold")
    for cells in rows:
        table.add_row(*map(Text, cells))
    return Group(table, *(Text(plain_text(text)) for text in ("", *notes))) if notes else table
