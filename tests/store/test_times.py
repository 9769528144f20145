from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from fnnctl.store.times import now_text, utc_text


def test_times_are_utc() -> None:
    noon_in_delhi = datetime(2026, 1, 2, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=5.5)))
    assert utc_text(noon_in_delhi) == "2026-01-02T06:30:00.000005Z"
    assert utc_text(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000000Z"


def test_the_present_time_is_in_utc() -> None:
    before, text, after = datetime.now(UTC), now_text(), datetime.now(UTC)
    assert before <= datetime.fromisoformat(text) <= after
