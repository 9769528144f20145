"""What a sampler of another library must do to take part: ask and tell, in fnnctl's spaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from fnnctl.space.assignments import Assignment
from fnnctl.space.dimensions import Dimension
from fnnctl.space.number_domains import Range


@dataclass(frozen=True)
class Proposal:
    """A configuration that a library proposes."""

    token: Any
    """What the library knows the proposal by."""
    assignment: Assignment
    budget: int = 1
    """Epochs, if the library chooses them."""


class Peer(Protocol):
    """A search with another library."""

    def ask(self, n: int) -> list[Proposal]:
        """So many proposals, before any of their losses is told."""

    def tell(self, proposal: Proposal, loss: float) -> None:
        """Tell the loss of a proposal."""


def plain_range(dimension: Dimension) -> Range | None:
    """The dimension's range; None if it is a choice. Raises ValueError for a range with a step."""
    domain = dimension.domain
    if not isinstance(domain, Range):
        return None
    if domain.step is not None:
        raise ValueError(f"{dimension.name} has a step, which other libraries may understand in another way")
    return domain
