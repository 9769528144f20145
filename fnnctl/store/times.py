"""Times as files have them: UTC, ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """`2026-11-24T13:24:05.123456Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def now_text() -> str:
    """The present time."""
    return utc_text(datetime.now(UTC))
