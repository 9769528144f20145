from __future__ import annotations

from fnnctl.report.blocks import Command, command_lines


def test_a_command_goes_over_lines() -> None:
    assert command_lines(Command("t", ("fnnctl train",))) == ["fnnctl train"]
    command = Command("t", ("fnnctl train", "--set a=1", "--set b=2"))
    assert command_lines(command) == ["fnnctl train \\", "  --set a=1 \\", "  --set b=2"]
