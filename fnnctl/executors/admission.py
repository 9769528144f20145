"""Which workers of a cluster may do work: those with this fnnctl, and the plug-ins in use.

Other differences between machines can change the last digits of results: they are only reported.
"""

from __future__ import annotations

import hashlib
import pkgutil
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from fnnctl.errors import UsageError
from fnnctl.executors.protocols import Warn
from fnnctl.messages import Message
from fnnctl.plugins import current, unlike
from fnnctl.store.provenance import machine
from fnnctl.version import __version__

SECONDS_FOR_FIRST = 10.0
"""How long to wait for the first worker."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts about a process that can change the last digits of its results."""

    numpy: str
    blas: str
    kernels: str
    """The processor type that the BLAS chose its kernels for."""
    processor: str
    features: tuple[str, ...]
    """The instruction sets that NumPy's own loops use."""

    @classmethod
    def this_machine(cls) -> Machine:
        """The facts about this process."""
        return cls.of(machine(blas_threads=1))

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Machine:
        """From a manifest's facts about versions and machine."""
        blas, processor = facts["blas"], facts["processor"]
        return cls(
            numpy=str(facts["packages"]["numpy"]),
            blas=f"{blas['name']} {blas['version']}",
            kernels=str(blas["core"]),
            processor=str(processor["model"]),
            features=tuple(processor["features"]),
        )

    def differences(self, asking: Machine) -> str:
        """In words, what differs from the machine that is `asking`; empty if nothing does."""
        pairs = (
            ("NumPy", self.numpy, asking.numpy),
            ("the BLAS", self.blas, asking.blas),
            ("the BLAS's kind of processor", self.kernels, asking.kernels),
            ("the processor", self.processor, asking.processor),
            ("the list of NumPy's instruction sets", " ".join(self.features), " ".join(asking.features)),
        )
        return "; ".join(
            f"{subject} is {there}, here {value}" for subject, there, value in pairs if there != value
        )


INSTALL_THE_SAME = "install the same there, and start the worker again"

Call = Callable[..., Mapping[str, Any]]
"""Calls a function in each of the `workers`, and returns what it returns or raises."""


@cache
def sources_digest() -> str:
    """The SHA-256 of fnnctl's source files.

    A process computes it once: a worker that is older than a change to the files has the old code in memory.
    """
    package = Path(__file__).parents[1]
    digests = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digests.update(f"{path.relative_to(package).as_posix()} {content}\n".encode())
    return digests.hexdigest()


class Admission:
    """Knows each worker that has joined, and has something to tell about some of them."""

    def __init__(self, warn: Warn, on_worker: Callable[[Mapping[str, Any]], None]) -> None:
        self._warn, self._on_worker = warn, on_worker
        self._plugins = current().installed
        self._messages: deque[Message] = deque()
        self._events: deque[Mapping[str, Any]] = deque()
        self._refusals: dict[str, str] = {}
        """By worker, why it gets no work."""
        self._silent: set[tuple[str, int]] = set()
        """The workers of whose silence was told, each with its seconds."""
        self._differences: set[str] = set()
        """The differences of machines that were told."""
        self._accepting = True
        self.admitted: set[str] = set()
        """The workers that may do work and have not left."""

    @cached_property
    def _this_machine(self) -> Machine:
        return Machine.this_machine()

    def admit(self, call: Call, alive: Iterable[str]) -> Sequence[str]:
        """Judge the workers that are new, and return those that may do work."""
        living = set(alive)
        if self.admitted and not self.admitted & living:
            self._messages.append(Message("no_worker", "no worker is left: waiting for another one"))
        self.admitted &= living
        unknown = sorted(living - self.admitted - set(self._refusals))
        if not unknown:
            return []
        # Another version of fnnctl, which a worker may have, has its number under its public name alone.
        versions = call(pkgutil.resolve_name, "fnnctl:__version__", workers=unknown)
        for worker, version in versions.items():
            if reason := _refusal(version):
                self._refuse(worker, reason)
        same = [worker for worker in unknown if versions.get(worker) == __version__]
        digests = call(sources_digest, workers=same)
        for worker, digest in digests.items():
            if digest != sources_digest() and not isinstance(digest, OSError):
                self._refuse(worker, f"its fnnctl {__version__} has other code; {INSTALL_THE_SAME}")
        same = [worker for worker in same if digests.get(worker) == sources_digest()]
        if self._plugins and same:
            reasons = call(unlike, self._plugins, workers=same)
            for worker, reason in reasons.items():
                if reason is not None and not isinstance(reason, OSError):
                    self._refuse(worker, str(reason))
            same = [worker for worker in same if reasons.get(worker, "") is None]
        new = []
        for worker, answer in call(Machine.this_machine, workers=same).items():
            if isinstance(answer, Machine):
                self._welcome(worker, answer)
                new.append(worker)
            elif not isinstance(answer, OSError):
                self._refuse(worker, f"{type(answer).__name__}: {answer}")
        self.admitted.update(new)
        return new

    def note_silent(self, worker: str, seconds: float) -> None:
        """Say, once per worker, that another one does its item."""
        silence = worker, round(seconds)
        if silence not in self._silent:
            self._silent.add(silence)
            sentence = (
                f"worker {worker} has not worked on its item for {seconds:.0f} seconds (it is paused, "
                "suspended or busy): another worker does it"
            )
            self._messages.append(Message("silent_worker", sentence))

    def note_accepting(self, accepting: Collection[str]) -> None:
        """Say when the last worker that accepts work has become one that does not."""
        if self.admitted and self._accepting and not accepting:
            sentence = "every worker is paused, most likely because its memory is full: waiting"
            self._messages.append(Message("paused_workers", sentence))
        self._accepting = bool(accepting)

    def await_first(self, admit: Callable[[], object]) -> None:
        """Wait until a worker may do work; raises `UsageError` if none joins."""
        deadline = time.monotonic() + SECONDS_FOR_FIRST
        while True:
            admit()
            if self.admitted:
                return
            if self._refusals:
                raise UsageError(*self._refusals.values())
            if time.monotonic() > deadline:
                raise UsageError("the Dask scheduler has no workers: start some with `dask worker ADDRESS`")
            time.sleep(0.1)

    def pass_on(self) -> None:
        """Call the listeners with what is new; they may write files, so this is the caller's thread."""
        while self._messages:
            self._warn(self._messages.popleft())
        while self._events:
            self._on_worker(self._events.popleft())

    def _welcome(self, worker: str, machine: Machine) -> None:
        differences = machine.differences(self._this_machine)
        self._events.append({"worker": worker, **asdict(machine)})
        if differences and differences not in self._differences:
            self._differences.add(differences)
            sentence = f"on worker {worker} {differences}: the last digits of its results may differ"
            self._messages.append(Message("worker_on_other_machine", sentence))

    def _refuse(self, worker: str, reason: str) -> None:
        self._refusals[worker] = f"worker {worker} gets no work: {reason}"
        self._messages.append(Message("worker_refused", self._refusals[worker]))


def _refusal(version: object) -> str | None:
    """Why a worker with this version, or this error when it was asked, gets no work; None if it may."""
    if isinstance(version, ImportError):
        return f"fnnctl is not installed there; install fnnctl {__version__}"
    if isinstance(version, OSError):  # it has just left
        return None
    if isinstance(version, Exception):
        return f"{type(version).__name__}: {version}"
    return None if version == __version__ else f"it has fnnctl {version}, not {__version__}"
