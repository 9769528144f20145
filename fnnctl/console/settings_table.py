"""The settings of an experiment with their origins, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from fnnctl.config.reading.explanation import ExplainedSetting
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.text import plain_text


def settings_table(settings: Sequence[ExplainedSetting]) -> RenderableType:
    """One line per setting: its path, its value, its group, and where the value comes from."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("group", no_wrap=True)
    table.add_column("from", overflow="fold")
    for each in settings:
        cells = (each.path, flow_yaml(each.value), each.group or "", each.origin)
        table.add_row(*(Text(plain_text(text)) for text in cells))
    return table
