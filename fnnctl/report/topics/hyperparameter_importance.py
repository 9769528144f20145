"""The importance of a search's settings for its objective."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from fnnctl.records.history import EPOCHS
from fnnctl.report.blocks import Block, Table
from fnnctl.report.searched_settings import importances
from fnnctl.report.summary import Summary
from fnnctl.text import counted

TITLE: Final = "Importance of the settings"


def table(summary: Summary) -> Iterator[Block]:
    """How much each setting matters, beside what chance alone would give."""
    if (measured := importances(summary.search_history)) is None:
        return
    budget, by_name = measured
    estimates = [(name, importance) for name, importance in by_name.items() if importance]
    rows = (
        (name, f"{importance.share:.1%}", f"{importance.chance:.1%}", f"{importance.trials:,}")
        for name, importance in sorted(estimates, key=lambda pair: -pair[1].share)
    )
    own_epochs = EPOCHS in summary.search_history.paths
    title = TITLE if own_epochs else f"{TITLE} after {counted(budget, 'epoch')}"
    yield Table(title, ("setting", "share", "chance level", "trials"), tuple(rows))


def json_entries(summary: Summary) -> Mapping[str, Any]:
    """`importance` is the former name, which scripts read."""
    entry = None
    if measured := importances(summary.search_history):
        epochs, by_name = measured
        settings = {name: importance and asdict(importance) for name, importance in by_name.items()}
        entry = {"epochs": epochs, "settings": settings}
    return {"importance": entry, "hyperparameter_importance": entry}
