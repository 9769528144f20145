from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config import yaml_text
from fnnctl.config.yaml_text import CoreLoader, block_yaml, flow_yaml

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text("a \u202e\u2066\x1b\x85\xa0\u2028\ufeff\U0001f600\t\n\\\"'", max_size=20),
)

KEYS = st.sampled_from(["", "a" * 127, "a" * 128, "a" * 129, "é: " * 42, "é" * 80, "\U0001f600"])


@given(text=TEXTS)
def test_what_is_written_prints_and_is_read_back(text: str) -> None:
    """Direction controls too, which can make a pasted command look like another one, are escaped."""
    value = {"name": text, "list": [text]}
    written = flow_yaml(value)
    assert written.isprintable()
    assert all(map(str.isprintable, block_yaml(value).split("\n")))
    for each in (written, block_yaml(value)):
        assert yaml.load(each, CoreLoader) == value
        assert yaml.safe_load(each) == value


VALUES = st.recursive(
    st.one_of(TEXTS, st.sampled_from([None, True, 1, -3, 1e-7, 0.5, float("inf"), 10**20])),
    lambda values: st.one_of(st.lists(values, max_size=3), st.dictionaries(TEXTS | KEYS, values, max_size=3)),
    max_leaves=8,
)


@given(value=VALUES)
def test_libyaml_writes_what_pyyaml_writes(value: object) -> None:
    written = block_yaml(value), flow_yaml(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_text, "_QuickDumper", None)
        assert written == (block_yaml(value), flow_yaml(value))


def test_text_is_written_by_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    if yaml.__with_libyaml__:
        monkeypatch.delattr(yaml_text, "_Dumper")
    assert block_yaml({"a": ["b", {"c": 0.5}]}) == "a:\n- b\n- c: 0.5\n"
