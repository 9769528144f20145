from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.report.listing import settings
from fnnctl.report.listing.fields import Config
from fnnctl.report.listing.settings import SettingsReader
from fnnctl.store import listing_cache
from fnnctl.store.listing import RunEntry, list_runs


def read_config(entry: RunEntry) -> Config:
    return SettingsReader([entry]).read(entry)


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


def test_settings_are_cached_until_the_config_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing_cache, "MIN_CACHED_RUNS", 1)
    entry, old = search(tmp_path), 1_700_000_000
    monkeypatch.setattr(listing_cache, "time", lambda: 4e9)  # the files have settled
    reader = SettingsReader([entry])
    first = reader.read(entry)
    reader.store()
    with monkeypatch.context() as context:
        context.setattr(settings, "_config_in", lambda folder: None)
        assert SettingsReader([entry]).read(entry) == first
    config = entry.path / "resolved.yaml"
    config.write_text(config.read_text().replace("random", "grid00"))
    os.utime(config, (old, old))
    changed = read_config(entry)
    assert changed
    assert changed["search"] == {"method": "grid00"}


@pytest.mark.parametrize(
    "text",
    [
        "a: 1e-3\nb: no\nc: 012\nd: 1:30\ne: 0x1f\nf: 0o17\ng: [~, true, .5, 'x']\n",
        "a: {b: [1, {c: null}]}\nd: |\n  two\n  lines\n",
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "a: 2026-11-28\n",
    ],
)
def test_settings_are_read_as_configs_are(tmp_path: Path, text: str) -> None:
    (tmp_path / "resolved.yaml").write_text(text)
    entry = RunEntry(tmp_path, None, alive=False)
    assert read_config(entry) == read_yaml(text).value
