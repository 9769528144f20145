"""The mutants of a small source, and that each of them is a program."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

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


@pytest.mark.extra
def test_tests_catch_what_they_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("coverage")
    from tests.benchmarks.mutants import __main__ as program

    files = {
        "fnnctl/__init__.py": "",
        "fnnctl/sums/__init__.py": "",
        "fnnctl/sums/add.py": "def add(a, b):\n    return a + b\n\n\ndef unused(a):\n    return -a\n",
        "tests/sums/test_add.py": (
            "from fnnctl.sums.add import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
        ),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copytree(Path(program.__file__).parent, tmp_path / "tests/benchmarks/mutants")
    monkeypatch.setattr(program, "ROOT", tmp_path)
    drawn, covered, results = (str(tmp_path / name) for name in ("drawn", "covered", "results"))
    assert program.main(["record", covered, "--workers", "1"]) == 0
    assert program.main(["draw", drawn, "--packages", "sums"]) == 0
    assert program.main(["run", drawn, "--coverage", covered, "--results", results, "--workers", "1"]) == 0
    assert program.main(["compare", results, results]) == 0
    assert program.main(["compare", results, drawn + "-none"]) == 1
    output = capsys.readouterr().out
    assert "sums 2 caught 2 unreached" in output
    assert (
        "fnnctl/sums/add.py, add: 'a + b' as '((a) - (b))'; tests/sums/test_add.py::test_add, then None"
        in output
    )
