from __future__ import annotations

import doctest

import fnnctl.space


def test_the_example_of_the_package() -> None:
    failures, tried = doctest.testmod(fnnctl.space)
    assert (failures, tried) == (0, 8)
