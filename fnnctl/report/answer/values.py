"""The answer of a run as values, which the short reports and the page render."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fnnctl.report.sections import Section, TableSection


@dataclass(frozen=True, slots=True)
class Score:
    """A metric of the part on which the run is judged."""

    label: str
    key: str
    value: float
    interval: tuple[float, float] | None
    """Of 95 %; None if there is none."""
    baseline: float | None
    """The metric of the baseline on the same rows."""


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Rows of one class that are predicted as another."""

    true: str
    predicted: str
    rows: int
    """In a repeated cross-validation, summed over the repeats."""
    share: float
    """Of the rows of the true class."""


@dataclass(frozen=True, slots=True)
class WorstGroup:
    """A group of rows, such as a class, that is predicted worse than the others."""

    name: str
    metrics: tuple[tuple[str, float | int | None], ...]
    """Labels and values; the first one is that by which groups are ranked."""
    predicted_as: ConfusedPair | None = None
    """The class that most of its wrong rows are predicted as; None if there are none, or no matrix."""
    predicted_for: ConfusedPair | None = None
    """The class most of whose rows are wrongly predicted as this one."""


@dataclass(frozen=True, slots=True)
class NextCommand:
    """A command that continues from the run."""

    purpose: str
    """What it does, as an imperative: `repeat the run`."""
    command: str
    """Quoted for a shell; words in capitals are to be replaced."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a report says first about a run. What does not apply to a kind of run is empty or None."""

    path: Path
    name: str
    kind: str
    """See `Manifest`."""
    status: str
    """As shown to users: `completed`, `failed`, `interrupted`, `running` or `died`."""
    when: str
    """When it was started and how long it took."""
    failure: str | None
    """Why there are no scores, or why there may be more to come; None for a completed run."""
    facts: tuple[tuple[str, str], ...]
    """What was trained or searched."""
    measured: str
    """Where the scores were measured, such as `test part` or `out of fold`; empty without scores."""
    scores: tuple[Score, ...]
    """The task's first metrics."""
    sizes: TableSection | None
    """The scores by data size; None for a run without sizes."""
    certainty: tuple[str, ...]
    """Sentences: what the scores and intervals are of, and what they leave open."""
    group: str
    """What a group is, such as `class`."""
    worst: tuple[WorstGroup, ...]
    """The groups with the lowest value of their first metric, unless that is perfect, the worst first."""
    confused: tuple[ConfusedPair, ...]
    """The most frequent pairs, the most frequent first."""
    pairs: int
    """The number of all confused pairs."""
    repeats: int
    """How often each row is in the counts of confused rows: more than once in a repeated cross-validation."""
    warnings: tuple[str, ...]
    importance: tuple[Section, ...]
    """The importance of the columns, if it has just been measured."""
    commands: tuple[NextCommand, ...]
    """The first one shows everything that the run has to say."""
