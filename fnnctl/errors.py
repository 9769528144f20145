"""The errors of fnnctl: a root class, and subclasses with their own wording and exit code.

A `Problem` is one thing that is wrong with the input, and its location. An input error carries all problems
that were found, so that one run of a command shows them all.
"""

from __future__ import annotations

import errno
import shlex
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from fnnctl.memory import can_allocate
from fnnctl.text import counted, printable, printable_lines

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, repr=False)
class Problem:
    """One thing that is wrong with the input, as a value: code decides by its fields, and never by its words.

    Its text is one printable line: `file:line: path: message`.
    """

    text: str
    """What is wrong, without the advice: what is said of the setting, or a sentence of its own. With `values`
    it is a template, which has their names in braces and no other braces."""
    file: str | None = None
    """The file that it is in, if any."""
    line: int | None = None
    """The line of the file, counted from 1."""
    path: str | None = None
    """The setting or the variable that it is about, such as `training.epochs`."""
    kind: str = "input"
    """Names what is wrong, such as `no_effect`; `input` if it has no name of its own."""
    advice: str = ""
    """What to write instead; with `values` it is a template, too."""
    values: Mapping[str, object] = field(default_factory=dict, hash=False)
    """The names and numbers of the message."""
    related: tuple[str, ...] = ()
    """The paths of other settings whose values are part of the reason, whether they are set or not."""
    has_subject: bool = False
    """Whether the text is a sentence of its own. Otherwise its subject is the setting: `must be a number`."""

    @property
    def clause(self) -> str:
        """What is wrong, in words."""
        text = self.text.format_map(self.values) if self.values else self.text
        return printable(text)  # it may quote names from any file

    @property
    def message(self) -> str:
        """What is wrong, and what to write instead."""
        advice = self.advice.format_map(self.values) if self.values else self.advice
        return f"{self.clause}; {printable(advice)}" if advice else self.clause

    def prefixed(self, words: str, separator: str = ": ") -> Self:
        """The problem as a sentence that begins with these words, for a place that is not its own."""
        words = words.replace("{", "{{").replace("}", "}}") if self.values else words
        return replace(self, text=f"{words}{separator}{self.text}", has_subject=True)

    def suffixed(self, words: str) -> Self:
        """The problem with these words after what is wrong, before the advice."""
        words = words.replace("{", "{{").replace("}", "}}") if self.values else words
        return replace(self, text=f"{self.text}{words}")

    def sentence_about(self, subject: str) -> str:
        """The clause as a sentence about a subject, such as the path of the setting."""
        return f"{subject}: {self.clause}" if self.has_subject else f"{subject} {self.clause}"

    def is_like(self, problem: Problem | None) -> bool:
        """Whether both say the same, with whatever names and numbers."""
        return problem is not None and (self.kind, self.text) == (problem.kind, problem.text)

    def to_json(self) -> dict[str, object]:
        """The problem as an object of `--json`."""
        return {"message": self.message, "file": self.file, "line": self.line, "path": self.path}

    def __repr__(self) -> str:
        facts = {**self.to_json(), "kind": self.kind}
        return f"Problem({', '.join(f'{name}={value!r}' for name, value in facts.items())})"

    def __str__(self) -> str:
        location = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return printable(": ".join(part for part in (location, self.path, self.message) if part))


class FnnctlError(Exception):
    """The root class. `kind` names the error for scripts; `exit_code` is that of the process."""

    kind: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        self.message = printable_lines(message)
        self.problems = tuple(problems)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        """Unpickling calls no `__init__`, which takes facts, not `args`: pools of processes would hang."""
        return _without_init, (type(self), self.args), self.__dict__


def _without_init(kind: type[FnnctlError], args: tuple[Any, ...]) -> FnnctlError:
    return kind.__new__(kind, *args)


class FnnctlWarning(UserWarning):
    """What may be wrong with the input or a result, for callers from Python."""


class InputError(FnnctlError):
    """The input is wrong. Nothing was written."""

    kind = "input"
    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems), problems)


class ConfigError(InputError):
    """The configuration is wrong."""

    kind = "config"


