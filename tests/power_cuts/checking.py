"""Whether a disk that a power cut, or an error, has left is as fnnctl promises."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fnnctl.store import names
from tests.power_cuts.commands import Command, newest_run, resuming_words, runs_in, words_of
from tests.power_cuts.disk import LOSSES, Files, Loss, Operation, Say, Trace, Write, files_below, write_state
from tests.power_cuts.recording import run_in

_UNCOMPARED: Final = ("log.txt", "timeline.jsonl", "journal.torn")
"""Files with times, and with what was cut off."""
_OF_SESSIONS: Final = (
    "started",
    "finished",
    "seconds",
    "resumed",
    "command",
    "directory",
    "time",
    "platform",
)
"""What the manifest says of the sessions of a run, and not of its result."""
_FORMER: Final = {names.BEST: names.FORMER_BEST, names.ENSEMBLE: names.FORMER_ENSEMBLE}
UNCLEAR: Final = ("internal error", "Traceback", "operating system error", "Errno")
"""What no sentence says that tells a user what to do."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A power cut during a command."""

    operations: int
    """How many operations came before it."""
    loss: Loss
    seed: int

    def has_reported(self, trace: Trace) -> bool:
        """Whether the command had written its result to standard output, or had ended well."""
        done = trace.operations[: self.operations]
        return len(done) == len(trace.operations) or any(isinstance(each, Say) for each in done)

    def state(self, trace: Trace) -> Files:
        """What it leaves."""
        return trace.disk_after(self.operations).after_cut(self.loss, random.Random(self.seed))


def cuts(trace: Trace, count: int, seed: int) -> Iterator[tuple[Cut, Files]]:
    """Those of `count` power cuts that leave different disks, each with what it leaves.

    The first ones come just after the end of the command. The others are drawn from all instants, more of
    them from those just after a file has grown in place, such as a journal. Disks that differ in temporary
    files alone count as equal.
    """
    rng = random.Random(seed)
    seen: set[int] = set()
    instants = range(len(trace.operations) + 1)
    appending = [instant for instant in instants[1:] if _appends(trace.operations[instant - 1])] or instants
    for index in range(count):
        loss = LOSSES[index % len(LOSSES)]
        instant = rng.choice(appending if loss == "torn" else rng.choice((instants, instants, appending)))
        if index < len(LOSSES):
            instant = instants[-1]
        cut = Cut(instant, loss, rng.getrandbits(32))
        state = cut.state(trace)
        if (key := hash((cut.has_reported(trace), frozenset(lasting(state).items())))) not in seen:
            seen.add(key)
            yield cut, state


def lasting(files: Files) -> Files:
    """The files without temporary ones and those of a run that has not appeared."""
    return {
        path: content
        for path, content in files.items()
        if not path.endswith((".tmp", "/.lock"))
        and not (path.startswith("runs/.new-") and path.count("/") > 1)
    }


def _appends(operation: Operation) -> bool:
    return isinstance(operation, Write) and operation.offset > 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not as promised."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


def check_cut(folder: Path, command: Command, trace: Trace, cut: Cut, state: Files) -> list[Fault]:
    """What is wrong with a command after a power cut."""
    has_reported = cut.has_reported(trace)
    return check(folder, command, trace.before, state, trace.end(), has_reported=has_reported)


def check(
    folder: Path, command: Command, before: Files, state: Files, end: Files, *, has_reported: bool
) -> list[Fault]:
    """What is wrong with a disk: `runs`, `report` and the command that goes on are run on it.

    The command began with the disk `before`, and would have ended with that at the `end`. A run that has not
    appeared is started again.
    """
    write_state(folder, state)
    faults: list[Fault] = []
    if has_reported:
        faults += [Fault("a reported result is lost", text) for text in differences(state, end)]
    elif lost := [path for path in before if path in end and not _is_kept(path, state, command)]:
        faults.append(Fault("an earlier file is lost", ", ".join(lost)))
    faults += _read_faults(folder, state)
    new = sorted(runs_in(state) - runs_in(before))
    has_appeared = new or not runs_in(end) - runs_in(before)
    run = new[-1] if new else newest_run(before)
    words = resuming_words(command, run) if has_appeared else words_of(command, before)
    code, text, error = run_in(folder, words)
    after = files_below(folder)
    end = with_run_of(after, before, end)
    if code and not (code == 2 and not differences(state, end)):  # what it would make is there
        faults.append(Fault("it does not go on", f"{' '.join(words)}: {code} {error or text}"))
        return faults
    faults += [Fault("other bits", text) for text in differences(after, end)]
    if not has_appeared:
        faults += _listing_faults(folder, after, are_complete=True)
    if command.resuming is not None and differences(state, end):  # a run that is taken over is cleared up
        hidden = (path for path in sorted(after.keys() - end.keys()) if "/." in path[len("runs/.") :])
        faults += [Fault("a file is left", path) for path in hidden if path.startswith("runs/2")]
    return faults


