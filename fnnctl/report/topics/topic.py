"""What a topic of a report is: a function of a module beside this one, from a run's summary to blocks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any, Final

from fnnctl.report.document import Look
from fnnctl.report.summary import Summary

SUMMARY: Final = "Summary"
"""The heading of what a report says first, and the title of the facts there."""
ABOUT: Final = "About the scores"
"""The title of the sentences there."""
WARNINGS: Final = "Warnings"


class Reports(Enum):
    """The reports that a topic is in."""

    ALL = "all"
    SHORT = "short"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject of reports."""

    function: str
    """Module and function, such as `scores.first_scores`. It takes a `Summary` and returns blocks. In a short
    report it must take no time."""
    reports: Reports = Reports.COMPLETE
    is_of_searches: bool = False
    """Whether only searches have it: other runs do not wait until its module is imported."""

    def of(self, summary: Summary) -> Any:
        """What the function returns; nothing for a run without a search if it needs one."""
        if self.is_of_searches and summary.search is None:
            return ()
        module, name = self.function.split(".")
        return getattr(import_module(f"{__package__}.{module}"), name)(summary)


@dataclass(frozen=True, slots=True)
class Heading:
    """A section of reports: its topics in their order."""

    title: str
    look: Look
    topics: tuple[Topic, ...] = ()
    """None: only figures stand there."""
    is_requested: bool = False
    """See `Section`."""