class DataError(InputError):
    """The data are invalid or do not match the configuration."""

    kind = "data"


class UsageError(InputError):
    """An argument is wrong: an unknown run, a metric that does not exist."""

    kind = "usage"

    def __init__(self, *messages: str) -> None:
        super().__init__(*(Problem(message) for message in messages))


class NoNetworkError(UsageError, AttributeError):
    """A run has no network. It is an `AttributeError` too, so that `hasattr(run, "predictor")` is False."""


def for_each(items: Iterable[Item], function: Callable[[Item], Value]) -> list[Value]:
    """The function's value for each item; raises one `UsageError` with the problems of all items."""
    values: list[Value] = []
    problems: list[str] = []
    for item in items:
        try:
            values.append(function(item))
        except UsageError as error:
            problems.append(error.message)
    if problems:
        raise UsageError(*problems)
    return values


class MachineError(FnnctlError):
    """The environment failed: a full disk, a file that cannot be read."""

    kind = "machine"
    exit_code = 3


class UnusablePackageError(MachineError):
    """A package that fnnctl needs is missing or broken."""

    def __init__(self, package: str, error: ImportError, advice: str) -> None:
        super().__init__(f"{package}, which fnnctl needs, cannot be imported ({error}): {advice}")


class BlasThreadsError(MachineError):
    """NumPy's OpenBLAS could not start all its threads, so its results are undefined."""

    def __init__(self) -> None:
        super().__init__(
            "OpenBLAS, NumPy's linear algebra library, cannot start its threads: this user has reached the "
            "limit of processes and threads. Raise it (ulimit -u), or set OPENBLAS_NUM_THREADS=1"
        )


