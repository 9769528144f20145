"""Journals made by hand, and search folders with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.records.history import SearchHistory, search_history
from fnnctl.store.journal import JournalRecord
from fnnctl.store.names import BEST
from fnnctl.store.run import OpenRun, create_run
from fnnctl.tasks.classification import tables

CONFUSION = np.array([[9, 1], [2, 8]])
RATE, NAME = "training.optimizer.learning_rate", "training.optimizer.name"


def header(*, metric: str = "accuracy", direction: str = "maximize", **settings: Any) -> JournalRecord:
    """The header of a search: HyperBand over a learning rate and an optimizer."""
    usual: dict[str, Any] = {
        "scheduler": "hyperband",
        "sampler": "random",
        "objective": {"metric": metric, "on": "validation", "direction": direction},
        "paths": [RATE, NAME],
        "scales": {RATE: "log", NAME: "choice"},
        "budget": {"min_epochs": 1, "max_epochs": 9},
    }
    fixed = {"record": "header", "configuration": "c0", "data": "d0", "versions": {"fnnctl": "0.1.0"}}
    return {**fixed, "settings": {**usual, **settings}}


def trial(number: int, assignment: Mapping[str, Any] | None = None, *, bracket: int = 0) -> JournalRecord:
    """A trial; by default, its learning rate follows from its number."""
    values = (
        assignment if assignment is not None else {RATE: 10.0**-number, NAME: "adam" if number % 2 else "sgd"}
    )
    return {"record": "trial", "number": number, "assignment": values, "bracket": bracket}


def result(number: int, budget: int, objective: float | None, **facts: Any) -> JournalRecord:
    """The result of a trial trained from scratch to this budget, in the first rung by default."""
    status = "diverged" if objective is None else "completed"
    usual = {"trial": number, "rung": 0, "budget": budget, "status": status, "epochs": budget}
    return {"record": "result", **usual, "objective": objective, **facts}


def curve(*accuracies: float | None) -> Mapping[str, Any]:
    """The facts of a single fit's result."""
    losses = [None if each is None else 1 - each for each in accuracies]
    return {"curve": {"validation_loss": losses, "validation_accuracy": list(accuracies)}, "checkpoint": None}


def halving() -> list[JournalRecord]:
    """Four trials: two reach 3 epochs, one of these reaches 9; one diverges after half of its budget.

    The best objective, 0.99, is not the incumbent's, because the incumbent has had more epochs.
    """
    return [
        header(),
        *(trial(number) for number in range(4)),
        result(0, 1, 0.5, facts=curve(0.5)),
        result(1, 1, 0.9, facts=curve(0.9)),
        result(2, 1, 0.4, facts=curve(0.4)),
        result(3, 1, 0.8, facts=curve(0.8)),
        result(1, 3, 0.95, rung=1, epochs=2, facts=curve(0.93, 0.95)),
        result(3, 3, 0.99, rung=1, epochs=2, facts=curve(0.9, 0.99)),
        result(3, 9, None, rung=2, epochs=3, facts=curve(0.7, 0.2, None), reason="the loss is nan"),
        result(1, 9, 0.96, rung=2, epochs=6, facts=curve(*[0.95] * 5, 0.96)),
        {"record": "end", "reason": "complete"},
    ]


def hyperband(curves: Sequence[Sequence[float]], *, direction: str = "maximize") -> list[JournalRecord]:
    """One trial per curve of 9 epochs: a third begins at each rung, and a third of each rung is promoted."""
    records = [header(direction=direction)]
    sign, budgets = 1 if direction == "minimize" else -1, (1, 3, 9)
    for first in range(3):
        own = list(range(first, len(curves), 3))
        records += [trial(number, {}, bracket=2 - first) for number in own]
        start = 0
        for rung, budget in enumerate(budgets[first:]):
            for number in own:
                values, epochs = curves[number][start:budget], budget - start
                facts = {"curve": {"validation_accuracy": list(values)}}
                records.append(result(number, budget, values[-1], rung=rung, epochs=epochs, facts=facts))
            ranked = sorted(own, key=lambda number: (sign * curves[number][budget - 1], number))
            own, start = sorted(ranked[: len(own) // 3]), budget
    return records


def read(records: Sequence[JournalRecord]) -> SearchHistory:
    """The history that the records describe."""
    return search_history(records, Path("journal.jsonl"))


def start_search(runs_dir: Path, records: Sequence[JournalRecord], *, name: str = "rates") -> OpenRun:
    """The folder of a search that is running in this process."""
    manifest = {"seed": 7, "command": "fnnctl search rates.yaml"}
    return create_run(
        runs_dir, name=name, kind="search", config=b"", resolved="", manifest=manifest, journal=records
    )


def refit(search: OpenRun, metrics: Mapping[str, Any], **facts: Any) -> None:
    """Add a refitted winner with these metrics and facts to the search's folder."""
    run = create_run(search.path, name="winner", kind="train", config=b"", resolved="", manifest={})
    run.write_metrics(metrics)
    run.write_artifacts([tables.confusion(["a", "b"], CONFUSION)])
    run.finish("completed", {"total": 1.0, "training": 0.5}, facts)
    run.path.rename(search.path / BEST)


def confirmed(scores: Mapping[int, Sequence[float | None]], *, budget: int) -> list[JournalRecord]:
    """The networks of a confirmation, with the given objectives by trial, one per seed."""
    return [
        {
            "record": "confirmed", "trial": number, "budget": budget, "seed": seed, "objective": score,
            "epochs": budget, "kept_epoch": budget, "train_rows": 80, "validation_rows": 20,
            **({} if score is not None else {"reason": "it exploded"}),
        }
        for number, of_trial in scores.items()
        for seed, score in enumerate(of_trial)
    ]  # fmt: skip
