"""What the warnings about the baseline have in common."""

from __future__ import annotations

from fnnctl.tasks.doubts import of_most, worth_trying


def test_a_small_part_is_only_blamed_if_the_network_was_ahead() -> None:
    assert worth_trying(40, is_ahead=True).endswith("; 40 rows may miss a small advantage")
    assert worth_trying(40, is_ahead=False) == "try more epochs, another learning rate or other columns"


def test_more_than_half_of_the_repeats_must_agree() -> None:
    assert of_most([None, "a", "b"]) == "a"
    assert of_most([None, "a"]) is None
    assert of_most(["a"]) == "a"
    assert of_most([]) is None
