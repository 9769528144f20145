"""The way from messy tables to an experiment: `init --data` and `check`, without touching the config.

`python -m tests.benchmarks.own_tables` trains them, too.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.messy import MESSY
from tests.program import Program

MAX_PARAMETERS, MAX_EMBEDDED = 200_000, 100
WARNED = {"leak": 2, "many_categories": 1}
"""The tables about which `init` and `check` must warn, and how often; they are silent about all others."""


@pytest.mark.parametrize("name", MESSY)
def test_a_messy_table_is_ready_to_be_trained_on(program: Program, tmp_path: Path, name: str) -> None:
    messy = MESSY[name]
    (tmp_path / messy.name).write_bytes(messy.make())
    made = program("init", "--data", messy.name, "--target", messy.target)
    checked = program("check")
    assert (made.code, checked.code, checked.out) == (0, 0, "")
    told = made.err + checked.err
    assert [words for words in messy.expected if not re.search(words, told)] == []
    assert told.count("warning: ") == WARNED.get(name, 0), told
    # Where classes are predicted from embedded numbers, each of the eight members has a twin.
    numeric = re.search(r"([\d,]+) numeric and ", checked.err)
    assert numeric is not None
    is_embedded = 0 < int(numeric[1].replace(",", "")) <= MAX_EMBEDDED
    has_twins = is_embedded and " classes; " in checked.err
    members = "8 networks and 8 plain twins" if has_twins else "8 networks"
    networks = re.search(rf"an ensemble of {members} of ([\d,]+) parameters each", checked.err)
    assert networks is not None, checked.err
    assert int(networks[1].replace(",", "")) <= MAX_PARAMETERS
