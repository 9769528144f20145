"""The mutants of a small source, and that each of them is a program."""

from __future__ import annotations

import ast

from tests.benchmarks.mutants.sites import sites_of

SOURCE = '''
"""A text."""
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a import b

LIMIT = 3


def first(values: list[int] = [1], *, ä: bool) -> int | None:
    """The first one."""
    if ä and not values:
        print("ä", values[0])
        return None
    for value in values:
        if value <= LIMIT:
            break
    return value + 1 if ä else -value
'''.encode()


def test_mutants() -> None:
    lines = SOURCE.splitlines()
    assert [
        (lines[s.line - 1].decode().split()[0], s.mutant.replacement) for s in sites_of("a.py", SOURCE)
    ] == [
        ("LIMIT", "(3 + 1)"),
        ("def", "(1 + 1)"),
        ("if", "((ä) or (not values))"),
        ("if", "(values)"),
        ('print("ä",', "pass"),
        ('print("ä",', "(0 + 1)"),
        ("if", "(value < LIMIT)"),
        ("break", "continue"),
        ("return", "return None"),
        ("return", "((value + 1) if not (ä) else (-value))"),
        ("return", "((value) - (1))"),
        ("return", "(1 + 1)"),
        ("return", "(value)"),
    ]


def test_each_mutant_is_another_program() -> None:
    original = ast.dump(ast.parse(SOURCE))
    mutated = [ast.dump(ast.parse(site.applied_to(SOURCE))) for site in sites_of("a.py", SOURCE)]
    assert original not in mutated
    assert len(set(mutated)) == len(mutated)


def test_lines_that_run_at_import_are_known() -> None:
    sites = sites_of("a.py", SOURCE)
    assert [site.mutant.replacement for site in sites if not site.in_function] == ["(3 + 1)", "(1 + 1)"]


def test_a_mutant_is_found_again_if_lines_move() -> None:
    before = [site.mutant for site in sites_of("a.py", SOURCE)]
    assert [site.mutant for site in sites_of("a.py", b"NEW = 5\n" + SOURCE)][1:] == before
    assert {mutant.scope for mutant in before} == {"", "first"}
