from __future__ import annotations

import json
from pathlib import Path

from fnnctl.report.listing.settings import read_config
from fnnctl.store.listing.entries import RunEntry, list_runs


def search(runs: Path) -> RunEntry:
    """An interrupted search with a winner, whose l2 is another one."""
    for folder, kind, l2 in (("rates", "search", 0.1), ("rates/best", "train", 1e-5)):
        (runs / folder).mkdir(parents=True)
        facts = {"status": "interrupted", "kind": kind, "name": "rates", "started": "2026"}
        (runs / folder / "manifest.json").write_text(json.dumps(facts))
        more = "search: {method: random}\n" if kind == "search" else ""
        (runs / folder / "resolved.yaml").write_text(f"training: {{l2: {l2}}}\n{more}")
    return list_runs(runs)[0]


def test_a_search_has_the_settings_of_its_winner(tmp_path: Path) -> None:
    entry = search(tmp_path)
    assert entry.damage  # it has no journal
    assert read_config(entry) == {"training": {"l2": 1e-5}, "search": {"method": "random"}}
    (entry.path / "best" / "resolved.yaml").write_text("training: [")
    assert read_config(entry) == {"training": {"l2": 0.1}, "search": {"method": "random"}}


def test_a_run_without_a_config_has_no_settings(tmp_path: Path) -> None:
    entry = search(tmp_path)
    for path in tmp_path.rglob("resolved.yaml"):
        path.write_bytes(b"\xff")
    assert read_config(entry) is None
    for path in tmp_path.rglob("resolved.yaml"):
        path.unlink()
    assert read_config(entry) is None
