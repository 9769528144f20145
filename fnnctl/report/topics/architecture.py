"""The best architecture of a search, for a config, and how the rewards of its controller changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fnnctl.metrics.registry import label_of
from fnnctl.records.history import SearchHistory
from fnnctl.report.best_model import best_model, rewards
from fnnctl.report.blocks import Block, Excerpt
from fnnctl.report.summary import Summary
from fnnctl.report.words import number
from fnnctl.text import counted

FIFTH: Final = 5


def reward_definitions(search: SearchHistory) -> Iterator[tuple[str, str]]:
    """The mean rewards of the first and of the last fifth of a controller's trials, with their names."""
    if not search.has_rewards or len(values := rewards(search)) < FIFTH:
        return
    count = len(values) // FIFTH
    for name, part in (("first fifth", values[:count]), ("last fifth", values[-count:])):
        mean = search.from_loss(-float(part.mean()))
        yield name, f"mean {label_of(search.metric)} {number(mean)} of {counted(count, 'trial')}"


def best_architecture(summary: Summary) -> Iterator[Block]:
    """The lines of a config."""
    if model := best_model(summary):
        yield Excerpt("Its architecture in a config", tuple(model.lines()))
