"""The benchmark of long lists measures what it says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fnnctl.store.listing import list_runs
from tests.benchmarks import run_list


def test_the_runs_differ_and_commands_are_measured(tmp_path: Path) -> None:
    runs = run_list.make_runs(3, tmp_path)
    entries = list_runs(runs)
    assert [entry.facts and entry.facts.seed for entry in entries] == [0, 1, 2]
    assert [entry.facts and entry.facts.metric for entry in entries] == [0, 1 / 3, 2 / 3]
    seconds, processor, _ = run_list.measured(["runs"], runs, {})
    assert processor > 0
    assert seconds > 0
    with pytest.raises(subprocess.CalledProcessError):
        run_list.measured(["runs", "--where", "accuracy"], runs, {})
