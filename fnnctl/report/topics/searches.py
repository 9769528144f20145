"""The topics that only searches have, in the order of their entries in JSON."""

from __future__ import annotations

from typing import Final

from fnnctl.report.topics import (
    architecture,
    audit,
    confirmation,
    default_trial,
    ensemble,
    hyperparameter_importance,
    leaderboard,
    rungs,
    search,
    winner,
    workers,
)
from fnnctl.report.topics.topic import Topic

SEARCH_TOPICS: Final[tuple[Topic, ...]] = (
    search.TOPIC,
    winner.TOPIC,
    default_trial.TOPIC,
    confirmation.TOPIC,
    ensemble.TOPIC,
    leaderboard.TOPIC,
    rungs.TOPIC,
    audit.TOPIC,
    hyperparameter_importance.TOPIC,
    architecture.TOPIC,
    workers.TOPIC,
)
