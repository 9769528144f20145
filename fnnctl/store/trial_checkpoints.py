"""The checkpoints of a search's trials: a cache with one file per stack.

A lost or damaged checkpoint does no harm: the trial is trained again, and its state is checked against the
digest in the journal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from fnnctl.errors import DataError, MachineError, Problem
from fnnctl.store import names
from fnnctl.store.atomic import cannot_write, read_bytes, write_bytes
from fnnctl.store.weights import Array, read_npz, to_npz

FitKey: TypeAlias = tuple[int, int]
"""A trial's number and the index of the fit: 0, or the index of the fold."""

_NETWORKS, _BUDGET = "checkpoint.networks", "checkpoint.budget"


@dataclass(frozen=True, slots=True)
class StatePlace:
    """The location of a fit's checkpoint."""

    file: Path
    row: int
    """The index along the first axis of the file's arrays."""


class TrialCheckpoints:
    """The checkpoints in a search's folder."""

    def __init__(self, run: Path) -> None:
        """Find the existing checkpoints; a file that cannot be read counts as lost."""
        self._folder = run / names.CHECKPOINTS
        self._places: dict[tuple[FitKey, int], StatePlace] = {}
        self._written: set[tuple[FitKey, int]] = set()
        for left_behind in self._folder.glob(names.TEMPORARY_PATTERN):
            with suppress(OSError):
                left_behind.unlink()
        for file in sorted(self._folder.glob("*.npz")):
            with suppress(DataError, MachineError, KeyError, ValueError, TypeError):
                arrays = _read(file)
                keys = [(int(trial), int(fit)) for trial, fit in arrays[_NETWORKS]]
                self._note(file, keys, int(arrays[_BUDGET]))

    def place(self, key: FitKey, budget: int) -> StatePlace | None:
        """The location of the fit's checkpoint at this budget; None if there is none."""
        return self._places.get((key, budget))

    def has_written(self, key: FitKey, budget: int) -> bool:
        """Whether this object wrote the fit's checkpoint and still has it; then no check is needed."""
        return (key, budget) in self._written

    def write(self, keys: Sequence[FitKey], budget: int, state: Mapping[str, Array]) -> None:
        """Write the state of a stack; the first axis of each array runs over these fits."""
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        file = self._folder / names.trial_checkpoint_name(budget, keys[0][0])
        write_bytes(file, to_npz({_NETWORKS: np.array(keys), _BUDGET: np.array(budget), **state}))
        self._note(file, keys, budget)
        self._written |= {(key, budget) for key in keys}

    def keep_only(self, needed: Collection[tuple[int, int]]) -> None:
        """Remove files without a needed checkpoint; `needed` holds pairs of a trial's number and a budget."""
        kept = {key: place for key, place in self._places.items() if (key[0][0], key[1]) in needed}
        files = {place.file for place in kept.values()}
        for file in self._folder.glob("*.npz"):
            if file not in files:
                with suppress(OSError):
                    file.unlink()
        self._places = kept
        self._written &= kept.keys()

    def _note(self, file: Path, keys: Sequence[FitKey], budget: int) -> None:
        self._places |= {(key, budget): StatePlace(file, row) for row, key in enumerate(keys)}


def read_state(file: Path) -> dict[str, Array]:
    """The state in a checkpoint file; raises `DataError` if it is damaged or missing."""
    arrays = _read(file)
    return {name: array for name, array in arrays.items() if name not in {_NETWORKS, _BUDGET}}


def _read(file: Path) -> dict[str, Array]:
    return read_npz(read_bytes(file) or b"", file)


def read_states(places: Sequence[StatePlace]) -> dict[str, Array]:
    """The states at several places, stacked in order; raises `DataError` if their arrays do not match."""
    files = {place.file: read_state(place.file) for place in places}
    try:
        return {
            name: np.concatenate([files[place.file][name][place.row : place.row + 1] for place in places])
            for name in next(iter(files.values()))
        }
    except (KeyError, ValueError) as error:
        message = f"does not match the other checkpoints ({error})"
        raise DataError(Problem(message, file=str(next(iter(files))))) from error
