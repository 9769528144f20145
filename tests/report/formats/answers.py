"""Answers of runs of every kind, and hostile ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fnnctl.report.answer.values import Answer, ConfusedPair, NextCommand, Score, WorstGroup
from fnnctl.report.sections import TableSection

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


def score(key: str, **facts: Any) -> Score:
    return Score(key.replace("_", " "), key, 0.9, (0.8, 0.95), 0.5, **facts)


def made(**facts: Any) -> Answer:
    """The answer of a complete training on three classes."""
    run = Path("runs/2026-11-24T13-24-05Z-flowers-mlp-3fa9c1")
    pair = ConfusedPair("rose", "tulip", 3, 0.25)
    groups = tuple(
        WorstGroup(
            name,
            (("F1", 0.8), ("precision", 0.7), ("recall", 0.9), ("ROC AUC", 0.9), ("rows", 12)),
            pair,
            None,
        )
        for name in ("rose", "tulip", "daisy")
    )
    usual: dict[str, Any] = {
        "path": run,
        "name": "flowers-mlp",
        "kind": "train",
        "status": "completed",
        "when": "started 2026-11-24 13:24:05 UTC, took 1.2 s",
        "failure": None,
        "facts": (("network", "4 → 16 → 3, 131 parameters"), ("data", "flowers: 150 rows")),
        "measured": "test part",
        "scores": tuple(
            map(score, ("accuracy", "balanced_accuracy", "f1_macro", "roc_auc_macro", "log_loss"))
        ),
        "sizes": None,
        "certainty": ("Measured on 30 rows.",),
        "group": "class",
        "worst": groups,
        "confused": (pair,),
        "pairs": 1,
        "repeats": 1,
        "warnings": (),
        "importance": (),
        "commands": (
            NextCommand("show everything", f"fnnctl report {run} --verbose"),
            NextCommand("repeat the run", f"fnnctl train {run}/resolved.yaml"),
            NextCommand("predict new rows", f"fnnctl predict {run} DATA"),
        ),
    }
    return Answer(**{**usual, **facts})


def overfull(name: str) -> Answer:
    """An answer with more of everything than there is room for, in which every text is this name."""
    sentence = " ".join([name] * 40)
    pair = ConfusedPair(name, name, 10**6, 0.5)
    group = WorstGroup(name, (("F1", 0.0), ("precision", 0.0), ("recall", None), ("rows", 10**6)), pair, pair)
    return made(
        name=name,
        failure=sentence,
        facts=((name, sentence),) * 9,
        scores=tuple(score(f"metric_{number}") for number in range(12)),
        sizes=TableSection(
            "Sizes", ("rows", "share", "accuracy", "95 % interval"), (("1", "2", "3", "4"),) * 20
        ),
        certainty=(sentence,) * 5,
        worst=(group,) * 3,
        confused=(pair,) * 5,
        warnings=(sentence,) * 7,
        commands=(NextCommand("show everything", "fnnctl report x --verbose"),) * 8,
    )
