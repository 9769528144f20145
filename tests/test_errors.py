from __future__ import annotations

import errno
import pickle
from pathlib import Path
from typing import Any

import pytest

from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.errors import (
    BlasThreadsError,
    DataError,
    DivergedError,
    FnnctlError,
    InterruptedCommandError,
    InterruptedRunError,
    LostClusterError,
    MachineError,
    NoFinishedTrialError,
    OutOfMemoryError,
    Problem,
    UnusablePackageError,
    UnwritableOutputError,
    UsageError,
    is_out_of_memory,
)
from fnnctl.executors.dask import NoDaskError
from fnnctl.executors.protocols import ClusterLostError, WorkerKilledError, WorkersRefusedError

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


def test_a_problem_is_a_sentence_where_it_is_shown() -> None:
    problem = Problem(
        "must be less than {most:,}", path="training.l2", advice="write {most}", values={"most": 1000}
    )
    assert problem.message == "must be less than 1,000; write 1000"
    assert problem.sentence_about("it") == "it must be less than 1,000"
    prefixed = problem.prefixed("with {choice: [1]}", ", ")
    assert prefixed.message == "with {choice: [1]}, must be less than 1,000; write 1000"
    own = Problem("mixup mixes the rows of a batch", has_subject=True)
    assert own.sentence_about("training.mixup") == "training.mixup: mixup mixes the rows of a batch"
    assert Problem("write {}").message == "write {}", "braces are no names without values"


def test_a_problem_at_a_prompt_has_its_message_in_words() -> None:
    problem = Problem("{has} no effect", path="training.l2", kind="no_effect", values={"has": "would have"})
    shown = "message='would have no effect', file=None, line=None, path='training.l2', kind='no_effect'"
    assert repr([problem]) == f"[Problem({shown})]"


def test_other_errors_may_have_several_lines() -> None:
    assert MachineError("two\nlines \x1b").message == "two\nlines \\x1b"


RATES: dict[str, Any] = {"learning_rate": 0.1, "steadier_rate": 0.01, "scaled": True}
CROSSING = [
    DataError(Problem("is wrong", file="a.csv", line=3, path="x")),
    UsageError("one", "two"),
    InvalidConfigurationError({("model", "hidden"): Problem("is wrong")}),
    BlasThreadsError(),
    OutOfMemoryError(run="runs/a", kept="3 of 5 folds", resumed_by="evaluate"),
    LostClusterError("it is gone", run="runs/a"),
    UnwritableOutputError("a full disk", run="runs/a"),
    DivergedError(epoch=3, run="runs/a", **RATES),
    NoFinishedTrialError(trials=3, reason="it diverged", diverged=True, run=None),
    InterruptedRunError(signal_number=15, run="runs/a", epochs=3),
    InterruptedCommandError(130),
    WorkersRefusedError("no memory"),
    UnusablePackageError("numpy", ImportError("no numpy"), "install it"),
    WorkerKilledError(),
    ClusterLostError("tcp://a:1"),
    NoDaskError(),
]


def test_errors_cross_to_other_processes() -> None:
    for error in CROSSING:
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), copy.args, vars(copy)) == (type(error), error.args, vars(error))
        assert (str(copy), copy.exit_code) == (str(error), error.exit_code)
    made_otherwise = {kind.__name__ for kind in _kinds(FnnctlError) if "__init__" in vars(kind)}
    assert made_otherwise - {type(error).__name__ for error in CROSSING} == {"FnnctlError", "InputError"}


def _kinds(kind: type[FnnctlError]) -> list[type[FnnctlError]]:
    children = [child for child in kind.__subclasses__() if child.__module__.startswith("fnnctl.")]
    return [kind, *(below for child in children for below in _kinds(child))]


def raised_while_handling(first: BaseException, error: Exception) -> Exception:
    """The error as Python raises it while the first one is handled."""
    error.__context__ = first
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        raised_while_handling(MemoryError(), ValueError("I/O operation on closed file.")),
        raised_while_handling(OSError(errno.ENOMEM, ""), WorkersRefusedError("Cannot allocate memory")),
        raised_while_handling(raised_while_handling(MemoryError(), OSError()), WorkerKilledError()),
    ],
)
def test_missing_memory_has_many_faces(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        None,
        ValueError(),
        OSError(errno.ENOSPC, ""),
        ImportError("no such library", path="no such file"),
        ImportError("a damaged library", path=__file__),
        raised_while_handling(MemoryError(), UsageError("the file claims to have 10**18 rows")),
    ],
)
def test_other_errors_are_not_about_memory(error: Exception | None) -> None:
    assert not is_out_of_memory(error)


def test_a_library_without_memory_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loader only says that it failed."""
    monkeypatch.setattr("fnnctl.errors.can_allocate", lambda size: size < Path(__file__).stat().st_size)
    assert is_out_of_memory(ImportError("failed to map segment from shared object", path=__file__))


def test_an_error_about_memory_says_what_is_kept() -> None:
    assert OutOfMemoryError().message == "out of memory"
    kept = OutOfMemoryError(run="runs/a b", kept="2 of 5 folds", resumed_by="evaluate")
    assert (kept.exit_code, kept.kind) == (3, "machine")
    assert kept.message == (
        "out of memory (fewer --workers need less); the work so far is in runs/a b. To resume from 2 of 5 "
        "folds, run:\n"
        "fnnctl evaluate --resume 'runs/a b'"
    )
