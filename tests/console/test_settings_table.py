from __future__ import annotations

from rich.console import Console

from fnnctl.config.reading.explanation import ExplainedSetting
from fnnctl.console.settings_table import settings_table


def test_one_line_per_setting() -> None:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(
            settings_table(
                [
                    ExplainedSetting("seed", 3, "--seed"),
                    ExplainedSetting("model.hidden", [5, 5], "recipe"),
                    ExplainedSetting("data.target", "[red]\x1b", "c.yaml:2"),
                ]
            )
        )
    lines = [line.split() for line in captured.get().splitlines()]
    assert lines[:3] == [
        ["setting", "value", "from"],
        ["seed", "3", "--seed"],
        ["model.hidden", "[5,", "5]", "recipe"],
    ]
    assert lines[3][0] == "data.target"
    assert "\x1b" not in captured.get()


def test_notes_stand_below_a_blank_line() -> None:
    console = Console(width=40)
    with console.capture() as captured:
        console.print(settings_table([ExplainedSetting("seed", 3, "--seed")], ["[b] is left", "c"]))
    assert captured.get().splitlines()[2:] == ["", "[b] is left", "c"]


def test_a_narrow_table_breaks_between_words() -> None:
    settings = [
        ExplainedSetting("training.early_stopping.monitor", "validation_accuracy", "c.yaml:3"),
        ExplainedSetting("model.hidden", {"depth": [1, 3], "width": [16, 256]}, "c.yaml:9, searched"),
    ]
    console = Console(width=66)
    with console.capture() as captured:
        console.print(settings_table(settings))
    words = captured.get().split()
    assert {"validation_accuracy", "c.yaml:9,", "searched"} <= {*words}
    assert len(captured.get().splitlines()) > 3
