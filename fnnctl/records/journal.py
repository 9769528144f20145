"""A search's journal: its records as values, and the state that follows from all records so far.

The journal is the truth: a result is appended before any decision depends on it, and a resumed search replays
it. Times and worker names are in the timeline instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final, TypeAlias

from fnnctl.config.schema.validation_schemes import VALIDATION_SCHEMES
from fnnctl.errors import DataError, Problem
from fnnctl.messages import Message
from fnnctl.metrics.registry import of_one_target
from fnnctl.records.record_values import (
    NO_KEY,
    RUNGS,
    to_budget,
    to_count,
    to_facts,
    to_finite_float,
    to_mapping,
    to_optional_count,
    to_optional_float,
    to_optional_text,
    to_settings,
)
from fnnctl.records.trials import (
    Confirmed,
    ConfirmedKey,
    EarlyResult,
    JobKey,
    Result,
    Status,
    Stop,
    StopKey,
    Trial,
)
from fnnctl.space.assignments import Assignment
from fnnctl.store.former_sentences import reason_kind
from fnnctl.store.journal import JournalFile, ResultCache
from fnnctl.text import word_list

EXTENDING: Final = ("budget", "trials", "max_trials")
"""The settings that change the plan of a search, but not the search itself."""
SAMPLER: Final = "chosen_sampler"
"""The setting that names the sampler that `auto` chose. It follows from the space and the plan."""
CHANGEABLE: Final = (*EXTENDING, "workers", "executor", "time_limit")
"""The settings that a resume may change."""
COMPLETE: Final = "complete"
"""The kind of the reason of an end at which nothing is left to do."""
INTERRUPTED: Final = "interrupted"
"""The kind of the reason of an end after a signal."""
TIME_IS_OVER: Final = Message("time_limit", "the time limit")
"""The reason of an end at a time limit."""
CONFIRMED: Final = "confirmed"
"""The kind of the records that may follow the end."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first record: it identifies the search."""

    configuration: str
    """The digest of all settings that a resume may not change."""
    data: str | None
    """The data's SHA-256."""
    versions: Mapping[str, str]
    """The versions of the computing libraries, by name."""
    settings: Mapping[str, Any]
    """The settings that decisions depend on; none about workers and time."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The search continues with other settings."""

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class End:
    """The search has ended, until it is resumed."""

    reason: str
    reason_kind: str | None = None
    """The kind of the reason."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing was left to do."""
        return self.reason_kind == COMPLETE


SearchRecord: TypeAlias = Header | Trial | Result | EarlyResult | Stop | Resume | End | Confirmed

_KINDS: Final[Mapping[str, type[SearchRecord]]] = {
    "header": Header, "trial": Trial, "result": Result, "early result": EarlyResult, "stop": Stop,
    "resume": Resume, "end": End, CONFIRMED: Confirmed,
}  # fmt: skip
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_FIELDS: Final = {kind: [(field.name, field.default) for field in fields(kind)] for kind in _NAMES}

_OPTIONAL: Final = {
    kind: {name for name, default in of_kind if default is not MISSING} for kind, of_kind in _FIELDS.items()
}
"""The fields that a record may lack."""


# A journal can have very many results, and a dictionary lookup takes a fifth of the time of an enum call.
_STATUSES: Final = {status.value: status for status in Status}


def _to_status(value: str) -> Status:
    if value not in _STATUSES:
        raise ValueError(f"the status {value!r} is unknown")
    return _STATUSES[value]


