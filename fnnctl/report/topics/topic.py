"""What a topic of a report is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fnnctl.report.sections import Section
from fnnctl.report.summary import Summary


def no_sections(_: Summary) -> Iterable[Section]:
    """For topics that have only details, or only highlights."""
    return ()


def no_entries(_: Summary) -> Mapping[str, Any]:
    """For topics that scripts read elsewhere, as in metrics.json."""
    return {}


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject of reports. Sections without rows are left out."""

    heading: str
    """The heading of the page below which its sections stand, unless they name another one."""
    highlights: Callable[[Summary], Iterable[Section]] = no_sections
    """Sections with a priority. Every report makes them, so they must take no time."""
    details: Callable[[Summary], Iterable[Section]] = no_sections
    """Sections that only complete reports make."""
    json: Callable[[Summary], Mapping[str, Any]] = no_entries
    """The entries in `report --json`."""
