"""What was measured of one contender on one fold, in a file of JSON lines, so that a run can go on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple


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
    """Of the training alone, without the import of the library."""
    predict_seconds: float | None = None
    test_rows: int | None = None
    model_bytes: int | None = None
    scores: Scores | None = None
    """Of a search: those of its ensemble, or of its best trial if there is none."""
    best: Scores | None = None
    """Of a search: those of its best trial."""
    trials: int | None = None
    """Those that have a score."""
    members: int | None = None
    """The networks that the model has."""
    verdict: Verdict | None = None
    error: str | None = None
    """The last line of what a command that failed has said."""


def read_results(paths: Iterable[Path]) -> dict[Key, Result]:
    """The last result of each key; a last line that was cut off is ignored."""
    results = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else ():
            if line.endswith("\n"):
                result = _result(json.loads(line))
                results[result.key] = result
    return results


def append(path: Path, result: Result) -> None:
    """Add a line to the file in one write, because several processes may write to it."""
    line = json.dumps({**asdict(result), "key": result.key._asdict()})
    with path.open("ab", buffering=0) as file:
        file.write(f"{line}\n".encode())


def _result(entry: Mapping[str, Any]) -> Result:
    scores = {name: _scores(entry[name]) for name in ("scores", "best")}
    verdict = entry["verdict"] and Verdict(**entry["verdict"])
    return Result(**{**entry, **scores, "key": Key(**entry["key"]), "verdict": verdict})


def _scores(parts: Mapping[str, Any] | None) -> Scores | None:
    if parts is None:
        return None
    return Scores(**{name: score and Score(**score) for name, score in parts.items()})
