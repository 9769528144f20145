from __future__ import annotations

import pytest
from rich.console import Console

from fnnctl.config.reading.explanation import ExplainedSetting
from fnnctl.console.settings_table import settings_table
from tests.messages import Messages


@pytest.mark.parametrize("width", [100, 66])
def test_one_line_per_setting_and_notes_below_a_blank_line(width: int, messages: Messages) -> None:
    """A narrow table breaks between words."""
    settings = [
        ExplainedSetting("seed", 3, "--seed"),
        ExplainedSetting("model.hidden", [5, 5], "recipe"),
        ExplainedSetting("data.target", "[red]\x1b", "c.yaml:2"),
        ExplainedSetting("training.early_stopping.monitor", "validation_accuracy", "c.yaml:3"),
        ExplainedSetting("model.hidden", {"depth": [1, 3], "width": [16, 256]}, "c.yaml:9, searched"),
    ]
    console = Console(width=width)
    with console.capture() as captured:
        console.print(settings_table(settings, ["[b] is left", "c"]))
    messages.check("\n".join(line.rstrip() for line in captured.get().splitlines()))
