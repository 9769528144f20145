from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from fnnctl.config.schema.docstrings import attribute_docstrings
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.errors import DataError
from fnnctl.store.facts import Facts, PluginFacts
from fnnctl.store.manifest import (
    DataFacts,
    DefaultComparison,
    DefaultTrialFacts,
    Manifest,
    PartRows,
)
from fnnctl.store.manifest_file import read_manifest

MINIMAL: dict[str, Any] = {
    "status": "running",
    "kind": "train",
    "name": "x",
    "started": "2026-11-24T13:24:05Z",
}
PATH = Path("manifest.json")


def read(**facts: object) -> Manifest:
    return read_manifest(json.dumps({**MINIMAL, **facts}).encode(), PATH)


def test_four_facts_are_enough_and_unknown_ones_are_kept() -> None:
    manifest = read(moods=["calm"])
    assert manifest.seconds.total is None
    assert manifest.model_dump()["moods"] == ["calm"]


def test_with_facts_replaces_and_checks() -> None:
    manifest = read(seed=3).with_facts({"status": "completed"})
    assert (manifest.status, manifest.seed) == ("completed", 3)
    with pytest.raises(ValueError, match="status"):
        manifest.with_facts({"status": "done"})


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"status": "done"}, "is damaged: status: must be 'running', 'completed', 'failed'"),
        ({"started": None}, "is damaged: started"),
        ({"git": {"commit": "abc"}}, r"is damaged: git\.dirty: is missing"),
        ({"layout": 2}, "newer fnnctl"),
    ],
)
def test_damage_is_reported(facts: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(**facts)


def test_what_was_not_counted_is_none_at_all() -> None:
    """Former versions left these facts out."""
    parts = PartRows(train=3)
    assert (parts.validation, parts.test) == (0, 0)
    assert DefaultTrialFacts(winner=1).compared == DefaultComparison(outcome="same").rows == 0


def test_what_a_program_passed_is_in_no_file() -> None:
    plugins = [
        PluginFacts(kind="metric", name=name, package=package) for name, package in (("a", None), ("b", "c"))
    ]
    assert [
        plugin.name for plugin in read(plugins=[each.model_dump() for each in plugins]).passed_plugins
    ] == ["a"]
    for source, in_memory in ((MEMORY_SOURCE, True), ("iris", False)):
        assert cast("Any", DataFacts).model_construct(source=source).in_memory is in_memory


def test_every_fact_is_described() -> None:
    def facts(kind: type[Facts]) -> list[type[Facts]]:
        return [kind, *(inner for child in kind.__subclasses__() for inner in facts(child))]

    undescribed = [
        f"{kind.__name__}.{name}"
        for kind in facts(Facts)
        for name in kind.model_fields
        if not attribute_docstrings(kind).get(name)
    ]
    assert undescribed == []
