"""Suggestions are looked for only for the first of many unknown settings: each takes a while."""

from __future__ import annotations

from collections.abc import Callable

from fnnctl.config.messages.schema_errors import MAX_SUGGESTIONS

Problems = Callable[..., list[str]]
NUMBERS = range(MAX_SUGGESTIONS + 3)


def test_of_many_unknown_settings_all_are_reported(problems: Problems) -> None:
    settings = "".join(f"  epochs{number}: 1\n" for number in NUMBERS)
    lines = problems(f"data: {{source: iris}}\ntraining:\n{settings}")
    assert len(lines) == len(NUMBERS)
    assert lines[0] == "3: training.epochs0: unknown setting (did you mean 'epochs'?)"
    assert lines[MAX_SUGGESTIONS].endswith(f"training.epochs{MAX_SUGGESTIONS}: unknown setting")


def test_of_many_unknown_settings_in_a_space_all_are_reported(search_problems_of: Problems) -> None:
    lines = search_problems_of(*(f"training.foo{number}: {{choice: [1]}}" for number in NUMBERS))
    assert len(lines) == len(NUMBERS)
    assert all("possible here: " in line for line in lines[:MAX_SUGGESTIONS])
    assert lines[MAX_SUGGESTIONS].endswith(f"training.foo{MAX_SUGGESTIONS}: unknown setting")
