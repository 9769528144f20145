"""A search's journal: its records as values, and what follows from all that were recorded so far.

The journal is the truth: a result is appended before anything is decided from it, and a search that goes on
is replayed from it. Times and workers' names are in the timeline instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, TypeAlias

from fnnctl.errors import DataError, Problem, quoted_list
from fnnctl.records.trials import JobKey, Result, Status, Trial
from fnnctl.store.journal import JournalFile

EXTENDING: Final = ("budget", "trials", "max_trials")
"""The settings that make another plan of the same search."""
CHANGEABLE: Final = (*EXTENDING, "workers", "executor", "time_limit")
"""The settings that a resume may change."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first record: what the search is."""

    configuration: str
    """The digest of everything that a resume may not change."""
    data: str | None
    """The data's SHA-256."""
    versions: Mapping[str, str]
    """The versions of the computing libraries, by name."""
    settings: Mapping[str, Any]
    """What decisions depend on; nothing about workers and time."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The search goes on with other settings."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """The search has ended, until it is resumed."""

    reason: str


COMPLETE: Final = "complete"
"""The reason of an end with nothing left to do."""

SearchRecord: TypeAlias = Header | Trial | Result | Resume | End

_KINDS: Final[Mapping[str, type[SearchRecord]]] = {
    "header": Header, "trial": Trial, "result": Result, "resume": Resume, "end": End,
}  # fmt: skip
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_FIELDS: Final = {kind: [(each.name, each.default) for each in fields(kind)] for kind in _NAMES}


def _optional_float(value: Any) -> float | None:
    return None if value is None else float(value)


# A journal can have very many results: a dictionary's look-up takes a fifth of an enumeration's call.
_STATUSES: Final = {status.value: status for status in Status}
_CONVERTERS: Final[Mapping[type[SearchRecord], Sequence[tuple[str, Callable[[Any], Any]]]]] = {
    Header: [("settings", dict)],
    Trial: [("number", int)],
    Result: [
        *((name, int) for name in ("trial", "rung", "budget", "epochs")),
        ("objective", _optional_float),
        ("status", _STATUSES.__getitem__),
    ],
    Resume: [("changes", dict)],
    End: [("reason", str)],
}


def encode(record: SearchRecord) -> dict[str, Any]:
    """The record as a JSON object, without the optional fields that are None."""
    values = ((name, getattr(record, name), default) for name, default in _FIELDS[type(record)])
    stated = {name: value for name, value, default in values if not (value is None and default is None)}
    return {"record": _NAMES[type(record)], **stated}


def decode(encoded: Mapping[str, Any]) -> SearchRecord:
    """The record of a JSON object; raises KeyError, TypeError or ValueError if it is none."""
    values = dict(encoded)
    kind = _KINDS[values.pop("record")]
    for name, convert in _CONVERTERS[kind]:
        values[name] = convert(values[name])
    return kind(**values)


class Journal:
    """Everything that was recorded. If there is a file, a record is in the file before it is here."""

    def __init__(self, file: JournalFile | None = None) -> None:
        """Read the file's records; raises `DataError` if they do not fit together."""
        self._file = file
        self.trials: dict[int, Trial] = {}
        """By number."""
        self.results: dict[JobKey, Result] = {}
        """By trial and budget, in the order in which they were recorded."""
        self._of_trial: dict[int, list[Result]] = {}
        self._changes: dict[str, Any] = {}
        self.header: Header | None = None
        self.end: End | None = None
        """The end, if it is the last record."""
        for line, encoded in enumerate(file.records if file else (), start=1):
            try:
                self.replay(decode(encoded))
            except (KeyError, TypeError, ValueError) as error:
                told = f"is not a record that this version of fnnctl writes there ({error})"
                raise self._refusal(told, line=line) from error

    def before(self, key: JobKey) -> Result | None:
        """The trial's result at the largest budget below this one; None if it has none."""
        trial, budget = key
        smaller = (result for result in self._of_trial.get(trial, ()) if result.budget < budget)
        return max(smaller, key=lambda result: result.budget, default=None)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the header, and what resumes have changed since."""
        return {**(self.header.settings if self.header else {}), **self._changes}

    def begin(self, header: Header, machine: Mapping[str, Any] | None = None) -> None:
        """Record what the search is or, if that is recorded already, which settings change.

        `machine` has the workers, executor and time limit that were asked for; only a resume records them.
        Raises `DataError` if the journal is another search's.
        """
        if self.header is None:
            self._append([header])
            return
        self._refuse_another(self.header, header)
        wanted, now = {**header.settings, **(machine or {})}, self.settings
        changes = {
            name: value
            for name, value in wanted.items()
            if name not in now or _canonical(value) != _canonical(now[name])
        }
        if fixed := [name for name in changes if name not in CHANGEABLE]:
            may = quoted_list(CHANGEABLE)
            raise self._refusal(f"began with another {quoted_list(fixed)}; only {may} can be changed")
        if changes:
            self._append([Resume(changes)])

    def begin_trials(self, trials: Sequence[Trial]) -> None:
        """Record the trials that are new; the others must be as they were recorded.

        They are synced with the next results; until then nothing is lost with them. An extension that moves
        a trial to another bracket records it again. Raises `DataError` if a trial has another assignment than
        was recorded.
        """
        new = [trial for trial in trials if self._is_new(trial)]
        if new:
            self._append(new, sync=False)

    def add_results(self, results: Sequence[Result]) -> None:
        """Record and sync results of jobs that have none yet."""
        self._append(results)

    def finish(self, reason: str) -> str:
        """Record why the search ends, unless that is the last record already; return the reason."""
        if self.end is None or self.end.reason != reason:
            self._append([End(reason)])
        return reason

    def _append(self, records: Sequence[SearchRecord], *, sync: bool = True) -> None:
        if self._file:
            self._file.append([encode(record) for record in records], sync=sync)
        for record in records:
            self.replay(record)

    def replay(self, record: SearchRecord) -> None:
        """Apply a record that is in the file already; ValueError if it does not follow the others."""
        if isinstance(record, Header) == (self.header is not None):
            raise ValueError("the header is the first record, and there is one")
        self.end = None
        match record:
            case Header():
                self.header = record
            case Trial():
                self.trials[record.number] = record
            case Result():
                if record.key in self.results or record.trial not in self.trials:
                    raise ValueError(f"a second result of a job, or one of no trial: {record.key}")
                self.results[record.key] = record
                self._of_trial.setdefault(record.trial, []).append(record)
            case Resume():
                self._changes.update(record.changes)
            case End():
                self.end = record

    def _is_new(self, trial: Trial) -> bool:
        recorded = self.trials.get(trial.number)
        if recorded is None:
            return True
        moved = recorded.bracket != trial.bracket
        may_move = not self._changes.keys().isdisjoint(EXTENDING)
        if _canonical(recorded.assignment) != _canonical(trial.assignment) or (moved and not may_move):
            raise self._refusal(
                f"has another trial {trial.number} than this search: {_canonical(encode(recorded))} was "
                f"recorded, {_canonical(encode(trial))} is chosen now. The journal is of another experiment, "
                "or of another version of fnnctl, which can resume it"
            )
        return moved

    def _refuse_another(self, begun: Header, now: Header) -> None:
        if begun.data != now.data:
            raise self._refusal("began with other data; begin a new search with these")
        if begun.configuration != now.configuration:
            raise self._refusal("began with another configuration; begin a new search with this one")
        names = [*begun.versions, *(name for name in now.versions if name not in begun.versions)]
        for name in names:
            before, here = begun.versions.get(name), now.versions.get(name)
            if before != here:
                raise self._refusal(
                    f"began with {name} {before or '(none)'}, and this is {here or '(none)'}, whose last "
                    "bits could differ; resume with that version, or begin a new search"
                )

    def _refusal(self, message: str, line: int | None = None) -> DataError:
        return DataError(Problem(message, file=str(self._file.path) if self._file else None, line=line))


def _canonical(value: Any) -> str:
    """The value as JSON, to be compared: a tuple is a list, 1 is not 1.0, keys have no order."""
    return json.dumps(value, sort_keys=True)
