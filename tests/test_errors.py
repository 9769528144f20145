from __future__ import annotations

import pytest

from fnnctl.errors import (
    DataError,
    MachineError,
    Problem,
    UsageError,
    did_you_mean,
    nearest_file,
    quoted_list,
)

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


def test_words_of_the_input_print() -> None:
    assert quoted_list([NASTY, "b"]) == f"{WRITTEN_OUT}, b"
    assert did_you_mean("a\x1b[31mb", [NASTY]) == f" (did you mean '{WRITTEN_OUT}'?)"


def test_a_word_is_taken_for_the_shortest_one_that_it_begins() -> None:
    options = ["test.mae", "test.accuracy_ci95", "test.accuracy"]
    assert did_you_mean("Test.acc", options) == " (did you mean 'test.accuracy'?)"
    assert did_you_mean("te", options) == ""
    assert did_you_mean("test.mea", options) == " (did you mean 'test.mae'?)"


@pytest.mark.parametrize(
    ("name", "others", "found"),
    [
        ("xyz.yaml", ["n.yaml", "abc.yaml"], ""),
        ("unknwon.yaml", ["n.yaml", "unknown.yaml"], " (did you mean 'unknown.yaml'?)"),
        ("iris.csv", ["iris", "wine"], " (did you mean 'iris'?)"),
        (".yaml", ["a.yaml"], ""),
    ],
)
def test_equal_endings_make_no_files_close(name: str, others: list[str], found: str) -> None:
    assert nearest_file(name, others) == found
