"""What is trained: the default recipe, and forms of it in which held-out rows choose less, or more.

Those of a validation part choose nothing in `fixed`: otherwise fewer than 250 rows leave no errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import fnnctl
from fnnctl import Run
from tests.benchmarks.coverage.peers import SHARE

Settings = Mapping[str, Any]

DEFAULT: Final = "default"
SEARCHED: Final = {"search.trials": 30, "search.method": "random", "search.compare_with_default": False}
FIXED: Final = {"training.early_stopping": None, "model.calibration": "none"}
ONE: Final = {"model.ensemble": 1, "data.split.validation": SHARE}
CLASSIC: Final = {"recipe": "classic", "data.split.validation": SHARE}


@dataclass(frozen=True, slots=True)
class Contender:
    """Settings with which a run is made."""

    settings: Settings = field(default_factory=dict)
    searches: bool = False
    for_classes_only: bool = False
    for_numbers_only: bool = False
    is_nested: bool = False
    """Whether its errors are compared with those that others have chosen for: see `nested.py`."""
    has_bags: bool = False
    """Whether the members are measured alone, too."""

    def suits(self, is_classification: bool) -> bool:
        """Whether it differs from others with such targets."""
        return not (self.for_numbers_only if is_classification else self.for_classes_only)

    def runs(self, data: Any, settings: Settings) -> Iterator[tuple[str, Run]]:
        """The runs that it gives: of a search the winner and the ensemble."""
        make: Callable[..., Run] = fnnctl.run_search if self.searches else fnnctl.train
        run = make(data=data, settings={**settings, **self.settings}, workers=1)
        if not self.searches:
            yield "", run
            return
        for name, part in (("winner", run.best), ("ensemble", run.ensemble)):
            if part is not None:
                yield name, part


BAGS: Final = {"model.ensemble": {"members": 8, "bags": True, "plain_twins": False}}
CHOICES: Final[Mapping[str, Contender]] = {
    "fixed": Contender({**ONE, **FIXED}),
    "bags + fixed": Contender({**BAGS, **FIXED}, has_bags=True),
    "bags + epoch": Contender({**BAGS, "model.calibration": "none"}, has_bags=True),
    "bags + epoch and temperature": Contender(BAGS, for_classes_only=True, has_bags=True),
    "bags + epoch and temperature and twins": Contender(for_classes_only=True, has_bags=True),
    "search": Contender(SEARCHED, searches=True),
    "search by hyperband": Contender({**SEARCHED, "search.method": "hyperband"}, searches=True),
}
QUANTILES: Final = {
    "quantiles": Contender(
        {"model.output": {"name": "quantile", "levels": [0.025, 0.05, 0.1, 0.5, 0.9, 0.95, 0.975]}},
        for_numbers_only=True,
    )
}
"""The default recipe with pairs of quantiles for the coverages that are measured."""
SPLIT: Final = Contender({"data.split.validation": SHARE, "model.ensemble": {"members": 8, "bags": False}})
"""The default recipe with errors of a validation part."""
NESTED_CHOICES: Final[Mapping[str, Contender]] = {
    DEFAULT: Contender(is_nested=True),
    "one network": Contender(ONE, is_nested=True),
    "classic": Contender(CLASSIC, is_nested=True),
}
"""Whose choices are measured by `nested.py`."""
