"""Documents of runs of every kind, and hostile ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fnnctl.report.blocks import Block, Command, Facts, Failure, Notes, Score, Scores, Table, Warnings
from fnnctl.report.document import Document, ReportedRun, Section, merge_blocks
from fnnctl.report.gates import GateResult

RUN: Final = Path("runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1")
KEYS: Final = ("accuracy", "balanced accuracy", "f1 macro", "roc auc macro", "log loss")
COMMANDS: Final = {
    "Show everything": f"fnnctl report {RUN} --verbose",
    "Repeat the run": f"fnnctl train {RUN}/resolved.yaml",
    "Predict new rows": f"fnnctl predict {RUN} DATA",
}
ERROR: Final = "25% taken for tulip"
HOSTILE: Final = (
    "<script>alert(1)</script>",
    "\x1b[31mred\x1b[0m",
    "\u202eright-to-left",
    "שלום עולם",
    "x" * 200,
    "日本語" * 70,
    "]]>",
    "two\nlines",
    "=cmd()|a",
    "\ufffe\x00",
)


GATE: Final = GateResult(
    run=str(RUN),
    name="accuracy",
    metric="accuracy",
    value=0.9,
    value_text="0.9000",
    threshold=0.95,
    condition="≥ 0.95",
    passed=False,
    message="",
)


def worst(*names: str, error: str | None = ERROR) -> Table:
    """The worst classes, in the form of a short report."""
    header = ("lowest F1", "F1", "precision", "recall", "rows", *(["most frequent error"] if error else []))
    numbers = ("0.8000", "0.7000", "0.9000", "12")
    rows = tuple((name, *numbers, *([error] if error else [])) for name in names)
    return Table("The lowest F1", header, rows, texts=(0, 5))


CLASSES: Final = worst("rose", "tulip", "daisy")


def made(
    *more: Section,
    name: str = "flowers-mlp",
    path: Path = RUN,
    kind: str = "train",
    status: str = "completed",
    failure: str = "",
    facts: Sequence[tuple[str, str]] = (
        ("network", "4 → 16 → 3, 131 parameters"),
        ("data", "flowers: 150 rows"),
    ),
    measured: str = "test part",
    scores: Sequence[str] = KEYS,
    sizes: Table | None = None,
    sentences: Sequence[str] = ("Measured on 30 rows.",),
    classes: Table | None = CLASSES,
    warnings: Sequence[str] = (),
    commands: dict[str, str] = COMMANDS,
) -> Document:
    """The short document of a complete training on three classes, with more sections."""
    rows = tuple(Score(label, 0.9, (0.8, 0.95), 0.5) for label in scores)
    summary: tuple[Block, ...] = (
        Facts("Summary", tuple(facts)),
        Scores("How good it is", measured, rows),
        *([sizes] if sizes else []),
        Notes("About the scores", tuple(sentences)),
    )
    steps = tuple(Command(title, (command,)) for title, command in commands.items())
    sections = (
        Section("Why it failed", merge_blocks([Failure("Why it failed", (failure,) if failure else ())])),
        Section("Summary", merge_blocks(summary), "summary"),
        Section("Warnings", merge_blocks([Warnings("Warnings", tuple(warnings))]), "warning"),
        Section("What goes wrong", (classes,) if classes else ()),
        Section("Repeat and continue", steps),
        *more,
    )
    return Document(
        name,
        "started 2026-11-24 13:24:05 UTC, took 1.2 s",
        tuple(section for section in sections if section.blocks),
        ReportedRun(path, kind, status),
    )


def overfull(name: str, *, failure: bool = True, sizes: bool = True) -> Document:
    """A document with more of everything than there is room for, in which every text is this name."""
    sentence = " ".join([name] * 40)
    header = ("rows", "share", "accuracy", "95 % interval")
    table = Table("Sizes", header, (("1", "2", "3", "4"),) * 20, texts=(), notes=(sentence,), lines=(8, 12))
    return made(
        name=name,
        failure=sentence if failure else "",
        facts=((name, sentence),) * 9,
        scores=[f"metric {number}" for number in range(12)],
        sizes=table if sizes else None,
        sentences=(sentence,) * 5,
        classes=worst(*[name] * 3, error=f"50% taken for {name}"),
        warnings=(sentence,) * 7,
        commands={f"Do {number}": "fnnctl report x --verbose" for number in range(8)},
    )
