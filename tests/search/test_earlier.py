"""The trials of an earlier search that a new one starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import ConfigError
from fnnctl.search.earlier import best_assignments
from tests.report.searches import RATE, halving, result, start_search


def test_the_first_is_the_incumbent(tmp_path: Path) -> None:
    """Trial 2 has the best value, but after one epoch; trial 1 has had nine, and trial 3 has diverged."""
    records = [each for each in halving() if each.get("trial") != 2]
    start_search(tmp_path, [*records[:-1], result(2, 1, 0.97), records[-1]])
    rates = [each[RATE] for each in best_assignments("latest", tmp_path, {RATE})]
    assert rates == [10.0**-1, 10.0**-2, 10.0**0]


def test_a_search_of_other_settings_is_refused(tmp_path: Path) -> None:
    start_search(tmp_path, halving())
    with pytest.raises(ConfigError, match=rf"searched none of this search's settings; it searched {RATE}, "):
        best_assignments("latest", tmp_path, {"training.l2"})