_Converters: TypeAlias = Sequence[tuple[str, Callable[[Any], Any]]]
_RESULT_CONVERTERS: Final[_Converters] = [
    *((name, to_count) for name in ("trial", "rung", "epochs")),
    ("budget", to_budget),
    ("objective", to_optional_float),
    ("status", _to_status),
    *((name, to_optional_text) for name in ("reason", "reason_kind")),
    ("facts", to_facts),
]
_CONVERTERS: Final[Mapping[type[SearchRecord], _Converters]] = {
    Header: [("settings", to_settings), ("versions", to_mapping)],
    Trial: [("number", to_count), ("bracket", to_count), ("assignment", to_mapping)],
    Result: _RESULT_CONVERTERS,
    EarlyResult: _RESULT_CONVERTERS,
    Stop: [
        ("reason", str),
        ("reason_kind", to_optional_text),
        *((name, to_optional_count) for name in ("trial", "budget", "saved")),
    ],
    Resume: [("changes", to_settings)],
    End: [("reason", str), ("reason_kind", to_optional_text)],
    Confirmed: [
        ("budget", to_budget),
        *((name, to_count) for name in ("trial", "seed", "epochs", "kept_epoch")),
        *((name, to_count) for name in ("train_rows", "validation_rows")),
        ("objective", to_finite_float),
        *((name, to_optional_text) for name in ("reason", "reason_kind")),
    ],
}


def _values(result: Result) -> Sequence[Any]:
    """The values of a result's fields, in their order."""
    return [getattr(result, name) for name, _ in _FIELDS[Result]]


def encode(record: SearchRecord) -> dict[str, Any]:
    """The record as a JSON object, without the optional fields that are None."""
    values = ((name, getattr(record, name), default) for name, default in _FIELDS[type(record)])
    stated = {name: value for name, value, default in values if not (value is None and default is None)}
    return {"record": _NAMES[type(record)], **stated}


def decode(encoded: Mapping[str, Any]) -> SearchRecord:
    """The record from a JSON object; raises TypeError or ValueError if it is invalid."""
    values = dict(encoded)
    if "record" not in values:
        raise ValueError(NO_KEY.format("record"))
    kind = _KINDS.get(word := values.pop("record"))
    if kind is None:
        raise ValueError(f"a record of the kind {word!r} is unknown")
    if "reason" in values and "reason_kind" not in values:
        values["reason_kind"] = reason_kind(values["reason"])
    for name, convert in _CONVERTERS[kind]:
        if name in values:
            values[name] = convert(values[name])
        elif name not in _OPTIONAL[kind]:
            raise ValueError(NO_KEY.format(name))
    return kind(**values)


