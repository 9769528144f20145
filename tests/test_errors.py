from __future__ import annotations

from fnnctl.errors import DataError, MachineError, Problem, UsageError

NASTY = "a\x1b[31m\u202eb\n"
WRITTEN_OUT = "a\\x1b[31m\\u202eb\\n"


def test_a_problem_is_one_line_that_prints_whatever_it_quotes() -> None:
    problem = Problem(f"there is no {NASTY}", file=f"{NASTY}.yaml", line=3, path=f"x.{NASTY}")
    told = f"{WRITTEN_OUT}.yaml:3: x.{WRITTEN_OUT}: there is no {WRITTEN_OUT}"
    assert str(problem) == told
    assert problem.message == f"there is no {WRITTEN_OUT}"
    assert problem.file == f"{NASTY}.yaml", "where the file is, for scripts"
    assert (str(DataError(problem)), DataError(problem).message) == (told, told)
    assert UsageError(NASTY).message == WRITTEN_OUT


def test_other_errors_may_have_several_lines() -> None:
    assert MachineError("two\nlines \x1b").message == "two\nlines \\x1b"
