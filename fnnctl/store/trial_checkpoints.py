"""The checkpoints of a search's trials: a cache with one file per stack.

A lost or damaged checkpoint does no harm: the trial is trained again, and its state is checked against the
digest in the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from fnnctl.errors import DataError, MachineError, Problem
from fnnctl.store import names
from fnnctl.store.atomic import cannot_write, read_bytes, write_bytes
from fnnctl.store.volumes import delete_file, files_in, make_folder
from fnnctl.store.weights import Array, read_npz, to_npz

FitKey: TypeAlias = tuple[int, int]
"""A trial's number and the index of the fit: 0, or the index of the fold."""

MAX_RECENT_BYTES = 2**27
"""The most bytes of states that are kept in memory."""
_NETWORKS, _BUDGET = _ABOUT = "checkpoint.networks", "checkpoint.budget"


@dataclass(frozen=True, slots=True)
class StateLocation:
    """The location of a fit's checkpoint."""

    file: Path
    index: int
    """The index of the fit in the file."""
    size: int
    """How many consecutive rows, along the first axis of the file's arrays, each of its fits has."""

    @property
    def rows(self) -> slice:
        """The rows of the fit."""
        return slice(self.index * self.size, (self.index + 1) * self.size)


class TrialCheckpoints:
    """The checkpoints in a search's folder."""

    def __init__(self, run: Path, folder: str = names.CHECKPOINTS) -> None:
        """Find the existing checkpoints; a file that cannot be read counts as lost."""
        self._folder = run / folder
        self._locations: dict[tuple[int, int], dict[int, StateLocation]] = {}
        """By trial and budget, then by the index of the fit."""
        self._needed: dict[Path, int] = {}
        """By file, the number of its checkpoints that are still needed."""
        self._written: set[tuple[FitKey, int]] = set()
        self._recent: dict[Path, Mapping[str, Array]] = {}
        """The states written last, up to `MAX_RECENT_BYTES` bytes: most of them are needed again soon."""
        self._recent_bytes = 0
        for left_behind in files_in(self._folder, names.TEMPORARY_PATTERN):
            delete_file(left_behind)
        for file in files_in(self._folder, "*.npz"):
            with suppress(DataError, MachineError, KeyError, ValueError, TypeError):
                arrays = _read(file)
                keys = [(int(trial), int(fit)) for trial, fit in arrays[_NETWORKS]]
                state = {name: array for name, array in arrays.items() if name not in _ABOUT}
                self._note(file, keys, int(arrays[_BUDGET]), _networks(state))

    def known(self) -> list[tuple[int, int]]:
        """The pairs of a trial and a budget that have checkpoints."""
        return [key for key, locations in self._locations.items() if locations]

    def location(self, key: FitKey, budget: int) -> StateLocation | None:
        """The location of the fit's checkpoint at this budget; None if there is none."""
        trial, fit = key
        return self._locations.get((trial, budget), {}).get(fit)

    def has_written(self, key: FitKey, budget: int) -> bool:
        """Whether this object wrote the fit's checkpoint and still has it; then no check is needed."""
        return (key, budget) in self._written

    def read(self, keys: Sequence[FitKey], budget: int) -> dict[str, Array]:
        """The states of these fits at this budget, stacked in order.

        Raises `DataError` if one is lost or damaged, or if their arrays do not match.
        """
        locations = [location for key in keys if (location := self.location(key, budget))]
        if len(locations) < len(keys):
            raise DataError(Problem(f"lacks a checkpoint after epoch {budget}", file=str(self._folder)))
        files = {
            file: self._recent.get(file) or read_state(file)
            for file in {location.file for location in locations}
        }
        try:
            return {
                name: np.concatenate([files[location.file][name][location.rows] for location in locations])
                for name in next(iter(files.values()))
            }
        except (KeyError, ValueError) as error:
            message = f"does not match the other checkpoints ({error})"
            raise DataError(Problem(message, file=str(next(iter(files))))) from error

    def write(self, keys: Sequence[FitKey], budget: int, state: Mapping[str, Array]) -> None:
        """Write the state of a stack; the first axis of each array runs over these fits' networks."""
        try:
            make_folder(self._folder, sync=False)
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        file = self._folder / names.trial_checkpoint_name(budget, keys[0][0])
        arrays = {_NETWORKS: np.array(keys), _BUDGET: np.array(budget), **state}
        write_bytes(file, to_npz(arrays), sync=False)  # a torn one is found by its digest and trained again
        self._note(file, keys, budget, _networks(state))
        self._written |= {(key, budget) for key in keys}
        self._recent[file] = state
        self._recent_bytes += _size(state)
        while self._recent_bytes > MAX_RECENT_BYTES:
            self._forget(next(iter(self._recent)))

    def release(self, keys: Iterable[tuple[int, int]]) -> None:
        """Forget the checkpoints of pairs of a trial and a budget; remove files of which none is needed."""
        for trial, budget in keys:
            for fit, location in self._locations.pop((trial, budget), {}).items():
                self._written.discard(((trial, fit), budget))
                self._let_go(location.file)

    def clear(self) -> None:
        """Remove all files."""
        for file in files_in(self._folder, "*.npz"):
            delete_file(file)
        self._locations, self._needed, self._written = {}, {}, set()
        self._recent, self._recent_bytes = {}, 0

    def _note(self, file: Path, keys: Sequence[FitKey], budget: int, networks: int) -> None:
        self._needed[file] = len(keys)
        for index, (trial, fit) in enumerate(keys):
            locations = self._locations.setdefault((trial, budget), {})
            if former := locations.get(fit):
                self._let_go(former.file)
            locations[fit] = StateLocation(file, index, networks // len(keys))

    def _let_go(self, file: Path) -> None:
        """One checkpoint of the file is not needed any more."""
        self._needed[file] -= 1
        if not self._needed[file]:
            del self._needed[file]
            self._forget(file)
            delete_file(file)

    def _forget(self, file: Path) -> None:
        """Drop the states of the file from memory, if they are there."""
        if state := self._recent.pop(file, None):
            self._recent_bytes -= _size(state)


def _networks(state: Mapping[str, Array]) -> int:
    """The number of networks whose state it is."""
    return len(next(iter(state.values()), ()))


def _size(state: Mapping[str, Array]) -> int:
    return sum(array.nbytes for array in state.values())


def read_state(file: Path) -> dict[str, Array]:
    """The state in a checkpoint file; raises `DataError` if it is damaged or missing."""
    return {name: array for name, array in _read(file).items() if name not in _ABOUT}


def _read(file: Path) -> dict[str, Array]:
    return read_npz(read_bytes(file) or b"", file)
