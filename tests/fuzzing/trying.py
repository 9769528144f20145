"""Tries cases on the program, and counts what became of them.

A case is allowed to be accepted, or to be refused by an error that tells a user what is wrong. Everything
else is a finding: another exception, a warning, a case that never ends, too much memory, a broken promise.
"""

from __future__ import annotations

import re
import signal
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import process_time
from types import FrameType
from typing import Any, Final, TypeAlias

import fnnctl
from fnnctl.errors import DivergedError, FnnctlError, FnnctlWarning, InputError

MOST_SECONDS: Final = 10
"""The processor seconds that a case may take."""
MOST_WAITING: Final = 600
"""The seconds that it may take in all, if it waits for something: other work may have the processors."""
MOST_MEMORY: Final = 1 << 30
"""The bytes that a process may take beside what it had before its cases."""
LONGEST: Final = 2_000
"""How much of a case is shown."""
PROGRAM: Final = Path(fnnctl.__file__).parent

Attempt: TypeAlias = Callable[[Any], str]
"""Tries a case, and returns what it was accepted as; raises what the program raises, or that a promise is
broken."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of input."""

    name: str
    make: Callable[[Random], Any]
    """A case that follows from the random numbers alone."""
    attempt: Attempt


class BrokenPromiseError(AssertionError):
    """A promise that the program does not keep, in a sentence that has nothing of the case."""


class Endless(BaseException):
    """A case takes too long. No `except Exception` of the program catches it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What must not happen, with the first case that brought it about."""

    place: str
    """The exception and the program's innermost line; or the broken promise. Equal ones count as one."""
    number: int
    case: str
    trace: str

    def lines(self) -> Iterator[str]:
        """What is said when it is found first."""
        yield from (self.place, f"    {self.case}", f"    {self.trace}")


@dataclass(slots=True)
class Tally:
    """What became of some cases."""

    cases: int = 0
    seconds: float = 0.0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """How many cases each kind of error refused."""
    sentences: Counter[str] = field(default_factory=Counter)
    """How often what was said, without names and numbers."""
    findings: dict[str, Finding] = field(default_factory=dict)
    found: Counter[str] = field(default_factory=Counter)

    def add(self, tally: Tally) -> None:
        """Add other cases."""
        self.cases += tally.cases
        self.seconds += tally.seconds
        self.accepted += tally.accepted
        self.refused += tally.refused
        self.sentences += tally.sentences
        self.found += tally.found
        self.findings = tally.findings | self.findings

    def note(self, finding: Finding) -> None:
        """Count a finding."""
        self.findings.setdefault(finding.place, finding)
        self.found[finding.place] += 1

    def lines(self, name: str, seed: int) -> Iterator[str]:
        """What is said of them."""
        accepted, refused = self.accepted.total(), self.refused.total()
        yield (
            f"{name}: {self.cases:,} cases in {self.seconds:,.0f} processor seconds; {accepted:,} accepted"
            f"{_counts(self.accepted)}; {refused:,} refused{_counts(self.refused)} in "
            f"{len(self.sentences):,} different sentences; {len(self.findings):,} findings"
        )
        for place, count in self.found.most_common():
            finding = self.findings[place]
            again = f"--kinds {name} --seed {seed} --first {finding.number} --count 1"
            yield f"  {count:,} × {place}: {again}"


def _counts(counter: Counter[str]) -> str:
    return f" ({', '.join(f'{count:,} {name}' for name, count in counter.most_common())})" if counter else ""


def generator(kind: str, seed: int, number: int) -> Random:
    """The random numbers of a case."""
    return Random(f"{kind} {seed} {number}")


def try_cases(kind: Kind, seed: int, numbers: Sequence[int]) -> Tally:
    """Make and try the cases of these numbers."""
    tally, started = Tally(cases=len(numbers)), process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", FnnctlWarning)
        for number in numbers:
            _try(kind, number, generator(kind.name, seed, number), tally)
    tally.seconds = process_time() - started
    return tally


def _try(kind: Kind, number: int, rng: Random, tally: Tally) -> None:
    case = kind.make(rng)
    try:
        with _time_limit():
            outcome = kind.attempt(case)
    except (InputError, DivergedError) as error:
        tally.refused[type(error).__name__] += 1
        tally.sentences.update({_without_names(problem.clause) for problem in error.problems})
        if wrong := _unclear(error):
            tally.note(Finding(wrong, number, shown(case), error.message))
    except (Exception, Endless) as error:
        tally.note(Finding(_place(error), number, shown(case), "".join(traceback.format_exception(error))))
    else:
        tally.accepted[outcome] += 1


def _unclear(error: FnnctlError) -> str | None:
    """Why an error does not tell a user what is wrong."""
    if not error.message or any(not line for line in error.message.split("\n")):
        return f"{type(error).__name__} without words"
    if not all(line.isprintable() for line in error.message.split("\n")):
        return f"{type(error).__name__} with control characters"
    return None


def _place(error: BaseException) -> str:
    if isinstance(error, BrokenPromiseError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if PROGRAM in Path(frame.filename).parents]
    name = type(error).__name__
    if not inside:
        return f"{name}: {error}"
    return f"{name} at {Path(inside[-1].filename).relative_to(PROGRAM.parent)}:{inside[-1].lineno}"


def _without_names(sentence: str) -> str:
    """The first 80 characters of a sentence without quoted texts and numbers."""
    return re.sub(r"'[^']*'|/[\w./-]+|\"[^\"]*\"|[\d.,]+|(?<=not ).*", "…", sentence)[:80]


def shown(case: object) -> str:
    """A case in one line."""
    text = repr(case)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


@contextmanager
def _time_limit() -> Iterator[None]:
    """Raise `Endless` in the block if it takes too long."""

    def end(_: int, frame: FrameType | None) -> None:
        raise Endless

    former = [signal.signal(number, end) for number in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, MOST_WAITING)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip((signal.SIGPROF, signal.SIGALRM), former, strict=True):
            signal.signal(number, handler)


def limit_memory() -> None:
    """Refuse this process more than `MOST_MEMORY` beside what it has."""
    import resource  # not on Windows, where the tests of this file are skipped

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
