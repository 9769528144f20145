"""What contenders came to on folds, in a file of JSON lines, so that a run can go on."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.kept_lines import append_line, read_lines


class Key(NamedTuple):
    """What is measured once."""

    table: str
    fold: int
    contender: str


@dataclass(frozen=True, slots=True)
class Result:
    """The measures of a contender on a fold."""

    key: Key
    seconds: float
    """Of the processor, for training and predicting."""
    targets: Mapping[str, Mapping[str, float]]
    """The measures of each target; empty after an error."""
    error: str | None = None

    @property
    def loss(self) -> float:
        """The mean over the targets."""
        return statistics.fmean(scores["loss"] for scores in self.targets.values())


def read_results(paths: Iterable[Path]) -> dict[Key, Result]:
    """The last result of each key."""
    lines = (line for path in paths for line in read_lines(path))
    results = (Result(**{**line, "key": Key(**line["key"])}) for line in lines)
    return {result.key: result for result in results}


def append(path: Path, result: Result) -> None:
    """Add a result to the file."""
    append_line(path, {**asdict(result), "key": result.key._asdict()})
