"""DEHB, HyperBand with differential evolution, in spaces of continuous numbers.

DEHB sees the unit cube. DEHB 0.1.2 asks for NumPy below 2, but runs with 2.3: install a newer NumPy after it.
"""

from __future__ import annotations

import tempfile
from typing import Any

from fnnctl.space.space import Space
from tests.benchmarks.samplers.peer import Proposal


class DehbPeer:
    """DEHB with its defaults, in this process."""

    def __init__(self, space: Space, *, budgets: tuple[int, int], seed: int) -> None:
        from dehb import DEHB

        self._space = space
        self._folder = tempfile.TemporaryDirectory(prefix="fnnctl-dehb-")
        self._dehb: Any = DEHB(
            dimensions=len(space.dimensions),
            min_fidelity=budgets[0],
            max_fidelity=budgets[1],
            n_workers=1,
            seed=seed,
            save_freq="end",
            output_path=self._folder.name,
            log_level="ERROR",
        )

    def ask(self, n: int) -> list[Proposal]:
        """See `Peer`."""
        return [self._proposal(self._dehb.ask()) for _ in range(n)]

    def tell(self, proposal: Proposal, loss: float) -> None:
        """See `Peer`."""
        self._dehb.tell(proposal.token, {"fitness": loss, "cost": proposal.budget})

    def _proposal(self, job: Any) -> Proposal:
        assignment = self._space.assignment(job["config"].tolist())
        return Proposal(job, assignment, round(job["fidelity"]))
