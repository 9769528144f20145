from __future__ import annotations

from fnnctl.data.problems import Problems


def test_nothing_is_raised_where_nothing_was_noted() -> None:
    problems = Problems("table.csv")
    assert not problems
    problems.raise_any()


def test_settings_come_first_and_a_long_list_is_cut_and_counted() -> None:
    problems = Problems("table.csv")
    for line in range(2, 30):
        problems.add("wrong", line=line)
    problems.add_setting("data.target", "unknown")
    lines = str(problems.error()).splitlines()
    assert lines[0] == "data.target: unknown"
    assert lines[1] == "table.csv:2: wrong"
    assert lines[20] == "table.csv:21: wrong"
    assert lines[21:] == ["table.csv: and 8 more problems"]
