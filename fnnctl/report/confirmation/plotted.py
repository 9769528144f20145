"""The confirmation as the values that its figure draws."""

from __future__ import annotations

import numpy as np

from fnnctl.plots.searched import PlottedLeader
from fnnctl.records.confirmation import Confirmation


def plotted_leaders(found: Confirmation) -> list[PlottedLeader]:
    """The leaders of a complete confirmation, the best first."""
    leaders = []
    for leader in found.ranked:
        interval = found.summary(leader)["ci95"]
        leaders.append(
            PlottedLeader(
                trial=leader.trial,
                scores=np.array(leader.scores, dtype=np.float64),
                interval=(interval[0], interval[1]) if interval else None,
                objective=leader.result.objective if found.same_epochs(leader) else None,
                standing="failed"
                if leader.mean is None
                else "winner"
                if leader is found.winner
                else "tied"
                if leader.trial in found.tied
                else "worse",
            )
        )
    return leaders