class Journal:
    """All records. If there is a file, each record is written to the file before it is added here."""

    def __init__(self, file: JournalFile | None = None, cache: ResultCache | None = None) -> None:
        """Read the file's records; raises `DataError` if they do not fit together.

        The cache keeps results that may not be recorded yet because others come before them.
        """
        self._file, self._cache = file, cache
        self.trials: dict[int, Trial] = {}
        """By number."""
        self.results: dict[JobKey, Result] = {}
        """By trial and budget, in the order of recording."""
        self.early: dict[JobKey, Result] = {}
        """The early results whose turn has not come yet, by trial and budget."""
        self._of_trial: dict[int, list[Result]] = {}
        self._changes: dict[str, Any] = {}
        self.stops: dict[StopKey, Stop] = {}
        """The decisions of the current plan, in the order of recording. A search that is extended makes its
        decisions again, and some of them differ."""
        self.confirmed: dict[ConfirmedKey, Confirmed] = {}
        """The networks of confirmations, in the order of recording."""
        self.before_extension: tuple[Assignment, ...] = ()
        """The assignments of the trials, in order, that had begun when the search was last extended."""
        self.header: Header | None = None
        self.end: End | None = None
        """The end, if nothing but a confirmation was recorded since."""
        for line, encoded in enumerate(file.records if file else (), start=1):
            try:
                self.replay(decode(encoded))
            except (TypeError, ValueError) as error:
                message = f"is not a valid record for this version of fnnctl ({error})"
                raise self._refusal(message, line=line) from error
        self.held: dict[JobKey, Result] = {**self.early}
        """Results of earlier sessions whose turn has not come yet: early ones, and those of the cache."""
        for encoded in cache.read() if cache else ():
            with suppress(TypeError, ValueError):  # it is from another version of fnnctl
                result = decode(encoded)
                if isinstance(result, Result) and result.key not in self.results:
                    self.held[result.key] = result

    @property
    def all_results(self) -> Mapping[JobKey, Result]:
        """The results by trial and budget, with the early ones."""
        return {**self.results, **self.early}

    @property
    def objective_curve(self) -> str | None:
        """The learning curve that has the objective after each epoch; None if no curve can have it.

        A trial has no curve of this name if its probabilities are corrected for class weights and the
        objective is the loss. The losses of several targets have curves relative to the baseline's.
        """
        objective = self.settings.get("objective")
        if not isinstance(objective, Mapping):
            return None
        scheme = VALIDATION_SCHEMES.get(str(objective.get("on")))
        if scheme is None or not scheme.has_objective_curve:
            return None
        if of_one_target(str(objective.get("metric"))) == "loss":
            return None
        return f"validation_{objective.get('metric')}"

    def of_trial(self, number: int) -> list[Result]:
        """A trial's results by budget."""
        return sorted(self._of_trial.get(number, ()), key=lambda result: result.budget)

    def before(self, key: JobKey) -> Result | None:
        """The trial's result at the largest budget below this one; None if it has none."""
        trial, budget = key
        smaller = (result for result in self._of_trial.get(trial, ()) if result.budget < budget)
        return max(smaller, key=lambda result: result.budget, default=None)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the header, as later resumes have changed them."""
        return {**(self.header.settings if self.header else {}), **self._changes}

    def begin(self, header: Header, machine: Mapping[str, Any] | None = None) -> None:
        """Record the header or, if there is one already, the settings that change.

        `machine` has the given workers, executor and time limit; only a resume records them. Raises
        `DataError` if the journal belongs to another search.
        """
        if self.header is None:
            self._append([header])
            return
        self._refuse_another(self.header, header)
        recorded, now = {**header.settings, **(machine or {})}, self.settings
        changes = {
            name: value
            for name, value in recorded.items()
            if name not in now or _canonical(value) != _canonical(now[name])
        }
        # the rungs and the sampler of `auto` follow from the plan: a longer one may give others
        if fixed := [name for name in changes if name not in (*CHANGEABLE, RUNGS, SAMPLER)]:
            may = word_list(CHANGEABLE)
            raise self._refusal(f"began with a different {word_list(fixed)}; only {may} can be changed")
        if not changes.keys().isdisjoint(EXTENDING):
            self._forget_held()
        if changes:
            self._append([Resume(changes)])

    def begin_trials(self, trials: Sequence[Trial]) -> None:
        """Record the new trials; the others must match their records.

        They are synced with the next results; losing them before that loses nothing else. An extension that
        moves a trial to another bracket records it again. Raises `DataError` if a trial's assignment differs
        from the recorded one.
        """
        new = [trial for trial in trials if self._is_new(trial)]
        if new:
            self._append(new, sync=False)

    def add_result(self, result: Result) -> None:
        """Record the result of a job that has none yet; it is synced by `sync` or with a later record."""
        self._append([result], sync=False)
        self.held.pop(result.key, None)

    def add_early(self, result: Result) -> None:
        """Record a result before its turn, unless that was done already."""
        if result.key not in self.early:
            self._append([EarlyResult(*_values(result))], sync=False)

    def add_stops(self, stops: Sequence[Stop]) -> None:
        """Record decisions that are not recorded yet: a resumed search makes the earlier ones again."""
        if new := [stop for stop in stops if stop.key not in self.stops]:
            self._append(new, sync=False)

    def add_confirmed(self, confirmed: Confirmed) -> None:
        """Record a network of a confirmation; it is synced by `sync` or with a later record."""
        self._append([confirmed], sync=False)

    def hold(self, results: Sequence[Result]) -> None:
        """Keep results for a resume that are not recorded yet because others come before them."""
        if self._cache and results:
            self._cache.append([encode(result) for result in results])

    def sync(self) -> None:
        """Make sure that all records survive a power cut."""
        if self._file:
            self._file.sync()

    def finish(self, reason: Message) -> Message:
        """Record why the search ends, unless the last record already says so; return the reason."""
        if self.end is None or self.end.reason_kind != reason.kind:
            self._append([End(str(reason), reason.kind)])
        if reason.kind == COMPLETE:
            self._forget_held()
        return reason

    def _forget_held(self) -> None:
        """Drop all held results. In another plan their jobs may begin at other budgets."""
        self.held.clear()
        if self._cache:
            self._cache.clear()

    def _append(self, records: Sequence[SearchRecord], *, sync: bool = True) -> None:
        if self._file:
            self._file.append([encode(record) for record in records], sync=sync)
        for record in records:
            self.replay(record)

    def replay(self, record: SearchRecord) -> None:
        """Apply a record that is already in the file; raises ValueError if it contradicts earlier ones."""
        if isinstance(record, Header) == (self.header is not None):
            raise ValueError("a journal has exactly one header, as its first record")
        if isinstance(record, Confirmed):
            self._replay_confirmed(record)
            return
        self.end = None
        match record:
            case Header():
                self.header = record
            case Trial():
                self.trials[record.number] = record
            case EarlyResult():
                self._refuse_second(record)
                self.early[record.key] = Result(*_values(record))
            case Result():
                self._refuse_second(record)
                self.early.pop(record.key, None)
                self.results[record.key] = record
                self._of_trial.setdefault(record.trial, []).append(record)
            case Stop():
                if record.trial is not None and (record.trial, record.budget) not in self.results:
                    raise ValueError(f"trial {record.trial} is stopped where it has no result")
                self.stops[record.key] = record
            case Resume():
                self._changes.update(record.changes)
                if not record.changes.keys().isdisjoint(EXTENDING):
                    for result in [*self.early.values()]:  # another plan has no turn for them
                        self.replay(result)
                    self.stops.clear()
                    self.before_extension = tuple(self.trials[n].assignment for n in sorted(self.trials))
            case End():
                self.end = record

    def _refuse_second(self, result: Result) -> None:
        if result.key in self.results or result.trial not in self.trials:
            raise ValueError(f"a second result of a job, or one of an unknown trial: {result.key}")

    def _replay_confirmed(self, record: Confirmed) -> None:
        """Add a network of a confirmation, which does not go on with the search: its end remains."""
        if record.key in self.confirmed or record.trial not in self.trials:
            raise ValueError(f"a network is confirmed twice, or of an unknown trial: {record.key}")
        self.confirmed[record.key] = record

    def _is_new(self, trial: Trial) -> bool:
        recorded = self.trials.get(trial.number)
        if recorded is None:
            return True
        moved = recorded.bracket != trial.bracket
        may_move = not self._changes.keys().isdisjoint(EXTENDING)
        if _canonical(recorded.assignment) != _canonical(trial.assignment) or (moved and not may_move):
            raise self._refusal(
                f"has a different trial {trial.number} than this search: {_canonical(encode(recorded))} was "
                f"recorded, {_canonical(encode(trial))} is chosen now. The journal belongs to another "
                "experiment, or to another version of fnnctl, which can resume it"
            )
        return moved

    def _refuse_another(self, begun: Header, now: Header) -> None:
        self._refuse_other_versions(begun, now)  # first: a version may add settings to the configuration
        if begun.data != now.data:
            raise self._refusal("began with different data; start a new search")
        if begun.configuration != now.configuration:
            raise self._refusal("began with a different configuration; start a new search")

    def _refuse_other_versions(self, begun: Header, now: Header) -> None:
        names = [*begun.versions, *(name for name in now.versions if name not in begun.versions)]
        for name in names:
            before, here = begun.versions.get(name), now.versions.get(name)
            if before != here:
                why = (
                    "trials of the two cannot be compared" if name == "fnnctl" else "the last bits may differ"
                )
                raise self._refusal(
                    f"began with {name} {before or '(none)'}, and this is {here or '(none)'}: {why}. Resume "
                    "with that version, or start a new search"
                )

    def _refusal(self, message: str, line: int | None = None) -> DataError:
        return DataError(Problem(message, file=str(self._file.path) if self._file else None, line=line))


def _canonical(value: Any) -> str:
    """The value as JSON for comparison: a tuple equals a list, 1 differs from 1.0, key order is ignored."""
    return json.dumps(value, sort_keys=True)
