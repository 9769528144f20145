"""What was measured of one contender on one fold, in a file of JSON lines, so that a run can go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.kept_lines import append_line, read_lines


class Key(NamedTuple):
    """What is measured once."""

    table: str
    fold: int
    contender: str
    limit: float | None
    """Seconds; None for those without a time limit."""


@dataclass(frozen=True, slots=True)
class Score:
    """On some rows."""

    value: float | None = None
    """The accuracy, or R²."""
    log_loss: float | None = None
    """None in a regression."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Of a predictor on the test fold and, if the program tells them, on out-of-bag rows."""

    test: Score
    out_of_bag: Score | None = None
    nested: Score | None = None
    """On the out-of-bag rows, of what was selected without them: of the metrics that the search names."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a search says of its ensemble beside the default, which it tests on the test rows."""

    metric: str
    said: str
    """`better`, `worse` or `tie`."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one contender came to on one fold."""

    key: Key
    is_classification: bool
    rows: int
    """The training rows."""
    version: str | None = None
    seconds: float | None = None
    """Of the whole command, with the start of the interpreter."""
    processor_seconds: float | None = None
    fit_seconds: float | None = None
    """Of the processor, for the training alone, without the import of the library."""
    predict_seconds: float | None = None
    test_rows: int | None = None
    model_bytes: int | None = None
    scores: Scores | None = None
    """Of a search: those of its ensemble, or of its best trial if there is none."""
    best: Scores | None = None
    """Of a search: those of its best trial."""
    verdict: Verdict | None = None
    error: str | None = None
    """The last line of what a command that failed has said."""


def read_results(paths: Iterable[Path]) -> dict[Key, Result]:
    """The last result of each key."""
    results = [_result(entry) for path in paths for entry in read_lines(path)]
    return {result.key: result for result in results}


def append(path: Path, result: Result) -> None:
    """Add a result to the file."""
    append_line(path, {**asdict(result), "key": result.key._asdict()})


def _result(entry: Mapping[str, Any]) -> Result:
    scores = {name: _scores(entry[name]) for name in ("scores", "best")}
    verdict = entry["verdict"] and Verdict(**entry["verdict"])
    return Result(**{**entry, **scores, "key": Key(**entry["key"]), "verdict": verdict})


def _scores(parts: Mapping[str, Any] | None) -> Scores | None:
    if parts is None:
        return None
    return Scores(**{name: score and Score(**score) for name, score in parts.items()})