class OutOfMemoryError(MachineError):
    """There is not enough memory. The work so far is kept in the run's folder, if there is one."""

    def __init__(self, *, run: str | None = None, kept: str | None = None, resumed_by: str = "train") -> None:
        """`run` is the run's folder; `kept` and `resumed_by` are those of an `InterruptedRunError`."""
        end = f" (fewer --workers need less){_kept_work(run, kept, resumed_by)}" if run else ""
        super().__init__(f"out of memory{end}")


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error comes from missing memory, even if that is only the cause of the cause.

    What is raised while a MemoryError is handled follows from it: closing a half-written `ZipFile`, for
    example, raises a ValueError. An input error does not: memory for what the input asks for is its business.
    """
    while error is not None:
        if isinstance(error, FnnctlError) and not isinstance(error, MachineError):
            return False
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        if isinstance(error, ImportError) and error.path and not _can_be_loaded(Path(error.path)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _can_be_loaded(library: Path) -> bool:
    """Whether there is memory for a library; its loader does not say if that is why it failed."""
    with suppress(OSError):
        return can_allocate(library.stat().st_size)
    return True


class LostClusterError(MachineError):
    """A search has lost its cluster; what is recorded is kept."""

    def __init__(self, reason: str, *, run: str) -> None:
        super().__init__(f"{reason}; the work so far is in {run}. {_to_resume(run, 'search')}")


class UnwritableOutputError(MachineError):
    """Standard output cannot be written, for example because it is a file on a full disk."""

    def __init__(self, reason: str, *, run: str | None = None) -> None:
        """`run` is the folder of a run that is complete nevertheless."""
        self.reason = reason
        kept = f". Nothing is lost: the run is in {run}" if run else ""
        super().__init__(f"the output cannot be written: {reason}{kept}")


class DivergedError(FnnctlError):
    """Training produced a loss that is not finite."""

    kind = "diverged"
    exit_code = 4

    def __init__(
        self,
        *,
        epoch: int | None = None,
        folds: int | None = None,
        learning_rate: float | None,
        steadier_rate: float | None,
        scaled: bool,
        run: str | None,
    ) -> None:
        """`epoch` is the epoch that diverged; or `folds` is the number of folds, all of which diverged.

        `steadier_rate` is the learning rate to try instead. Both rates are None for lbfgs, which has none;
        `scaled` is whether the features are scaled; `run` is None if it is in memory.
        """
        stage = f"in all {folds} folds" if epoch is None else f"in epoch {epoch}"
        rate = "" if learning_rate is None else f" at a learning rate of {learning_rate:g}"
        remedy = steadier_training(steadier_rate, scaled=scaled)
        super().__init__(
            f"training diverged {stage}: the loss became non-finite{rate}. {remedy}"
            + (f". The history is in {run}" if run else "")
        )


class NoFinishedTrialError(FnnctlError):
    """Every trial of a search failed or diverged, or the search ended before the first result."""

    kind = "no_finished_trial"
    exit_code = 4

    def __init__(
        self, *, trials: int, reason: str | None, diverged: bool, run: str | None, ended: str | None = None
    ) -> None:
        """`reason` is the most frequent one why trials have no result; `diverged` says if they diverged.

        `ended` is why the search ended early; `run` is None if it is in memory.
        """
        if ended and reason is None:
            advice = f". Continue it with `fnnctl search --resume {shlex.quote(run)}`" if run else ""
            super().__init__(f"the search ended before any trial had a result: {ended}{advice}")
            return
        why = f"; most often: {reason}" if reason else ""
        first = ", starting with the range of the learning rate" if diverged else ""
        location = f". The trials are in {run}" if run else ""
        super().__init__(
            f"none of {counted(trials, 'trial')} produced a result{why}. Narrow search.space{first}{location}"
        )


def _kept_work(run: str, kept: str | None, resumed_by: str) -> str:
    """What is left of a run that ended early, and how to resume it; see `InterruptedRunError`."""
    purpose = "start again" if kept is None else f"resume from {kept}"
    purpose = "continue" if resumed_by == "search" else purpose
    lost = resumed_by == "evaluate" and kept is None
    work = "no fold was completed" if lost else f"the work so far is in {run}"
    return f"; {work}. {_to_resume(run, resumed_by, purpose)}"


def _to_resume(run: str, command: str, purpose: str = "continue") -> str:
    """The command is on its own line, so that it can be pasted into a shell as it is."""
    return f"To {purpose}, run:\nfnnctl {command} --resume {shlex.quote(run)}"


class InterruptedRunError(FnnctlError):
    """A signal ended the program. The work so far is kept in the run's folder, if there is one."""

    kind = "interrupted"

    def __init__(
        self,
        *,
        signal_number: int,
        run: str | None,
        epochs: int | None,
        kept: str | None = None,
        resumed_by: str = "train",
    ) -> None:
        """`epochs` is how many were trained, `kept` what a resume would begin with, if not with the start.

        `resumed_by` is the command that can resume the run.
        """
        when = "" if epochs is None else f" after {counted(epochs, 'epoch')}"
        end = _kept_work(run, kept, resumed_by) if run else " before a run was created"
        super().__init__(f"interrupted{when}{end}")
        self.exit_code = 128 + signal_number  # type: ignore[misc]  # of the instance: 129, 130 or 143


class StopNow(KeyboardInterrupt):
    """Raised by the signal handler in the interrupted code; `except Exception` does not catch it."""

    def __init__(self, error: InterruptedRunError) -> None:
        super().__init__(error.message)
        self.error = error
        """The error to raise instead at the place that installed the handler."""


class InterruptedCommandError(FnnctlError):
    """A signal ended a command that cannot be resumed."""

    kind = "interrupted"

    def __init__(self, exit_code: int) -> None:
        super().__init__("interrupted")
        self.exit_code = exit_code  # type: ignore[misc]  # of the instance: 129, 130 or 143


def steadier_training(steadier_rate: float | None, *, scaled: bool) -> str:
    """What to try if the loss exploded; `steadier_rate` is None for lbfgs, which has no learning rate."""
    remedies = [] if scaled else ["data.scaling: standardize"]
    if steadier_rate is None:
        remedies += ["a larger training.l2", "another training.optimizer, such as adam"]
    else:
        remedies.insert(0, f"a smaller training.optimizer.learning_rate, such as {steadier_rate:g}")
    return f"Try {', or '.join(remedies)}"
