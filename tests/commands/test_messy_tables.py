"""The way from messy tables to an experiment: `init --data` and `check`, without touching the config.

`python -m tests.benchmarks.own_tables` trains them, too.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.messy import MESSY
from tests.program import Program

MAX_PARAMETERS = 200_000
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
    networks = re.search(r"an ensemble of 8 networks of ([\d,]+) parameters each", checked.err)
    assert networks is not None
    assert int(networks[1].replace(",", "")) <= MAX_PARAMETERS