def _is_kept(path: str, state: Files, command: Command) -> bool:
    """Whether an earlier file is there, or may be made again, as those of a command that was killed.

    While a search's winner or ensemble is being replaced, commands that get the folder's own name find the
    former one by its hidden name.
    """
    parts = path.split("/")
    former = "/".join([*parts[:2], *(_FORMER.get(part, part) for part in parts[2:3]), *parts[3:]])
    return path in state or former in state or (command.is_killed and path.startswith("runs/"))


def _read_faults(folder: Path, state: Files) -> Iterator[Fault]:
    """What is wrong with `runs` and with a `report` of each run."""
    if faults := _listing_faults(folder, state):
        yield from faults
        return
    for name in sorted(runs_in(state)):
        code, text, error = run_in(folder, ["report", name])
        if code or any(words in error + text for words in UNCLEAR):
            yield Fault("report fails", f"{code} {error or text}")


def _listing_faults(folder: Path, files: Files, *, are_complete: bool = False) -> list[Fault]:
    """What is wrong with `runs`, which is to list the runs, complete ones or any, and nothing else."""
    code, text, error = run_in(folder, ["runs", "--json"])
    if code:
        return [Fault("runs fails", error or text)]
    listed = {Path(run["run"]).name: run for run in json.loads(text)["runs"]}
    faults = [Fault("runs lists what is no run", name) for name in sorted(listed.keys() - runs_in(files))]
    for name in sorted(runs_in(files)):
        entry = listed.get(name)
        if entry is None or entry["alive"] or entry["damage"]:
            faults.append(Fault("runs does not list it", f"{name}: {entry and entry['damage']}"))
        elif are_complete and entry["status"] != "completed":
            faults.append(Fault("a run is not complete", f"{name}: {entry['status']}"))
    return faults


def with_run_of(files: Files, before: Files, end: Files) -> Files:
    """The disk at the end of a command, with the name of the run that it has made on the disk `files`."""
    expected, actual = (sorted(runs_in(each) - runs_in(before)) for each in (end, files))
    if not expected or not actual:
        return end
    return {path.replace(expected[0], actual[0]): content for path, content in end.items()}


def differences(files: Files, expected: Files) -> list[str]:
    """How what a command made differs from what it is to make, except for times."""
    essence, end = _essence(files), _essence(expected)
    return [
        f"{path} {'is missing' if path not in essence else 'differs' if path in end else 'is new'}"
        for path in sorted({*essence, *end})
        if essence.get(path) != end.get(path)
    ]


def _essence(files: Files) -> dict[str, Any]:
    return {
        path: _without_times(path.rpartition("/")[2], content)
        for path, content in files.items()
        if content is not None
        and not any(part.startswith(".") for part in path.split("/"))
        and "checkpoints" not in path.split("/")  # a cache, whose files depend on what trained together
        and path.rpartition("/")[2] not in _UNCOMPARED
    }


def _without_times(name: str, content: bytes) -> Any:
    """The content of a file without what depends on when, and in how many sessions, it was made."""
    try:
        if name in ("manifest.json", "promoted.json"):
            return _stripped(json.loads(content))
        if name == "journal.jsonl":
            records = [json.loads(line.rpartition(b',"checksum"')[0] + b"}") for line in content.splitlines()]
            return [record for record in records if record["record"] not in ("resume", "end")]
    except ValueError:
        return content
    return content


def _stripped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _stripped(inner) for key, inner in value.items() if key not in _OF_SESSIONS}
    return [_stripped(inner) for inner in value] if isinstance(value, list) else value
