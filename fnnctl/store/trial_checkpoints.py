"""What a search's trials go on from: a cache, a file for each stack that was trained together.

The journal holds each checkpoint's digest, so that a lost or damaged one is no harm: it is trained again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from fnnctl.errors import DataError, MachineError
from fnnctl.store import names
from fnnctl.store.atomic import cannot_write, read_bytes, write_bytes
from fnnctl.store.weights import Array, read_npz, to_npz

Key: TypeAlias = tuple[int, int]
"""A trial's number, and the epochs that it has had."""

_TRIALS, _BUDGET = "checkpoint.trials", "checkpoint.budget"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trial's checkpoint is."""

    file: Path
    rows: tuple[int, ...]
    """Its networks' places along the first axis of the file's arrays."""


class TrialCheckpoints:
    """The checkpoints in a search's folder."""

    def __init__(self, run: Path) -> None:
        """Find those that are there; a file that cannot be read counts as lost."""
        self._folder = run / names.CHECKPOINTS
        self._places: dict[Key, Place] = {}
        for file in sorted(self._folder.glob("*.npz")):
            with suppress(DataError, MachineError):
                arrays = read_state(file)
                self._note(file, arrays.pop(_TRIALS).tolist(), int(arrays.pop(_BUDGET)))

    def place(self, trial: int, budget: int) -> Place | None:
        """Where the trial's checkpoint after so many epochs is; None where there is none."""
        return self._places.get((trial, budget))

    def write(self, trials: Sequence[int], budget: int, state: Mapping[str, Array]) -> None:
        """Keep the state of a stack, whose arrays' first axis has a network of each of these trials."""
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(self._folder, error) from error
        file = self._folder / names.trial_checkpoint_name(budget, trials[0])
        write_bytes(file, to_npz({_TRIALS: np.array(trials), _BUDGET: np.array(budget), **state}))
        self._note(file, trials, budget)

    def keep_only(self, needed: Collection[Key]) -> None:
        """Remove the files of which no checkpoint is needed."""
        files = {place.file for place in self._places.values()}
        kept = {place.file for key, place in self._places.items() if key in needed}
        for file in files - kept:
            with suppress(OSError):
                file.unlink()
        self._places = {key: place for key, place in self._places.items() if place.file in kept}

    def _note(self, file: Path, trials: Sequence[int], budget: int) -> None:
        rows: dict[int, list[int]] = {}
        for row, trial in enumerate(trials):
            rows.setdefault(trial, []).append(row)
        self._places |= {(trial, budget): Place(file, tuple(own)) for trial, own in rows.items()}


def read_state(file: Path) -> dict[str, Array]:
    """The arrays of a checkpoint's file; raises `DataError` where it is damaged or gone."""
    return read_npz(read_bytes(file) or b"", file)
