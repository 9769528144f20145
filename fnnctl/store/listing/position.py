"""Where a run in progress is, as `OpenRun.note_position` has written it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fnnctl.errors import DataError, MachineError
from fnnctl.store import names
from fnnctl.store.atomic import read_bytes
from fnnctl.store.documents import read_mapping
from fnnctl.text import time_left_text


@dataclass(frozen=True, slots=True)
class Position:
    """How many epochs have been trained, out of how many."""

    epoch: int
    epochs: int
    seconds_left: float | None
    """None if it is not known yet."""

    @classmethod
    def read(cls, run: Path) -> Self | None:
        """The position in a run's folder; None if the run has not said it, or if the file is damaged."""
        path = run / names.PROGRESS
        with suppress(DataError, MachineError):
            if (content := read_bytes(path)) is not None:
                facts = read_mapping(content, path)
                epoch, epochs, left = (facts.get(key) for key in ("epoch", "epochs", "seconds_left"))
                if isinstance(epoch, int) and isinstance(epochs, int) and isinstance(left, float | None):
                    return cls(epoch, epochs, left)
        return None

    def __str__(self) -> str:
        left = "" if self.seconds_left is None else f", {time_left_text(self.seconds_left)}"
        return f"epoch {self.epoch:,} of {self.epochs:,}{left}"
