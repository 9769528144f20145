from __future__ import annotations

from fnnctl.config.places import Place, Places
from fnnctl.errors import Problem

PLACES = Places({(): Place("a.yaml", 1), ("data",): Place("a.yaml", 3), ("data", "target"): Place("--set")})


def test_a_problem_stands_where_the_value_was_given() -> None:
    assert PLACES.problem(("data", "target"), "is wrong") == Problem("is wrong", "--set", None, "data.target")


def test_what_was_left_out_stands_where_its_section_does() -> None:
    assert PLACES.problem(("data", "split", "test"), "x") == Problem("x", "a.yaml", 3, "data.split.test")
    assert PLACES.problem(("seed",), "x") == Problem("x", "a.yaml", 1, "seed")


def test_the_whole_config_has_no_path() -> None:
    assert PLACES.problem((), "is empty") == Problem("is empty", "a.yaml", 1, None)
