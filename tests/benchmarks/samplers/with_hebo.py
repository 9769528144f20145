"""HEBO in fnnctl's spaces without conditions, which it does not know.

HEBO 0.3.6 asks for NumPy below 1.25, but runs with 2.3: install pymoo 0.6.0 and HEBO with `--no-deps`, and
gpytorch, GPy, catboost, disjoint-set, autograd, cma, alive-progress, dill and Deprecated before them.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from fnnctl.space.dimensions import Dimension
from fnnctl.space.space import Space
from tests.benchmarks.samplers.peer import Proposal, plain_range


class HeboPeer:
    """HEBO with its defaults."""

    def __init__(self, space: Space, *, seed: int) -> None:
        import torch
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002  # HEBO's and pymoo's own generator
        self._space = space
        parameters = [_parameter(dimension) for dimension in space.dimensions]
        self._optimizer: Any = HEBO(DesignSpace().parse(parameters), scramble_seed=seed)

    def ask(self, n: int) -> list[Proposal]:
        """See `Peer`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pandas and torch about HEBO's calls
            rows = self._optimizer.suggest(n_suggestions=n)
        return [self._proposal(rows.iloc[[index]]) for index in range(n)]

    def tell(self, proposal: Proposal, loss: float) -> None:
        """See `Peer`."""
        self._optimizer.observe(proposal.token, np.array([[loss]]))

    def _proposal(self, row: Any) -> Proposal:
        values = {each.name: _value(each, row[each.name].iloc[0]) for each in self._space.dimensions}
        return Proposal(row, dict(self._space.assignment_of(values)))


def _parameter(dimension: Dimension) -> dict[str, Any]:
    domain = plain_range(dimension)
    if domain is None:
        numbers = list(range(len(dimension.domain.values or ())))
        return {"name": dimension.name, "type": "cat", "categories": numbers}
    kinds = ("num", "pow"), ("int", "pow_int")
    return {
        "name": dimension.name,
        "type": kinds[domain.whole][domain.log],
        "lb": domain.low,
        "ub": domain.high,
    }


def _value(dimension: Dimension, value: Any) -> Any:
    domain = plain_range(dimension)
    if domain is None:
        return list(dimension.domain.values or ())[int(value)]
    number = min(max(float(value), domain.low), domain.high)  # powers may miss the ends by a rounding
    return round(number) if domain.whole else number
