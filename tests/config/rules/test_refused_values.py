from __future__ import annotations

from collections.abc import Callable

Problems = Callable[..., list[str]]


def test_long_choices_are_tried_quickly_and_whole(search_problems_of: Problems) -> None:
    numbers = [k / 1000 for k in range(1, 400)]
    assert search_problems_of(
        f"training.l2: {{choice: {numbers}}}",
        f"model.dropout: {{choice: {[*numbers, 1.5]}}}",
    ) == ["6: search.space.model.dropout.choice[399]: must be a number from 0 to 0.99, not 1.5"]
